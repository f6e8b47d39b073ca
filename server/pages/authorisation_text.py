"""What a school signs before its pupils join (C3, C5), in both languages. A changed text gets a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from server.pair import LocalizedText

TEXT_VERSION: Final = "2026-11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    title: LocalizedText
    opening: LocalizedText
    items: Sequence[LocalizedText]


LETTER: Final = Letter(
    title=LocalizedText("Authorisation for live lessons with a partner school", "與夥伴學校線上共同上課授權書"),
    opening=LocalizedText(
        "Our school agrees that the pupils of this class take part in live lessons with a partner class abroad "
        "by Tongchuang. We know the following:",
        "本校同意本班學生透過「同窗」與國外夥伴班級線上共同上課，並瞭解下列事項：",
    ),
    items=(
        LocalizedText(
            "Purpose: lessons held together by teachers of both schools, in Chinese and English. Nothing else.",
            "目的：由雙方學校的老師共同以中文與英文授課，不作其他用途。",
        ),
        LocalizedText(
            "What is stored of a pupil: the name used in lessons, school and class, language levels, and when the "
            "pupil was in a lesson. No birth date, photo, e-mail, phone number or address.",
            "保存的學生資料：課堂上使用的名字、學校與班級、語言程度，以及出席時間。不保存生日、照片、電子郵件、電話或地址。",
        ),
        LocalizedText(
            "Who sees it: teachers and coordinators of our school. The partner class sees the names used in lessons, "
            "and sees and hears pupils only while a lesson is held.",
            "誰看得到：本校的老師與協調人。夥伴班級只看得到課堂上使用的名字，並只在上課時看見、聽見學生。",
        ),
        LocalizedText(
            "Nothing is recorded. Microphone and camera are on only as long as the pupil and the teachers want it.",
            "上課不錄影、不錄音。麥克風與鏡頭只在學生與老師同意時開啟。",
        ),
        LocalizedText(
            "A verified adult is always in the room. Pupils cannot write to each other in private, and messages "
            "with contact details wait for a teacher.",
            "教室內隨時有經過驗證的成人。學生之間不能私下傳訊，含聯絡方式的訊息須由老師放行。",
        ),
        LocalizedText(
            "Picture and sound travel to the partner school's country. They pass only through the server that runs "
            "this service; no advertising, no training of models, no third parties.",
            "影像與聲音會傳送到夥伴學校所在的國家，只經過提供本服務的伺服器；不作廣告、不用於訓練模型，也不交給第三方。",
        ),
        LocalizedText(
            "The school has informed the parents or guardians and holds their consent where the law asks for it.",
            "學校已告知家長或監護人，並依法取得其同意。",
        ),
        LocalizedText(
            "The school may see, correct, take out and delete its pupils' data at any time, and may revoke this "
            "authorisation at any time: from then on the class cannot join.",
            "學校可隨時查閱、更正、匯出、刪除學生資料，也可隨時撤銷本授權；撤銷後本班即不能再加入課堂。",
        ),
    ),
)

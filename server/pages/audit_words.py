"""What the entries of the audit log say to people; an action without words is shown by its own name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.pages.words import ROLES
from server.pair import LocalizedText
from server.people import Role

# Beginning of an action → what it is about, as the filter offers it.
SUBJECTS: Final[dict[str, LocalizedText]] = {
    "account.": LocalizedText("Accounts and sign-in", "帳號與登入"),
    "school.": LocalizedText("Schools", "學校"),
    "class_group.": LocalizedText("Classes", "班級"),
    "roster.": LocalizedText("Pupils’ names", "學生名單"),
    "authorisation.": LocalizedText("Schools’ authorisations", "學校授權"),
    "cards.": LocalizedText("Class cards", "課堂卡"),
    "lesson.": LocalizedText("Lessons", "課堂"),
    "attendance.": LocalizedText("Attendance", "出席"),
    "room.": LocalizedText("What leads did in the room", "主持老師在教室的操作"),
    "report.": LocalizedText("Reports", "通報"),
}

ACTIONS: Final[dict[str, LocalizedText]] = {
    "account.first_administrator": LocalizedText("first administrator made", "建立第一位管理員"),
    "account.signed_in": LocalizedText("signed in", "登入"),
    "account.signed_out_everywhere": LocalizedText("signed out everywhere", "在所有裝置上登出"),
    "account.invited": LocalizedText("invited", "邀請"),
    "account.accepted": LocalizedText("invitation accepted", "接受邀請"),
    "account.reset_link_made": LocalizedText("reset link made", "產生重設連結"),
    "account.password_reset": LocalizedText("password reset", "重設密碼"),
    "account.password_changed": LocalizedText("password changed", "變更密碼"),
    "account.changed": LocalizedText("name or language changed", "變更姓名或語言"),
    "account.verified": LocalizedText("verified", "完成驗證"),
    "account.roles_set": LocalizedText("roles changed", "變更角色"),
    "account.disabled": LocalizedText("account disabled", "停用帳號"),
    "account.enabled": LocalizedText("account enabled", "恢復帳號"),
    "school.created": LocalizedText("school added", "新增學校"),
    "school.changed": LocalizedText("school changed", "變更學校"),
    "class_group.created": LocalizedText("class added", "新增班級"),
    "class_group.changed": LocalizedText("class changed", "變更班級"),
    "class_group.archived": LocalizedText("class archived", "封存班級"),
    "class_group.brought_back": LocalizedText("class brought back from the archive", "取消封存班級"),
    "roster.seen": LocalizedText("names looked at", "查看名單"),
    "roster.added": LocalizedText("names added", "新增名字"),
    "roster.renamed": LocalizedText("name changed", "更改名字"),
    "roster.removed": LocalizedText("name removed", "移除名字"),
    "authorisation.recorded": LocalizedText("authorisation recorded", "登錄授權"),
    "authorisation.revoked": LocalizedText("authorisation revoked", "撤銷授權"),
    "cards.printed": LocalizedText("cards printed", "列印課堂卡"),
    "lesson.propose": LocalizedText("lesson proposed", "提議課程"),
    "lesson.confirm": LocalizedText("lesson confirmed", "確認課程"),
    "lesson.decline": LocalizedText("lesson declined", "婉拒課程"),
    "lesson.reply_handed_in": LocalizedText("calendar program’s answer handed in", "代為提交行事曆答覆"),
    "lesson.move": LocalizedText("lesson moved", "課程改期"),
    "lesson.cancel": LocalizedText("lesson cancelled", "取消課程"),
    "lesson.follow_clock_rules": LocalizedText("time changed by new clock rules", "時區規則變動而改時間"),
    "lesson.check_consent": LocalizedText("school authorisations checked", "檢查學校授權"),
    "lesson.name_substitute": LocalizedText("substitute changed", "更改代課老師"),
    "lesson.add_co_teacher": LocalizedText("co-teacher added", "加入協同老師"),
    "lesson.remove_co_teacher": LocalizedText("co-teacher removed", "移除協同老師"),
    "lesson.hand_over_lead": LocalizedText("lead handed over", "移交主持"),
    "lesson.set_mode": LocalizedText("way of taking part changed", "更改參與方式"),
    "lesson.set_adults_needed": LocalizedText("number of adults needed changed", "更改所需老師人數"),
    "lesson.open_lobby": LocalizedText("lobby opened", "開放等候室"),
    "lesson.start": LocalizedText("lesson started", "開始上課"),
    "lesson.end": LocalizedText("lesson ended", "下課"),
    "lesson.report": LocalizedText("report written", "撰寫課堂紀錄"),
    "lesson.sign_attendance": LocalizedText("attendance signed", "簽核出席紀錄"),
    "lesson.void_signature": LocalizedText("signature void after a correction", "更正後簽核失效"),
    "attendance.correct": LocalizedText("attendance corrected", "更正出席紀錄"),
    "attendance.seen": LocalizedText("attendance looked at", "查看出席紀錄"),
    "attendance.downloaded": LocalizedText("attendance downloaded", "下載出席紀錄"),
}


def words_of(action: str) -> LocalizedText:
    known = ACTIONS.get(action)
    if known is not None:
        return known
    plain = action.replace("_", " ").replace(".", ": ")
    return LocalizedText(plain, plain)


_DETAILS: Final[dict[str, LocalizedText]] = {
    "count": LocalizedText("names", "人數"),
    "added": LocalizedText("names", "人數"),
    "roles": LocalizedText("roles", "角色"),
    "before": LocalizedText("before", "原為"),
    "after": LocalizedText("now", "現為"),
    "is_verified": LocalizedText("verified", "已驗證"),
    "again": LocalizedText("once more", "再次"),
    "given_on": LocalizedText("signed on", "簽署日期"),
    "text_version": LocalizedText("text", "文件版本"),
    "cards": LocalizedText("cards", "卡數"),
    "reason": LocalizedText("reason", "原因"),
}
_YES: Final = LocalizedText("yes", "是")
_NO: Final = LocalizedText("no", "否")
# Longer lists are ids; how many there are says more.
_LISTED = 3


def detail_text(detail: Mapping[str, object]) -> LocalizedText:
    """What else an entry holds, one `name: value` after the other; empty when there is nothing."""
    parts = [(_DETAILS.get(name, LocalizedText(name, name)), _value(value)) for name, value in detail.items()]
    return LocalizedText(
        ", ".join(f"{name.en}: {value.en}" for name, value in parts),
        "，".join(f"{name.zh}：{value.zh}" for name, value in parts),
    )


def _value(value: object) -> LocalizedText:
    if isinstance(value, bool):
        return _YES if value else _NO
    if isinstance(value, str) and value in set(Role):
        return ROLES[Role(value)]
    if isinstance(value, list | tuple):
        if len(value) > _LISTED or any(str(one).startswith("st_") for one in value):
            return LocalizedText(str(len(value)), str(len(value)))
        shown = [_value(one) for one in value]
        return LocalizedText(", ".join(one.en for one in shown), "、".join(one.zh for one in shown))
    text = str(value)
    text = text if len(text) <= 120 else f"{text[:119]}…"
    return LocalizedText(text, text)

"""One short message from the page that did something to the page that is shown next.

The cookie names a sentence of the closed table below and a number, so it can say nothing that we did not write.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from aiohttp import web

from server.pair import LocalizedText

COOKIE: Final = "tc_flash"
COOKIE_MAX_AGE_S: Final = 60  # the next page comes at once; a lost one must not be told tomorrow
_LARGEST: Final = 100_000


class Flash(StrEnum):
    """Add freely; every one has its sentence in TEXTS."""

    SAVED = "saved"
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    SCHOOL_ADDED = "school_added"
    INVITED = "invited"
    VERIFIED = "verified"
    ROLES_CHANGED = "roles_changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    CLASS_ADDED = "class_added"
    CLASS_ARCHIVED = "class_archived"
    CLASS_BACK = "class_back"
    NAMES_SAVED = "names_saved"
    NAME_CHANGED = "name_changed"
    NAME_REMOVED = "name_removed"
    AUTHORISATION_RECORDED = "authorisation_recorded"
    AUTHORISATION_REVOKED = "authorisation_revoked"
    WELCOME = "welcome"
    SERIES_PROPOSED = "series_proposed"
    HOURS_CHANGED = "hours_changed"
    HOURS_HIT = "hours_hit"
    SERIES_PARTLY = "series_partly"
    SERIES_ACCEPTED = "series_accepted"
    SERIES_PARTLY_ACCEPTED = "series_partly_accepted"
    SERIES_MOVED = "series_moved"
    SERIES_PARTLY_MOVED = "series_partly_moved"
    CLOCK_CHOSEN = "clock_chosen"
    CLOCK_CHOSEN_MOVED = "clock_chosen_moved"
    LESSON_PROPOSED = "lesson_proposed"
    LESSON_CONFIRMED = "lesson_confirmed"
    LESSON_DECLINED = "lesson_declined"
    LESSON_MOVED = "lesson_moved"
    REPLY_YES = "reply_yes"
    REPLY_NO = "reply_no"
    LESSON_CANCELLED = "lesson_cancelled"
    CONSENT_FOUND = "consent_found"
    LOBBY_OPENED = "lobby_opened"
    LEAD_HANDED_OVER = "lead_handed_over"
    REPORT_SAVED = "report_saved"
    ATTENDANCE_CORRECTED = "attendance_corrected"
    ATTENDANCE_SIGNED = "attendance_signed"


# `{count}` is the number beside the code.
TEXTS: Final[dict[Flash, LocalizedText]] = {
    Flash.SAVED: LocalizedText("Saved.", "已儲存。"),
    Flash.SIGNED_OUT: LocalizedText("You are signed out.", "您已登出。"),
    Flash.PASSWORD_CHANGED: LocalizedText("The new password is valid from now on.", "新密碼已生效。"),
    Flash.SIGNED_OUT_EVERYWHERE: LocalizedText("You are signed out on every device.", "您已在所有裝置上登出。"),
    Flash.SCHOOL_ADDED: LocalizedText(
        "The school is there. Now invite its teachers.", "學校已建立，接著邀請老師加入。"
    ),
    Flash.INVITED: LocalizedText("The invitation was sent by e-mail.", "邀請信已寄出。"),
    Flash.VERIFIED: LocalizedText("Verified: this person may lead lessons now.", "已完成驗證，可以主持課堂了。"),
    Flash.ROLES_CHANGED: LocalizedText("The roles were changed.", "角色已更新。"),
    Flash.DISABLED: LocalizedText("This account can no longer sign in.", "這個帳號已無法登入。"),
    Flash.ENABLED: LocalizedText("This account can sign in again.", "這個帳號可以再次登入了。"),
    Flash.CLASS_ADDED: LocalizedText("The class is there. Now add its pupils.", "班級已建立，接著加入學生名單。"),
    Flash.CLASS_ARCHIVED: LocalizedText("The class is in the archive.", "班級已封存。"),
    Flash.CLASS_BACK: LocalizedText(
        "The class is back. Lessons can be planned with it again.", "已取消封存，可以再為這個班安排課堂。"
    ),
    Flash.NAMES_SAVED: LocalizedText("Names added to the class: {count}.", "已加入班級的名字：{count} 個。"),
    Flash.NAME_CHANGED: LocalizedText("The name was changed.", "名字已更改。"),
    Flash.NAME_REMOVED: LocalizedText("The name was removed from the class.", "已從班級移除這個名字。"),
    Flash.AUTHORISATION_RECORDED: LocalizedText("The school's authorisation is on record.", "學校授權書已登錄。"),
    Flash.AUTHORISATION_REVOKED: LocalizedText("The authorisation was revoked.", "授權已撤銷。"),
    Flash.HOURS_CHANGED: LocalizedText(
        "The school's hours were changed. No planned lesson is affected.", "學校時間已更新，沒有課堂受到影響。"
    ),
    Flash.HOURS_HIT: LocalizedText(
        "The school's hours were changed. Planned lessons that do not fit any more: {count}. Please move them.",
        "學校時間已更新，有 {count} 堂已排定的課不再合適，請改期。",
    ),
    Flash.SERIES_PROPOSED: LocalizedText(
        "Lessons proposed: {count}. Your partner gets one letter about all of them.",
        "已提議 {count} 堂課，夥伴老師會收到一封說明所有課堂的信。",
    ),
    Flash.SERIES_PARTLY: LocalizedText(
        "Lessons proposed: {count}. The others were not possible: an hour was given away meanwhile.",
        "已提議 {count} 堂課；其餘時段已被占用，無法提議。",
    ),
    Flash.SERIES_ACCEPTED: LocalizedText("Lessons accepted: {count}.", "已接受 {count} 堂課。"),
    Flash.SERIES_PARTLY_ACCEPTED: LocalizedText(
        "Lessons accepted: {count}. Some could not be: please look at those that still wait.",
        "已接受 {count} 堂課；有些無法接受，請查看尚待處理的課堂。",
    ),
    Flash.SERIES_MOVED: LocalizedText(
        "Lessons proposed at another hour: {count}. Your partner gets one letter and answers.",
        "已提議更改 {count} 堂課的時間，夥伴老師會收到一封信並回覆。",
    ),
    Flash.SERIES_PARTLY_MOVED: LocalizedText(
        "Lessons proposed at another hour: {count}. Some could not be moved and stay where they were.",
        "已提議更改 {count} 堂課的時間；有些無法更改，維持原來的時間。",
    ),
    Flash.CLOCK_CHOSEN: LocalizedText("Noted. The lessons stay as they are.", "已記下，課堂時間維持不變。"),
    Flash.CLOCK_CHOSEN_MOVED: LocalizedText(
        "Noted. Lessons proposed at their new hour: {count}. Your partner gets one letter and answers.",
        "已記下，並提議更改 {count} 堂課的時間，夥伴老師會收到一封信並回覆。",
    ),
    Flash.WELCOME: LocalizedText("Welcome to Tongchuang.", "歡迎使用同窗。"),
    Flash.LESSON_PROPOSED: LocalizedText("Proposed. Your partner was told.", "已提議，並已通知夥伴。"),
    Flash.LESSON_CONFIRMED: LocalizedText("Confirmed for your side.", "已代表您這一方確認。"),
    Flash.LESSON_DECLINED: LocalizedText("Declined. Your partner was told.", "已婉拒，並已通知夥伴。"),
    Flash.REPLY_YES: LocalizedText("Taken: it counts as their yes.", "已收下，視為當事人接受。"),
    Flash.REPLY_NO: LocalizedText("Taken: it counts as their no.", "已收下，視為當事人婉拒。"),
    Flash.LESSON_MOVED: LocalizedText(
        "Moved. Your partner must confirm the new hour.", "已改期，等待夥伴確認新的時間。"
    ),
    Flash.LESSON_CANCELLED: LocalizedText("Cancelled. Both schools were told.", "已取消，並已通知兩校。"),
    Flash.CONSENT_FOUND: LocalizedText("Both authorisations are on record.", "兩校的授權都已登錄。"),
    Flash.LOBBY_OPENED: LocalizedText("The lobby is open.", "等候室已開放。"),
    Flash.LEAD_HANDED_OVER: LocalizedText("The lead was handed over.", "主持已移交。"),
    Flash.REPORT_SAVED: LocalizedText("The report is saved.", "課堂紀錄已儲存。"),
    Flash.ATTENDANCE_CORRECTED: LocalizedText("The attendance was corrected.", "出席紀錄已更正。"),
    Flash.ATTENDANCE_SIGNED: LocalizedText("The attendance is signed for your side.", "已代表您這一方簽核出席紀錄。"),
}


def set_flash(response: web.StreamResponse, flash: Flash, count: int = 0, *, is_secure: bool = False) -> None:
    response.set_cookie(
        COOKIE, f"{flash}.{count}", max_age=COOKIE_MAX_AGE_S, path="/", samesite="Lax", httponly=True, secure=is_secure
    )


def read_flash(request: web.BaseRequest) -> LocalizedText | None:
    """The message that waits for this page; who shows it calls `clear_flash`."""
    code, _, count = request.cookies.get(COOKIE, "").partition(".")
    if code not in set(Flash) or not (count.isascii() and count.isdigit()) or int(count[:7]) > _LARGEST:
        return None
    text = TEXTS[Flash(code)]
    return LocalizedText(text.en.replace("{count}", count), text.zh.replace("{count}", count))


def clear_flash(request: web.BaseRequest, response: web.StreamResponse) -> None:
    if COOKIE in request.cookies:
        response.del_cookie(COOKIE, path="/")

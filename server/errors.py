"""The one exception tree, and the one table from code to status and bilingual text.

    TongchuangError            code, detail for the log, HTTP status and user text by the table
    ├── InvalidInput           the caller sent something wrong: 400
    ├── Unauthorized           no, expired or forged credentials: 401
    ├── Forbidden              valid credentials without the right: 403
    ├── NotFound               there is none, or none that the caller may know of: 404
    ├── Conflict               the state does not allow it now: 409
    ├── LimitExceeded          too much, too many, too fast: 429
    └── Unavailable            a part of the product does not answer: 503

A bad media packet is never an exception but a counted ``DropReason`` (see ``server.sfu``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable machine codes. Add freely, never rename."""

    INVALID_REQUEST = "invalid_request"
    INTERNAL = "internal"
    NOT_FOUND = "not_found"
    TOKEN_MISSING = "token_missing"
    TOKEN_MALFORMED = "token_malformed"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"
    TOKEN_FORGED = "token_forged"
    TOKEN_NO_ROOM_JOIN = "token_no_room_join"
    SDP_INVALID = "sdp_invalid"
    CANDIDATE_INVALID = "candidate_invalid"
    JOIN_REQUEST_INVALID = "join_request_invalid"
    JOIN_REQUEST_TOO_LARGE = "join_request_too_large"
    SIGNAL_INVALID = "signal_invalid"
    SIGNAL_TOO_LARGE = "signal_too_large"
    ROOM_NAME_INVALID = "room_name_invalid"
    IDENTITY_INVALID = "identity_invalid"
    NAME_INVALID = "name_invalid"
    METADATA_INVALID = "metadata_invalid"
    ATTRIBUTES_INVALID = "attributes_invalid"
    TOPIC_INVALID = "topic_invalid"
    ROOM_NOT_FOUND = "room_not_found"
    PARTICIPANT_NOT_FOUND = "participant_not_found"
    TRACK_NOT_FOUND = "track_not_found"
    REMOTE_UNMUTE_REFUSED = "remote_unmute_refused"
    GRANT_MISSING = "grant_missing"
    ROOM_FULL = "room_full"
    ROOM_MISMATCH = "room_mismatch"
    CODEC_REFUSED = "codec_refused"
    PUBLISH_REFUSED = "publish_refused"
    SETTING_INVALID = "setting_invalid"
    KEYS_INVALID = "keys_invalid"
    DATA_UNUSABLE = "data_unusable"
    DATABASE_UNUSABLE = "database_unusable"
    PORT_TAKEN = "port_taken"
    TLS_INVALID = "tls_invalid"
    PREREQUISITE_MISSING = "prerequisite_missing"
    FORBIDDEN = "forbidden"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    RATE_LIMITED = "rate_limited"
    MEDIA_UNAVAILABLE = "media_unavailable"
    SEAT_UNKNOWN = "seat_unknown"
    SCHOOL_FILE_INVALID = "school_file_invalid"
    SERIES_NOT_PLANNABLE = "series_not_plannable"
    HOURS_NOT_PAINTABLE = "hours_not_paintable"
    LESSON_STATE = "lesson_state"
    LESSON_CHANGED = "lesson_changed"
    LESSON_TIME_SKIPPED = "lesson_time_skipped"
    LESSON_TIME_TWICE = "lesson_time_twice"
    LESSON_TIME_INVALID = "lesson_time_invalid"
    LESSON_IN_THE_PAST = "lesson_in_the_past"
    LESSON_MINUTES = "lesson_minutes"
    LESSON_TEXT = "lesson_text"
    LESSON_ADULTS = "lesson_adults"
    LESSON_SIDES = "lesson_sides"
    LESSON_OTHER_SIDE = "lesson_other_side"
    LESSON_TOO_EARLY = "lesson_too_early"
    LESSON_TOO_LATE = "lesson_too_late"
    LESSON_DOUBLE_BOOKED = "lesson_double_booked"
    ADULT_NOT_VERIFIED = "adult_not_verified"
    CONSENT_MISSING = "consent_missing"
    ATTENDANCE_INVALID = "attendance_invalid"
    ZONE_UNKNOWN = "zone_unknown"
    SIGN_IN_NEEDED = "sign_in_needed"
    SIGN_IN_FAILED = "sign_in_failed"
    FORM_FOREIGN = "form_foreign"
    LINK_INVALID = "link_invalid"
    CALENDAR_REPLY_INVALID = "calendar_reply_invalid"
    CALENDAR_REPLY_UNDECIDED = "calendar_reply_undecided"
    CALENDAR_REPLY_OTHER = "calendar_reply_other"
    CALENDAR_REPLY_OVERTAKEN = "calendar_reply_overtaken"
    PASSWORD_INVALID = "password_invalid"
    EMAIL_INVALID = "email_invalid"
    EMAIL_TAKEN = "email_taken"
    TEXT_INVALID = "text_invalid"
    ROLE_REFUSED = "role_refused"
    LAST_ADMINISTRATOR = "last_administrator"
    ALREADY_SET_UP = "already_set_up"
    ROSTER_INVALID = "roster_invalid"
    ROSTER_FULL = "roster_full"
    NOT_ADMITTED = "not_admitted"
    ADULT_NEEDED = "adult_needed"
    ROOM_LOCKED = "room_locked"
    NOT_ALLOWED_NOW = "not_allowed_now"
    PERSON_NOT_FOUND = "person_not_found"
    MESSAGE_NOT_FOUND = "message_not_found"
    WORD_NOT_FOUND = "word_not_found"
    TOO_MANY = "too_many"
    CARD_REFUSED = "card_refused"
    CONFLICT = "conflict"
    ADDRESS_REFUSED = "address_refused"
    ADDRESS_UNREACHABLE = "address_unreachable"
    CALENDAR_UNREADABLE = "calendar_unreadable"
    CALENDAR_TOO_MANY = "calendar_too_many"
    CALENDAR_ADDRESS_LOST = "calendar_address_lost"
    PROCESS_UNAVAILABLE = "process_unavailable"
    BACKUP_UNUSABLE = "backup_unusable"
    BACKUP_REFUSED = "backup_refused"


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What a person reads, in both languages."""

    en: str
    zh: str


TEXTS: dict[ErrorCode, ErrorText] = {
    ErrorCode.INVALID_REQUEST: ErrorText("The request could not be understood.", "無法理解這個請求。"),
    ErrorCode.INTERNAL: ErrorText("Something went wrong on our side.", "系統發生問題。"),
    ErrorCode.NOT_FOUND: ErrorText("This page or thing does not exist.", "找不到這個頁面或項目。"),
    ErrorCode.TOKEN_MISSING: ErrorText("A join link needs a token, and none came.", "加入連結缺少通行權杖。"),
    ErrorCode.TOKEN_MALFORMED: ErrorText(
        "The token is damaged. Please copy the whole link again.",
        "通行權杖已損壞，請重新複製完整的連結。",
    ),
    ErrorCode.TOKEN_EXPIRED: ErrorText(
        "This link has expired. Please ask for a new one.", "這個連結已過期，請索取新的連結。"
    ),
    ErrorCode.TOKEN_NOT_YET_VALID: ErrorText(
        "This link is not valid yet. Please check the clock of your device.",
        "這個連結尚未生效，請檢查裝置的時間。",
    ),
    ErrorCode.TOKEN_FORGED: ErrorText("This token was not issued here.", "這個通行權杖不是由本站核發。"),
    ErrorCode.TOKEN_NO_ROOM_JOIN: ErrorText("This token does not let you join a room.", "這個通行權杖不允許加入教室。"),
    ErrorCode.SDP_INVALID: ErrorText(
        "Your device sent a media description that we could not read.",
        "您的裝置傳來無法解讀的媒體描述。",
    ),
    ErrorCode.CANDIDATE_INVALID: ErrorText(
        "Your device sent a network address that we could not read.",
        "您的裝置傳來無法解讀的網路位址。",
    ),
    ErrorCode.JOIN_REQUEST_INVALID: ErrorText(
        "Your device sent a join request that we could not read.",
        "您的裝置傳來無法解讀的加入請求。",
    ),
    ErrorCode.JOIN_REQUEST_TOO_LARGE: ErrorText(
        "Your device sent a join request that is too large.",
        "您的裝置傳來的加入請求過大。",
    ),
    ErrorCode.SIGNAL_INVALID: ErrorText(
        "Your device sent a message that we could not read.", "您的裝置傳來無法解讀的訊息。"
    ),
    ErrorCode.SIGNAL_TOO_LARGE: ErrorText("Your device sent a message that is too large.", "您的裝置傳來的訊息過大。"),
    ErrorCode.ROOM_NAME_INVALID: ErrorText("This room name cannot be used.", "這個教室名稱無法使用。"),
    ErrorCode.IDENTITY_INVALID: ErrorText("This participant id cannot be used.", "這個參與者代號無法使用。"),
    ErrorCode.NAME_INVALID: ErrorText(
        "This name cannot be used. Please choose a shorter, plain one.",
        "這個名字無法使用，請改用較短、單純的名字。",
    ),
    ErrorCode.METADATA_INVALID: ErrorText(
        "The extra information is too large or not readable.", "附加資訊過大或無法解讀。"
    ),
    ErrorCode.ATTRIBUTES_INVALID: ErrorText(
        "The attributes are too many, too large or not readable.",
        "屬性過多、過大或無法解讀。",
    ),
    ErrorCode.TOPIC_INVALID: ErrorText("This topic name cannot be used.", "這個主題名稱無法使用。"),
    ErrorCode.ROOM_NOT_FOUND: ErrorText("This room does not exist.", "找不到這間教室。"),
    ErrorCode.PARTICIPANT_NOT_FOUND: ErrorText("This person is not in the room.", "教室裡沒有這個人。"),
    ErrorCode.TRACK_NOT_FOUND: ErrorText("This sound or picture is not there any more.", "這個聲音或影像已不存在。"),
    ErrorCode.REMOTE_UNMUTE_REFUSED: ErrorText(
        "Only the person can turn on their own microphone or camera.",
        "只有本人能開啟自己的麥克風或鏡頭。",
    ),
    ErrorCode.GRANT_MISSING: ErrorText("You do not have the right to do this.", "您沒有執行這個動作的權限。"),
    ErrorCode.ROOM_FULL: ErrorText("This room is full.", "這間教室人數已滿。"),
    ErrorCode.ROOM_MISMATCH: ErrorText("This link belongs to another room.", "這個連結屬於另一間教室。"),
    ErrorCode.CODEC_REFUSED: ErrorText(
        "This video format is not supported yet. Please use VP8 or H.264.",
        "目前不支援這種視訊格式，請改用 VP8 或 H.264。",
    ),
    ErrorCode.PUBLISH_REFUSED: ErrorText("You may not share this here.", "您在這裡無法分享這項內容。"),
    ErrorCode.SETTING_INVALID: ErrorText("A setting is not valid.", "有一項設定不正確。"),
    ErrorCode.KEYS_INVALID: ErrorText("The LiveKit keys are not usable.", "LiveKit 金鑰無法使用。"),
    ErrorCode.DATA_UNUSABLE: ErrorText("The data folder cannot be used.", "資料夾無法使用。"),
    ErrorCode.DATABASE_UNUSABLE: ErrorText("The database cannot be used.", "資料庫無法使用。"),
    ErrorCode.PORT_TAKEN: ErrorText("Another program already uses this port.", "這個連接埠已被其他程式使用。"),
    ErrorCode.TLS_INVALID: ErrorText("The TLS certificate or key cannot be used.", "TLS 憑證或金鑰無法使用。"),
    ErrorCode.PREREQUISITE_MISSING: ErrorText("Something that this needs is missing.", "缺少必要的元件。"),
    ErrorCode.FORBIDDEN: ErrorText("You may not see this.", "您沒有檢視的權限。"),
    ErrorCode.METHOD_NOT_ALLOWED: ErrorText("This cannot be done here.", "這裡不能執行這個動作。"),
    ErrorCode.BODY_TOO_LARGE: ErrorText("This is too large to be sent.", "內容太大，無法傳送。"),
    ErrorCode.RATE_LIMITED: ErrorText(
        "That was too often. Please wait a moment and try again.", "操作太頻繁，請稍候再試。"
    ),
    ErrorCode.MEDIA_UNAVAILABLE: ErrorText(
        "Sound and picture are starting again. Please try again in a few seconds.",
        "影音服務正在重新啟動，請幾秒後再試。",
    ),
    ErrorCode.PROCESS_UNAVAILABLE: ErrorText("A part of the server does not run.", "伺服器有一部分沒有執行。"),
    ErrorCode.BACKUP_UNUSABLE: ErrorText("This backup cannot be used.", "這份備份無法使用。"),
    ErrorCode.BACKUP_REFUSED: ErrorText("No backup was made.", "沒有建立備份。"),
    ErrorCode.ADDRESS_REFUSED: ErrorText(
        "This address cannot be read from here. Please give the public address of a calendar.",
        "無法讀取這個網址，請提供行事曆的公開網址。",
    ),
    ErrorCode.ADDRESS_UNREACHABLE: ErrorText(
        "This address did not answer as a calendar does. Please check it, or try again later.",
        "這個網址沒有正常回應，請確認網址或稍後再試。",
    ),
    ErrorCode.CALENDAR_UNREADABLE: ErrorText(
        "What stands there is no calendar in the iCalendar form (.ics).", "內容不是 iCalendar 格式（.ics）的行事曆。"
    ),
    ErrorCode.CALENDAR_ADDRESS_LOST: ErrorText(
        "The address of this calendar cannot be read any more, because the key of this server has changed. "
        "Please remove the calendar and add it again.",
        "伺服器的金鑰已更換，這份行事曆的網址無法再讀取。請移除後重新加入。",
    ),
    ErrorCode.CALENDAR_TOO_MANY: ErrorText(
        "There are as many calendars as there can be. Please remove one first.", "行事曆數量已達上限，請先移除一個。"
    ),
    ErrorCode.NOT_ADMITTED: ErrorText("Please wait until a teacher lets you in.", "請等候老師讓你進入教室。"),
    ErrorCode.ADULT_NEEDED: ErrorText(
        "Pupils can come in as soon as a teacher is in the room.", "老師進入教室後，學生才能進入。"
    ),
    ErrorCode.ROOM_LOCKED: ErrorText(
        "The room is locked. Unlock it first to let somebody in.", "教室已上鎖，請先解鎖才能讓人進入。"
    ),
    ErrorCode.NOT_ALLOWED_NOW: ErrorText("A teacher has turned this off for now.", "老師目前關閉了這項功能。"),
    ErrorCode.PERSON_NOT_FOUND: ErrorText("This person is not here any more.", "這個人已經不在這裡了。"),
    ErrorCode.MESSAGE_NOT_FOUND: ErrorText("This message is not there any more.", "這則訊息已不存在。"),
    ErrorCode.WORD_NOT_FOUND: ErrorText("This word is not in the list any more.", "這個詞已不在清單中。"),
    ErrorCode.TOO_MANY: ErrorText("There is no room for more of them.", "數量已達上限。"),
    ErrorCode.CARD_REFUSED: ErrorText(
        "This code does not open a lesson today. Please check the letters, or ask your teacher for a new card.",
        "這組代碼今天無法進入任何一堂課。請檢查輸入的字母，或向老師索取新的卡片。",
    ),
    ErrorCode.CONFLICT: ErrorText("Something else already stands there.", "這裡已經有其他資料。"),
    ErrorCode.SEAT_UNKNOWN: ErrorText("The demo lesson has no such seat.", "示範課沒有這個座位。"),
    ErrorCode.SIGN_IN_NEEDED: ErrorText("Please sign in first.", "請先登入。"),
    ErrorCode.SIGN_IN_FAILED: ErrorText(
        "This e-mail address and this password do not belong together.", "電子郵件或密碼不正確。"
    ),
    ErrorCode.FORM_FOREIGN: ErrorText(
        "This form was not sent from a page of this site, or you have signed in again since. "
        "Please open the page again.",
        "這份表單並非由本站頁面送出，或您之後已重新登入，請重新開啟頁面再試。",
    ),
    ErrorCode.LINK_INVALID: ErrorText(
        "This link has been used, has expired or is not complete. Please ask for a new one.",
        "這個連結已使用、已過期或不完整，請索取新的連結。",
    ),
    ErrorCode.CALENDAR_REPLY_INVALID: ErrorText(
        "This file is no answer of a calendar program. Look for one that ends in .ics, or save the whole mail.",
        "這個檔案不是行事曆程式的答覆。請找副檔名為 .ics 的檔案，或將整封郵件存成檔案。",
    ),
    ErrorCode.CALENDAR_REPLY_UNDECIDED: ErrorText(
        "This answer says maybe. Please say yes or no.", "這個答覆是「暫定」，請明確接受或婉拒。"
    ),
    ErrorCode.CALENDAR_REPLY_OVERTAKEN: ErrorText(
        "The lesson was changed or answered since this answer was given. It no longer counts, and nothing was changed.",
        "這份答覆送出之後，課程已經更改或答覆過。這份答覆不再有效，資料沒有變動。",
    ),
    ErrorCode.CALENDAR_REPLY_OTHER: ErrorText(
        "This answer is about another lesson, another hour or another person.",
        "這個答覆是關於其他課堂、其他時間或其他人。",
    ),
    ErrorCode.PASSWORD_INVALID: ErrorText(
        "A password needs at least 10 characters. A short sentence is a good one.",
        "密碼至少需要 10 個字元，用一句話當密碼是不錯的選擇。",
    ),
    ErrorCode.EMAIL_INVALID: ErrorText("This is not an e-mail address.", "這不是有效的電子郵件地址。"),
    ErrorCode.EMAIL_TAKEN: ErrorText(
        "There is already an account with this e-mail address.", "這個電子郵件地址已經有帳號。"
    ),
    ErrorCode.TEXT_INVALID: ErrorText(
        "A text is missing, too long or has characters that cannot be used.", "有文字空白、過長或含有無法使用的字元。"
    ),
    ErrorCode.ROLE_REFUSED: ErrorText("You cannot give or take this role.", "您無法授予或移除這個角色。"),
    ErrorCode.LAST_ADMINISTRATOR: ErrorText(
        "The last administrator cannot be removed.", "無法移除最後一位系統管理員。"
    ),
    ErrorCode.ALREADY_SET_UP: ErrorText(
        "There is an administrator already, who can invite others.", "系統已有管理員，可由管理員邀請其他人。"
    ),
    ErrorCode.ROSTER_INVALID: ErrorText(
        "This list of names is too long or cannot be read.", "這份名單過長或無法讀取。"
    ),
    ErrorCode.ROSTER_FULL: ErrorText("A class group has at most 100 pupils.", "一個班級最多 100 名學生。"),
    ErrorCode.SCHOOL_FILE_INVALID: ErrorText(
        "The school's hours cannot be used as they are written; `problems` says where.",
        "學校時間的內容無法使用，請見 `problems` 所列的位置。",
    ),
    ErrorCode.SERIES_NOT_PLANNABLE: ErrorText(
        "A series cannot begin at this hour, or the weeks do not hold so many lessons.",
        "無法從這個時間開始排課，或週數不足以排入這麼多堂。",
    ),
    ErrorCode.HOURS_NOT_PAINTABLE: ErrorText(
        "These hours cannot be painted; `problems` says which and why.",
        "這些時段無法標示，請見 `problems` 所列的原因。",
    ),
    ErrorCode.LESSON_STATE: ErrorText(
        "The lesson is not at the point where this can be done.", "這堂課目前的狀態不能執行這個動作。"
    ),
    ErrorCode.LESSON_CHANGED: ErrorText(
        "Somebody else has just changed this lesson. Please look at it again.",
        "剛剛有人更改了這堂課，請重新查看後再試。",
    ),
    ErrorCode.LESSON_TIME_SKIPPED: ErrorText(
        "This time does not exist: the clock is put forward that night. Please choose another time.",
        "這個時間不存在：當晚時鐘撥快，會跳過這段時間，請改選其他時間。",
    ),
    ErrorCode.LESSON_TIME_TWICE: ErrorText(
        "This time happens twice: the clock is put back that night. Please choose another time.",
        "這個時間會出現兩次：當晚時鐘撥慢，請改選其他時間。",
    ),
    ErrorCode.LESSON_TIME_INVALID: ErrorText("This date or time cannot be used.", "這個日期或時間無法使用。"),
    ErrorCode.LESSON_IN_THE_PAST: ErrorText("This time is already over.", "這個時間已經過了。"),
    ErrorCode.LESSON_MINUTES: ErrorText(
        "A lesson lasts between 10 and 180 minutes.", "一堂課的長度須在 10 到 180 分鐘之間。"
    ),
    ErrorCode.LESSON_TEXT: ErrorText("This text is missing or too long.", "這段文字空白或過長。"),
    ErrorCode.LESSON_ADULTS: ErrorText(
        "These adults cannot be set like this for the lesson.", "無法這樣安排這堂課的老師。"
    ),
    ErrorCode.LESSON_SIDES: ErrorText(
        "A lesson needs two class groups of two schools, each with a lead of its own school.",
        "一堂課需要兩所學校的兩個班級，且各由該校的老師帶領。",
    ),
    ErrorCode.LESSON_OTHER_SIDE: ErrorText(
        "Only the school of that side can do this.", "只有該方的學校能執行這個動作。"
    ),
    ErrorCode.LESSON_TOO_EARLY: ErrorText(
        "The lobby opens 30 minutes before the lesson.", "等候室在上課前 30 分鐘開放。"
    ),
    ErrorCode.LESSON_TOO_LATE: ErrorText(
        "The lesson's time is over. Please move it to another time.", "這堂課的時間已過，請改到其他時間。"
    ),
    ErrorCode.LESSON_DOUBLE_BOOKED: ErrorText(
        "A class or a lead has another lesson at that time.", "有班級或帶領老師在這個時間已有另一堂課。"
    ),
    ErrorCode.ADULT_NOT_VERIFIED: ErrorText(
        "Only verified adults can lead a lesson.", "只有通過驗證的老師能帶領課程。"
    ),
    ErrorCode.CONSENT_MISSING: ErrorText(
        "The school authorisation of a class group is missing.", "有班級尚未登錄學校授權。"
    ),
    ErrorCode.ATTENDANCE_INVALID: ErrorText("These times of attendance cannot be used.", "這些出席時間無法使用。"),
    ErrorCode.ZONE_UNKNOWN: ErrorText("This time zone is not known.", "不認得這個時區。"),
}


class TongchuangError(Exception):
    """Root of the tree. `detail` is for logs and developers, never shown to pupils."""

    status = 500

    def __init__(self, code: ErrorCode, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail

    @property
    def text(self) -> ErrorText:
        return TEXTS[self.code]


class InvalidInput(TongchuangError):
    """`problems`: of a document with several, where each is and what was expected; programs are told them."""

    status = 400

    def __init__(self, code: ErrorCode, detail: str = "", *, problems: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__(code, detail)
        self.problems = tuple(problems)


class Unauthorized(TongchuangError):
    status = 401


class Forbidden(TongchuangError):
    status = 403


class NotFound(TongchuangError):
    status = 404


class Conflict(TongchuangError):
    status = 409


class LimitExceeded(TongchuangError):
    status = 429


class Unavailable(TongchuangError):
    status = 503

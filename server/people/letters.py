"""What the letters say, in both languages, in plain text. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from server.pair import LocalizedText


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str


def invitation_letter(name: LocalizedText, place: LocalizedText, url: str, days: int) -> Letter:
    """`place`: the school, or the whole installation."""
    return Letter(
        subject=f"{place.en}: your account at Tongchuang 同窗帳號邀請",
        text=f"""\
Hello {name.en},

{place.en} invites you to Tongchuang, where a class in Taiwan and a class in the United States meet.
Choose a password here (the link works once, for {days} days):

{url}

{name.zh} 您好：

{place.zh}邀請您使用「同窗」，讓臺灣與美國的班級一起上課。
請由以下連結設定密碼（只能使用一次，{days} 天內有效）：

{url}
""",
    )


def reset_letter(name: LocalizedText, url: str, minutes: int) -> Letter:
    return Letter(
        subject="Tongchuang: a new password 同窗：重設密碼",
        text=f"""\
Hello {name.en},

Somebody, most likely you, asked for a new password. Choose it here (the link works once, for {minutes} minutes):

{url}

If it was not you, there is nothing to do: your password stays as it is.

{name.zh} 您好：

有人（應該是您）要求重設密碼。請由以下連結設定新密碼（只能使用一次，{minutes} 分鐘內有效）：

{url}

如果不是您本人要求，請忽略這封信，您的密碼不會變更。
""",
    )

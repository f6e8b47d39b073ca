"""Letters to adults, through the school's own mail server when SMTP_URL names one. RFC 5321, RFC 5322, RFC 8314.

Without one nothing is sent, and links are shown to the person who made them instead.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from server.addresses import is_loopback_host
from server.errors import ErrorCode, InvalidInput
from server.outbox import CalendarPart
from server.tasks import TaskOwner

# A mail server of a school answers in a second; a form must not hang for longer than its reader waits.
TIMEOUT_S = 15.0
# A term's notices at once; what is more is not sent, and said so in the log.
MAX_QUEUED = 1000

log = structlog.get_logger("tongchuang.mail")


class Mailer(Protocol):
    """Bilingual plain text to one reader."""

    @property
    def is_configured(self) -> bool: ...

    @property
    def sender(self) -> str:
        """The address that letters come from; empty when there is no mail server."""
        ...

    async def send(
        self,
        to: str,
        subject: str,
        text: str,
        *,
        message_id: str | None = None,
        follows: str = "",
        calendar: CalendarPart | None = None,
    ) -> bool:
        """Waits for the mail server: True when it took the letter. `message_id`: of a letter that may come twice.
        `follows`: that of the letter which it belongs to."""
        ...

    def post(self, to: str, subject: str, text: str) -> bool:
        """Later, in order; for what must not take longer for one reader than for another. False: not queued."""
        ...

    async def close(self) -> None: ...


class NoMailer:
    """There is no mail server."""

    is_configured = False
    sender = ""

    async def send(
        self,
        to: str,
        subject: str,
        text: str,
        *,
        message_id: str | None = None,
        follows: str = "",
        calendar: CalendarPart | None = None,
    ) -> bool:
        return False

    def post(self, to: str, subject: str, text: str) -> bool:
        return False

    async def close(self) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Read from SMTP_URL: `smtp://[user:password@]host[:port]/?from=class@school.example`, `smtps://` for TLS."""

    host: str
    port: int
    sender: str
    is_tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)


def parse_smtp_url(url: str) -> SmtpServer:
    """Raises InvalidInput(SETTING_INVALID)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput(ErrorCode.SETTING_INVALID, "SMTP_URL: is no address") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise InvalidInput(ErrorCode.SETTING_INVALID, "SMTP_URL: is no smtp:// or smtps:// address")
    options = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    is_tls = parts.scheme == "smtps"
    return SmtpServer(
        host=parts.hostname,
        # Ports of RFC 8314: 465 with TLS from the start, 587 with STARTTLS.
        port=port or (465 if is_tls else 587),
        sender=unquote(options.get("from", "")) or f"tongchuang@{parts.hostname}",
        is_tls=is_tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


class SmtpMailer:
    """One connection per letter: a school sends a few a day."""

    is_configured = True

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._tasks = TaskOwner("mail")
        self._queue: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue(MAX_QUEUED)
        self._is_running = False

    @property
    def sender(self) -> str:
        return self._server.sender

    async def send(
        self,
        to: str,
        subject: str,
        text: str,
        *,
        message_id: str | None = None,
        follows: str = "",
        calendar: CalendarPart | None = None,
    ) -> bool:
        server = self._server
        try:
            message = _message(server.sender, to, subject, text, message_id)
            if follows:
                # RFC 5322 §3.6.4: by these programs show letters together.
                message["In-Reply-To"] = message["References"] = follows
            if calendar is not None:
                _add_calendar(message, calendar)
            await aiosmtplib.send(
                message,
                sender=server.sender,
                recipients=[to],
                hostname=server.host,
                port=server.port,
                username=server.user or None,
                password=server.password or None,
                use_tls=server.is_tls,
                start_tls=_start_tls(server),
                # Why given: the library would ask the name service for it, and wait for the answer.
                local_hostname=_domain(server.sender),
                timeout=TIMEOUT_S,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            log.warning("mail_failed", error=type(error).__name__, **{"pii.to": to})
            return False
        return True

    def post(self, to: str, subject: str, text: str) -> bool:
        try:
            self._queue.put_nowait((to, subject, text))
        except asyncio.QueueFull:
            log.warning("mail_queue_full")
            return False
        if not self._is_running:
            self._is_running = True
            self._tasks.start(self._work(), name="queue")
        return True

    async def _work(self) -> None:
        while True:
            await self.send(*await self._queue.get())
            self._queue.task_done()

    async def flushed(self) -> None:
        """Until all that was posted has been tried."""
        await self._queue.join()

    async def close(self) -> None:
        """Idempotent; what is still queued is not sent."""
        await self._tasks.close()


def _start_tls(server: SmtpServer) -> bool | None:
    """True: must; None: when it is offered, as a relay on the school's own network may not. A password needs it."""
    if server.is_tls:
        return False
    return True if server.user and not is_loopback_host(server.host) else None


def _domain(address: str) -> str:
    return address.rpartition("@")[2] or "localhost"


def _message(sender: str, to: str, subject: str, text: str, message_id: str | None) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Tongchuang 同窗 <{sender}>"
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = message_id or make_msgid(domain=_domain(sender))
    # RFC 3834: no out-of-office answers to this.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _add_calendar(message: EmailMessage, calendar: CalendarPart) -> None:
    """Beside the text, where Gmail, Outlook and Apple Mail look for an invitation (RFC 6047 §2.4), and as a file.

    Why both: who reads mail in a program without a calendar opens the file with one.
    """
    message.add_alternative(calendar.content, subtype="calendar", params={"method": calendar.method})
    content = calendar.content.encode()
    message.add_attachment(content, maintype="application", subtype="ics", filename="lesson.ics")

"""A mail server of the test's own: says what RFC 5321 says, keeps what it gets, or refuses as it is told."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class SmtpSink:
    port: int = 0
    # command → answer in place of the usual one
    answers: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    letters: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = "", list[str]()

        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        try:
            await say(self.answers.get("CONNECT", "220 sink"))
            while line := (await reader.readline()).decode().strip():
                verb = line.split()[0].upper()
                self.commands.append(verb)
                if verb in self.answers:
                    await say(self.answers[verb])
                elif verb == "EHLO":
                    await say("250-sink\r\n250-AUTH PLAIN\r\n250 8BITMIME" if self.accounts else "250 8BITMIME")
                elif verb == "AUTH":
                    _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                    await say("235 ok" if self.accounts.get(user) == password else "535 no")
                elif verb == "MAIL":
                    sender = line.partition("<")[2].partition(">")[0]
                    await say("250 ok")
                elif verb == "RCPT":
                    recipients.append(line.partition("<")[2].partition(">")[0])
                    await say("250 ok")
                elif verb == "DATA":
                    await say("354 go on")
                    content = (await reader.readuntil(b"\r\n.\r\n"))[:-5].replace(b"\r\n..", b"\r\n.")
                    message = message_from_bytes(content, policy=policy.default)
                    assert isinstance(message, EmailMessage)
                    self.letters.append((sender, recipients, message))
                    await say("250 ok")
                else:
                    await say("221 bye" if verb == "QUIT" else "250 ok")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def smtp_sink() -> AsyncIterator[SmtpSink]:
    sink = SmtpSink()
    server = await asyncio.start_server(sink.talk, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sink

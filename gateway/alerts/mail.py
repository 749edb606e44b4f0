"""Letters by e-mail, through a server that the configuration names (RFC 5321, RFC 3207, RFC 4954)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP

_PATIENCE: Final = 20.0  # seconds for each step of the dialogue

Security = Literal["starttls", "tls", "none"]


class NotSent(Exception):
    """The server did not take the letter; the sentence says why, without addresses."""


@dataclass(frozen=True, slots=True)
class Postbox:
    """A server, and who writes to whom through it."""

    host: str
    port: int
    security: Security
    sender: str
    recipients: Sequence[str]
    user: str | None = None
    password_file: Path | None = None  # read for each letter: a changed one needs no restart
    authorities: Path | None = None  # certificates to trust beside those of the system

    async def send(self, subject: str, body: str) -> int:
        """Send one letter to everybody, and return how many of them the server refused.

        Raises `NotSent` where nobody gets it. A thread does it, for the library blocks.
        """
        return await asyncio.to_thread(self._send, subject, body)

    def _send(self, subject: str, body: str) -> int:
        import smtplib  # rarely needed, and large: not before it is

        letter = self._letter(subject, body)
        try:
            with self._connected() as server:
                if self.user is not None:
                    server.login(self.user, self._password())
                return len(server.send_message(letter))
        except smtplib.SMTPResponseException as exc:
            raise NotSent(f"the mail server {self.host} answered {exc.smtp_code}") from exc
        except smtplib.SMTPRecipientsRefused as exc:
            raise NotSent(f"the mail server {self.host} refused every recipient") from exc
        except OSError as exc:  # what smtplib raises is one too
            raise NotSent(f"the mail server {self.host}: {exc.strerror or type(exc).__name__}") from exc
        except ValueError as exc:  # a password that is no UTF-8, or cannot be said in SMTP (RFC 4954)
            raise NotSent(f"the mail server {self.host}: its user and password must be ASCII") from exc

    def _letter(self, subject: str, body: str) -> EmailMessage:
        from email.message import EmailMessage
        from email.utils import formatdate, make_msgid

        letter = EmailMessage()
        letter["From"], letter["To"] = self.sender, ", ".join(self.recipients)
        letter["Subject"], letter["Date"] = subject, formatdate()
        letter["Message-ID"] = make_msgid(domain="schoolgate.invalid")
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        letter.set_content(body)
        return letter

    def _connected(self) -> SMTP:
        import smtplib
        import ssl

        trust = ssl.create_default_context()
        if self.authorities is not None:
            trust.load_verify_locations(self.authorities)
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_PATIENCE, context=trust)
        server = smtplib.SMTP(self.host, self.port, timeout=_PATIENCE)
        if self.security == "starttls":
            try:
                server.starttls(context=trust)
            except BaseException:
                server.close()
                raise
        return server

    def _password(self) -> str:
        if self.password_file is None:
            return ""
        return self.password_file.read_text(encoding="utf-8").strip()

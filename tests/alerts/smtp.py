"""A small mail server on asyncio (RFC 5321, with STARTTLS and AUTH PLAIN); it keeps what it gets."""

from __future__ import annotations

import asyncio
import base64
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.clock import utc_now


@dataclass(slots=True)
class Letter:
    sender: str
    recipients: list[str]
    message: EmailMessage
    sealed: bool  # it came through TLS
    user: str


@dataclass(slots=True)
class MailServer:
    """`refuse` maps a verb to the answer that it gets instead."""

    context: ssl.SSLContext | None = None
    password: str | None = None
    refuse: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)  # recipients
    letters: list[Letter] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Conversation(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass(slots=True)
class _Conversation:
    server: MailServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sealed: bool = False
    user: str = ""
    sender: str = ""
    recipients: list[str] = field(default_factory=list)

    async def run(self) -> None:
        await self.say("220 here")
        verb = ""
        while verb != "QUIT" and (line := (await self.reader.readline()).decode().strip()):
            verb, _, rest = line.partition(" ")
            self.server.heard.append(verb.upper())
            if verb.upper() in self.server.refuse:
                await self.say(self.server.refuse[verb.upper()])
            else:
                await getattr(self, f"on_{verb.lower()}", self.on_other)(rest)

    async def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()

    async def on_ehlo(self, _: str) -> None:
        offers = ["250-here"]
        offers += ["250-STARTTLS"] if self.server.context and not self.sealed else []
        offers += ["250-AUTH PLAIN"] if self.server.password is not None else []
        await self.say(*offers, "250 8BITMIME")

    async def on_starttls(self, _: str) -> None:
        if self.server.context is None:
            await self.on_other("")
            return
        await self.say("220 go ahead")
        await self.writer.start_tls(self.server.context)
        self.sealed = True

    async def on_auth(self, rest: str) -> None:
        _, self.user, given = base64.b64decode(rest.split()[1]).decode().split("\0")
        await self.say("235 welcome" if given == self.server.password else "535 no")

    async def on_mail(self, rest: str) -> None:
        self.sender = rest
        await self.say("250 ok")

    async def on_rcpt(self, rest: str) -> None:
        recipient = rest.partition("<")[2].partition(">")[0]
        if recipient in self.server.unknown:
            await self.say("550 nobody")
            return
        self.recipients.append(recipient)
        await self.say("250 ok")

    async def on_data(self, _: str) -> None:
        await self.say("354 go on")
        raw = await self.reader.readuntil(b"\r\n.\r\n")
        lines = [line.removeprefix(b".") for line in raw[:-3].splitlines(keepends=True)]
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.server.letters.append(Letter(self.sender, self.recipients, message, self.sealed, self.user))
        await self.say("250 kept")

    async def on_quit(self, _: str) -> None:
        await self.say("221 bye")

    async def on_other(self, _: str) -> None:
        await self.say("502 what?")


@asynccontextmanager
async def mail_server(**how: object) -> AsyncIterator[MailServer]:
    """Run one on loopback."""
    at_once = how.pop("at_once", None)  # a context: TLS from the first byte
    made = MailServer(**how)  # type: ignore[arg-type]
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=at_once)  # type: ignore[arg-type]
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


def certified(directory: Path, host: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """Return a server's context for `host`, and the certificate to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = utc_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = directory / "mail.pem", directory / "mail.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public

"""What the API shows to prove who it is over TLS, and when that ends.

It is loaded at the start and at SIGHUP; new connections get the new one, old ones go on. One that Schoolgate
makes itself is made when there is none, and again at a start or SIGHUP in its last thirty days.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from gateway.config import ApiSection, ConfigError
from gateway.model import Clock

log = structlog.get_logger()

SOON: Final = timedelta(days=30)
_DAY: Final = 24 * 3600.0  # seconds
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_OTHERS: Final = 0o007
_UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x17, 0x18, 0xA0


@dataclass(slots=True)
class Certificate:
    """The certificate of a running API."""

    certificate: Path
    key: Path
    own: bool  # Schoolgate makes it
    names: tuple[str, ...]
    clock: Clock
    context: ssl.SSLContext = field(default_factory=lambda: server_context())
    _ends: datetime | None = None  # of what is in use, whatever the files say by now

    @classmethod
    def of(cls, api: ApiSection, clock: Clock) -> Certificate | None:
        """Return what the configuration asks for, not loaded yet; None without TLS."""
        if api.tls == "none":
            return None
        assert api.tls_certificate is not None  # noqa: S101 - the configuration was checked
        assert api.tls_key is not None  # noqa: S101
        own = api.tls == "self_signed"
        names = (*_HERE, socket.gethostname(), *api.tls_names)
        return cls(api.tls_certificate, api.tls_key, own, tuple(dict.fromkeys(names)), clock)

    def load(self) -> None:
        """Use what is in the files now, made first where it is due; at a `ConfigError` nothing changes."""
        if self.own and self._is_due():
            self._make()
        check(self.certificate, self.key)
        self.context.load_cert_chain(self.certificate, self.key)
        self._ends = expires_at(self.certificate)

    def warning(self) -> str:
        """Return what people must know of the end of the one in use; empty for nothing."""
        return "" if self._ends is None else _ending(self._ends, self.clock())

    async def watch(self, tell: Callable[[str], None]) -> None:
        """Look once a day, and `tell` and log when it ends soon; until cancelled."""
        while True:
            if said := self.warning():
                log.warning("TLS certificate ends", action="certificate_ends", what=said)
                tell(said)
            await asyncio.sleep(_DAY)

    def _is_due(self) -> bool:
        try:
            check(self.certificate, self.key)
            return expires_at(self.certificate) - self.clock() < SOON
        except ConfigError:
            return True

    def _make(self) -> None:
        words = [sys.executable, "-m", "gateway.selfsigned", str(self.certificate), str(self.key)]
        made = subprocess.run([*words, *self.names], capture_output=True, check=False)  # noqa: S603 - our own
        if made.returncode:
            last = made.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise ConfigError(self.certificate, [f"cannot be made: {' '.join(last)}"])


def server_context() -> ssl.SSLContext:
    """Return how we speak TLS: 1.2 or newer, forward secrecy, authenticated ciphers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    return context


def check(certificate: Path, key: Path) -> None:
    """Raise `ConfigError` unless the two belong together and not everybody may read the key."""
    for path in (certificate, key):
        try:
            mode = path.stat().st_mode
            path.open("rb").close()
        except OSError as exc:
            raise ConfigError(path, [f"for TLS: {exc.strerror}"]) from exc
    if mode & _OTHERS:
        raise ConfigError(key, [f"everybody may read this private key; run: chmod o= {key}"])
    try:
        server_context().load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as exc:
        why = "they do not belong together" if exc.reason == "KEY_VALUES_MISMATCH" else "not PEM, or damaged"
        raise ConfigError(certificate, [f"cannot be used with {key}: {why}"]) from exc
    expires_at(certificate)


def expiry_warning(certificate: Path, now: datetime) -> str:
    """Return what people must know of a certificate's end; empty for nothing. Raises `ConfigError`."""
    return _ending(expires_at(certificate), now)


def _ending(end: datetime, now: datetime) -> str:
    if end <= now:
        return f"the TLS certificate ended on {end:%Y-%m-%d}: no client trusts it"
    return f"the TLS certificate ends on {end:%Y-%m-%d}" if end - now < SOON else ""


def expires_at(path: Path) -> datetime:
    """Return when the first certificate in a PEM file ends (RFC 5280, 4.1); raise `ConfigError`."""
    try:
        text = path.read_text("ascii")
        first = text[: text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)]
        der = ssl.PEM_cert_to_DER_cert(first[first.index(ssl.PEM_HEADER) :])
        body = _inside(_inside(der, 0), 0)
        place = _end(body, 0) if body[0] == _VERSION else 0
        for _ in range(3):  # serial number, signature's algorithm, issuer
            place = _end(body, place)
        validity = _inside(body, place)
        end = _end(validity, 0)
        return _instant(validity[end], _inside(validity, end).decode("ascii"))
    except OSError as exc:
        raise ConfigError(path, [f"for TLS: {exc.strerror}"]) from exc
    except (ValueError, IndexError) as exc:
        raise ConfigError(path, ["is no certificate in PEM"]) from exc


def _bounds(der: bytes, place: int) -> tuple[int, int]:
    """Return where the content of the element at `place` begins and ends (X.690, 8.1.3)."""
    length, start = der[place + 1], place + 2
    if length >= 0x80:
        size = length - 0x80
        length, start = int.from_bytes(der[start : start + size], "big"), start + size
    if start + length > len(der):
        raise ValueError("cut off")
    return start, start + length


def _inside(der: bytes, place: int) -> bytes:
    start, end = _bounds(der, place)
    return der[start:end]


def _end(der: bytes, place: int) -> int:
    return _bounds(der, place)[1]


def _instant(kind: int, text: str) -> datetime:
    """Return an instant as certificates have it; two digits of a year are of 1950 to 2049."""
    if kind == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError("no instant")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)

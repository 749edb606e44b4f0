"""TLS: for everything beyond this machine, with files of one's own or a certificate that Schoolgate makes."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509

from gateway import selfsigned
from gateway.certificates import Certificate, check, expires_at, expiry_warning
from gateway.cli.client import Client as Line
from gateway.cli.exits import Exit, Stop
from gateway.clock import utc_now
from gateway.config import ConfigError, load
from gateway.daemon import Daemon, started
from schoolgate_client import AsyncClient, Client, Unreachable
from tests.api.conftest import CONSENTED
from tests.system.site import SLOTS

OWN = 'tls = "self_signed"\ntls_names = ["gate.school.example"]\n'


def configured(furnished: Path, directory: Path, section: str) -> Path:
    """Copy a furnished site, with more in the section [api] of its configuration."""
    shutil.copytree(furnished, directory, dirs_exist_ok=True)
    path = directory / "schoolgate.toml"
    path.write_text(path.read_text().replace("[api]\n", f"[api]\n{section}", 1))
    return path


@asynccontextmanager
async def secured(path: Path) -> AsyncIterator[tuple[Daemon, ssl.SSLContext]]:
    """Run a gateway with TLS; yield it and a context that trusts its certificate strictly."""
    async with started(load(path)) as daemon:
        trust = ssl.create_default_context(cafile=str(path.parent / "api.crt"))
        trust.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN  # as newer Pythons do
        yield daemon, trust


def key_of(directory: Path) -> str:
    return str(re.findall(r'"office": "(\S+)"', (directory / "tokens.json").read_text())[0])


def put(directory: Path, names: list[str], now: datetime, stem: str = "api") -> None:
    """Write a certificate that was made at `now`, and its key."""
    shown, secret = selfsigned.make(names, now)
    (directory / f"{stem}.crt").write_bytes(shown)
    (directory / f"{stem}.key").write_bytes(secret)
    (directory / f"{stem}.key").chmod(0o600)


def serial(daemon: Daemon) -> int:
    port = int(daemon.api_url.rpartition(":")[2])
    shown = ssl.get_server_certificate(("127.0.0.1", port))
    return x509.load_pem_x509_certificate(shown.encode()).serial_number


async def test_clients_trust_the_certificate_that_was_made(furnished: Path, tmp_path: Path) -> None:
    """Over TLS 1.2 and 1.3, by the names it has, with all headers that protect; our clients, and others."""
    path = configured(furnished, tmp_path, OWN)
    key, ca = key_of(tmp_path), str(tmp_path / "api.crt")
    async with secured(path) as (daemon, trust), aiohttp.ClientSession() as session:
        assert daemon.api_url.startswith("https://127.0.0.1:")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            trust.minimum_version = trust.maximum_version = version
            async with session.get(f"{daemon.api_url}/healthz", ssl=trust) as answer:
                assert answer.status == 200
                assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "Server" not in answer.headers
        async with AsyncClient(daemon.api_url, key, ca_file=ca) as client:
            accepted = await client.send(CONSENTED[0], "trip", SLOTS)
        with Client(daemon.api_url, key, ca_file=ca) as plain:
            assert (await asyncio.to_thread(plain.message, accepted["id"]))["id"] == accepted["id"]
        with Client(daemon.api_url, key, sleep=lambda _: None) as wary, pytest.raises(Unreachable):
            await asyncio.to_thread(wary.message, accepted["id"])
    certificate = x509.load_pem_x509_certificate((tmp_path / "api.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "gate.school.example", socket.gethostname()} <= set(
        names.get_values_for_type(x509.DNSName)
    )
    assert (tmp_path / "api.key").stat().st_mode & 0o077 == 0


async def test_what_is_older_than_tls_1_2_is_refused(furnished: Path, tmp_path: Path) -> None:
    async with secured(configured(furnished, tmp_path, OWN)) as (daemon, trust):
        assert daemon.reload.certificate is not None
        assert daemon.reload.certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2
        trust.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            trust.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            trust.maximum_version = ssl.TLSVersion.TLSv1_1
        host, _, port = daemon.api_url.removeprefix("https://").partition(":")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(host, int(port), ssl=trust)


async def test_plain_and_silent_connections_end(
    furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request without TLS, a handshake that never begins, a head that never ends; a body too large."""
    monkeypatch.setattr("api.server._SILENCE", 0.5)
    async with secured(configured(furnished, tmp_path, OWN)) as (daemon, trust):
        host, _, port = daemon.api_url.removeprefix("https://").partition(":")
        for said in (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b""):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(said)
            async with asyncio.timeout(20):
                found = await reader.read()
            assert b"200" not in found
            writer.close()
        reader, writer = await asyncio.open_connection(host, int(port), ssl=trust)
        writer.write(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        async with asyncio.timeout(20):
            assert await reader.read() == b""
        writer.close()
        reader, writer = await asyncio.open_connection(host, int(port), ssl=trust)
        head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key_of(tmp_path)}\r\n"
        writer.write(f"{head}Content-Length: 100000000\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(20):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_new_certificate_is_taken_up_without_a_restart(furnished: Path, tmp_path: Path) -> None:
    """A bad one is refused, with the old one kept in use."""
    now = utc_now()
    section = 'tls = "files"\ntls_certificate = "api.crt"\ntls_key = "api.key"\n'
    path = configured(furnished, tmp_path, section)
    put(tmp_path, ["127.0.0.1"], now - selfsigned.LASTS + timedelta(days=10))
    async with started(load(path)) as daemon:
        before = await asyncio.to_thread(serial, daemon)
        assert "the TLS certificate ends on" in daemon.watchdog.status()
        (told,) = (await daemon.use_cases.health.ready()).notices
        assert told.startswith("the TLS certificate ends on")
        put(tmp_path, ["127.0.0.1"], now, stem="other")
        (tmp_path / "other.key").rename(tmp_path / "api.key")
        answer = await daemon.reload(lambda: load(path))
        assert answer.startswith("reload refused: ")
        assert "they do not belong together" in answer
        assert await asyncio.to_thread(serial, daemon) == before
        (tmp_path / "other.crt").rename(tmp_path / "api.crt")
        assert await daemon.reload(lambda: load(path)) == ""
        assert await asyncio.to_thread(serial, daemon) != before
        assert (await daemon.use_cases.health.ready()).notices == ()


def test_one_of_our_own_is_made_again_in_its_last_month_only(tmp_path: Path) -> None:
    now = utc_now()
    paths = (tmp_path / "api.crt", tmp_path / "api.key")
    mine = Certificate(*paths, own=True, names=("localhost",), clock=lambda: now)
    mine.load()
    first = paths[0].read_bytes()
    mine.load()
    assert paths[0].read_bytes() == first
    put(tmp_path, ["localhost"], now - selfsigned.LASTS + timedelta(days=31))
    kept = paths[0].read_bytes()
    mine.load()
    assert paths[0].read_bytes() == kept
    put(tmp_path, ["localhost"], now - selfsigned.LASTS + timedelta(days=29))
    mine.load()
    assert expires_at(paths[0]) > now + timedelta(days=800)
    paths[1].write_text("damaged")
    mine.load()
    check(*paths)


def test_what_is_said_of_the_end_is_of_the_certificate_in_use(tmp_path: Path) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    paths = tmp_path / "api.crt", tmp_path / "api.key"
    mine = Certificate(*paths, own=True, names=("localhost",), clock=lambda: now)
    assert mine.warning() == ""
    mine.load()
    now = expires_at(paths[0]) - timedelta(days=3)
    ends = mine.warning()
    assert ends.startswith("the TLS certificate ends on")
    paths[0].write_text("half of a new one")  # nobody has reloaded
    assert mine.warning() == ends


def test_the_end_of_a_certificate_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "api.crt"
    for year in (1999, 2026, 2051):  # two digits of a year, and four
        put(tmp_path, ["a.example"], datetime(year, 3, 4, 5, 6, 7, tzinfo=UTC))
        assert expires_at(path) == x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    end = expires_at(path)
    assert expiry_warning(path, end - timedelta(days=31)) == ""
    assert expiry_warning(path, end - timedelta(days=29)) == f"the TLS certificate ends on {end:%Y-%m-%d}"
    assert "no client trusts it" in expiry_warning(path, end)


@pytest.mark.parametrize("cut", [0, 100, 300, 500])
def test_a_damaged_certificate_is_named(tmp_path: Path, cut: int) -> None:
    put(tmp_path, ["a.example"], utc_now())
    path = tmp_path / "api.crt"
    path.write_bytes(path.read_bytes()[:cut] + b"\n-----END CERTIFICATE-----\n")
    with pytest.raises(ConfigError, match=r"api\.crt"):
        expires_at(path)
    with pytest.raises(ConfigError, match="not PEM, or damaged"):
        check(path, tmp_path / "api.key")


def test_a_key_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    put(tmp_path, ["a.example"], utc_now())
    (tmp_path / "api.key").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod o="):
        check(tmp_path / "api.crt", tmp_path / "api.key")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('host = "0.0.0.0"', r"line 2: api\.host: 0\.0\.0\.0 is beyond this machine: .*self_signed"),
        ('host = "gate.school.example"', r"line 2: api\.host: "),
        ('tls = "files"', r"line 2: api\.tls: .*tls_certificate and tls_key"),
        ('tls = "some"', r"line 2: api\.tls: "),
    ],
)
def test_what_would_be_open_to_others_is_refused(tmp_path: Path, section: str, said: str) -> None:
    path = tmp_path / "schoolgate.toml"
    path.write_text(f"[api]\n{section}\n")
    with pytest.raises(ConfigError, match=said):
        load(path)
    path.write_text('[api]\nhost = "0.0.0.0"\ntls = "self_signed"\n')
    assert load(path).api.tls_certificate == tmp_path / "api.crt"


async def test_the_command_line_trusts_that_certificate_alone(furnished: Path, tmp_path: Path) -> None:
    section = OWN + 'host = "localhost"\n'
    path = configured(furnished, tmp_path, section)
    async with secured(path) as (daemon, _):
        port = int(daemon.api_url.rpartition(":")[2])
        api = load(path).api.model_copy(update={"port": port, "unix_socket": None})
        ask = Line(api, key_of(tmp_path)).ask
        assert (await asyncio.to_thread(ask, "GET", "/v1/messages"))[0] == 200
        put(tmp_path, ["localhost", "127.0.0.1"], utc_now(), stem="other")
        stranger = Line(api, "", tmp_path / "other.crt")
        with pytest.raises(Stop, match="certificate verify failed") as caught:
            await asyncio.to_thread(stranger.ask, "GET", "/healthz")
        assert caught.value.code is Exit.UNAVAILABLE
        friend = Line(api, "", tmp_path / "api.crt")
        assert (await asyncio.to_thread(friend.ask, "GET", "/healthz"))[0] == 200

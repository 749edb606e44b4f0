"""The support archive of a gateway that lived: nothing of anybody is in it, and what a helper needs is."""

from __future__ import annotations

import asyncio
import json
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.cli.bundle import bundle
from gateway.cli.bundle_config import SHOWN
from gateway.cli.manual import settings
from gateway.config import Config
from gateway.doctor.finding import warning, wrong
from gateway.simulator import Network
from tests.cli.conftest import command
from tests.system.site import Site, eventually, furnish, message, number, own_port, spawned

pytestmark = pytest.mark.system

PARENT = number(123)
TECHNICIAN = number(700)
PIN = "7391"
CANARY = "Oluwaseun has chickenpox"
SECTION = (
    f'[alerts]\nmail_to = ["it@school.example"]\nsmtp_host = "mail.invalid"\nsms_to = ["{TECHNICIAN}"]\n'
)


def unpacked(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        found = {}
        for entry in archive:
            file = archive.extractfile(entry)
            assert file is not None
            found[entry.name.removeprefix("schoolgate/")] = file.read().decode()
        return found


async def lived(directory: Path) -> set[str]:
    """Let a daemon of its own process live; write an archive meanwhile; return what must not be in it."""
    await furnish(directory, modems=1, numbers=[PARENT], extra=SECTION, each='pin_file = "sim.pin"\n')
    (directory / "sim.pin").write_text(PIN)
    (directory / "sim.pin").chmod(0o600)
    port = own_port(directory)

    tokens = json.loads((directory / "tokens.json").read_text())
    async with Network(directory=directory) as network, aiohttp.ClientSession() as session:
        made = Site(directory, network, tokens, session=session)
        network.add_modem("sim0", number=number(990), pin=PIN)
        async with spawned(made, port):
            modem = await seen(made, directory)
    keys = (directory / "schoolgate.keys").read_text().split()
    return {
        *(each[start:] for each in (PARENT, TECHNICIAN, number(900), number(990)) for start in (0, 1)),
        *(word for key in keys if len(key) > 20 for word in (key, key[:20])),
        *tokens.values(),
        *(modem[name] for name in ("imei", "imsi", "iccid")),
        CANARY,
        "chickenpox",
        "it@school.example",
    }


async def seen(made: Site, directory: Path) -> dict[str, Any]:
    """Let it send, refuse and receive, and write the archive; return the modem as the API shows it."""
    await made.ready()
    (directory / "head.key").write_text(made.tokens["head"])
    (directory / "head.key").chmod(0o600)
    status, _ = await made.call("POST", "/v1/messages", message(PARENT))
    assert status == 202
    await eventually(lambda: made.texts(PARENT), what="the text")
    made.network.text(PARENT, "sim0", CANARY)
    await made.call("POST", "/v1/messages", message(number(900)))
    await eventually(lambda: inbox(made), what="the reply")
    words = ("doctor", "--config", directory / "schoolgate.toml", "--key-file", directory / "head.key")
    more = ("--bundle", directory / "help.tar.gz", "--log", directory / "daemon.log")
    ended = await asyncio.to_thread(command, *words, *more, "--json")
    assert ended.json["archive"] == str(directory / "help.tar.gz"), ended.err
    assert "log.txt" in ended.json["files"]
    _, page = await made.call("GET", "/v1/modems", who="head")
    found: dict[str, Any] = page["items"][0]
    return found


async def inbox(made: Site) -> bool:
    status, page = await made.call("GET", "/v1/inbox")
    return status == 200 and bool(page["items"])


async def test_no_number_text_key_or_pin_is_in_the_archive(tmp_path: Path) -> None:
    private = await lived(tmp_path)
    archive = tmp_path / "help.tar.gz"
    assert archive.stat().st_mode & 0o077 == 0
    files = unpacked(archive)
    for name, text in files.items():
        for each in private:
            assert each not in text, (name, each)
        if name not in {"versions.json", "metrics.txt"}:
            assert PIN not in text, name  # it is in no file that is packed
    assert files.keys() == {
        "README.txt",
        "findings.json",
        "config.toml",
        "versions.json",
        "state.json",
        "metrics.txt",
        "log.txt",
    }
    assert "part sent" in files["log.txt"]
    assert json.loads(files["state.json"])["/v1/modems"]["items"][0]["phase"] == "ready"
    assert "<number-" in files["config.toml"]
    assert "<mail-" in files["config.toml"]
    assert "schoolgate_queue_parts" in files["metrics.txt"]
    assert "schoolgate" in json.loads(files["versions.json"])["packages"]
    assert isinstance(json.loads(files["findings.json"]), list)
    again = await asyncio.to_thread(
        command, "doctor", "--config", tmp_path / "schoolgate.toml", "--bundle", archive
    )
    assert again.code == 1
    assert "is not overwritten" in again.err


BEFORE = """\
# PUK 12345678, ask Mrs Smith, 020 7946 0018
[gateway]
log = "text"  # Mr Jones set this up
[api]
requests_per_minute = 60000
[audit]
webhook = "https://records.example/hook/T0KEN"
sms_to = "+447700900456"
[alerts]
smtp_host = "mail.invalid"
smtp_user = "text"
mail_to = ["mrs.smith@school.example"]
[[unix_user]]
user = "misuser"
person = "hsmith"
scopes = ["messages:send"]
[[modem]]
name = "office"
port = "/dev/none"
pin_file = "sim.pin"
self_test_to = "+447700900789"
credit_pattern = "Dear Dora (?P<amount>4)"
"""
LOGGED = """\
2026-11-26T14:31:07.123456Z [info     ] a call to 020 7946 0018 or +44 (0)20 7946 0101, in 60000 ms
2026-11-26T14:31:08.123456Z [warning  ] SIM 8944 1100 6800 0000 017 AT+CPIN="4711"
2026-11-26T14:31:09.123456Z [warning  ] not taken by https://records.example/hook/T0KEN by=hsmith
"""
OF_SOMEBODY = (
    "12345678", "Smith", "smith", "Jones", "7946", "0018", "0101", "T0KEN", "misuser", "Dora", "900456",
    "900789", "mail.invalid", "school.example", "8944", "4711", "Dear",
)  # fmt: skip


def packed(directory: Path) -> dict[str, str]:
    """Write an archive where no gateway runs, and return what is in it."""
    (directory / "log").write_text(LOGGED)
    words = ("doctor", "--config", "schoolgate.toml", "--bundle", directory / "help.tar.gz", "--log", "log")
    ended = command(*words)
    assert (directory / "help.tar.gz").exists(), ended.err
    return unpacked(directory / "help.tar.gz")


def configured(home: Path, pin: str) -> None:
    (home / "schoolgate.toml").write_text(BEFORE)
    (home / "sim.pin").write_text(pin)
    (home / "sim.pin").chmod(0o600)


def test_neither_comments_nor_other_texts_of_the_configuration_are_in_the_archive(home: Path) -> None:
    configured(home, "0000")
    files = packed(home)
    del files["README.txt"], files["versions.json"]
    assert [(name, each) for name, text in files.items() for each in OF_SOMEBODY if each in text] == []
    shown = tomllib.loads(files["config.toml"])
    assert shown["api"] == {"requests_per_minute": 60000}
    assert shown["gateway"] == {"log": "text"}
    assert shown["audit"] == {"webhook": "<text>", "sms_to": "<number-1>"}
    assert shown["alerts"]["mail_to"] == ["<mail-1>"]
    assert shown["unix_user"] == [{"user": "<text>", "person": "<text>", "scopes": ["messages:send"]}]
    assert shown["modem"][0]["port"] == "/dev/none"
    assert shown["modem"][0]["credit_pattern"] == "<text>"
    assert "2026-11-26T14:31:07.123456Z [info     ] a call to <number-" in files["log.txt"]


@pytest.mark.parametrize("pin", ["0000", "6000", "2026"])
def test_the_archive_is_the_same_whatever_the_pin_is(home: Path, pin: str) -> None:
    """Else it could be read off: what would be replaced stands for other things, too."""
    shown = []
    for each in (pin, "7391"):
        configured(home, each)
        shown.append(packed(home))
        (home / "help.tar.gz").unlink()
    for name in ("config.toml", "log.txt"):
        assert shown[0][name] == shown[1][name]


def test_whom_a_finding_names_stays_out_of_the_archive(tmp_path: Path) -> None:
    found = [
        warning("policy 9.2", "Not acknowledged, and so cannot send: hsmith, bjones.", "schoolgate policy"),
        wrong("schoolgate.toml", "line 9: audit.sms_to: is no number (found 'Mrs Smith')", "mend it"),
        wrong("office", "no port /dev/none", "replug it"),
    ]
    (tmp_path / "log").touch()
    bundle(tmp_path / "help.tar.gz", Config(), None, found, None, tmp_path / "log")
    told = json.loads(unpacked(tmp_path / "help.tar.gz")["findings.json"])
    assert [each["what"] for each in told] == [
        "Not acknowledged, and so cannot send: <people>",
        "line 9: audit.sms_to: is no number (found <text>)",
        "no port /dev/none",
    ]


def test_every_key_whose_words_are_shown_is_one_of_the_configuration() -> None:
    known = {(section.strip("[]"), key) for section, key, *_ in settings()}
    assert {(section, key) for section, keys in SHOWN.items() for key in keys} <= known

"""The support archive of a gateway that lived: nothing of anybody is in it, and what a helper needs is."""

from __future__ import annotations

import asyncio
import json
import tarfile
from pathlib import Path
from typing import Any

import aiohttp
import pytest

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
            assert PIN not in text, name
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

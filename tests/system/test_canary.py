"""Clause 4.2: after a full run no number and no word of a text is found in any file that was written."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.system.site import eventually, number, own_port, site, spawned

pytestmark = pytest.mark.system

PARENT, OTHER = number(123), number(124)
REPLY = "Zebra crossing marmalade: will Oluwaseun be picked up?"
CANARIES = (
    "to the museum is on", "marmalade", "Oluwaseun", "7700900123", "7700900124", "07700900", "447700900"
)  # fmt: skip
SWAPPED = ("7700900123", "7700900124")  # in a PDU a number's digits stand in pairs, swapped


async def test_4_2_no_number_and_no_text_is_readable_in_any_file(tmp_path: Path) -> None:
    async with site(tmp_path, numbers=[PARENT, OTHER], running=False) as made:
        port = own_port(tmp_path)
        async with spawned(made, port) as daemon:
            await made.ready()
            first = await made.post(PARENT)
            await made.post(OTHER)
            child = {"number": PARENT, "name": "Oluwaseun's mother", "language": "en"}
            assert (await made.call("POST", "/v1/contacts", child))[0] == 201
            await made.reaches(first, "delivered")
            made.network.text(PARENT, "sim0", REPLY)
            made.network.text(OTHER, "sim0", "STOP")
            await eventually(lambda: len(made.texts(OTHER)) == 2, what="the confirmation")
            status, inbox = await made.call("GET", "/v1/inbox")
            assert status == 200
            assert REPLY in str(inbox)  # it is kept, sealed
            status, _ = await made.call("POST", "/v1/messages", {"to": PARENT, "template": "none"})
            assert status == 409
            await asyncio.to_thread(back_up, tmp_path)
            for_wal = files(tmp_path)
            assert any(name.endswith("-wal") for name in for_wal)
            assert found(for_wal) == []
            daemon.terminate()
            await daemon.wait()
    assert found(files(tmp_path)) == []


def back_up(directory: Path) -> None:
    """Copy the database as SQLite's own online backup does."""
    source = sqlite3.connect(f"file:{directory / 'schoolgate.db'}?mode=ro", uri=True)
    copy = sqlite3.connect(directory / "backup.db")
    source.backup(copy)
    source.close()
    copy.close()


def files(directory: Path) -> dict[str, bytes]:
    """Return the content of every regular file that a run left: database, WAL, log, backup."""
    written = [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
    return {
        path.name: path.read_bytes() for path in written if path.suffix not in {".toml", ".json", ".keys"}
    }


def found(content: dict[str, bytes]) -> list[tuple[str, str]]:
    """Return each canary that stands in a file, as text of any usual encoding or as in a PDU."""
    assert "schoolgate.db" in content
    assert "daemon.log" in content
    looked_for = {canary: encodings(canary.lower()) for canary in CANARIES}
    looked_for |= {f"{digits} as in a PDU": swapped(digits) for digits in SWAPPED}
    return [
        (name, canary)
        for name, data in content.items()
        for canary, forms in looked_for.items()
        if any(form in data or form in data.lower() for form in forms)
    ]


def encodings(text: str) -> list[bytes]:
    return [text.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]


def swapped(digits: str) -> list[bytes]:
    pairs = "".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2))
    return [pairs.encode(), bytes.fromhex(pairs)]


def test_the_search_finds_what_is_there() -> None:
    there = {"schoolgate.db": b"x 07700900123 y", "daemon.log": bytes.fromhex("7700091032")}
    assert ("schoolgate.db", "7700900123") in found(there)
    assert ("daemon.log", "7700900123 as in a PDU") in found(there)

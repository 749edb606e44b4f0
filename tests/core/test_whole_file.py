"""A power cut leaves a small file as it was or as it is: the disk is told in the order that makes it so."""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import whole_file
from gateway.alerts.alarm import Told
from gateway.alerts.memory import Memory
from gateway.cards import Card

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, dict[str, bytes]]]:
    """Return what the disk is told to keep, in order: the file's content, and what its folder shows then."""
    noted: list[tuple[bytes, dict[str, bytes]]] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        it = Path(f"/proc/self/fd/{descriptor}").readlink()
        folder = it if stat.S_ISDIR(os.fstat(descriptor).st_mode) else it.parent
        shown = {each.name: each.read_bytes() for each in folder.iterdir()}
        noted.append((b"" if folder == it else it.read_bytes(), shown))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return noted


def test_what_it_names_is_on_the_disk_before_the_name(tmp_path: Path, told: list) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"as it was")
    whole_file.replace(path, b"as it is")
    (written, before), (folder, after) = told
    assert (written, before["small"]) == (b"as it is", b"as it was")
    assert (folder, after) == (b"", {"small": b"as it is"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_disk_that_takes_nothing_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "small"
    whole_file.replace(path, b"as it was")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        whole_file.replace(path, b"as it is")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"small": b"as it was"}


def test_one_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "small.new").write_bytes(b"ha")
    whole_file.replace(tmp_path / "small", b"whole")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"small": b"whole"}


def test_what_was_told_and_which_sim_it_is_are_kept_so(tmp_path: Path, told: list) -> None:
    database = tmp_path / "store.db"
    Memory.of(database).save({("disk-full", ""): Told(NOW, NOW)})
    Card.of(database, "sim0").remember("8944", "23415")
    assert [sorted(shown) for _, shown in told] == [
        ["store.alerts.json.new"],
        ["store.alerts.json"],
        ["store.alerts.json", "store.sim0.card.new"],
        ["store.alerts.json", "store.sim0.card"],
    ]
    assert (Card.of(database, "sim0").known(), list(Memory.of(database).load())) == (
        "8944",
        [("disk-full", "")],
    )

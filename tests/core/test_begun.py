"""The mark that tells after a crash which claim had begun (promise 3)."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

from gateway import begun
from gateway.begun import Begun


def test_a_fresh_mark_knows_nothing(tmp_path: Path) -> None:
    with closing(Begun(tmp_path / "mark")) as mark:
        assert mark.last() is None


def test_the_last_mark_is_found_by_the_next_process(tmp_path: Path) -> None:
    with closing(Begun(tmp_path / "mark")) as mark:
        mark.mark(41)
        mark.mark(42)
    with closing(Begun(tmp_path / "mark")) as mark:
        assert mark.last() == 42


def test_a_killed_process_leaves_its_mark(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        Begun(tmp_path / "mark").mark(7)
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with closing(Begun(tmp_path / "mark")) as mark:
        assert mark.last() == 7


def test_a_mark_from_before_the_machine_restarted_is_not_believed(tmp_path: Path, monkeypatch) -> None:
    earlier = tmp_path / "boot_id"
    earlier.write_text("00000000-0000-4000-8000-000000000000\n")
    with monkeypatch.context() as before:
        before.setattr(begun, "_BOOT_ID", earlier)
        with closing(Begun(tmp_path / "mark")) as mark:
            mark.mark(7)
            assert mark.last() == 7
    with closing(Begun(tmp_path / "mark")) as mark:
        assert mark.last() is None


def test_a_damaged_mark_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "mark").write_bytes(b"x" * 58)
    with closing(Begun(tmp_path / "mark")) as mark:
        assert mark.last() is None


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    with closing(Begun(tmp_path / "mark")):
        assert (tmp_path / "mark").stat().st_mode & 0o777 == 0o600

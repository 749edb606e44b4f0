"""What is printed and logged: nothing that plays with the terminal, no whole number, no key."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from gateway.cli import logs
from gateway.cli.output import plain, shown
from gateway.model import Status

TOKEN = "sg_live_8d9ecfa4bcfd_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4_1a2b3c4d"


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x07", "\u202egnp", "\x9b31m", "a\rb", "\u2028"])
def test_a_reply_cannot_play_with_the_terminal(evil: str) -> None:
    assert not set(shown(f"hello {evil}").plain) & {"\x1b", "\x07", "\u202e", "\x9b", "\r", "\u2028"}


def test_mark_up_in_a_reply_is_text() -> None:
    assert shown("[bold red]STOP[/]").plain == "[bold red]STOP[/]"


def test_ordinary_text_is_shown_as_it_is() -> None:
    assert shown("Ysgol Gymraeg, dzień dobry, 谢谢 👍").plain == "Ysgol Gymraeg, dzień dobry, 谢谢 👍"
    assert plain({Status.SENT: (1, None)}) == {"sent": [1, None]}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as JSON, in memory; what pytest had set up comes back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    root.handlers = []
    logs.set_up("json", stream)
    yield stream
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_the_journal_is_told_how_grave_each_line_is(
    log: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a file is not, nor another place than the one that systemd reads."""
    with (tmp_path / "journal").open("w+") as journal, (tmp_path / "other").open("w+") as other:
        place = os.fstat(journal.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{place.st_dev}:{place.st_ino}")
        for stream in (journal, other):
            logs.set_up("text", stream)
            structlog.get_logger().info("one")
            try:
                int("two")
            except ValueError:
                structlog.get_logger().exception("failed")
            logging.getLogger("somebody").warning("three")
            stream.flush()
            stream.seek(0)
        grave = [line[:3] for line in journal]
        assert (grave[0], grave[-1], set(grave[1:-1])) == ("<6>", "<4>", {"<3>"})
        assert not any(line.startswith("<") for line in other)


def test_numbers_and_keys_are_masked_in_our_events_and_in_libraries(log: io.StringIO) -> None:
    structlog.get_logger("gateway.x").info(
        "got +447700900123", action="x", who=["07700900123", {"key": TOKEN}]
    )
    logging.getLogger("somebody").warning("GET /?number=447700900123 %s", TOKEN)
    ours, theirs = (json.loads(line) for line in log.getvalue().splitlines())
    assert ours["action"] == "x"
    assert ours["level"] == "info"
    for line in (ours, theirs):
        assert "7700900123" not in str(line)
        assert "Zm9vYmFy" not in str(line)
    assert "sg_live_8d9ecfa4bcfd_…" in str(theirs)


def test_the_log_keeps_what_it_needs(log: io.StringIO) -> None:
    structlog.get_logger("gateway.x").info(
        "part sent",
        action="part_sent",
        message="msg_01m8bsffgqq36zw1szexaafnz9",
        mr=4,
        at="2026-11-26T11:22:33Z",
    )
    structlog.get_logger("gateway.x").debug("chatter")
    logging.getLogger("somebody").info("chatter")
    (line,) = log.getvalue().splitlines()
    found = json.loads(line)
    assert (found["message"], found["mr"]) == ("msg_01m8bsffgqq36zw1szexaafnz9", 4)
    assert found["at"] == "2026-11-26T11:22:33Z"


def test_a_traceback_in_the_log_is_masked_too(log: io.StringIO) -> None:
    try:
        int("no consent for +447700900123")
    except ValueError:
        structlog.get_logger("gateway.x").exception("failed", action="failed")
    assert "ValueError" in log.getvalue()
    assert "7700900123" not in log.getvalue()

"""The log, set up in one place: one line an event, never a whole number, never a key.

Message bodies are never given to the log; what looks like a number or a key is masked all the same, in
our own events and in those of libraries.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Final, TextIO

import structlog

_NUMBER: Final = re.compile(r"(?<![\w.:-])(\+?\d{2})\d{5,11}(\d{2})(?![\w.:-])")
_KEY: Final = re.compile(r"\bsg_(live|team|test)_([A-Za-z0-9]+)_[A-Za-z0-9_-]+")
_PRIORITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}  # syslog(3)
_SHORTEST: Final = 9  # characters of the shortest number that is masked

Event = MutableMapping[str, Any]


def masked(text: str) -> str:
    """Return `text` with the middle of each telephone number, and each key's secret, blotted out."""
    if len(text) < _SHORTEST:
        return text
    text = _NUMBER.sub(r"\1…\2", text)
    return _KEY.sub(r"sg_\1_\2_…", text) if "sg_" in text else text


def _mask(value: Any) -> Any:  # noqa: ANN401 - whatever an event carries
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list | tuple):
        return [_mask(each) for each in value]
    if isinstance(value, dict):
        return {key: _mask(each) for key, each in value.items()}
    return value


def mask_event(_logger: object, _method: str, event: Event) -> Event:
    """Mask every value of an event (a structlog processor)."""
    return {key: value if key.startswith("_") else _mask(value) for key, value in event.items()}


def as_text(_logger: object, _method: str, event: Event) -> str:
    """Return an event as one line: when, how grave, what, and its fields in order (a structlog renderer)."""
    at, level, what = event.pop("timestamp", ""), event.pop("level", ""), event.pop("event", "")
    trace = event.pop("exception", None)
    fields = " ".join(f"{key}={_shown(value)}" for key, value in sorted(event.items()))
    line = f"{at} [{level:<9}] {what!s:<28} {fields}".rstrip()
    return line if trace is None else f"{line}\n{trace}"


def with_priority(renderer: Callable[..., Any]) -> Callable[..., str]:
    """Return a renderer whose lines tell the journal how grave they are (sd-daemon(3))."""

    def render(logger: object, method: str, event: Event) -> str:
        mark = f"<{_PRIORITIES.get(event.get('level', ''), 6)}>"
        return mark + str(renderer(logger, method, event)).replace("\n", f"\n{mark}")

    return render


def _to_journal(stream: TextIO) -> bool:
    """Return whether systemd reads what is written there (JOURNAL_STREAM, systemd.exec(5))."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # no file, or closed
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if text.isprintable() and " " not in text and text else repr(text)


def set_up(form: str, stream: TextIO | None = None) -> None:
    """Log from level INFO on to standard error, as "text" or "json"; libraries from WARNING on."""
    shared: Sequence[Any] = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.format_exc_info,
        mask_event,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    if form == "json":
        renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = as_text
    if _to_journal(stream or sys.stderr):
        renderer = with_priority(renderer)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.configure(
        processors=[*shared, renderer],  # without a way through `logging`, which costs as much again
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=stream is None,
    )

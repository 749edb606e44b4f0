"""What was told, kept in a file beside the database: an alert about the store must not need the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from gateway import whole_file
from gateway.alerts.alarm import Key, Told

log = structlog.get_logger()

_TIMES = ("since", "told_at", "ended_at", "before")


@dataclass(frozen=True, slots=True)
class Memory:
    """The file. What cannot be read counts as nothing told: better told twice than not at all."""

    path: Path

    @classmethod
    def of(cls, database: Path) -> Memory:
        """Return the memory of the gateway whose database this is."""
        return cls(database.with_name(f"{database.stem}.alerts.json"))

    def load(self) -> dict[Key, Told]:
        """Return what was told."""
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))
            return {(row["kind"], row["about"]): _told(row) for row in rows}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as exc:
            log.warning("memory of alerts unreadable", action="alerts_unreadable", why=type(exc).__name__)
            return {}

    def save(self, told: Mapping[Key, Told]) -> None:
        """Keep what was told. Where the disk takes nothing, the next start tells it again."""
        rows = [
            {name: _written(getattr(each, name)) for name in _TIMES} | {"kind": kind, "about": about}
            for (kind, about), each in told.items()
        ]
        try:
            whole_file.replace(self.path, json.dumps(rows).encode())
        except OSError as exc:
            log.warning("alerts not noted", action="alerts_not_noted", why=exc.strerror)


def _told(row: Mapping[str, str | None]) -> Told:
    since, told_at, ended_at, before = (_time(row[name]) for name in _TIMES)
    if since is None:
        raise ValueError("an alert without a beginning")
    return Told(since, told_at, ended_at, before)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()

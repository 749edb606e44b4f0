"""What people and programs read: tables for the ones, pure JSON on standard output for the others."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_PIPED: Final = 160  # columns where standard output is no terminal
_UNSAFE: Final = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # would move the cursor or turn the line round


@cache
def screen() -> Console:
    """Return the console on standard output."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED)


def plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return records, enums and instants as what JSON has."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return value


def print_json(value: object) -> None:
    """Print one line of JSON and nothing else."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(sentence: str) -> None:
    """Print a sentence for people."""
    screen().print(shown(sentence), soft_wrap=True)


def complain(sentences: Iterable[str]) -> None:
    """Print sentences on standard error."""
    for each in sentences:
        sys.stderr.write(f"schoolgate: {shown(each).plain}\n")
    sys.stderr.flush()


def asked(question: str) -> str:
    """Ask on standard error and return the answer; standard output stays clean. Empty at the input's end."""
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def shown(value: object) -> Text:
    """Return a value as a cell: no mark-up, and no character that could play with the terminal."""
    from rich.text import Text

    if value is None or value == "":
        return Text("-", style="dim")
    if isinstance(value, datetime):
        return Text(when(value))
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple | frozenset) else str(plain(value))
    safe = (char if unicodedata.category(char) not in _UNSAFE or char == "\n" else "\ufffd" for char in text)
    return Text("".join(safe))


def when(value: datetime | str | None) -> str:
    """Return an instant as people read it: local time, to the second."""
    if not value:
        return "-"
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return f"{instant.astimezone():%Y-%m-%d %H:%M:%S}"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table; its first column is never cut."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        made.add_row(*(shown(cell) for cell in row))
    return made


def listing(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table, or that there is nothing to print."""
    kept = list(rows)
    if kept:
        screen().print(table(title, columns, kept))
    else:
        say(f"{title}: none")


def details(title: str, pairs: Mapping[str, object]) -> None:
    """Print one thing, a line for each of its properties."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2))
    for name, value in pairs.items():
        made.add_row(shown(name), shown(value))
    say(title)
    screen().print(made)

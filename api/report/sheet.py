"""The report as CSV: a line for each figure, named as in the JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from gateway.records.compliance import ComplianceReport

_HEAD: Final = ("section", "item", "figure", "value")
_NAMES: Final = ("number", "handle", "id", "name")  # what an item of a list is called by, else its place


def sheet(report: ComplianceReport) -> str:
    """Return the table; no cell of it is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEAD)
    for field in fields(report):
        for row in _rows((field.name,), getattr(report, field.name)):
            writer.writerow(_cell(each) for each in row)
    return text.getvalue()


def _rows(path: tuple[str, ...], value: object) -> Iterator[tuple[str, str, str, str]]:
    """Yield the lines of a value: section, item, figure (the rest of the path), value."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _rows((*path, field.name), getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _rows((*path, _plain(key)), each)
    elif isinstance(value, tuple) and value and is_dataclass(value[0]):
        for number, each in enumerate(value, 1):
            yield from _rows((*path, _called(each, number)), each)
    else:
        section, item, *rest = (*path, "", "")
        yield section, item, " ".join(filter(None, rest)), _plain(value)


def _called(value: object, number: int) -> str:
    return next((str(getattr(value, name)) for name in _NAMES if hasattr(value, name)), str(number))


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(_plain(each) for each in value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

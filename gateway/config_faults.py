"""What is wrong with a configuration file, with the line and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel


def sentence(error: Any, text: str, root: type[BaseModel]) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    """Return one fault of `text`, which is to be a `root`, in words."""
    place = tuple(error["loc"])
    key = ".".join(str(step) for step in place)
    line = line_of(text, place)
    if error["type"] == "extra_forbidden":
        known = ", ".join(sorted(_known(place[:-1], root)))
        return f"line {line}: {key}: no such key; known here: {known}"
    if error["type"] == "missing":
        return f"line {line}: {key}: is missing"
    return f"line {line}: {key}: {error['msg']} (found {error['input']!r})"


def _known(place: tuple[int | str, ...], root: type[BaseModel]) -> Sequence[str]:
    """Return the keys of a section, or of each of a list of sections."""
    if not place:
        return tuple(root.model_fields)
    section: Any = root.model_fields[str(place[0])].annotation
    section = next(iter(get_args(section)), section)
    return tuple(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else ()


def line_of(text: str, place: tuple[int | str, ...]) -> int:
    """Return the line where the key at `place` stands, else that of its table, else 1."""
    table = str(place[0])
    nth = next((step for step in place if isinstance(step, int)), 0)
    key = next(
        (step for step in reversed(place) if isinstance(step, str)), place[-1]
    )  # not a place in a list
    best, current, count = 1, "", -1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([\w.-]+)", line):
            current = header[1]
            count += current == table
            if current == table and count == nth:
                best = number
        inside = current == table and count == nth if len(place) > 1 else not current
        if inside and re.match(rf"\s*[\"']?{re.escape(str(key))}[\"']?\s*=", line):
            return number
    return best

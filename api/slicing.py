"""Read a body with a very long list a slice at a time, in a thread, so that nobody else has to wait.

Validation is one call into compiled code, during which no other thread of the interpreter runs. For ten
thousand recipients that would be 50 ms; for a slice it is less than one. The text is cut, not changed:
every piece is validated by the very model that the whole would be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from api.faults import MOST, faults_of
from api.schema.base import Input
from gateway.errors import Fault, Invalid

I = TypeVar("I", bound=Input)  # noqa: E741 - the customary name

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SCAN: Final = json.JSONDecoder().raw_decode
_SLICE: Final = 50
_LONG: Final = 200  # entries, from which on it is worth it


class _Unexpected(Exception):
    """The text is not the expected object: let the whole be judged as one."""


def validated(body: bytes, model: type[I], name: str, most: int) -> I:
    """Return the body as `model`, whose field `name` is a list of at most `most`.

    Raises `ValidationError` as the model would, or `Invalid` with the faults of every slice.
    """
    try:
        text = body.decode()
        begin, spans = _entries(text, name)
    except (_Unexpected, ValueError, RecursionError):
        return model.model_validate_json(body)
    if not _LONG <= len(spans) <= most:
        return model.model_validate_json(body)
    head = text[:begin] + text[slice(*spans[0])] + text[spans[-1][1] :]
    return _in_slices(model, name, head, [text[slice(*span)] for span in spans])


def _in_slices(model: type[I], name: str, head: str, entries: Sequence[str]) -> I:
    faults: list[Fault] = []
    whole, found = None, []
    try:
        whole = model.model_validate_json(head)
    except ValidationError as exc:
        faults += faults_of(exc, model)
    field: Any = model.model_fields[name]
    adapter: TypeAdapter[list[Any]] = TypeAdapter(list[field.annotation.__args__[0]])
    for start in range(0, len(entries), _SLICE):
        piece = "[" + ",".join(entries[start : start + _SLICE]) + "]"
        try:
            found += adapter.validate_json(piece)
        except ValidationError as exc:
            faults += faults_of(exc, model, within=name, start=start)
    if faults or whole is None:
        raise Invalid(_first(list(dict.fromkeys(faults))))
    return whole.model_copy(update={name: found})


def _first(faults: list[Fault]) -> tuple[Fault, ...]:
    """Return the first thousand, and how many more there are."""
    if len(faults) > MOST:
        faults[MOST:] = [Fault("", f"and {len(faults) - MOST} more")]
    return tuple(faults)


def _entries(text: str, name: str) -> tuple[int, list[tuple[int, int]]]:
    """Return where the list of the field `name` begins, and the span of each entry of it."""
    position, found = _past(text, 0, "{"), None
    while True:
        key, position = _SCAN(text, _skip(text, position))
        position = _skip(text, _past(text, position, ":"))
        if key == name:
            if found is not None or text[position : position + 1] != "[":
                raise _Unexpected
            found = position + 1, _spans(text, position + 1)
            position = _past(text, found[1][-1][1], "]")
        else:
            _, position = _SCAN(text, position)
        position = _skip(text, position)
        if text[position : position + 1] != ",":
            break
        position += 1
    if found is None or text[position:].strip() != "}":
        raise _Unexpected
    return found


def _spans(text: str, position: int) -> list[tuple[int, int]]:
    spans = []
    while True:
        start = _skip(text, position)
        _, end = _SCAN(text, start)
        spans.append((start, end))
        position = _skip(text, end)
        if text[position : position + 1] != ",":
            return spans
        position += 1


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None  # noqa: S101 - it matches nothing, too
    return match.end()


def _past(text: str, position: int, char: str) -> int:
    position = _skip(text, position)
    if text[position : position + 1] != char:
        raise _Unexpected
    return position + 1

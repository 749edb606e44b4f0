"""What is wrong with a body or a query, field by field, in plain words and without its content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from gateway.errors import Fault

MOST: Final = 1000
_SAFE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")

_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "string_type": "must be a text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "timezone_aware": "must be an instant with its zone, such as 2026-09-01T08:30:00Z",
    "datetime_from_date_parsing": "must be an instant with its zone, such as 2026-09-01T08:30:00Z",
    "datetime_parsing": "must be an instant with its zone, such as 2026-09-01T08:30:00Z",
}


def faults_of(
    error: ValidationError, model: type[BaseModel], *, within: str | None = None, start: int = 0
) -> tuple[Fault, ...]:
    """Return every fault (the first thousand), none of which repeats what was sent.

    With `within`, the error is of a list: entries from number `start` on of that field of `model`.
    """
    found = error.errors(include_url=False, include_input=False)
    if within is not None:
        for each in found:
            entry, *rest = each["loc"] or (0,)
            each["loc"] = (within, start + int(entry), *rest)
    faults = [Fault(_field(each["loc"]), _sentence(each, model)) for each in found[:MOST]]
    if len(found) > MOST:
        faults.append(Fault("", f"and {len(found) - MOST} more"))
    return tuple(dict.fromkeys(faults))


def _field(place: tuple[int | str, ...]) -> str:
    """Return `recipients.3.to`. A name that the caller made up may be personal data: it becomes `?`."""
    steps = (str(step) for step in place if step != "[key]")
    return ".".join(step if step.isdecimal() or _SAFE.fullmatch(step) else "?" for step in steps)


def _sentence(error: Any, model: type[BaseModel]) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    kind, context = error["type"], error.get("ctx", {})
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(error, model)
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(context)
    return str(error["msg"]).removeprefix("Value error, ")


def _unknown(error: Any, model: type[BaseModel]) -> str:  # noqa: ANN401
    if len(error["loc"]) > 1:
        return "there is no such field"
    known = ", ".join(model.model_fields) or "none"
    return f"there is no such field; fields: {known}"


def _pattern(error: Any, _model: type[BaseModel]) -> str:  # noqa: ANN401
    where = "the name " if "[key]" in error["loc"] else ""
    return f"{where}must match {error['ctx']['pattern']}"


_SPECIAL: Final[Mapping[str, Callable[[Any, type[BaseModel]], str]]] = {
    "extra_forbidden": _unknown,
    "string_pattern_mismatch": _pattern,
}

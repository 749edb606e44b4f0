"""What of a faulty configuration can still be used, so that a look at the rest need not wait for it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from gateway.config import Config, resolved

_MOST: Final = 200  # faults, before it is given up


def usable(path: Path) -> Config | None:
    """Return the configuration in `path` without its faulty keys; None where it cannot be read as TOML.

    Only for looking: what is missing has its default, and no two keys were compared.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    for _ in range(_MOST):
        try:
            return resolved(Config.model_validate(data), path.absolute().parent)
        except ValidationError as exc:
            _drop(data, exc.errors()[0]["loc"])
    return None


def _drop(data: Any, place: tuple[int | str, ...]) -> None:  # noqa: ANN401 - whatever TOML holds
    """Take out what is at `place` or, where nothing is there, what should hold it."""
    holder = data
    for step in place[:-1]:
        holder = _at(holder, step)
    if place and _at(holder, place[-1]) is not None:
        del holder[place[-1]]
    elif place:
        _drop(data, place[:-1])


def _at(holder: Any, step: int | str) -> Any:  # noqa: ANN401 - whatever TOML holds
    if isinstance(holder, dict):
        return holder.get(step)
    there = isinstance(holder, list) and isinstance(step, int) and step < len(holder)
    return holder[step] if there else None

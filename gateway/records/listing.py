"""A page of anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a listing; `next` is the cursor of the following one."""

    items: tuple[T, ...]
    next: str | None

"""What can go wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


class Unreachable(Exception):
    """There was no answer, however often it was tried."""


class Problem(Exception):
    """The gateway's answer to what it did not do (RFC 9457). `code` is stable, sentences are for people."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code: str = str(body.get("code", "UNKNOWN"))
        self.clause: str | None = body.get("clause")
        self.detail: str = str(body.get("detail", ""))
        self.remedy: str = str(body.get("remedy", ""))
        self.reasons: Sequence[Mapping[str, Any]] = body.get("reasons", [])
        self.errors: Sequence[Mapping[str, Any]] = body.get("errors", [])
        self.request_id: str | None = body.get("request_id")
        super().__init__(f"{status} {self.code}: {self._sentence()}")

    def _sentence(self) -> str:
        faults = "; ".join(f"{each['field']} {each['message']}" for each in self.errors)
        return faults or self.detail

    @classmethod
    def of(cls, status: int, raw: bytes) -> Problem:
        """Return the problem that a response holds; one that is no JSON comes from something in between."""
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        return cls(status, body if isinstance(body, dict) else {})

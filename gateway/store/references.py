"""Callers' own names for messages: each is used once by a key, so that a repeated request is known as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from gateway.store.schema import reference


def find(connection: Connection, key_id: str, name: str) -> tuple[bytes, Mapping[str, Any]] | None:
    """Return the hash of the request that used a reference, and its answer."""
    row = connection.execute(_FIND, {"key": key_id, "names": [name]}).first()
    return None if row is None else (row.request_hash, row.response)


def used(connection: Connection, key_id: str, names: Sequence[str]) -> frozenset[str]:
    """Return those of `names` that the key has used."""
    return frozenset(row.reference for row in connection.execute(_FIND, {"key": key_id, "names": names}))


_FIND = select(reference).where(
    reference.c.key_id == bindparam("key"), reference.c.reference.in_(bindparam("names", expanding=True))
)


def keep(
    connection: Connection, key_id: str, digest: bytes, answers: Mapping[str, Mapping[str, Any]]
) -> None:
    """Remember references, each with its answer (ids and counts, never personal data)."""
    rows = [
        {"key_id": key_id, "reference": name, "request_hash": digest, "response": dict(answer)}
        for name, answer in answers.items()
    ]
    if rows:
        connection.execute(_KEEP, rows)


_KEEP = insert(reference)

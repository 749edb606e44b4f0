"""Answers already given, so that a repeated request gets the same and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from gateway.store.schema import idempotency

_KEPT: Final = timedelta(days=2)


def find(connection: Connection, key_id: str, key: str) -> tuple[bytes, Mapping[str, Any]] | None:
    """Return the hash of the request that came with that key before, and its answer."""
    row = connection.execute(
        select(idempotency.c.request_hash, idempotency.c.response).where(
            idempotency.c.key_id == key_id, idempotency.c.idempotency_key == key
        )
    ).first()
    return None if row is None else (row.request_hash, row.response)


def keep(
    connection: Connection,
    now: datetime,
    *,
    key_id: str,
    key: str,
    request_hash: bytes,
    response: Mapping[str, Any],
) -> None:
    """Remember an answer (ids and counts, never personal data)."""
    connection.execute(
        insert(idempotency).values(
            key_id=key_id,
            idempotency_key=key,
            request_hash=request_hash,
            response=dict(response),
            created_at=now,
        )
    )


def forget_old(connection: Connection, now: datetime) -> None:
    """Drop answers older than two days."""
    connection.execute(delete(idempotency).where(idempotency.c.created_at < now - _KEPT))

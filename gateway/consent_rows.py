"""Consents as they are kept: one row for each purpose, tied to the wording that was shown (4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from gateway.clock import MONTH
from gateway.ids import new_id
from gateway.records import ConsentRequest
from gateway.store import Keyring, audit, consents, wordings
from policy import PolicySettings


def consent_rows(
    keyring: Keyring, settings: PolicySettings, by: str, number: str, request: ConsentRequest, now: datetime
) -> list[dict[str, Any]]:
    """Return a request's rows, sealed; `number` is E.164. Without an end it is the policy's."""
    latest = request.given_at + settings.consent_months * MONTH
    rows = []
    for purpose in dict.fromkeys(request.purposes):
        ident = new_id("con", now)
        rows.append(
            {
                "id": ident,
                "number_index": keyring.index(number),
                "number_sealed": keyring.seal("consent", "number", ident, number),
                "purpose": purpose,
                "method": request.method,
                "wording": request.wording.strip(),
                "evidence_sealed": keyring.seal("consent", "evidence", ident, request.evidence.strip()),
                "recorded_by": by,
                "given_at": request.given_at,
                "expires_at": request.expires_at or latest,
                "withdrawn_at": None,
                "created_at": now,
            }
        )
    return rows


def enter(
    connection: Connection, action: str, by: str, rows: Sequence[dict[str, Any]], now: datetime
) -> None:
    """Put rows on record; each names the version of its wording, where that is on record."""
    shown = wordings.versions(connection, {row["wording"] for row in rows})
    for row in rows:
        row["wording_id"] = shown.get(row["wording"])
    consents.add(connection, rows)
    note(connection, by, action, rows, now)


def note(
    connection: Connection,
    by: str,
    action: str,
    rows: Sequence[Mapping[str, Any] | RowMapping],
    now: datetime,
) -> None:
    """Write to the audit log what was done with consents."""
    audit.append(
        connection,
        [
            audit.row(
                now,
                actor=by,
                action=action,
                target=row["id"],
                outcome="recorded",
                clauses=["4.1"],
                detail={"purpose": row["purpose"], "method": row["method"], "wording": row["wording_id"]},
            )
            for row in rows
        ],
    )

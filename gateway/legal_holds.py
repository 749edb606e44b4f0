"""Legal holds on single numbers: nothing of theirs is removed or erased while one is in force (1.2)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.errors import Conflict, NotFound
from gateway.ids import new_id
from gateway.model import Clock
from gateway.numbers import telephone
from gateway.records.duties import LegalHoldView
from gateway.store import Database, Keyring, audit, duties
from policy import PolicySettings


@dataclass(slots=True)
class LegalHolds:
    """Works on the store directly: who may read the key file has the authority."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock

    async def place(self, number: str, reason: str, *, by: str) -> LegalHoldView:
        """Keep everything of a number. Raises `Invalid` for what is no number, `Conflict` on a repeat."""
        known, now = telephone(number, self.settings), self.clock()
        ident, index = new_id("lgl", now), self.keyring.index(known)
        values = {
            "id": ident,
            "number_index": index,
            "number_sealed": self.keyring.seal("legal_hold", "number", ident, known),
            "reason_sealed": self.keyring.seal("legal_hold", "reason", ident, reason),
            "placed_by": by,
            "placed_at": now,
        }

        def transaction(connection: Connection) -> None:
            if not duties.place_hold(connection, values):
                raise Conflict("LEGAL_HOLD", "this number is under a legal hold already")
            self._note(connection, "legal-hold-placed", index, ident, by)

        await self.database.write(transaction)
        return LegalHoldView(id=ident, number=known, reason=reason, placed_by=by, placed_at=now)

    async def lift(self, number: str, *, by: str) -> None:
        """Let a number go again. Raises `NotFound` where it is under no legal hold."""
        index = self.keyring.index(telephone(number, self.settings))

        def transaction(connection: Connection) -> None:
            ident = duties.lift_hold(connection, index, by, self.clock())
            if ident is None:
                raise NotFound("this number is under no legal hold; `schoolgate subject holds` shows them")
            self._note(connection, "legal-hold-lifted", index, ident, by)

        await self.database.write(transaction)

    async def list(self) -> tuple[LegalHoldView, ...]:
        """Return the legal holds in force, oldest first."""
        rows = await self.database.read(duties.holds)
        return tuple(
            LegalHoldView(
                id=row["id"],
                number=self.keyring.open("legal_hold", "number", row["id"], row["number_sealed"]),
                reason=self.keyring.open("legal_hold", "reason", row["id"], row["reason_sealed"]),
                placed_by=row["placed_by"],
                placed_at=row["placed_at"],
            )
            for row in rows
        )

    def _note(self, connection: Connection, action: str, index: bytes, ident: str, by: str) -> None:
        audit.record(
            connection,
            self.clock(),
            actor=by,
            action=action,
            target=audit.about_number(index),
            outcome="ok",
            clauses=["1.2"],
            detail={"hold": ident},
        )

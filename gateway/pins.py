"""Which PIN was tried on which SIM: kept across restarts, so that a wrong PIN is tried once, ever."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from gateway.model import Clock
from gateway.store import Database, Keyring, dialect
from gateway.store.schema import pin_attempt


@dataclass(slots=True)
class Pins:
    """The modems' memory of attempts (`gateway.modem.PinMemory`). A PIN itself is never stored."""

    database: Database
    keyring: Keyring
    clock: Clock

    async def tried(self, sim: str, pin_hash: str) -> bool:
        """Tell whether this PIN was tried on this SIM without known success."""
        query = select(pin_attempt.c.at).where(
            pin_attempt.c.sim == sim, pin_attempt.c.pin_hash == self.keyring.index(pin_hash)
        )
        return await self.database.read(lambda c: c.execute(query).first() is not None)

    async def trying(self, sim: str, pin_hash: str) -> None:
        """Commit that it is being tried."""
        values = {"sim": sim, "pin_hash": self.keyring.index(pin_hash), "at": self.clock()}
        await self.database.write(
            lambda c: (
                c.execute(dialect.insert(c, pin_attempt).values(values).on_conflict_do_nothing()).rowcount
            )
        )

    async def worked(self, sim: str, pin_hash: str) -> None:
        """Forget the attempt: the SIM took the PIN."""
        statement = delete(pin_attempt).where(
            pin_attempt.c.sim == sim, pin_attempt.c.pin_hash == self.keyring.index(pin_hash)
        )
        await self.database.write(lambda c: c.execute(statement).rowcount)

"""A person's commands to a modem that the gateway uses: guarded, noted, said between two of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import Conflict, Fault, Invalid
from gateway.model import Clock
from gateway.modem.console import Said, objection
from gateway.modem.errors import ModemGone
from gateway.records import Caller
from gateway.store import Database, audit


class Spoken(Protocol):
    """A modem that one can speak to."""

    name: str

    async def converse(self, line: str) -> Said:
        """Say a line and return the answer; raise `ModemGone` where it cannot be said now."""


@dataclass(slots=True)
class Consoles:
    """One for all modems."""

    database: Database
    modems: Sequence[Spoken]
    clock: Clock

    async def say(self, caller: Caller, name: str, line: str, *, write: bool) -> Said:
        """Say `line` to the modem `name`; it is noted first.

        Raises `Invalid` for a modem that is not configured and for a line that may not be said, `Conflict`
        while the modem takes nothing.
        """
        modem = next((each for each in self.modems if each.name == name), None)
        if modem is None:
            known = ", ".join(each.name for each in self.modems) or "none is configured"
            raise Invalid((Fault("modem", f"there is no modem {name}; there are: {known}"),))
        line = line.strip()
        if why := objection(line, write=write):
            raise Invalid((Fault("command", why),))
        detail = {"command": line.partition("=")[0], "write": write}  # values may be somebody's
        await self.database.write(
            lambda c: audit.record(
                c,
                self.clock(),
                actor=caller.handle,
                action="modem-command",
                target=name,
                outcome="said",
                detail=detail,
            )
        )
        try:
            return await modem.converse(line)
        except ModemGone as exc:
            raise Conflict("MODEM_AWAY", str(exc)) from exc

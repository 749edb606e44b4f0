"""Roles are given by two people, once there are two who can: one asks, another approves (3.2).

Before that (the first owner, and who they enter next) and whenever it comes to that again, because roles
ended or people were suspended, who can read the store's keys gives roles alone. A role is taken away by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Final

from sqlalchemy import Connection

from gateway import approvals
from gateway.access import Access
from gateway.approvals import Asked
from gateway.entries import role_faults
from gateway.errors import Conflict, Invalid
from gateway.records import ApprovalKind, Caller, PersonView, Scope
from gateway.register import known
from gateway.roles import ROLES
from gateway.store import people

_ENOUGH: Final = 2  # people, one of whom asks
_DECIDING: Final = frozenset(role for role, scopes in ROLES.items() if Scope.APPROVE in scopes)


@dataclass(frozen=True, slots=True)
class Granting:
    """Asks for a second person, and gives the role when they agree. Also a subject of approvals."""

    access: Access

    scope: ClassVar = Scope.APPROVE

    async def add_person(self, handle: str, name: str, roles: Sequence[str], *, by: str) -> PersonView:
        """Enter a person; with roles only while one gives them alone, else `Conflict`."""
        if roles:
            await self._alone(f"enter {handle} without roles, then ask for each")
        return await self.access.add_person(handle, name, roles, by=by)

    async def grant(self, handle: str, role: str, *, by: str) -> PersonView:
        """Give a role while one gives them alone; else `Conflict`."""
        await self._alone("ask for it at the running gateway")
        return await self.access.grant(handle, role, by=by)

    async def _alone(self, instead: str) -> None:
        now = self.access.clock()
        able = await self.access.database.read(lambda c: people.holders(c, _DECIDING, now))
        if len(able) >= _ENOUGH:
            raise Conflict(
                "SECOND_PERSON_REQUIRED",
                f"roles take two people since {', '.join(able)} can decide together: {instead}",
            )

    async def request(self, caller: Caller, handle: str, role: str) -> str:
        """Ask for a role, or its renewal, for a person; return the id of the question. Nothing is given yet.

        Raises `Invalid`, `NotFound`, and `Conflict` while it is asked for already.
        """
        if faults := tuple(role_faults((role,))):
            raise Invalid(faults)

        def transaction(connection: Connection) -> str:
            now, target = self.access.clock(), f"{known(connection, handle)['handle']}:{role}"
            asked = approvals.request(
                connection,
                self,
                kind=ApprovalKind.ROLE,
                target=target,
                digest=_digest(connection, target),
                summary=f"role {role} for {handle}",
                person_id=caller.person_id,
                now=now,
                expires_at=now + timedelta(days=self.access.settings.approval_days),
            )
            return asked.id

        return await self.access.database.write(transaction)

    def digest(self, connection: Connection, asked: Asked) -> bytes:
        """Return the digest of the person as they are, and what roles they have."""
        return _digest(connection, asked.target)

    def show(self, connection: Connection, asked: Asked) -> Mapping[str, str]:
        """Return who is to get what, and what they have."""
        handle, role = _parts(asked.target)
        row = known(connection, handle)
        name = self.access.keyring.open("person", "name", row["id"], row["name_sealed"])
        held = ", ".join(sorted(people.roles(connection, row["id"]))) or "none"
        permits = ", ".join(sorted(ROLES[role]))
        return {"person": f"{name} ({handle})", "role": role, "it permits": permits, "has": held}

    def carry_out(self, connection: Connection, asked: Asked, by: Caller, now: datetime) -> None:
        """Give the role; nobody gives one to themselves."""
        handle, role = _parts(asked.target)
        if by.handle == handle:
            raise Conflict(
                "SECOND_PERSON_REQUIRED", "nobody approves a role of their own: somebody else must"
            )
        self.access.give(connection, handle, role, by=by.handle, now=now)

    def drop(self, connection: Connection, asked: Asked, by: str, now: datetime) -> None:
        """Give nothing: nothing to do."""

    async def settled(self, target: str) -> None:
        """Nothing follows."""


def _parts(target: str) -> tuple[str, str]:
    handle, _, role = target.rpartition(":")
    return handle, role


def _digest(connection: Connection, target: str) -> bytes:
    row = known(connection, _parts(target)[0])
    held = sorted((role, end.isoformat()) for role, end in people.roles(connection, row["id"]).items())
    return sha256(repr([target, row["id"], row["status"], held]).encode()).digest()

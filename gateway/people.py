"""The register of people: the roles that they hold for a time, and what they acknowledged (3.1, 3.2, 9.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from gateway.acknowledging import acknowledge
from gateway.clock import MONTH
from gateway.entries import person_faults, role_faults
from gateway.errors import Conflict, Fault, Invalid, NotFound
from gateway.ids import new_id
from gateway.records import PersonView
from gateway.register import Register, known, note
from gateway.store import people, policy, standing
from policy import Reason, normalise
from policy.document import statement


@dataclass(slots=True)
class People(Register):
    """Who may act, and as what."""

    async def add_person(self, handle: str, name: str, roles: Sequence[str], *, by: str) -> PersonView:
        """Enter a person with roles that end after the policy's months.

        Raises `Invalid` for every faulty field, `Conflict` where the handle is taken.
        """
        if faults := (*person_faults(handle, name), *role_faults(roles)):
            raise Invalid(faults)

        def transaction(connection: Connection) -> PersonView:
            now = self.clock()
            ident = new_id("per", now)
            values = {
                "id": ident,
                "handle": handle,
                "name_sealed": self.keyring.seal("person", "name", ident, name.strip()),
                "status": "active",
                "created_at": now,
            }
            if not people.add(connection, values):
                raise Conflict("PERSON_EXISTS", f"there is a person {handle} already")
            for role in roles:
                self._grant(connection, ident, role, by, now)
            note(connection, now, by, "person-added", handle, "active", roles=sorted(roles))
            return self._person(connection, handle)

        return await self.database.write(transaction)

    async def people(self) -> tuple[PersonView, ...]:
        """Return everybody, by handle."""

        def query(connection: Connection) -> tuple[PersonView, ...]:
            roles = people.roles_of_all(connection)
            return tuple(self._view(row, roles.get(row["id"], {})) for row in people.everybody(connection))

        return await self.database.read(query)

    async def suspend(self, handle: str, *, by: str) -> PersonView:
        """Refuse every key of a person from the next request on (3.1)."""
        return await self._amend(handle, by, "person-suspended", status="suspended")

    async def activate(self, handle: str, *, by: str) -> PersonView:
        """End a suspension."""
        return await self._amend(handle, by, "person-activated", status="active")

    async def acknowledge(self, handle: str, *, by: str, method: str = "command") -> PersonView:
        """Record that a person acknowledged the policy in force: here (`command`) or on `paper` (9.2)."""

        def transaction(connection: Connection) -> PersonView:
            row, now = known(connection, handle), self.clock()
            acknowledge(connection, self.settings, row, method=method, by=by, now=now)
            return self._person(connection, handle)

        return await self.database.write(transaction)

    async def to_acknowledge(self, handle: str) -> str:
        """Return what a person is to acknowledge: the statement, after the text if one was imported."""

        def query(connection: Connection) -> str:
            row = policy.published(connection)
            known(connection, handle)
            said = statement(self.settings, handle, None if row is None else row["text_hash"])
            return said if row is None else f"{row['text']}\n\n{said}"

        return await self.database.read(query)

    async def reach(self, handle: str, number: str, *, by: str) -> PersonView:
        """Enter the number at which a person is told of the policy (9.2); raise `Invalid`."""
        found = normalise(number, self.settings)
        if isinstance(found, Reason):
            raise Invalid((Fault("number", found.message),))

        def transaction(connection: Connection) -> PersonView:
            ident = known(connection, handle)["id"]
            sealed = self.keyring.seal("standing", "number", ident, found.e164)
            standing.amend(connection, ident, number_sealed=sealed)
            note(connection, self.clock(), by, "person-number-entered", handle, "entered")
            return self._person(connection, handle)

        return await self.database.write(transaction)

    async def _amend(self, handle: str, by: str, action: str, **values: object) -> PersonView:
        def transaction(connection: Connection) -> PersonView:
            row = known(connection, handle)
            people.amend(connection, row["id"], **values)
            view = self._person(connection, handle)
            note(connection, self.clock(), by, action, handle, view.status)
            return view

        return await self.database.write(transaction)

    async def grant(self, handle: str, role: str, *, by: str) -> PersonView:
        """Give a role, or renew it, for the policy's months (3.2)."""
        if faults := tuple(role_faults((role,))):
            raise Invalid(faults)
        return await self.database.write(lambda c: self.give(c, handle, role, by=by, now=self.clock()))

    def give(self, connection: Connection, handle: str, role: str, *, by: str, now: datetime) -> PersonView:
        """Give a role in the caller's transaction."""
        self._grant(connection, known(connection, handle)["id"], role, by, now)
        note(connection, now, by, "role-granted", handle, role)
        return self._person(connection, handle)

    async def revoke_role(self, handle: str, role: str, *, by: str) -> PersonView:
        """Take a role away at once."""
        if faults := tuple(role_faults((role,))):
            raise Invalid(faults)

        def transaction(connection: Connection) -> PersonView:
            if not people.take_role(connection, known(connection, handle)["id"], role):
                raise NotFound(f"{handle} has no role {role}")
            note(connection, self.clock(), by, "role-revoked", handle, role)
            return self._person(connection, handle)

        return await self.database.write(transaction)

    def _grant(self, connection: Connection, ident: str, role: str, by: str, now: datetime) -> None:
        end = now + self.settings.role_months * MONTH
        people.grant(connection, ident, role, by=by, now=now, expires_at=end)

    def _person(self, connection: Connection, handle: str) -> PersonView:
        row = known(connection, handle)
        return self._view(row, people.roles(connection, row["id"]))

    def _view(self, row: RowMapping, roles: Mapping[str, datetime]) -> PersonView:
        in_force = row["acknowledged_version"] == self.settings.review.to_acknowledge
        return PersonView(
            id=row["id"],
            handle=row["handle"],
            name=self.keyring.open("person", "name", row["id"], row["name_sealed"]),
            status=row["status"],
            roles=roles,
            acknowledged_at=row["acknowledged_at"] if in_force else None,
            created_at=row["created_at"],
        )

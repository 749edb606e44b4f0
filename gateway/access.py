"""Who may do what: people, the roles they hold for a time, and keys that act for them (3.1, 3.2, 9.2)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping

from gateway.entries import all_scopes, key_faults, person_faults, role_faults
from gateway.errors import Conflict, Invalid, NotAuthenticated, NotFound
from gateway.ids import new_id
from gateway.model import Clock
from gateway.origins import permitted
from gateway.records import Caller, KeyKind, KeyView, PersonView
from gateway.roles import scopes_of
from gateway.store import Database, Keyring, audit, people
from gateway.tokens import Token, new_token, parse_token
from policy import PolicySettings

_MONTH: Final = timedelta(days=30.4375)


@dataclass(slots=True)
class Access:
    """The register of people and keys."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock
    peers: Mapping[int, str] = field(default_factory=dict)  # users of this machine: uid -> key

    # -- people -------------------------------------------------------------------------------------

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
            _note(connection, now, by, "person-added", handle, "active", roles=sorted(roles))
            return self._person(connection, handle)

        return await self.database.write(transaction)

    async def people(self) -> tuple[PersonView, ...]:
        """Return everybody, by handle."""

        def query(connection: Connection) -> tuple[PersonView, ...]:
            return tuple(self._view(connection, row) for row in people.everybody(connection))

        return await self.database.read(query)

    async def suspend(self, handle: str, *, by: str) -> PersonView:
        """Refuse every key of a person from the next request on (3.1)."""
        return await self._amend(handle, by, "person-suspended", status="suspended")

    async def activate(self, handle: str, *, by: str) -> PersonView:
        """End a suspension."""
        return await self._amend(handle, by, "person-activated", status="active")

    async def acknowledge(self, handle: str, *, by: str) -> PersonView:
        """Record that a person acknowledged the version of the policy in force (9.2)."""
        version = self.settings.review.version
        values = {"acknowledged_version": version, "acknowledged_at": self.clock()}
        return await self._amend(handle, by, "policy-acknowledged", **values)

    async def _amend(self, handle: str, by: str, action: str, **values: object) -> PersonView:
        def transaction(connection: Connection) -> PersonView:
            row = _known(connection, handle)
            people.amend(connection, row["id"], **values)
            view = self._person(connection, handle)
            _note(connection, self.clock(), by, action, handle, view.status)
            return view

        return await self.database.write(transaction)

    async def grant(self, handle: str, role: str, *, by: str) -> PersonView:
        """Give a role, or renew it, for the policy's months (3.2)."""
        return await self._change_role(handle, role, by, "role-granted", self._grant)

    async def revoke_role(self, handle: str, role: str, *, by: str) -> PersonView:
        """Take a role away at once."""

        def take(connection: Connection, ident: str, role: str, _by: str, _now: datetime) -> None:
            if not people.take_role(connection, ident, role):
                raise NotFound(f"{handle} has no role {role}")

        return await self._change_role(handle, role, by, "role-revoked", take)

    async def _change_role(
        self,
        handle: str,
        role: str,
        by: str,
        action: str,
        change: Callable[[Connection, str, str, str, datetime], None],
    ) -> PersonView:
        if faults := tuple(role_faults((role,))):
            raise Invalid(faults)

        def transaction(connection: Connection) -> PersonView:
            now = self.clock()
            change(connection, _known(connection, handle)["id"], role, by, now)
            _note(connection, now, by, action, handle, role)
            return self._person(connection, handle)

        return await self.database.write(transaction)

    def _grant(self, connection: Connection, ident: str, role: str, by: str, now: datetime) -> None:
        end = now + self.settings.role_months * _MONTH
        people.grant(connection, ident, role, by=by, now=now, expires_at=end)

    def _person(self, connection: Connection, handle: str) -> PersonView:
        return self._view(connection, _known(connection, handle))

    def _view(self, connection: Connection, row: RowMapping) -> PersonView:
        in_force = row["acknowledged_version"] == self.settings.review.version
        return PersonView(
            id=row["id"],
            handle=row["handle"],
            name=self.keyring.open("person", "name", row["id"], row["name_sealed"]),
            status=row["status"],
            roles=people.roles(connection, row["id"]),
            acknowledged_at=row["acknowledged_at"] if in_force else None,
            created_at=row["created_at"],
        )

    # -- keys ---------------------------------------------------------------------------------------

    async def create_key(
        self,
        handle: str,
        *,
        kind: KeyKind,
        label: str,
        scopes: Sequence[str] | None,
        by: str,
        purposes: Sequence[str] | None = None,
        templates: Sequence[str] | None = None,
        networks: Sequence[str] | None = None,
        days: int = 365,
    ) -> tuple[KeyView, str]:
        """Make a key that acts for a person; its text is returned this once and never stored.

        Without `scopes` it may do all that the person's roles permit, now and later. With `networks` it is
        refused elsewhere. Raises `Invalid` and `NotFound`.
        """
        lists = {"scopes": scopes, "purposes": purposes, "networks": networks}
        if faults := tuple(key_faults(label, days, **lists, known=self.settings.purposes)):
            raise Invalid(faults)
        token, text = new_token(kind.value)

        def transaction(connection: Connection) -> KeyView:
            now = self.clock()
            values = {
                "id": token.ident,
                "person_id": _known(connection, handle)["id"],
                "kind": kind.value,
                "label": label.strip(),
                "secret_hash": self.keyring.token_hash(token.secret),
                "scopes": list(scopes if scopes is not None else all_scopes()),
                "purposes": None if purposes is None else list(purposes),
                "templates": None if templates is None else list(templates),
                "networks": None if networks is None else list(networks),
                "created_at": now,
                "expires_at": now + timedelta(days=days),
            }
            people.add_key(connection, values)
            _note(connection, now, by, "key-created", token.ident, kind.value, person=handle)
            return _key_view(_present(people.key(connection, token.ident)))

        return await self.database.write(transaction), text

    async def keys(self, handle: str | None = None) -> tuple[KeyView, ...]:
        """Return all keys, those of one person if named; never a secret."""
        rows = await self.database.read(lambda c: people.keys(c, handle))
        return tuple(_key_view(row) for row in rows)

    async def revoke_key(self, key_id: str, *, by: str) -> KeyView:
        """Refuse a key from the next request on. Raises `NotFound`; revoking twice changes nothing."""

        def transaction(connection: Connection) -> KeyView:
            now = self.clock()
            if people.key(connection, key_id) is None:
                raise NotFound(f"there is no key {key_id}; `schoolgate key list` shows them")
            if people.revoke_key(connection, key_id, now):
                _note(connection, now, by, "key-revoked", key_id, "revoked")
            return _key_view(_present(people.key(connection, key_id)))

        return await self.database.write(transaction)

    async def authenticate(self, token: str, remote: str) -> Caller:
        """Return who is asking from an address or `origins.UNIX`.

        Raises `NotAuthenticated` with what is wrong with the key.
        """
        parsed = parse_token(token)
        if parsed is None:
            raise NotAuthenticated("KEY_MALFORMED", "this is not a Schoolgate key, or part of it is missing")
        return await self.database.read(lambda c: self._authenticate(c, parsed, remote))

    async def admit(self, uid: int, remote: str) -> Caller:
        """Return for whom a user of this machine acts without a key; raise `NotAuthenticated`."""
        key_id = self.peers.get(uid, "")
        if not key_id:
            raise NotAuthenticated("KEY_MISSING", "send your key: Authorization: Bearer sg_…")
        return await self.database.read(lambda c: self.caller_of(c, key_id, remote))

    def _authenticate(self, connection: Connection, token: Token, remote: str) -> Caller:
        found = people.authority(connection, token.ident)
        stored = found[0]["secret_hash"] if found is not None else b""
        if not hmac.compare_digest(stored, self.keyring.token_hash(token.secret)) or found is None:
            raise NotAuthenticated("KEY_UNKNOWN", "there is no such key")
        return self._caller(*found, remote)

    def caller_of(self, connection: Connection, key_id: str, remote: str) -> Caller:
        """Return whom a key acts for, its proof seen elsewhere; raise `NotAuthenticated` where it ended."""
        found = people.authority(connection, key_id)
        if found is None:
            raise NotAuthenticated("KEY_UNKNOWN", "there is no such key")
        return self._caller(*found, remote)

    def _caller(self, row: Mapping[Any, Any], held: Mapping[str, datetime], remote: str) -> Caller:
        now = self.clock()
        if row["revoked_at"] is not None:
            raise NotAuthenticated("KEY_REVOKED", "this key has been revoked; use another")
        if row["expires_at"] <= now:
            raise NotAuthenticated("KEY_EXPIRED", "this key has expired; ask for a new one")
        if row["person_status"] != "active":
            raise NotAuthenticated("KEY_OWNER_INACTIVE", "the person this key acts for is suspended")
        if not permitted(row["networks"], remote):
            raise NotAuthenticated("KEY_NOT_FROM_HERE", "this key is refused from your address")
        may = scopes_of(name for name, end in held.items() if end > now)
        return Caller(
            key_id=row["id"],
            key_kind=KeyKind(row["kind"]),
            person_id=row["person_id"],
            handle=row["handle"],
            scopes=may.intersection(row["scopes"]),
        )


def _known(connection: Connection, handle: str) -> RowMapping:
    row = people.by_handle(connection, handle)
    if row is None:
        raise NotFound(f"there is no person {handle}; `schoolgate person list` shows them")
    return row


def _present(row: RowMapping | None) -> RowMapping:
    assert row is not None  # noqa: S101 - written in the same transaction before
    return row


def _note(
    connection: Connection, now: datetime, by: str, action: str, target: str, outcome: str, **detail: object
) -> None:
    audit.record(
        connection,
        now,
        actor=by,
        action=action,
        target=target,
        outcome=outcome,
        clauses=["9.2"] if action == "policy-acknowledged" else ["3.1", "3.2"],
        detail=detail,
    )


def _key_view(row: RowMapping) -> KeyView:
    return KeyView(
        id=row["id"],
        handle=row["handle"],
        kind=KeyKind(row["kind"]),
        label=row["label"],
        scopes=tuple(row["scopes"]),
        purposes=None if row["purposes"] is None else tuple(row["purposes"]),
        templates=None if row["templates"] is None else tuple(row["templates"]),
        networks=None if row["networks"] is None else tuple(row["networks"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )

"""The register of keys: each acts for a person, within that person's roles (3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping

from gateway.entries import cap_faults, key_faults, usual_scopes
from gateway.errors import Conflict, Invalid, NotFound
from gateway.records import KeyKind, KeyView
from gateway.register import Register, known, note
from gateway.roles import EVERY_SCOPE
from gateway.store import people
from gateway.store.schema import api_key
from gateway.tokens import new_token

_LONGEST: Final = timedelta(days=365)
_ITS_OWN: Final = frozenset({"id", "secret_hash", "created_at", "expires_at", "revoked_at"})


@dataclass(slots=True)
class Keys(Register):
    """Keys, without their secrets."""

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
        per_minute: int | None = None,
        daily: int | None = None,
    ) -> tuple[KeyView, str]:
        """Make a key that acts for a person; its text is returned this once and never stored.

        Without `scopes` it may do all that the person's roles permit, now and later. With `networks` it is
        refused elsewhere; `per_minute` and `daily` are the most recipients that it sends to. Raises
        `Invalid` and `NotFound`.
        """
        lists = {"scopes": scopes, "purposes": purposes, "networks": networks}
        caps = {"per_minute": per_minute, "daily": daily}
        faults = (*key_faults(label, days, **lists, known=self.settings.purposes), *cap_faults(caps))
        if faults:
            raise Invalid(faults)
        token, text = new_token(kind.value)

        def transaction(connection: Connection) -> KeyView:
            now = self.clock()
            values = {
                "id": token.ident,
                "person_id": known(connection, handle)["id"],
                "kind": kind.value,
                "label": label.strip(),
                "secret_hash": self.keyring.token_hash(token.secret),
                "scopes": [EVERY_SCOPE] if scopes is None else list(scopes),
                "purposes": None if purposes is None else list(purposes),
                "templates": None if templates is None else list(templates),
                "networks": None if networks is None else list(networks),
                **caps,
                "created_at": now,
                "expires_at": now + timedelta(days=days),
            }
            people.add_key(connection, values)
            note(connection, now, by, "key-created", token.ident, kind.value, person=handle)
            return key_view(_stored(people.key(connection, token.ident)))

        return await self.database.write(transaction), text

    async def keys(self, handle: str | None = None) -> tuple[KeyView, ...]:
        """Return all keys, those of one person if named; never a secret."""
        rows = await self.database.read(lambda c: people.keys(c, handle))
        return tuple(key_view(row) for row in rows)

    async def revoke_key(self, key_id: str, *, by: str) -> KeyView:
        """Refuse a key from the next request on. Raises `NotFound`; revoking twice changes nothing."""

        def transaction(connection: Connection) -> KeyView:
            now = self.clock()
            if people.key(connection, key_id) is None:
                raise NotFound(f"there is no key {key_id}; `schoolgate key list` shows them")
            if people.revoke_key(connection, key_id, now):
                note(connection, now, by, "key-revoked", key_id, "revoked")
            return key_view(_stored(people.key(connection, key_id)))

        return await self.database.write(transaction)

    async def rotate_key(self, key_id: str, overlap: timedelta, *, by: str) -> tuple[KeyView, str]:
        """Make another key that may do the same, as `create_key` does; the old one ends after `overlap`.

        Raises `NotFound`, and `Conflict` for a key that has ended.
        """

        def transaction(connection: Connection) -> tuple[KeyView, str]:
            now, row = self.clock(), people.key(connection, key_id)
            if row is None:
                raise NotFound(f"there is no key {key_id}; `schoolgate key list` shows them")
            if row["revoked_at"] is not None or row["expires_at"] <= now:
                raise Conflict("KEY_ENDED", "this key has ended; make a new one: schoolgate key create")
            token, text = new_token(row["kind"])
            values = {
                column.name: row[column.name] for column in api_key.c if column.name not in _ITS_OWN
            } | {
                "id": token.ident,
                "secret_hash": self.keyring.token_hash(token.secret),
                "created_at": now,
                "expires_at": now + _LONGEST,
            }
            people.add_key(connection, values)
            people.amend_key(connection, key_id, {"expires_at": min(row["expires_at"], now + overlap)})
            note(connection, now, by, "key-rotated", key_id, "replaced", key=token.ident)
            return key_view(_stored(people.key(connection, token.ident))), text

        return await self.database.write(transaction)


def _stored(row: RowMapping | None) -> RowMapping:
    assert row is not None  # noqa: S101 - written in the same transaction before
    return row


def key_view(row: RowMapping) -> KeyView:
    """Return a key as it is shown."""
    return KeyView(
        id=row["id"],
        handle=row["handle"],
        kind=KeyKind(row["kind"]),
        label=row["label"],
        scopes=usual_scopes() if EVERY_SCOPE in row["scopes"] else tuple(row["scopes"]),
        purposes=None if row["purposes"] is None else tuple(row["purposes"]),
        templates=None if row["templates"] is None else tuple(row["templates"]),
        networks=None if row["networks"] is None else tuple(row["networks"]),
        per_minute=row["per_minute"],
        daily=row["daily"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )

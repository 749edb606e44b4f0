"""Who is asking: a key, or a user of this machine, that acts for a person (3.1, 3.2)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from gateway.errors import NotAuthenticated
from gateway.keys import Keys
from gateway.origins import permitted
from gateway.people import People
from gateway.records import Caller, KeyKind
from gateway.roles import scopes_named, scopes_of
from gateway.store import people
from gateway.store.prepared import Row
from gateway.tokens import Token, parse_token


@dataclass(slots=True)
class Access(People, Keys):
    """The registers of people and keys, and whom a request acts for."""

    peers: Mapping[int, str] = field(default_factory=dict)  # users of this machine: uid -> key

    async def authenticate(self, token: str, remote: str) -> Caller:
        """Return who is asking from an address or `origins.UNIX`.

        Raises `NotAuthenticated` with what is wrong with the key.
        """
        parsed = parse_token(token)
        if parsed is None:
            raise NotAuthenticated("KEY_MALFORMED", "this is not a Schoolgate key, or part of it is missing")
        return await self.database.glance(lambda c: self._authenticate(c, parsed, remote))

    async def admit(self, uid: int, remote: str) -> Caller:
        """Return for whom a user of this machine acts without a key; raise `NotAuthenticated`."""
        key_id = self.peers.get(uid, "")
        if not key_id:
            raise NotAuthenticated("KEY_MISSING", "send your key: Authorization: Bearer sg_…")
        return await self.database.glance(lambda c: self.caller_of(c, key_id, remote))

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

    def _caller(self, row: Row, held: Mapping[str, datetime], remote: str) -> Caller:
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
            scopes=may & scopes_named(row["scopes"]),
        )

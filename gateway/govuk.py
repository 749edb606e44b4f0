"""Keys in the form that clients of GOV.UK Notify know, and the tokens that these make of them.

Such a client has a service id and a secret, both UUIDs, and sends a JSON Web Token (RFC 7519) signed with
HS256: `iss` is the service id, `iat` the present second. Neither is stored: the service id is the key's
own name, and the secret is derived from what is stored of the key and from the key file. So it ends with
the key, and is known only to whom the key is known.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from gateway.access import Access
from gateway.errors import NotAuthenticated
from gateway.records import Caller
from gateway.store import people

_PREFIX: Final = "00000000-0000-4000-8000-"  # and the 12 digits of a key's name
_SERVICE: Final = re.compile(_PREFIX + "([0-9a-f]{12})")
_LEEWAY: Final = 30  # seconds, as Notify has it
_LONGEST: Final = 2000
_CLOCK: Final = "Error: Your system clock must be accurate to within 30 seconds"


@dataclass(frozen=True, slots=True)
class GovukAccess:
    """Who asks in Notify's way."""

    access: Access

    async def key_for(self, caller: Caller) -> str:
        """Return the caller's own key in Notify's form: name, service id and secret."""
        secret = await self.access.database.read(lambda c: self._secret(c, caller.key_id))
        return f"schoolgate-{_PREFIX}{caller.key_id}-{secret}"

    async def authenticate(self, token: str, remote: str) -> Caller:
        """Return who made the token; raise `NotAuthenticated` with Notify's own words."""
        header, claims, signed, signature = _parts(token)
        if header.get("alg") != "HS256":
            raise NotAuthenticated("KEY_MALFORMED", "Invalid token: algorithm used is not HS256")
        issuer = _SERVICE.fullmatch(str(claims.get("iss")))
        if issuer is None:
            raise NotAuthenticated("KEY_UNKNOWN", "Invalid token: service not found")

        def query(connection: Connection) -> Caller:
            secret = self._secret(connection, issuer[1])
            if not hmac.compare_digest(hmac.digest(secret.encode(), signed, "sha256"), signature):
                raise NotAuthenticated("KEY_UNKNOWN", "Invalid token: API key not found")
            _check_time(claims.get("iat"), self.access.clock())
            return self.access.caller_of(connection, issuer[1], remote)

        return await self.access.database.read(query)

    def _secret(self, connection: Connection, key_id: str) -> str:
        """Return the secret of a key; of one that there is not, a secret that nobody knows."""
        row = people.key(connection, key_id)
        stored = "" if row is None else row["secret_hash"].hex()
        derived = bytes.fromhex(self.access.keyring.token_hash(f"govuk {key_id} {stored}").hex()[:32])
        return str(UUID(bytes=derived, version=4))


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Return header, claims, what is signed, and the signature of a token."""
    pieces = token.split(".")
    if len(pieces) != 3 or len(token) > _LONGEST or not token.isascii():
        raise NotAuthenticated("KEY_MALFORMED", "Invalid token: make sure your API token matches the example")
    try:
        header, claims = (json.loads(_decode(piece)) for piece in pieces[:2])
        signature = _decode(pieces[2])
    except (ValueError, RecursionError):
        raise NotAuthenticated("KEY_MALFORMED", "Invalid token: signature") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise NotAuthenticated("KEY_MALFORMED", "Invalid token: signature")
    return header, claims, f"{pieces[0]}.{pieces[1]}".encode(), signature


def _decode(piece: str) -> bytes:
    try:
        return base64.b64decode(piece + "=" * (-len(piece) % 4), altchars=b"-_", validate=True)
    except binascii.Error as exc:
        raise ValueError("not base64url") from exc


def _check_time(issued: object, now: datetime) -> None:
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise NotAuthenticated("KEY_MALFORMED", "Invalid token: iat field not provided")
    if not -_LEEWAY <= issued - now.timestamp() <= _LEEWAY:
        raise NotAuthenticated("KEY_EXPIRED", _CLOCK)

"""Signatures of webhooks as the Standard Webhooks specification 1.0.0 has them ("Signature scheme").

Signed is `id.timestamp.body` with HMAC-SHA256; a signature is `v1,` and base64. While a secret is being
replaced there are two, separated by a space. A secret is `whsec_` and 24 to 64 random bytes in base64.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

_PREFIX: Final = "whsec_"
_BYTES: Final = 32


def new_secret() -> str:
    """Return a fresh secret as it is shown to people."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(secrets_in_force: Sequence[str], ident: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Return the three headers of a webhook; the signatures are in the order of the secrets."""
    timestamp = str(int(at.timestamp()))
    signed = f"{ident}.{timestamp}.".encode() + body
    signatures = " ".join(_signature(secret, signed) for secret in secrets_in_force)
    return {"webhook-id": ident, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()

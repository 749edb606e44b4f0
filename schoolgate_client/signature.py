"""Whether a webhook is really from the gateway, and fresh (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

_TOLERANCE = 300  # seconds


class SignatureWrong(Exception):
    """Do not trust it: answer 400 and forget it."""


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> Any:  # noqa: ANN401 - JSON
    """Return the event that a webhook holds; raise `SignatureWrong` where it is not the gateway's, or old.

    `body` is the body as it came, octet by octet; `now` is `time.time()`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    ident, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{ident}.{stamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    signatures = given.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(wanted.encode(), each.encode()) for each in signatures):
        raise SignatureWrong("no signature fits")
    if not stamp.isdecimal() or abs(now - int(stamp)) > _TOLERANCE:
        raise SignatureWrong("the time stamp is too far from now")
    return json.loads(body)

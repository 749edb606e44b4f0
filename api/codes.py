"""Every `code` that a problem may carry, and the status that it comes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy import Code
from policy.verdict import HTTP_STATUS

POLICY: Final[Mapping[str, int]] = {code.value: status for code, status in HTTP_STATUS.items()}

KEYS: Final[Mapping[str, int]] = {
    "KEY_MISSING": 401,
    "KEY_MALFORMED": 401,
    "KEY_UNKNOWN": 401,
    "KEY_REVOKED": 401,
    "KEY_EXPIRED": 401,
    Code.KEY_OWNER_INACTIVE.value: 403,
    Code.SCOPE_MISSING.value: 403,
}

BODIES: Final[Mapping[str, int]] = {
    "MALFORMED_BODY": 400,
    "TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
}

INVALID: Final = "INVALID"
TOO_MANY: Final = "TOO_MANY_REQUESTS"

CONFLICTS: Final[Mapping[str, int]] = {
    "IDEMPOTENCY_CONFLICT": 409,
    "REFERENCE_CONFLICT": 409,
    "NOT_CANCELLABLE": 409,
    "NOT_HELD": 409,
    "NOT_IN_DOUBT": 409,
    "NOT_A_DRAFT": 409,
    "SECOND_PERSON_REQUIRED": 409,
    "TEMPLATE_UNSOUND": 409,
    "TOO_MANY_ENDPOINTS": 409,
    "PRECONDITION_FAILED": 412,
}

SERVER: Final[Mapping[str, int]] = {
    "INTERNAL": 500,
    "STORE_UNAVAILABLE": 503,
}

STATUS: Final[Mapping[str, int]] = {
    **POLICY,
    **KEYS,
    **BODIES,
    **CONFLICTS,
    **SERVER,
    INVALID: 422,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    TOO_MANY: 429,
}


def title(code: str) -> str:
    """Return the code as words."""
    return code.replace("_", " ").capitalize()

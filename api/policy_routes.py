"""The routes about the policy itself: its document, who keeps to it, and the switch for all sending."""

from __future__ import annotations

from typing import Any, Final

from api.handlers import sending, violations
from api.route import Route
from api.schema.base import Listing, Nothing
from api.schema.sending import Sending, Stop, Why
from api.schema.violations import Judgement, Violation, ViolationFilter
from gateway.records import Scope

_SENDING: Final[tuple[Route[Any, Any], ...]] = (
    Route("GET", "/v1/sending", sending.show, Scope.POLICY_READ, Nothing, Sending),
    Route("POST", "/v1/sending/suspend", sending.suspend, Scope.SENDING_SUSPEND, Why, Stop),
    Route(
        "POST",
        "/v1/sending/resume",
        sending.resume,
        Scope.SENDING_RESUME,
        Why,
        Stop,
        codes=("NOT_SUSPENDED",),
    ),
)
_VIOLATIONS: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "GET",
        "/v1/violations",
        violations.violations,
        Scope.VIOLATIONS_READ,
        ViolationFilter,
        Listing[Violation],
    ),
    Route(
        "POST",
        "/v1/violations/decisions",
        violations.decide,
        Scope.VIOLATIONS_DECIDE,
        Judgement,
        Listing[Violation],
        codes=("SECOND_PERSON_REQUIRED", "NOTHING_TO_DECIDE"),
    ),
)
POLICY_ROUTES: Final = (*_SENDING, *_VIOLATIONS)

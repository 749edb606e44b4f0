"""The routes about the policy itself: its document, who keeps to it, and the switch for all sending."""

from __future__ import annotations

from typing import Any, Final

from api.handlers import policy, sending, violations
from api.route import LARGE, Route
from api.schema.base import Listing, Nothing
from api.schema.policy import (
    Agreed,
    ClauseOut,
    Member,
    MemberFilter,
    NewPolicy,
    NewReview,
    NewTraining,
    Policy,
    PolicyVersion,
    Review,
    Telling,
    ToldAll,
    TrainingOut,
)
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
        codes=("NOT_FOUND",),
    ),
    Route(
        "POST",
        "/v1/violations/decisions",
        violations.decide,
        Scope.VIOLATIONS_DECIDE,
        Judgement,
        Listing[Violation],
        codes=("NOT_FOUND", "SECOND_PERSON_REQUIRED", "NOTHING_TO_DECIDE"),
    ),
)
_DOCUMENT: Final[tuple[Route[Any, Any], ...]] = (
    Route("GET", "/v1/policy", policy.policy, Scope.POLICY_READ, Nothing, Policy),
    Route("GET", "/v1/policy/clauses", policy.clauses, Scope.POLICY_READ, Nothing, Listing[ClauseOut]),
    Route(
        "POST",
        "/v1/policy/acknowledgements",
        policy.acknowledge,
        Scope.POLICY_ACKNOWLEDGE,
        Agreed,
        Policy,
        status=201,
        codes=("STATEMENT_CHANGED",),
    ),
    Route("GET", "/v1/policy/versions", policy.versions, Scope.POLICY_READ, Nothing, Listing[PolicyVersion]),
    Route(
        "POST",
        "/v1/policy/versions",
        policy.import_version,
        Scope.POLICY_WRITE,
        NewPolicy,
        PolicyVersion,
        status=201,
        limit=LARGE,
        codes=("POLICY_VERSION_EXISTS",),
    ),
    Route(
        "POST",
        "/v1/policy/versions/{id}/publish",
        policy.publish,
        Scope.POLICY_PUBLISH,
        Nothing,
        PolicyVersion,
        codes=(
            *("NOT_A_DRAFT", "NOT_YET_EFFECTIVE", "SECOND_PERSON_REQUIRED"),
            *("APPROVAL_EXPIRED", "APPROVAL_VOID"),
        ),
    ),
    Route("GET", "/v1/policy/reviews", policy.reviews, Scope.POLICY_READ, Nothing, Listing[Review]),
    Route("POST", "/v1/policy/reviews", policy.review, Scope.POLICY_PUBLISH, NewReview, Review, status=201),
    Route("GET", "/v1/policy/people", policy.people, Scope.PEOPLE_READ, MemberFilter, Listing[Member]),
    Route("GET", "/v1/policy/trainings", policy.trainings, Scope.PEOPLE_READ, Nothing, Listing[TrainingOut]),
    Route(
        "POST",
        "/v1/policy/trainings",
        policy.train,
        Scope.POLICY_WRITE,
        NewTraining,
        TrainingOut,
        status=201,
        codes=("NOT_FOUND",),
    ),
    Route(
        "POST",
        "/v1/policy/tellings",
        policy.tell,
        Scope.POLICY_WRITE,
        Telling,
        ToldAll,
        status=202,
        codes=("SENDING_SUSPENDED",),
    ),
)
POLICY_ROUTES: Final = (*_DOCUMENT, *_SENDING, *_VIOLATIONS)

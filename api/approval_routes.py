"""Routes of what takes two people: the questions, and what is asked nowhere else."""

from __future__ import annotations

from typing import Any, Final

from api.codes import POLICY
from api.handlers import approvals, lexicon, recipients
from api.route import Route
from api.schema.approvals import Approval, ApprovalFilter, NewRole, Refused
from api.schema.base import Listing, Nothing
from api.schema.lexicon import Lexicon, NewLexicon
from api.schema.recipients import NewConsent
from gateway.records import Scope

DECIDING: Final = ("SECOND_PERSON_REQUIRED", "APPROVAL_DECIDED", "APPROVAL_EXPIRED", "APPROVAL_VOID")

APPROVAL_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route("GET", "/v1/approvals", approvals.approvals, Scope.APPROVALS, ApprovalFilter, Listing[Approval]),
    Route("GET", "/v1/approvals/{id}", approvals.approval, Scope.APPROVALS, Nothing, Approval),
    Route(
        "POST",
        "/v1/approvals/{id}/approve",
        approvals.approve,
        Scope.DECIDE,
        Nothing,
        Approval,
        codes=(*POLICY, *DECIDING, "TEMPLATE_UNSOUND", "NOT_YET_EFFECTIVE"),
    ),
    Route(
        "POST",
        "/v1/approvals/{id}/refuse",
        approvals.refuse,
        Scope.APPROVALS,
        Refused,
        Approval,
        codes=("APPROVAL_DECIDED", "SECOND_PERSON_REQUIRED"),
    ),
    Route(
        "POST",
        "/v1/opt-outs/{id}/lift",
        recipients.lift,
        Scope.OPT_OUTS_WRITE,
        NewConsent,
        Approval,
        status=202,
        codes=("APPROVAL_PENDING", "NOT_LIFTABLE"),
    ),
    Route(
        "POST",
        "/v1/roles",
        approvals.ask_for_role,
        Scope.PEOPLE_WRITE,
        NewRole,
        Approval,
        status=202,
        codes=("APPROVAL_PENDING", "NOT_FOUND"),
    ),
    Route("GET", "/v1/lexicon", lexicon.lexicon, Scope.TEMPLATES_READ, Nothing, Lexicon),
    Route("POST", "/v1/lexicon", lexicon.propose_lexicon, Scope.LEXICON, NewLexicon, Lexicon, status=201),
    Route(
        "GET", "/v1/lexicon/history", lexicon.lexicon_history, Scope.TEMPLATES_READ, Nothing, Listing[Lexicon]
    ),
)

"""The one table of what the API offers. OpenAPI and the router are both made of it."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from api.approval_routes import APPROVAL_ROUTES, DECIDING
from api.codes import POLICY
from api.contact_routes import CONTACT_ROUTES
from api.handlers import (
    doubts,
    events,
    messages,
    recipients,
    service,
    webhooks,
)
from api.openapi import document
from api.page import page
from api.policy_routes import POLICY_ROUTES
from api.reading import CSV
from api.report_routes import REPORT_ROUTES
from api.route import LARGE, Call, Route
from api.schema.alerts import Alert
from api.schema.base import Listing, Nothing, Paging
from api.schema.batches import MOST, Batch, BatchAccepted, BatchCheck, NewBatch
from api.schema.console import AtAnswer, AtCommand
from api.schema.doubts import Doubt, Settled
from api.schema.events import (
    Delivery,
    Endpoint,
    EndpointWithSecret,
    EventFilter,
    EventOut,
    EventPaging,
    NewEndpoint,
    Since,
)
from api.schema.messages import Accepted, Check, DecisionOut, Message, MessageFilter, NewMessage
from api.schema.recipients import (
    Consent,
    ConsentCsv,
    Hold,
    HoldOutcome,
    Imported,
    InboxMessage,
    NewConsent,
    NewOptOut,
    OfNumber,
    OptOut,
    Quarantined,
)
from api.schema.service import Alive, Forecast, ForecastQuery, Modem, NotifyKey, Ready
from api.template_routes import TEMPLATE_ROUTES
from gateway.records import Scope


async def openapi(_call: Call[Nothing]) -> web.Response:
    """Describe this API as OpenAPI 3.1."""
    return web.json_response(document(ROUTES))


async def docs(_call: Call[Nothing]) -> web.Response:
    """Describe this API to people, on one page that asks nothing of anybody else."""
    text, policy = page(document(ROUTES))
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)


_SENDING: Final = (*POLICY, "IDEMPOTENCY_CONFLICT", "REFERENCE_CONFLICT")

ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "POST",
        "/v1/messages",
        messages.send,
        Scope.SEND,
        NewMessage,
        Accepted,
        status=202,
        idempotent=True,
        codes=_SENDING,
    ),
    Route("GET", "/v1/messages", messages.messages, Scope.READ, MessageFilter, Listing[Message]),
    Route("POST", "/v1/messages/check", messages.check, Scope.SEND, NewMessage, Check),
    Route("GET", "/v1/messages/{id}", messages.message, Scope.READ, Nothing, Message),
    Route("GET", "/v1/messages/{id}/why", messages.why, Scope.READ, Nothing, Listing[DecisionOut]),
    Route(
        "DELETE",
        "/v1/messages/{id}",
        messages.cancel,
        Scope.SEND,
        Nothing,
        type(None),
        status=204,
        codes=("NOT_CANCELLABLE",),
    ),
    Route(
        "POST",
        "/v1/batches",
        messages.send_batch,
        Scope.SEND,
        NewBatch,
        BatchAccepted,
        status=202,
        limit=LARGE,
        long=("recipients", MOST),
        idempotent=True,
        codes=("IDEMPOTENCY_CONFLICT", "REFERENCE_CONFLICT", "SENDING_SUSPENDED"),
    ),
    Route(
        "POST",
        "/v1/batches/check",
        messages.check_batch,
        Scope.SEND,
        NewBatch,
        BatchCheck,
        limit=LARGE,
        long=("recipients", MOST),
        codes=("REFERENCE_CONFLICT",),
    ),
    Route("GET", "/v1/batches/{id}", messages.batch, Scope.READ, Nothing, Batch),
    Route(
        "POST",
        "/v1/batches/{id}/approve",
        messages.approve_batch,
        Scope.APPROVE,
        Nothing,
        Batch,
        codes=(*POLICY, "NOT_HELD", *DECIDING),
    ),
    Route(
        "DELETE",
        "/v1/batches/{id}",
        messages.cancel_batch,
        Scope.SEND,
        Nothing,
        Batch,
        codes=("NOT_CANCELLABLE",),
    ),
    *APPROVAL_ROUTES,
    Route("GET", "/v1/doubts", doubts.doubts, Scope.DOUBTS, Nothing, Listing[Doubt]),
    Route(
        "POST",
        "/v1/doubts/{id}",
        doubts.settle,
        Scope.DOUBTS,
        Settled,
        type(None),
        status=204,
        codes=("NOT_IN_DOUBT",),
    ),
    *POLICY_ROUTES,
    Route("GET", "/v1/inbox", recipients.inbox, Scope.INBOX, Paging, Listing[InboxMessage]),
    Route("GET", "/v1/inbox/{id}", recipients.inbox_message, Scope.INBOX, Nothing, InboxMessage),
    Route("GET", "/v1/inbox/quarantine", recipients.quarantine, Scope.INBOX, Paging, Listing[Quarantined]),
    Route("GET", "/v1/opt-outs", recipients.opt_outs, Scope.OPT_OUTS_READ, OfNumber, Listing[OptOut]),
    Route("POST", "/v1/opt-outs", recipients.opt_out, Scope.OPT_OUTS_WRITE, NewOptOut, OptOut, status=201),
    Route("GET", "/v1/opt-outs/holds", recipients.holds, Scope.OPT_OUTS_READ, Nothing, Listing[Hold]),
    Route(
        "POST",
        "/v1/opt-outs/holds/{id}",
        recipients.resolve_hold,
        Scope.OPT_OUTS_WRITE,
        HoldOutcome,
        type(None),
        status=204,
    ),
    *CONTACT_ROUTES,
    Route("GET", "/v1/consents", recipients.consents, Scope.CONSENTS_READ, OfNumber, Listing[Consent]),
    Route(
        "POST",
        "/v1/consents",
        recipients.record_consent,
        Scope.CONSENTS_WRITE,
        NewConsent,
        Listing[Consent],
        status=201,
    ),
    Route(
        "POST",
        "/v1/consents/import",
        recipients.import_consents,
        Scope.CONSENTS_WRITE,
        ConsentCsv,
        Imported,
        status=201,
        media=CSV,
        limit=LARGE,
    ),
    Route("DELETE", "/v1/consents/{id}", recipients.withdraw_consent, Scope.CONSENTS_WRITE, Nothing, Consent),
    *TEMPLATE_ROUTES,
    Route(
        "GET",
        "/v1/events",
        events.events,
        Scope.EVENTS,
        EventFilter,
        web.StreamResponse,
        produces="text/event-stream",
    ),
    Route("GET", "/v1/events/history", events.event_page, Scope.EVENTS, EventPaging, Listing[EventOut]),
    Route("GET", "/v1/webhooks", webhooks.endpoints, Scope.WEBHOOKS, Nothing, Listing[Endpoint]),
    Route(
        "POST",
        "/v1/webhooks",
        webhooks.add_endpoint,
        Scope.WEBHOOKS,
        NewEndpoint,
        EndpointWithSecret,
        status=201,
        codes=("TOO_MANY_ENDPOINTS",),
    ),
    Route("GET", "/v1/webhooks/{id}", webhooks.endpoint, Scope.WEBHOOKS, Nothing, Endpoint),
    Route(
        "PUT",
        "/v1/webhooks/{id}",
        webhooks.change_endpoint,
        Scope.WEBHOOKS,
        NewEndpoint,
        Endpoint,
        conditional=True,
    ),
    Route(
        "DELETE",
        "/v1/webhooks/{id}",
        webhooks.remove_endpoint,
        Scope.WEBHOOKS,
        Nothing,
        type(None),
        status=204,
    ),
    Route(
        "POST",
        "/v1/webhooks/{id}/secret",
        webhooks.rotate_secret,
        Scope.WEBHOOKS,
        Nothing,
        EndpointWithSecret,
    ),
    Route(
        "POST",
        "/v1/webhooks/{id}/test",
        webhooks.test_endpoint,
        Scope.WEBHOOKS,
        Nothing,
        type(None),
        status=204,
    ),
    Route("POST", "/v1/webhooks/{id}/replay", webhooks.replay, Scope.WEBHOOKS, Since, type(None), status=204),
    Route(
        "GET",
        "/v1/webhooks/{id}/deliveries",
        webhooks.deliveries,
        Scope.WEBHOOKS,
        Paging,
        Listing[Delivery],
    ),
    Route("GET", "/v1/notify-key", service.notify_key, Scope.SEND, Nothing, NotifyKey),
    Route("GET", "/v1/forecast", service.forecast, Scope.SEND, ForecastQuery, Forecast),
    Route("GET", "/v1/modems", service.modems, Scope.MODEMS, Nothing, Listing[Modem]),
    Route(
        "POST",
        "/v1/modems/console",
        service.console,
        Scope.CONSOLE,
        AtCommand,
        AtAnswer,
        codes=("MODEM_AWAY",),
    ),
    Route("GET", "/v1/alerts", service.alerts, Scope.MODEMS, Nothing, Listing[Alert]),
    *REPORT_ROUTES,
    Route("GET", "/healthz", service.alive, Scope.PUBLIC, Nothing, Alive),
    Route("GET", "/readyz", service.ready, Scope.PUBLIC, Nothing, Ready),
    Route("GET", "/metrics", service.metrics, Scope.PUBLIC, Nothing, web.Response, produces="text/plain"),
    Route("GET", "/openapi.json", openapi, Scope.PUBLIC, Nothing, web.Response),
    Route("GET", "/docs", docs, Scope.PUBLIC, Nothing, web.Response, produces="text/html"),
)

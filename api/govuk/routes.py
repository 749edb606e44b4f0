"""Notify's addresses, and how one request goes through them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from api.govuk import handlers
from api.govuk.handlers import Declined, declined
from api.govuk.schema import Notifications, OfType, Preview, Received, Sms
from api.govuk.words import failure
from api.limits import LEFT, Limits
from api.metrics import Meters
from api.problems import REQUEST_ID, Problem, problem_of
from api.reading import JSON, read_body, read_query
from api.route import SMALL, Call
from api.schema.base import Input, Nothing
from gateway.errors import NotAuthenticated, ScopeMissing
from gateway.faults import described
from gateway.model import Clock
from gateway.origins import UNIX
from gateway.records import Caller, Scope
from gateway.usecases import UseCases

log = structlog.get_logger()

_Ask = Callable[[Call[Any]], Awaitable[dict[str, Any]]]
_UUID: Final = "[0-9A-Za-z-]{1,100}"

GOVUK_ROUTES: Final[tuple[tuple[str, str, _Ask, Scope, type[Input]], ...]] = (
    ("POST", "/v2/notifications/sms", handlers.send_sms, Scope.SEND, Sms),
    ("POST", "/v2/notifications/email", handlers.send_other, Scope.SEND, Nothing),
    ("POST", "/v2/notifications/letter", handlers.send_other, Scope.SEND, Nothing),
    ("GET", "/v2/notifications", handlers.notifications, Scope.READ, Notifications),
    ("GET", "/v2/notifications/{uuid}", handlers.notification, Scope.READ, Nothing),
    ("GET", "/v2/received-text-messages", handlers.received, Scope.INBOX, Received),
    ("GET", "/v2/templates", handlers.templates, Scope.TEMPLATES_READ, OfType),
    ("GET", "/v2/template/{uuid}", handlers.template, Scope.TEMPLATES_READ, Nothing),
    (
        "GET",
        "/v2/template/{uuid}/version/{version}",
        handlers.template_version,
        Scope.TEMPLATES_READ,
        Nothing,
    ),
    ("POST", "/v2/template/{uuid}/preview", handlers.preview, Scope.TEMPLATES_READ, Preview),
)


def add_routes(
    app: web.Application,
    use_cases: UseCases,
    meters: Meters,
    limits: Limits,
    clock: Clock,
) -> None:
    """Answer at Notify's addresses, too."""
    for method, path, ask, scope, model in GOVUK_ROUTES:
        place = path.replace("{uuid}", f"{{uuid:{_UUID}}}").replace("{version}", "{version:[0-9]{1,9}}")
        handler = _bound(ask, scope, model, use_cases, meters, limits, clock)
        app.router.add_route(method, place, handler)


def _bound(
    ask: _Ask,
    scope: Scope,
    model: type[Input],
    use_cases: UseCases,
    meters: Meters,
    limits: Limits,
    clock: Clock,
) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        who = await _admit(request, use_cases)
        request[LEFT] = limits.take(who.key_id, clock())
        if scope not in who.scopes:
            raise ScopeMissing(scope.value)
        given = await _input(request, model, ask)
        status = 201 if ask is handlers.send_sms else 200
        call = Call(use_cases, meters, request, given, who, status)
        return web.json_response(await ask(call), status=status)

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except ConnectionError:
            raise
        except Exception as exc:  # noqa: BLE001 - the last place that can answer in Notify's words
            return failure(_problem(request, exc))

    return handle


async def _input(request: web.Request, model: type[Input], ask: _Ask) -> Input:
    if ask is handlers.send_other:
        return Nothing()
    if request.method == "POST":
        return await read_body(request, model, JSON, SMALL)
    return read_query(request, model)


async def _admit(request: web.Request, use_cases: UseCases) -> Caller:
    given = request.headers.get("Authorization", "")
    kind, _, token = given.partition(" ")
    if not given:
        raise NotAuthenticated("KEY_MISSING", "Unauthorized: authentication token must be provided")
    if kind.lower() != "bearer":
        raise NotAuthenticated("KEY_MISSING", "Unauthorized: authentication bearer scheme must be used")
    return await use_cases.govuk.authenticate(token.strip(), request.remote or UNIX)


def _problem(request: web.Request, error: Exception) -> Problem:
    problem = declined(error) if isinstance(error, Declined) else problem_of(error)
    resource = request.match_info.route.resource
    where = {"path": resource.canonical if resource else "", "request": request.get(REQUEST_ID)}
    if problem is None:
        log.error("request failed", action="request_failed", error=described(error), **where)
        return Problem(code="INTERNAL", detail="Internal server error", status=500)
    log.info("request refused", action="request_refused", codes=[problem.code], **where)
    return problem

"""`/cgi-bin/sendsms`: who asks, what it is in our terms, and the answer in Kannel's."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import structlog
from aiohttp import web
from pydantic import ValidationError

from api.faults import faults_of
from api.kannel.query import Fields, Rejected, Wanted, wanted
from api.limits import LEFT, Limits
from api.metrics import Meters
from api.problems import REQUEST_ID, Unreadable, problem_of
from api.reading import read_form
from api.schema.messages import NewMessage
from gateway.config import KannelSection
from gateway.errors import Invalid, NotAuthenticated, Refusal, ScopeMissing
from gateway.faults import described
from gateway.model import Clock, Status
from gateway.origins import UNIX
from gateway.records import Caller, MessageRequest, Scope
from gateway.usecases import UseCases

log = structlog.get_logger()

_PATH: Final = "/cgi-bin/sendsms"
_NEEDED: Final = (Scope.KANNEL, Scope.SEND)
_DENIED: Final = "Authorization failed for sendsms"
_LATER: Final = "Temporal failure, try again later."
_SECRETS: Final = ("password", "pass")


class _Sendsms:
    """Answers one address."""

    def __init__(
        self, settings: KannelSection, use_cases: UseCases, meters: Meters, limits: Limits, clock: Clock
    ) -> None:
        self._settings = settings
        self._use_cases = use_cases
        self._meters = meters
        self._limits = limits
        self._clock = clock

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer in plain text, whatever happens."""
        try:
            return await self._answer(request)
        except ConnectionError:
            raise
        except Exception as exc:  # noqa: BLE001 - the last place that can answer in Kannel's words
            return _failure(request, exc)

    async def _answer(self, request: web.Request) -> web.Response:
        query = Fields.of(request.rel_url.raw_query_string)
        form = Fields.of(await read_form(request)) if request.method == "POST" else Fields({})
        who = await self._admit(request, query, form)
        request[LEFT] = self._limits.take(who.key_id, self._clock())
        for scope in _NEEDED:
            if scope not in who.scopes:
                raise ScopeMissing(scope.value)
        asked = wanted(
            Fields({**query.values, **form.values}), frozenset(self._settings.ignore), self._clock()
        )
        message = await self._message(asked)
        try:
            receipt = await self._use_cases.outbound.submit(who, message)
        except Refusal as refusal:
            self._meters.refuse(refusal.decision)
            raise
        self._meters.accept(1)
        held = receipt.status is Status.HELD
        text = "3: Queued for later delivery" if held else "0: Accepted for delivery"
        return web.Response(text=text, status=202, headers={"X-Message-Id": receipt.id})

    async def _admit(self, request: web.Request, query: Fields, form: Fields) -> Caller:
        user, key = _credentials(request, form)
        if key is None and query.first(*_SECRETS) is not None:
            if not self._settings.key_in_url:
                why = "the key may not be in the address here ([kannel] key_in_url)"
                raise NotAuthenticated("KEY_MISSING", why)
            user, key = query.first("username", "user"), query.first(*_SECRETS)
        if not key:
            raise NotAuthenticated("KEY_MISSING", "give username and password: a person and a key")
        who = await self._use_cases.access.authenticate(key, request.remote or UNIX)
        if user is not None and user != who.handle:
            raise NotAuthenticated("KEY_UNKNOWN", "the key is of another person")
        return who

    async def _message(self, asked: Wanted) -> MessageRequest:
        """Return a message by the template whose words the text has, else free text where that is wanted."""
        found = await self._use_cases.templates.recognised(asked.text)
        purpose = self._settings.free_text_purpose
        if found is not None and (not found[1].reasons or purpose is None):
            template, match = found
            return _request(asked, template=template.name, language=template.language, slots=match.values)
        if purpose is None:
            raise Rejected("No approved template has this wording, rejected")
        return _request(asked, text=asked.text, purpose=purpose)


def add_route(
    app: web.Application,
    settings: KannelSection,
    use_cases: UseCases,
    meters: Meters,
    limits: Limits,
    clock: Clock,
) -> None:
    """Answer at Kannel's address, too."""
    handler = _Sendsms(settings, use_cases, meters, limits, clock).handle
    for method in ("GET", "POST"):
        app.router.add_route(method, _PATH, handler)


def _request(asked: Wanted, **more: object) -> MessageRequest:
    """Return it within the bounds of POST /v1/messages; raise `Invalid`."""
    later = None if asked.not_before is None else asked.not_before.isoformat()
    body = {"to": asked.to, "priority": asked.priority, "validity": asked.validity, "not_before": later}
    try:
        return NewMessage.model_validate(body | more).request()
    except ValidationError as exc:
        raise Invalid(faults_of(exc, NewMessage)) from None


def _credentials(request: web.Request, form: Fields) -> tuple[str | None, str | None]:
    """Return person and key from where no log keeps them: the header, or a form."""
    kind, _, rest = request.headers.get("Authorization", "").partition(" ")
    match kind.lower():
        case "bearer":
            return None, rest.strip()
        case "basic":
            try:
                user, _, key = base64.b64decode(rest, validate=True).decode("ascii").partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise NotAuthenticated("KEY_MALFORMED", "the header Authorization is not readable") from None
            return user, key
    return form.first("username", "user"), form.first(*_SECRETS)


def _failure(request: web.Request, error: Exception) -> web.Response:
    where = {"path": _PATH, "request": request.get(REQUEST_ID)}
    if isinstance(error, Rejected):
        log.info("request refused", action="request_refused", codes=["REJECTED"], **where)
        return web.Response(text=str(error), status=400)
    problem = problem_of(error)
    if problem is None:
        log.error("request failed", action="request_failed", error=described(error), **where)
        return web.Response(text="Sending failed.", status=500)
    log.info("request refused", action="request_refused", codes=[problem.code], **where)
    why = f"{problem.detail} ({problem.code}{f', clause {problem.clause}' if problem.clause else ''})"
    if isinstance(error, NotAuthenticated | ScopeMissing):
        return web.Response(text=f"{_DENIED}: {why}", status=403)
    if problem.status in (429, 503):
        return web.Response(text=f"{_LATER} {why}", status=503, headers=problem.headers)
    faults = "; ".join(f"{fault.field}: {fault.message}" for fault in problem.faults)
    status = problem.status if isinstance(error, Unreadable) else 403 if isinstance(error, Refusal) else 400
    return web.Response(text=f"Rejected: {faults or why}", status=status)

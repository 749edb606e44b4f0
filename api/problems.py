"""Every error as RFC 9457 `application/problem+json`, made in one place."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from itertools import count
from math import ceil
from pathlib import PurePath
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from api.codes import INVALID, REMEDY, STATUS, title
from api.limits import TooManyRequests
from gateway.errors import (
    Conflict,
    Fault,
    Invalid,
    NotAuthenticated,
    NotFound,
    PreconditionFailed,
    Refusal,
    ScopeMissing,
    StoreUnavailable,
)
from gateway.ids import new_id
from gateway.model import Clock
from policy import Outcome, Reason

log = structlog.get_logger()

TYPE: Final = "application/problem+json"
SPOKEN: Final = web.AppKey("spoken", set[web.RequestHandler])
"""The connections on which a whole head of a request has come (see `api.server`)."""
REQUEST_ID: Final = web.RequestKey("request_id", str)
_RETRY_AFTER: Final = {429: "60", 503: "10"}  # seconds
_CLAUSES: Final = {
    "KEY_OWNER_INACTIVE": "3.1",
    "SCOPE_MISSING": "3.2",
    "KEY_NOT_FROM_HERE": "3.2",
    "SECOND_PERSON_REQUIRED": "3.3",
}
_HTTP: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "TOO_LARGE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong, before it is JSON."""

    code: str
    detail: str
    status: int
    clause: str | None = None
    reasons: Sequence[Reason] = ()
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, request_id: str) -> web.Response:
        """Return it as a response; every member is always there."""
        body: dict[str, Any] = {
            "type": f"urn:schoolgate:problem:{self.code.lower().replace('_', '-')}",
            "title": title(self.code),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "clause": self.clause,
            "remedy": REMEDY.get(self.code, ""),
            "reasons": [reason.as_dict() for reason in self.reasons],
            "errors": [asdict(fault) for fault in self.faults],
            "request_id": request_id,
        }
        retry = {"Retry-After": _RETRY_AFTER[self.status]} if self.status in _RETRY_AFTER else {}
        return web.Response(
            body=json.dumps(body, ensure_ascii=False).encode(),
            status=self.status,
            content_type=TYPE,
            headers={**retry, **self.headers},
        )


class Unreadable(Exception):
    """The request has no form that could be judged: its code, and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def wire_problem(code: str, detail: str) -> web.Response:
    """Return what is said of a request that got no further than its head: not a word of it."""
    response = Problem(code=code, detail=detail, status=STATUS[code]).response("")
    response.headers["Server"] = "Schoolgate"
    response.force_close()
    return response


def problem_of(error: Exception) -> Problem | None:
    """Return the problem that an error is to the caller; None for what nobody foresaw."""
    return next((make(error) for kind, make in _PROBLEMS.items() if isinstance(error, kind)), None)


def _coded(code: str, detail: str, headers: Mapping[str, str] | None = None, *, status: int = 409) -> Problem:
    return Problem(
        code=code,
        detail=detail,
        status=STATUS.get(code, status),
        clause=_CLAUSES.get(code),
        headers=headers or {},
    )


def _refused(error: Refusal) -> Problem:
    decision = error.decision
    worst = next(reason for reason in decision.reasons if reason.outcome is Outcome.DENY)
    headers = {}
    if worst.http_status == HTTPStatus.TOO_MANY_REQUESTS and error.wait is not None:
        headers["Retry-After"] = str(ceil(error.wait.total_seconds()))
    return Problem(
        code=worst.code.value,
        detail=worst.message,
        status=worst.http_status,
        clause=worst.clause,
        reasons=decision.reasons,
        headers=headers,
    )


def _invalid(error: Invalid) -> Problem:
    detail = "nothing was done; see errors for each field"
    return Problem(code=INVALID, detail=detail, status=STATUS[INVALID], faults=error.faults)


def _not_authenticated(error: NotAuthenticated) -> Problem:
    challenge = 'Bearer realm="schoolgate"'
    if error.code != "KEY_MISSING":
        challenge += ', error="invalid_token"'
    return _coded(error.code, str(error), {"WWW-Authenticate": challenge}, status=401)


def _foreign(error: web.HTTPException) -> Problem:
    """Translate what the HTTP library itself refuses."""
    code = _HTTP.get(error.status, "MALFORMED_BODY")
    allow = error.headers.get("Allow")
    detail = {
        404: "there is nothing at this address; /openapi.json lists what there is",
        405: f"this address takes {allow}",
        413: "the body is too large",
    }.get(error.status, error.reason)
    return _coded(code, detail, {"Allow": allow} if allow else {})


_PROBLEMS: Final[Mapping[type[Exception], Callable[[Any], Problem]]] = {
    Refusal: _refused,
    Invalid: _invalid,
    NotAuthenticated: _not_authenticated,
    ScopeMissing: lambda error: _coded("SCOPE_MISSING", str(error)),
    NotFound: lambda error: _coded("NOT_FOUND", str(error)),
    Conflict: lambda error: _coded(error.code, str(error)),
    PreconditionFailed: lambda error: _coded("PRECONDITION_FAILED", str(error)),
    TooManyRequests: lambda error: _coded("TOO_MANY_REQUESTS", str(error), error.headers),
    Unreadable: lambda error: _coded(error.code, str(error)),
    StoreUnavailable: lambda error: _coded(
        "STORE_UNAVAILABLE", f"nothing was changed; try again soon ({error})"
    ),
    web.HTTPException: _foreign,
}


def problems(clock: Clock) -> Middleware:
    """Return the middleware that answers errors and names every request."""
    start, numbers = new_id("req", clock()), count(1)  # cheap for each request, unique over restarts

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        request.app[SPOKEN].add(request.protocol)
        request_id = request[REQUEST_ID] = f"{start}_{next(numbers)}"
        try:
            return await handler(request)
        except ConnectionError:
            raise  # the caller has gone: there is nobody to answer
        except Exception as exc:  # noqa: BLE001 - the last place that can answer it
            return _answer(request, request_id, exc)

    return answer


def _answer(request: web.Request, request_id: str, error: Exception) -> web.Response:
    resource = request.match_info.route.resource
    where = {"method": request.method, "path": resource.canonical if resource else "", "request": request_id}
    problem = problem_of(error)
    if problem is None:
        log.error("request failed", action="request_failed", error=_trail(error), **where)
        detail = f"something went wrong inside; tell your administrator {request_id}"
        return _coded("INTERNAL", detail).response(request_id)
    codes = sorted({reason.code.value for reason in problem.reasons}) or [problem.code]
    log.info("request refused", action="request_refused", status=problem.status, codes=codes, **where)
    return problem.response(request_id)


def _trail(error: BaseException) -> str:
    """Return the kind of an error and where it came from; its message may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    steps = (f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {' > '.join(steps)}"

"""A route as data, and how one request goes through it: authenticate, parse, call, render."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from api.metrics import Meters
from api.reading import JSON, read_body, read_idempotency_key, read_query
from api.schema.base import Input, Listing, Output
from gateway.access import Access
from gateway.errors import NotAuthenticated, ScopeMissing
from gateway.records import Caller, Page, Scope
from gateway.usecases import UseCases

I = TypeVar("I", bound=Input)  # noqa: E741 - the customary name
O = TypeVar("O")  # noqa: E741
P = TypeVar("P", bound=Output)

SMALL: Final = 64 * 1024
LARGE: Final = 4 * 1024 * 1024
_LONGEST_TOKEN: Final = 200
IDENT: Final = "[a-z]{2,8}_[0-9a-z]{26}"


@dataclass(slots=True)
class Call(Generic[I]):
    """One request, parsed; `status` and `headers` are those of the answer."""

    use_cases: UseCases
    meters: Meters
    request: web.Request
    input: I
    who: Caller | None
    status: int
    ident: str = ""
    idempotency_key: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """Who is asking; only routes with a scope may."""
        assert self.who is not None  # noqa: S101 - the route table's promise
        return self.who

    def listing(self, kind: type[P], page: Page[Any]) -> Listing[P]:
        """Return a page with the address of the next one."""
        following = None
        if page.next is not None:
            following = str(self.request.rel_url.update_query(cursor=page.next))
        return Listing[kind].page(kind, page, following)  # type: ignore[valid-type]


@dataclass(frozen=True, slots=True)
class Route(Generic[I, O]):
    """What may be asked of the API. Without a scope there is no route."""

    method: str
    path: str  # `{id}` stands for an identifier
    handler: Callable[[Call[I]], Awaitable[O]]
    scope: Scope
    input: type[I]  # the body of a POST, else the query
    output: type[O]  # an `Output`, None for no content, or a `web.Response` of its own kind
    status: int = 200
    media: str = JSON  # of the body
    produces: str = JSON
    limit: int = SMALL  # octets of the body
    idempotent: bool = False  # takes an Idempotency-Key
    codes: tuple[str, ...] = ()  # of problems, besides those that every such route has

    @property
    def has_body(self) -> bool:
        """Whether the input is a body."""
        return self.method == "POST"


def bound(route: Route[Any, Any], use_cases: UseCases, meters: Meters) -> Handler:
    """Return the function that answers a route's requests."""

    async def handle(request: web.Request) -> web.StreamResponse:
        who = None
        if route.scope is not Scope.PUBLIC:
            who = await _admit(request, use_cases.access, route.scope)
        if route.has_body:
            given = await read_body(request, route.input, route.media, route.limit)
        else:
            given = read_query(request, route.input)
        call = Call(
            use_cases=use_cases,
            meters=meters,
            request=request,
            input=given,
            who=who,
            status=route.status,
            ident=request.match_info.get("id", ""),
            idempotency_key=read_idempotency_key(request) if route.idempotent else None,
        )
        return _rendered(await route.handler(call), call)

    return handle


async def _admit(request: web.Request, access: Access, scope: Scope) -> Caller:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("KEY_MISSING", "send your key: Authorization: Bearer sg_…")
    if len(token) > _LONGEST_TOKEN:
        raise NotAuthenticated("KEY_MALFORMED", "this is not a Schoolgate key")
    caller = await access.authenticate(token.strip(), request.remote or "unix")
    if scope not in caller.scopes:
        raise ScopeMissing(scope.value)
    return caller


def _rendered(result: object, call: Call[Any]) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    if result is None:
        return web.Response(status=204, headers=call.headers)
    assert isinstance(result, Output)  # noqa: S101 - the route table's promise
    return web.Response(
        body=result.model_dump_json().encode(), status=call.status, content_type=JSON, headers=call.headers
    )

"""A route as data, and how one request goes through it: authenticate, parse, call, render."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from api.limits import LEFT, Limits
from api.metrics import Meters
from api.peer import peer_uid
from api.reading import CSV, JSON, read_body, read_idempotency_key, read_if_match, read_query
from api.schema.base import Input, Listing, Output
from gateway.access import Access
from gateway.errors import NotAuthenticated, ScopeMissing, StoreUnavailable
from gateway.model import Clock
from gateway.origins import UNIX
from gateway.records import Caller, Page, Scope
from gateway.usecases import UseCases

I = TypeVar("I", bound=Input)  # noqa: E741 - the customary name
O = TypeVar("O")  # noqa: E741
P = TypeVar("P", bound=Output)

SMALL: Final = 64 * 1024
LARGE: Final = 4 * 1024 * 1024
_LONGEST_TOKEN: Final = 200
_WORTH_PACKING: Final = 1024  # octets
_IN_THREAD: Final = 32 * 1024  # octets; packing more would hold the loop up
_GZIP: Final = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)
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
    if_match: str | None = None  # an ETag without its quotes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """Who is asking; only routes with a scope may."""
        assert self.who is not None  # noqa: S101 - the route table's promise
        return self.who

    async def is_still_good(self) -> bool:
        """Say whether the key may still do what it was let in for: a stream outlives many a key."""
        try:
            who = await authenticated(self.request, self.use_cases.access)
        except (NotAuthenticated, StoreUnavailable):
            return False
        return who.scopes >= self.caller.scopes

    def listing(self, kind: type[P], page: Page[Any]) -> Listing[P]:
        """Return a page with the address of the next one."""
        following = None
        if page.next is not None:
            following = str(self.request.rel_url.update_query(cursor=page.next))
        return Listing[kind].page(kind, page, following)  # type: ignore[valid-type]

    def whole(self, kind: type[P], items: Sequence[Any]) -> Listing[P]:
        """Return all that there is, as one page."""
        return self.listing(kind, Page(tuple(items), None))

    def csv_file(self, text: str, name: str) -> web.Response:
        """Return a table as a file to keep."""
        self.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return web.Response(text=text, content_type=CSV, charset="utf-8", headers=self.headers)


@dataclass(frozen=True, slots=True)
class Route(Generic[I, O]):
    """What may be asked of the API. Without a scope there is no route."""

    method: str
    path: str  # `{id}` stands for an identifier
    handler: Callable[[Call[I]], Awaitable[O]]
    scope: Scope
    input: type[I]  # the body of a POST or PUT, else the query
    output: type[O]  # an `Output`, None for no content, or a `web.Response` of its own kind
    status: int = 200
    media: str = JSON  # of the body
    produces: str = JSON
    limit: int = SMALL  # octets of the body
    idempotent: bool = False  # takes an Idempotency-Key
    conditional: bool = False  # takes If-Match
    long: tuple[str, int] | None = None  # a list in the body that may be very long, and how long
    codes: tuple[str, ...] = ()  # of problems, besides those that every such route has

    @property
    def has_body(self) -> bool:
        """Whether the input is a body."""
        return self.method in ("POST", "PUT")


def bound(
    route: Route[Any, Any], use_cases: UseCases, meters: Meters, limits: Limits, clock: Clock
) -> Handler:
    """Return the function that answers a route's requests."""

    async def handle(request: web.Request) -> web.StreamResponse:
        who = None
        if route.scope is not Scope.PUBLIC:
            who = await authenticated(request, use_cases.access)
            request[LEFT] = limits.take(who.key_id, clock())
            if route.scope not in who.scopes:
                raise ScopeMissing(route.scope.value)
        if route.has_body:
            given = await read_body(request, route.input, route.media, route.limit, route.long)
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
            if_match=read_if_match(request) if route.conditional else None,
        )
        result = await route.handler(call)
        if not isinstance(result, Output):
            return _plain(result, call)
        long = route.long is not None
        return json_response(await asyncio.to_thread(result.encoded) if long else result.encoded(), call)

    return handle


async def authenticated(request: web.Request, access: Access) -> Caller:
    """Return who is asking; raise `NotAuthenticated`."""
    remote, given = request.remote or UNIX, request.headers.get("Authorization")
    if given is None and access.peers and (uid := peer_uid(request)) is not None:
        return await access.admit(uid, remote)
    kind, _, token = (given or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("KEY_MISSING", "send your key: Authorization: Bearer sg_…")
    if len(token) > _LONGEST_TOKEN:
        raise NotAuthenticated("KEY_MALFORMED", "this is not a Schoolgate key")
    return await access.authenticate(token.strip(), remote)


def _plain(result: object, call: Call[Any]) -> web.StreamResponse:
    if result is None:
        return web.Response(status=204, headers=call.headers)
    assert isinstance(result, web.StreamResponse)  # noqa: S101 - the route table's promise
    return result


def json_response(body: bytes, call: Call[Any]) -> web.Response:
    """Return a body of JSON, packed where the caller takes that and it is worth it."""
    response = web.Response(
        body=body,
        status=call.status,
        content_type=JSON,
        headers=call.headers,
        zlib_executor_size=_IN_THREAD,
    )
    if len(body) >= _WORTH_PACKING and _GZIP.search(call.request.headers.get("Accept-Encoding", "")):
        response.enable_compression(web.ContentCoding.gzip)
    return response

"""Endpoints of webhooks."""

from __future__ import annotations

from typing import Any

from api.route import Call
from api.schema.base import Listing, Nothing, Paging
from api.schema.events import Delivery, Endpoint, EndpointWithSecret, NewEndpoint, Since
from gateway.errors import PreconditionFailed
from gateway.records import EndpointView


async def add_endpoint(call: Call[NewEndpoint]) -> EndpointWithSecret:
    """Have events sent to an address; the secret that signs them is shown this once."""
    made, secret = await call.use_cases.webhooks.add(call.caller, call.input.request())
    return _with_secret(call, made, secret)


async def endpoints(call: Call[Nothing]) -> Listing[Endpoint]:
    """List the endpoints of the caller's person."""
    return call.whole(Endpoint, await call.use_cases.webhooks.list(call.caller))


async def endpoint(call: Call[Nothing]) -> Endpoint:
    """Show one endpoint."""
    return _shown(call, await call.use_cases.webhooks.get(call.caller, call.ident))


async def change_endpoint(call: Call[NewEndpoint]) -> Endpoint:
    """Replace what an endpoint is; with If-Match, only as it was last read."""
    version = _version(call)
    made = await call.use_cases.webhooks.change(call.caller, call.ident, call.input.request(), version)
    return _shown(call, made)


async def remove_endpoint(call: Call[Nothing]) -> None:
    """Remove an endpoint and its log."""
    await call.use_cases.webhooks.remove(call.caller, call.ident)


async def rotate_secret(call: Call[Nothing]) -> EndpointWithSecret:
    """Give an endpoint a new secret; the old one signs beside it for another day."""
    made, secret = await call.use_cases.webhooks.rotate(call.caller, call.ident)
    return _with_secret(call, made, secret)


async def test_endpoint(call: Call[Nothing]) -> None:
    """Send an endpoint the event `endpoint.test`."""
    await call.use_cases.webhooks.test(call.caller, call.ident)


async def replay(call: Call[Since]) -> None:
    """Send an endpoint everything since then again, under the same ids."""
    await call.use_cases.webhooks.replay(call.caller, call.ident, call.input.since)


async def deliveries(call: Call[Paging]) -> Listing[Delivery]:
    """List what became of each event that an endpoint was sent, newest first."""
    asked = call.input
    page = await call.use_cases.webhooks.log(call.caller, call.ident, cursor=asked.cursor, limit=asked.limit)
    return call.listing(Delivery, page)


def _shown(call: Call[Any], made: EndpointView) -> Endpoint:
    call.headers["ETag"] = f'"v{made.version}"'
    return Endpoint.of(made)


def _with_secret(call: Call[Any], made: EndpointView, secret: str) -> EndpointWithSecret:
    return EndpointWithSecret(**_shown(call, made).model_dump(), secret=secret)


def _version(call: Call[Any]) -> int | None:
    """Return the version that If-Match names; None where anything goes."""
    if call.if_match is None:
        return None
    named = call.if_match.removeprefix("v")
    if not (named.isascii() and named.isdecimal() and len(named) < 10):
        raise PreconditionFailed("If-Match is not an ETag of this endpoint: read it again")
    return int(named)

"""Events: live as server-sent events, and page by page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from functools import lru_cache
from typing import Final

from aiohttp import web

from api.route import Call
from api.schema.base import Listing
from api.schema.events import EventFilter, EventOut, EventPaging
from gateway.errors import Fault, Invalid
from gateway.events import TYPES, EventView

_SMALL: Final = 16 * 1024  # octets that an idle connection takes without waiting
_PATIENCE: Final = 30.0  # seconds that a listener may take to take what was written
_BEAT: Final = 15.0  # seconds; a comment keeps proxies patient, and the key is looked at again
_MOST_SEQ: Final = 2**53


async def events(call: Call[EventFilter]) -> web.StreamResponse:
    """Tell what happens as server-sent events, after `Last-Event-ID` or from now on."""
    types = _types(call.input.types)
    after = _last_id(call.request)
    after = call.input.after if after is None else after
    response = web.StreamResponse(headers={**call.headers, "Content-Type": "text/event-stream"})
    if call.request.method == "HEAD":
        return response
    async with call.use_cases.events.listening(call.caller, after, types, _BEAT) as groups:
        await response.prepare(call.request)
        await response.write(b": listening\n\n")
        await _stream(call, response, groups)
    return response


async def _stream(
    call: Call[EventFilter], response: web.StreamResponse, groups: AsyncIterator[Sequence[EventView]]
) -> None:
    """Write until the listener is too far behind, the key is no longer good, or the gateway stops."""
    async for group in groups:
        if group:
            await _write(call, response, b"".join(map(_frame, group)))
        elif await call.is_still_good():
            await _write(call, response, b": still here\n\n")
        else:
            return


async def _write(call: Call[EventFilter], response: web.StreamResponse, data: bytes) -> None:
    """Write; hang up on a listener that does not take it."""
    transport = call.request.transport
    at_once = transport is not None and not transport.get_write_buffer_size() and len(data) <= _SMALL
    try:
        async with asyncio.timeout(None if at_once else _PATIENCE):  # a timer costs
            await response.write(data)
    except TimeoutError:
        if transport is not None:
            transport.abort()
        raise ConnectionResetError("the listener does not read") from None


@lru_cache(maxsize=1024)
def _frame(event: EventView) -> bytes:
    """Return an event as every listener gets it."""
    data = EventOut.of(event).model_dump_json()
    return f"id: {event.seq}\nevent: {event.type}\ndata: {data}\n\n".encode()


async def event_page(call: Call[EventPaging]) -> Listing[EventOut]:
    """List events, oldest first, from a number on; they are kept for two weeks."""
    asked = call.input
    after = asked.cursor if asked.cursor is not None else asked.after or 0
    page = await call.use_cases.events.page(call.caller, after, asked.limit, _types(asked.types))
    return call.listing(EventOut, page)


def _types(asked: str | None) -> Collection[str]:
    """Return the types that are meant; raise `Invalid` for one that there is not."""
    found: set[str] = set()
    for each in (asked or "").split(",") if asked else ():
        family = each.removesuffix("*")
        meant = [kind for kind in TYPES if kind == each or (each != family and kind.startswith(family))]
        if not meant:
            raise Invalid((Fault("types", f"events: {', '.join(TYPES)}, or such as message.*"),))
        found.update(meant)
    return found


def _last_id(request: web.Request) -> int | None:
    given = request.headers.get("Last-Event-ID", "")
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) <= 16 and int(given) <= _MOST_SEQ):
        raise Invalid((Fault("Last-Event-ID", "must be the id of an event: a whole number"),))
    return int(given)

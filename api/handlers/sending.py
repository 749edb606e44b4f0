"""The switch that suspends all sending (8.1)."""

from __future__ import annotations

import structlog

from api.route import Call
from api.schema.base import Nothing
from api.schema.sending import Sending, Stop, Why

log = structlog.get_logger()


async def show(call: Call[Nothing]) -> Sending:
    """Say whether sending goes on, and when it did not."""
    stops = await call.use_cases.sending.list()
    suspended = call.use_cases.sending.switch.off_since is not None
    return Sending(suspended=suspended, stops=tuple(Stop.of(stop) for stop in stops))


async def suspend(call: Call[Why]) -> Stop:
    """Suspend all sending at once: nothing is taken in and nothing leaves; what waits is kept."""
    stop = await call.use_cases.sending.suspend(call.caller.handle, call.input.reason)
    log.warning("sending is suspended", action="sending_suspended", by=stop.made_by)
    return Stop.of(stop)


async def resume(call: Call[Why]) -> Stop:
    """Let sending go on."""
    stop = await call.use_cases.sending.resume(call.caller, call.input.reason)
    log.warning("sending goes on", action="sending_resumed", by=stop.ended_by)
    return Stop.of(stop)

"""Parts in doubt."""

from __future__ import annotations

from api.route import Call
from api.schema.base import Listing, Nothing
from api.schema.doubts import Doubt, Settled
from gateway.doubts import Word


async def doubts(call: Call[Nothing]) -> Listing[Doubt]:
    """List the parts of which nobody knows whether they were sent, oldest first."""
    return call.whole(Doubt, await call.use_cases.doubts.list(call.caller))


async def settle(call: Call[Settled]) -> None:
    """Say what became of a part in doubt."""
    given = call.input
    await call.use_cases.doubts.resolve(call.caller, call.ident, given.part, Word(given.outcome))

"""Incidents: what must be answered by a day."""

from __future__ import annotations

from api.route import Call
from api.schema.base import Listing
from api.schema.duties import Closing, Incident, NewIncident, WhichIncidents


async def incidents(call: Call[WhichIncidents]) -> Listing[Incident]:
    """List the incidents that are open, the most urgent first."""
    return call.whole(Incident, await call.use_cases.incidents.list(closed=call.input.closed))


async def open_incident(call: Call[NewIncident]) -> Incident:
    """Start the clock of a request of a person, a complaint or a breach of data."""
    given = call.input
    return Incident.of(
        await call.use_cases.incidents.open(call.caller, given.kind, given.note, given.known_at)
    )


async def close_incident(call: Call[Closing]) -> Incident:
    """Say how an incident was answered; its clock stops."""
    return Incident.of(await call.use_cases.incidents.close(call.caller, call.ident, call.input.outcome))

"""The gateway itself: modems, health, metrics."""

from __future__ import annotations

from aiohttp import web

from api.route import Call
from api.schema.alerts import Alert
from api.schema.base import Listing, Nothing
from api.schema.console import AtAnswer, AtCommand
from api.schema.service import Alive, Forecast, ForecastQuery, Modem, NotifyKey, Ready


async def modems(call: Call[Nothing]) -> Listing[Modem]:
    """Show what each modem is doing."""
    return call.whole(Modem, call.use_cases.health.modems())


async def console(call: Call[AtCommand]) -> AtAnswer:
    """Say one command to a modem, between two of the gateway's own; what is said is noted."""
    given = call.input
    said = await call.use_cases.consoles.say(call.caller, given.modem, given.command, write=given.write)
    return AtAnswer.of(said)


async def alerts(call: Call[Nothing]) -> Listing[Alert]:
    """Show what needs a person, the oldest first."""
    return call.whole(Alert, call.use_cases.alerts.standing())


async def forecast(call: Call[ForecastQuery]) -> Forecast:
    """Say how long the queue, and so many parts more, will take."""
    return Forecast.of(await call.use_cases.forecasts.forecast(call.input.parts))


async def notify_key(call: Call[Nothing]) -> NotifyKey:
    """Show the key that asks, in the form that clients of GOV.UK Notify take."""
    return NotifyKey(api_key=await call.use_cases.govuk.key_for(call.caller))


async def alive(_call: Call[Nothing]) -> Alive:
    """Say that the process answers."""
    return Alive(status="ok")


async def ready(call: Call[Nothing]) -> Ready:
    """Say whether the gateway can send and store now; 503 with the reasons if not."""
    readiness = await call.use_cases.health.ready()
    if not readiness.ready:
        call.status = 503
        call.headers["Retry-After"] = "5"
    return Ready.of(readiness)


async def metrics(call: Call[Nothing]) -> web.Response:
    """Give the metrics in Prometheus' text format."""
    body = await call.meters.scrape(call.use_cases)
    return web.Response(body=body, headers={"Content-Type": call.meters.content_type})

"""Wordings of consent, consents confirmed by text, consents that end soon."""

from __future__ import annotations

from aiohttp import web

from api.route import Call
from api.schema.base import Listing, Nothing, Paging
from api.schema.consents import NewOptIn, NewWording, OptIn, Soon, Wording
from api.schema.recipients import Consent


async def wordings(call: Call[Nothing]) -> Listing[Wording]:
    """List the versions of what people are shown when they agree, by name."""
    return call.whole(Wording, await call.use_cases.wordings.list())


async def add_wording(call: Call[NewWording]) -> Wording:
    """Put the next version of a wording on record; the same text again is the version that there is."""
    return Wording.of(await call.use_cases.wordings.add(call.caller, call.input.name, call.input.text))


async def wording(call: Call[Nothing]) -> Wording:
    """Show one version."""
    return Wording.of(await call.use_cases.wordings.get(call.ident))


async def opt_ins(call: Call[Paging]) -> Listing[OptIn]:
    """List who was asked by text to confirm what they asked for by form, newest first."""
    page = await call.use_cases.opt_ins.list(cursor=call.input.cursor, limit=call.input.limit)
    return call.listing(OptIn, page)


async def ask(call: Call[NewOptIn]) -> OptIn:
    """Record a form, and send its person the one text that asks to confirm it with YES."""
    asked = call.input
    return OptIn.of(await call.use_cases.opt_ins.ask(call.caller, asked.request(), asked.language))


async def expiring(call: Call[Soon]) -> Listing[Consent]:
    """List the consents that end within so many days and that no later one replaces, by their end."""
    return call.whole(Consent, await call.use_cases.consents.expiring(call.input.days))


async def export_consents(call: Call[Nothing]) -> web.Response:
    """Hand out the consents that were not withdrawn as a list that can be imported; who took it is noted."""
    return call.csv_file(await call.use_cases.consents.export(call.caller), "consents.csv")

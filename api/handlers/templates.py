"""Templates."""

from __future__ import annotations

from typing import Any

from api.route import Call
from api.schema.base import Listing, Nothing
from api.schema.templates import NewTemplate, Preview, Template, TemplateFilter, Values
from gateway.records import TemplateView
from gateway.templates import tag


async def templates(call: Call[TemplateFilter]) -> Listing[Template]:
    """List the versions of templates."""
    found = await call.use_cases.templates.list(name=call.input.name, status=call.input.status)
    return call.whole(Template, found)


async def draft_template(call: Call[NewTemplate]) -> Template:
    """Enter a new version, which sends nothing until it is approved.

    With If-Match, only if the version that it begins with is still the newest.
    """
    made = await call.use_cases.templates.draft(call.caller, call.input.request(), call.if_match)
    return _tagged(call, made)


async def template(call: Call[Nothing]) -> Template:
    """Show one version."""
    return _tagged(call, await call.use_cases.templates.get(call.ident))


async def preview_template(call: Call[Values]) -> Preview:
    """Show a version's text with these values, and its exact characters and parts; nothing is sent."""
    return Preview.of(await call.use_cases.templates.preview_of(call.ident, call.input.slots))


async def approve_template(call: Call[Nothing]) -> Template:
    """Let a version be sent, as the second person."""
    return _tagged(call, await call.use_cases.templates.approve(call.caller, call.ident, call.if_match))


async def retire_template(call: Call[Nothing]) -> Template:
    """End a version: nothing more is sent from it."""
    return _tagged(call, await call.use_cases.templates.retire(call.caller, call.ident, call.if_match))


def _tagged(call: Call[Any], made: TemplateView) -> Template:
    call.headers["ETag"] = f'"{tag(made.id, made.status)}"'
    return Template.of(made)

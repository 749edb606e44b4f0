"""What each of Notify's addresses does: ask the use cases that /v1 asks, answer in Notify's form."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.govuk.schema import Notifications, OfType, Preview, Received, Sms
from api.govuk.words import MEANT, WORDS, from_uuid, instant, placeholders, to_uuid, word
from api.problems import Problem
from api.route import Call
from api.schema.base import Nothing
from gateway.errors import Fault, Invalid, NotFound, Refusal
from gateway.model import FINAL
from gateway.records import InboxView, MessageRequest, MessageView, TemplateView

Json = dict[str, Any]

_PAGE: Final = 200
_FAILURES: Final = frozenset(each for each in WORDS if each.endswith("-failure"))


class Declined(Exception):
    """What Notify says no to before it looks further, in its own words."""


async def send_sms(call: Call[Sms]) -> Json:
    """Send a text message; accepted is 201 here."""
    asked = call.input
    try:
        template = await _template(call, "template_id", asked.template_id)
    except NotFound:
        raise Declined("Template not found") from None
    request = MessageRequest(
        to=asked.phone_number,
        template=template.name,
        language=template.language,
        slots=_slots(template, asked.personalisation),
        reference=asked.reference,
        shared_reference=True,
    )
    try:
        receipt = await call.use_cases.outbound.submit(call.caller, request)
    except Refusal as refusal:
        call.meters.refuse(refusal.decision)
        raise
    call.meters.accept(1)
    made = await call.use_cases.queries.message(call.caller, receipt.id)
    return {
        "id": to_uuid(receipt.id),
        "reference": asked.reference,
        "content": {"body": made.text, "from_number": None},
        "uri": _address(call, f"/v2/notifications/{to_uuid(receipt.id)}"),
        "template": (await _names(call, [made])).get(made.template_id),
        "scheduled_for": None,
    }


async def send_other(_call: Call[Nothing]) -> Json:
    """Refuse what is no text message."""
    raise Declined("this service sends text messages only")


async def notification(call: Call[Nothing]) -> Json:
    """Show one message."""
    ident = from_uuid("msg", "id", call.request.match_info["uuid"])
    found = await call.use_cases.queries.message(call.caller, ident)
    return _shown(found, await _names(call, [found]))


async def notifications(call: Call[Notifications]) -> Json:
    """List the messages of the key's person, newest first."""
    asked = call.input
    wanted = _statuses(asked.status)
    found: list[MessageView] = []
    cursor = None if asked.older_than is None else from_uuid("msg", "older_than", asked.older_than)
    more = bool(wanted) and asked.template_type in (None, "sms")
    while more and not found:
        page = await call.use_cases.queries.messages(
            call.caller,
            among=frozenset().union(*(MEANT[each] for each in wanted)),
            reference=asked.reference,
            cursor=cursor,
            limit=_PAGE,
        )
        found = [each for each in page.items if word(each) in wanted]
        cursor, more = page.next, page.next is not None
    names = await _names(call, found)
    return {"notifications": [_shown(each, names) for each in found], "links": _links(call, found)}


async def received(call: Call[Received]) -> Json:
    """List what came in, newest first."""
    older = call.input.older_than
    cursor = None if older is None else from_uuid("inb", "older_than", older)
    page = await call.use_cases.queries.inbox(cursor=cursor, limit=_PAGE)
    texts = [_received(call, each) for each in page.items]
    return {"received_text_messages": texts, "links": _links(call, page.items)}


async def template(call: Call[Nothing]) -> Json:
    """Show a template as it would be sent now."""
    uuid = call.request.match_info["uuid"]
    return _wording(await _template(call, "id", uuid), uuid)


async def template_version(call: Call[Nothing]) -> Json:
    """Show one version of a template."""
    given = call.request.match_info
    current = await _template(call, "id", given["uuid"])
    versions = await call.use_cases.templates.list(name=current.name)
    for each in versions:
        if each.language == current.language and str(each.version) == given["version"]:
            return _wording(each, given["uuid"])
    raise NotFound("there is no such version")


async def templates(call: Call[OfType]) -> Json:
    """List the templates that can be sent."""
    if call.input.type not in (None, "sms"):
        return {"templates": []}
    versions = await call.use_cases.templates.list()
    first: dict[tuple[str, str], str] = {}
    for each in versions:
        first.setdefault((each.name, each.language), to_uuid(each.id))
    sent = [each for each in versions if each.status == "approved"]
    return {"templates": [_wording(each, first[each.name, each.language]) for each in sent]}


async def preview(call: Call[Preview]) -> Json:
    """Show a template with values in it; nothing is sent."""
    current = await _template(call, "id", call.request.match_info["uuid"])
    slots = _slots(current, call.input.personalisation)
    made, rendered = await call.use_cases.templates.preview(current.id, slots)
    if rendered.reasons:
        raise Invalid(
            tuple(Fault(each.field or "personalisation", each.message) for each in rendered.reasons)
        )
    return {
        "id": call.request.match_info["uuid"],
        "type": "sms",
        "version": made.version,
        "body": rendered.text,
        "subject": None,
        "postage": None,
        "html": html.escape(rendered.text).replace("\n", "<br>"),
    }


def declined(error: Declined) -> Problem:
    """Return what the caller is told of it."""
    return Problem(code="DECLINED", detail=str(error), status=400)


def _slots(template: TemplateView, given: Mapping[str, str]) -> dict[str, str]:
    """Return what the template has a place for; what it has none for is overlooked, as by Notify."""
    missing = [name for name in template.slots if name not in given]
    if missing:
        raise Declined(f"Missing personalisation: {', '.join(missing)}")
    return {name: given[name] for name in template.slots}


def _statuses(asked: Sequence[str]) -> frozenset[str]:
    """Return the words that are asked for and may occur; all, if none is named."""
    wanted = frozenset(asked or WORDS)
    return (wanted | _FAILURES if "failed" in wanted else wanted) & frozenset(WORDS)


async def _template(call: Call[Any], field: str, uuid: str) -> TemplateView:
    """Return the version that sends, whichever version's id is given; where none does, the one named."""
    named = await call.use_cases.templates.get(from_uuid("tpl", field, uuid))
    versions = await call.use_cases.templates.list(name=named.name, status="approved")
    return next((each for each in versions if each.language == named.language), named)


async def _names(call: Call[Any], shown: Sequence[MessageView]) -> Mapping[str | None, Json]:
    """Return how each template of some messages is named to the caller, by our own id."""
    names: dict[str | None, Json] = {}
    for ident in {each.template_id for each in shown} - {None}:
        made = await call.use_cases.templates.get(str(ident))
        uuid = to_uuid(made.id)
        address = _address(call, f"/v2/template/{uuid}/version/{made.version}")
        names[ident] = {"id": uuid, "version": made.version, "uri": address}
    return names


def _shown(message: MessageView, names: Mapping[str | None, Json]) -> Json:
    sent = [part.sent_at for part in message.parts if part.sent_at is not None]
    return {
        "id": to_uuid(message.id),
        "reference": message.reference,
        "email_address": None,
        "phone_number": message.to,
        **{f"line_{number}": None for number in range(1, 7)},
        "postcode": None,
        "postage": None,
        "type": "sms",
        "status": word(message),
        "template": names.get(message.template_id),
        "body": message.text,
        "subject": None,
        "created_at": instant(message.created_at),
        "created_by_name": None,
        "sent_at": instant(max(sent, default=None)),
        "completed_at": instant(message.updated_at if message.status in FINAL else None),
        "scheduled_for": instant(message.not_before),
        "estimated_delivery": None,
        "one_click_unsubscribe_url": None,
        "is_cost_data_ready": False,  # nobody tells the gateway what a text costs
        "cost_in_pounds": None,
        "cost_details": {},
    }


def _received(call: Call[Any], text: InboxView) -> Json:
    return {
        "id": to_uuid(text.id),
        "created_at": instant(text.received_at),
        "service_id": call.request.get("service_id"),
        "notify_number": text.modem,
        "user_number": text.sender.removeprefix("+"),
        "content": text.text,
    }


def _wording(template: TemplateView, uuid: str) -> Json:
    personal = {name: {"required": True} for name in template.slots}
    return {
        "id": uuid,
        "name": template.name,
        "type": "sms",
        "created_at": instant(template.created_at),
        "updated_at": instant(template.approved_at),
        "created_by": template.author,
        "version": template.version,
        "body": placeholders(template.body),
        "subject": None,
        "postage": None,
        "letter_contact_block": None,
        "personalisation": personal,
    }


def _links(call: Call[Any], items: Any) -> Json:  # noqa: ANN401 - messages or replies
    links = {"current": _address(call, str(call.request.rel_url))}
    if items:
        links["next"] = _address(
            call, str(call.request.rel_url.update_query(older_than=to_uuid(items[-1].id)))
        )
    return links


def _address(call: Call[Any], path: str) -> str:
    return f"{call.request.scheme}://{call.request.host}{path}"

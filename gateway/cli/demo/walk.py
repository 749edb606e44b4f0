"""The walk: what the demo does, and what it looks at to know that it really happened."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from gateway.cli.demo.show import Show, Unproven
from gateway.cli.demo.world import World
from gateway.clock import utc_now

PARENTS: Final = tuple(f"+4477009001{index:02}" for index in range(1, 9))
FIRST, WORRIED = PARENTS[0], PARENTS[1]
STRANGER: Final = "+447700900199"  # never agreed to anything
TEMPLATE: Final = {
    "name": "trip",
    "purpose": "event_notice",
    "body": "The trip to {place} is on {day}. Please bring a packed lunch.",
    "slots": {
        "place": {"type": "choice", "choices": ["the museum", "the farm"]},
        "day": {"type": "date"},
    },
}
REPLY: Final = "Please could you take our family off this list, thank you"


@dataclass(slots=True)
class Walk:
    """One walk through the main job; later steps look back at what earlier ones did."""

    world: World
    show: Show
    delivered: str = ""  # ids of messages
    cancelled: str = ""
    stopped: str = ""  # the number of the parent who said STOP
    texts: list[str] = field(default_factory=list)  # what was sent and received, to be searched for

    def message(self, to: str, **slots: str) -> dict[str, Any]:
        """Return the body of a message to a parent."""
        return {"to": to, "template": "trip", "slots": self.slots() | slots}

    def slots(self) -> dict[str, str]:
        """Return values that the template takes."""
        return {"place": "the museum", "day": f"{utc_now().date() + timedelta(days=14)}"}

    async def ok(self, who: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Make a request that must succeed; return its JSON."""
        status, answer = await self.world.ask(who, method, path, body)
        if status >= HTTPStatus.BAD_REQUEST:
            raise Unproven(f"{method} {path} answered {status}: {answer}")
        return answer

    async def refused(self, who: str, path: str, body: object, *, code: str, clause: str | None) -> None:
        """Make a request that must be refused for one reason; tick it with its clause."""
        status, answer = await self.world.ask(who, "POST", path, body)
        found = answer or {}
        seen = (found.get("code"), found.get("clause"))
        if status < HTTPStatus.BAD_REQUEST or seen != (code, clause):
            raise Unproven(f"expected {code} by clause {clause}, and POST {path} answered {status}: {answer}")
        self.show.saw(f"HTTP {status} {code}, clause {clause}: {found['detail']}")

    async def eventually(self, look: Callable[[], Any], seconds: float, what: str) -> Any:  # noqa: ANN401
        """Look again and again until there is something to see; return it."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = look()
                    if inspect.isawaitable(found):
                        found = await found
                    if found:
                        return found
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise Unproven(f"not seen within {seconds:g} s: {what}") from None

    async def status(self, ident: str) -> str:
        """Return a message's status."""
        return str((await self.ok("office", "GET", f"/v1/messages/{ident}"))["status"])

    async def reaches(self, ident: str, wanted: str, seconds: float = 15) -> list[str]:
        """Follow a message to a status; return those it was seen in on the way."""
        seen: list[str] = []

        async def look() -> bool:
            status = await self.status(ident)
            if status not in seen[-1:]:
                seen.append(status)
            return status == wanted

        await self.eventually(look, seconds, f"{ident} to be {wanted}")
        return seen


Step = Callable[[Walk], Awaitable[None]]


async def gateway_starts(walk: Walk) -> None:
    """Wait until the daemon says that it is ready, and has a modem."""

    async def ready() -> bool:
        return (await walk.world.ask("office", "GET", "/readyz"))[0] == HTTPStatus.OK

    await walk.eventually(ready, 20, "the gateway to be ready")
    modem = (await walk.ok("office", "GET", "/v1/modems"))["items"][0]
    walk.show.check(
        modem["phase"] == "ready",
        f"modem {modem['name']} ({modem['model']}) is registered: {modem['registration']}",
    )
    walk.show.saw(f"the API answers at {walk.world.url}, on this machine only")


async def template_is_approved(walk: Walk) -> None:
    """3.3: two people for every wording."""
    draft = await walk.ok("author", "POST", "/v1/templates", TEMPLATE)
    path = f"/v1/templates/{draft['id']}/approve"
    await walk.refused("author", path, None, code="SECOND_PERSON_REQUIRED", clause="3.3")
    approved = await walk.ok("head", "POST", path)
    walk.show.check(
        approved["status"] == "approved" and approved["approver"] != approved["author"],
        f"version {approved['version']} of “{approved['name']}” is approved by {approved['approver']}",
    )


async def consent_is_recorded(walk: Walk) -> None:
    """4.1: a list of consents, each with its evidence."""
    given = f"{utc_now().date() - timedelta(days=30)}"
    lines = [f"{number},event_notice,paper_form,2026-09,folder 3,{given}" for number in PARENTS]
    text = "\n".join(["number,purposes,method,wording,evidence,given_at", *lines, ""])
    report = await walk.world.upload("office", "/v1/consents/import", text)
    walk.show.check(report["imported"] == len(PARENTS), f"{len(PARENTS)} parents' consents are on record")


async def message_is_delivered(walk: Walk) -> None:
    """Do the main job: submit, send, delivery report, and the text on the parent's telephone."""
    body = walk.message(FIRST)
    promised = (await walk.ok("office", "POST", "/v1/messages/check", body))["text"]
    receipt = await walk.ok("office", "POST", "/v1/messages", body)
    walk.show.check(receipt["status"] == "queued", f"accepted: {receipt['id']} is on the disk, queued")
    await walk.eventually(lambda: walk.world.texts(FIRST), 15, "the text on the handset")
    walk.show.check(walk.world.texts(FIRST) == [promised], f"the handset shows: {promised}")
    seen = await walk.reaches(receipt["id"], "delivered")
    walk.show.saw(f"the delivery report came back: {' → '.join(['queued', *seen])}")
    walk.delivered = receipt["id"]
    walk.texts += [promised, FIRST]


async def policy_refuses(walk: Walk) -> None:
    """7.2 and 3.3: nobody who did not agree, nothing but approved words."""
    before = len(walk.world.texts(FIRST))
    await walk.refused("office", "/v1/messages", walk.message(STRANGER), code="CONSENT_MISSING", clause="7.2")
    private = walk.message(FIRST, place="hospital: call us about Bella's treatment")
    await walk.refused("office", "/v1/messages", private, code="SLOT_INVALID", clause="3.3")
    walk.show.check(
        not walk.world.texts(STRANGER) and len(walk.world.texts(FIRST)) == before,
        "neither handset got anything",
    )


async def stop_ends_what_waits(walk: Walk) -> None:
    """6.2: a STOP while a batch runs cancels what still waits for that number."""
    before = {number: len(walk.world.texts(number)) for number in PARENTS}
    body = {"template": "trip", "slots": walk.slots(), "recipients": [{"to": number} for number in PARENTS]}
    batch = await walk.ok("office", "POST", "/v1/batches", body)
    results = {result["id"]: PARENTS[result["position"]] for result in batch["results"]}
    walk.show.check(batch["accepted"] == len(PARENTS), f"{len(PARENTS)} messages are queued: {batch['id']}")
    await walk.eventually(
        lambda: any(len(walk.world.texts(n)) > before[n] for n in PARENTS), 15, "the first of the batch"
    )
    waiting = await walk.ok("office", "GET", "/v1/messages?status=queued&limit=200")
    mine = sorted(message["id"] for message in waiting["items"] if message["id"] in results)
    theirs = [ident for ident in mine if results[ident] != WORRIED]  # who has a step of their own
    if not theirs:
        raise Unproven("the batch went out before anybody could reply")
    walk.cancelled, walk.stopped = theirs[-1], results[theirs[-1]]
    walk.world.network.text(walk.stopped, walk.world.modem, "STOP")
    walk.show.saw(f"{len(mine)} still wait when {walk.stopped} replies: STOP")
    await walk.reaches(walk.cancelled, "cancelled")
    message = await walk.ok("office", "GET", f"/v1/messages/{walk.cancelled}")
    walk.show.check(message["cancel_reason"] == "opted_out", "their queued message is cancelled: opted_out")
    for ident in results:
        if ident != walk.cancelled:
            await walk.reaches(ident, "delivered", 25)
    walk.show.saw(f"the other {len(results) - 1} are delivered")
    got = walk.world.texts(walk.stopped)[before[walk.stopped] :]
    walk.show.check(len(got) == 1, "since then their handset got one text and no more:")
    walk.show.check(got == [walk.world.settings.stop_confirmation], got[0])
    walk.texts.append(walk.stopped)


async def opted_out_is_refused(walk: Walk) -> None:
    """6.2: from now on, whoever asks."""
    await walk.refused(
        "office", "/v1/messages", walk.message(walk.stopped), code="RECIPIENT_OPTED_OUT", clause="6.2"
    )


async def doubtful_reply_waits(walk: Walk) -> None:
    """6.2: what only smells of refusal pauses the number until a person has read it."""
    walk.world.network.text(WORRIED, walk.world.modem, REPLY)

    async def held() -> Any:  # noqa: ANN401 - JSON
        return (await walk.ok("office", "GET", "/v1/opt-outs/holds"))["items"]

    holds = await walk.eventually(held, 15, "the reply among those that a person must read")
    inbox = (await walk.ok("office", "GET", "/v1/inbox"))["items"]
    reply = next((each for each in inbox if each["id"] == holds[0]["inbox_id"]), None)
    walk.show.check(reply is not None and reply["text"] == REPLY, f"waits for a person: “{REPLY}”")
    await walk.refused(
        "office", "/v1/messages", walk.message(WORRIED), code="RECIPIENT_ON_HOLD", clause="6.2"
    )
    walk.texts += [REPLY, WORRIED]


async def start_restores(walk: Walk) -> None:
    """6.2: START lifts what the parent made; the consent on record is what it was."""
    before = len(walk.world.texts(walk.stopped))
    walk.world.network.text(walk.stopped, walk.world.modem, "START")
    path = f"/v1/opt-outs?number=%2B{walk.stopped.removeprefix('+')}"

    async def lifted() -> bool:
        return not (await walk.ok("office", "GET", path))["items"]

    await walk.eventually(lifted, 15, "the opt-out to be lifted")
    walk.show.saw("START lifted the opt-out (one automatic reply an hour: the STOP had its own)")
    receipt = await walk.ok("office", "POST", "/v1/messages", walk.message(walk.stopped))
    await walk.reaches(receipt["id"], "delivered")
    trip = [text for text in walk.world.texts(walk.stopped)[before:] if "packed lunch" in text]
    walk.show.check(len(trip) == 1, "the next message is on their handset again")

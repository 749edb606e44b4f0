"""The one verdict on every story of a misbehaving modem: nothing lost, nothing doubled, nothing untrue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway import sms
from gateway.simulator import Kind
from gateway.simulator.network import canonical
from gateway.store import Keyring, load_key_file
from tests.system.site import Site, eventually
from tests.system.story import FIRST
from tests.system.view import overtaken, read

COPIES = {
    "sent": (1, 1),
    "delivered": (1, 1),
    "undelivered": (1, 1),
    "failed": (0, 0),
    "expired": (0, 0),
    "cancelled": (0, 0),
    "uncertain": (0, 1),
}
"""How many copies the network may have of a part of which the gateway says this: at least, at most."""

Content = tuple[str, str]  # number, text of the part


@dataclass(frozen=True, slots=True)
class Part:
    """One part as the gateway knows it."""

    message: str
    number: int
    to: str
    text: str
    status: str
    mr: int | None
    cause: str | None


async def verdict(
    made: Site, *, within: float = 30, stopped: bool = False, unread: int = 0, killed: bool = False
) -> Counter[str]:
    """Wait until a site has come to rest, judge everything that it did, return how many parts ended how.

    `stopped`: the modem waits for a person, so that parts may stay queued; they must not be on the air.
    `unread`: how many slots of the modems hold what is not for us to take. `killed`: reports may have died
    with a process; so they do where a modem has no memory for them and they only pass by (AT+CNMI, ds=1).
    """

    def moving() -> str:
        return unrest(made, unread) or ("" if killed and not keeps_reports(made) else unreported(made))

    if not stopped:
        try:
            await eventually(lambda: not moving(), within)
        except TimeoutError:
            raise AssertionError(f"no rest after {within:g} s: {moving()}") from None
    keyring = load_key_file(made.directory / "schoolgate.keys")
    parts = list(stored_parts(made.directory, keyring))
    judge_copies(made, parts)
    judge_references(made, parts)
    judge_reports(made, parts)
    judge_inbox(made, keyring)
    judge_slots(made)
    judge_stops(made, keyring)
    return Counter(part.status for part in parts if part.to != FIRST)


def unrest(made: Site, unread: int) -> str:
    """Return what has not come to rest: what waits, is on its way, or was not fetched."""
    open_ = "('held', 'scheduled', 'queued', 'sending')"
    query = f"SELECT message_id, number, status, cause FROM part WHERE status IN {open_} LIMIT 5"  # noqa: S608
    if moving := read(made.directory, query):
        return f"parts on their way: {moving}"
    for modem in made.network.modems.values():
        held = {memory.name: len(memory.slots) for memory in modem.storage.memories.values()}
        waiting = made.network.centre.waiting(modem.number)
        if sum(held.values()) > unread or waiting:
            return f"{modem.name} holds {held}, the network {waiting} for it"
    return ""


def keeps_reports(made: Site) -> bool:
    """Return whether every modem has a memory for reports."""
    return all("SR" in modem.storage.memories for modem in made.network.modems.values())


def unreported(made: Site) -> str:
    """Return what was sent, and is not known to have been reported although it was."""
    keyring, dropped = load_key_file(made.directory / "schoolgate.keys"), dropped_reports(made)
    for part in stored_parts(made.directory, keyring, "sent"):
        if (part.to, part.mr) not in dropped and final(made, part.to):
            return f"not reported: {part}"
    return ""


def dropped_reports(made: Site) -> set[tuple[str, int | None]]:
    """Return recipient and reference of reports that a modem took and did not pass on (AT+CNMI, ds=0).

    So modems do between their restart and our settings: no evidence of what became of such a part is left.
    """
    reports = [sms.decode_inbound(str(entry["pdu"])) for entry in made.network.ledger.of(Kind.DROPPED)]
    return {(canonical(r.recipient.number), r.mr) for r in reports if isinstance(r, sms.StatusReport)}


def final(made: Site, to: str) -> bool:
    """Return whether the network tells what became of messages to this number in the end."""
    statuses = made.network.handset(to).statuses
    return bool(statuses) and sms.tp_outcome(statuses[-1]) not in (
        sms.TpOutcome.STILL_TRYING,
        sms.TpOutcome.FORWARDED,
    )


def stored_parts(directory: Path, keyring: Keyring, only: str = "") -> Iterator[Part]:
    """Yield every part of every message that the gateway ever accepted, or `only` those of a status."""
    query = """
        SELECT message.id, number_sealed, body_sealed, part.number, part.status, part.mr, part.cause
          FROM part JOIN message ON message.id = message_id
    """
    query += f" WHERE part.status = '{only}'" if only else ""
    for ident, sealed, body_sealed, number, status, mr, cause in read(directory, query):
        to = keyring.open("message", "number", str(ident), bytes(sealed))  # type: ignore[arg-type]
        body = keyring.open("message", "body", str(ident), bytes(body_sealed))  # type: ignore[arg-type]
        submits = sms.submits(body, sms.Address.parse(to), reference=0)
        text = submits[int(str(number)) - 1].text or ""
        yield Part(
            str(ident),
            int(str(number)),
            to,
            text,
            str(status),
            None if mr is None else int(str(mr)),
            None if cause is None else str(cause),
        )


def judge_copies(made: Site, parts: list[Part]) -> None:
    """Every part is on the air as often as its status says: once, never, or nobody can know."""
    least: Counter[Content] = Counter()
    most: Counter[Content] = Counter()
    for part in parts:
        low, high = COPIES.get(part.status, (0, 0))
        least[part.to, part.text] += low
        most[part.to, part.text] += high
    sent: Counter[Content] = Counter()
    for entry in made.network.ledger.of(Kind.ACCEPTED):
        submit = sms.decode_submit(str(entry["pdu"]))
        sent[canonical(submit.recipient.number), submit.text or ""] += 1
    for content in least | most | sent:
        told = [part for part in parts if (part.to, part.text) == content]
        assert least[content] <= sent[content] <= most[content], (sent[content], content, told)


def judge_references(made: Site, parts: list[Part]) -> None:
    """What is said to be sent carries a reference that the network gave for that number."""
    given = {(entry["to"], entry["mr"]) for entry in made.network.ledger.of(Kind.ACCEPTED)}
    for part in parts:
        if part.status in ("sent", "delivered", "undelivered"):
            assert (part.to, part.mr) in given, part


def judge_reports(made: Site, parts: list[Part]) -> None:
    """What is said to be delivered is on the handset."""
    arrived: Counter[Content] = Counter()
    for entry in made.network.ledger.of(Kind.HANDSET_RECEIVED):
        deliver = sms.decode_deliver(str(entry["pdu"]))
        arrived[str(entry["to"]), deliver.text or ""] += 1
    told = Counter((part.to, part.text) for part in parts if part.status == "delivered")
    assert told <= arrived, told - arrived


def judge_inbox(made: Site, keyring: Keyring) -> None:
    """Every text that handsets sent is in the inbox, once for each time that it was sent."""
    texts = [entry for entry in made.network.ledger.of(Kind.HANDSET_SENT) if entry["whole"]]
    sent = Counter((str(entry["sender"]), str(entry["text"])) for entry in texts)
    found = inbox(made.directory, keyring)
    assert found == sent, f"missing: {sent - found}; too many: {found - sent}"


def inbox(directory: Path, keyring: Keyring) -> Counter[Content]:
    """Return what the gateway shows as received and complete."""
    query = "SELECT id, number_sealed, text_sealed FROM inbox WHERE complete"
    return Counter(
        (
            keyring.open("inbox", "number", str(ident), bytes(number)),  # type: ignore[arg-type]
            keyring.open("inbox", "text", str(ident), bytes(text)),  # type: ignore[arg-type]
        )
        for ident, number, text in read(directory, query)
    )


def judge_slots(made: Site) -> None:
    """No slot was freed unread: neither a message that was there before nor one that came into it since."""
    last: dict[tuple[str, object, object], Kind] = {}
    for entry in made.network.ledger.of(Kind.STORED, Kind.READ, Kind.DELETED):
        place = entry.modem, entry["memory"], entry["index"]
        assert entry.kind is not Kind.DELETED or last.get(place) is Kind.READ, entry
        last[place] = entry.kind


def judge_stops(made: Site, keyring: Keyring) -> None:
    """Everybody who sent STOP is opted out, and no message was handed over after that."""
    texts = made.network.ledger.of(Kind.HANDSET_SENT)
    stopped = {str(entry["sender"]) for entry in texts if "STOP" in str(entry["text"]).split()}
    suppressed = {index for (index,) in read(made.directory, "SELECT number_index FROM suppression")}
    assert {keyring.index(each) for each in stopped} <= suppressed
    assert list(overtaken(made.directory)) == []

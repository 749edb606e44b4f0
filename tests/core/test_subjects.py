"""Clauses 1.2 and 4.2: a person sees all that is kept about a number, and after an erasure nothing opens."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import Connection, LargeBinary, insert, select, update

from gateway import sms
from gateway.errors import Conflict, Invalid
from gateway.gate import Gate
from gateway.inbound import Inbound
from gateway.model import RawSms, Status
from gateway.numbers import Identify
from gateway.own_texts import OwnTexts
from gateway.replies import Replies
from gateway.sms import timestamp
from gateway.store import Database, Keyring, audit, create_key_file, load_key_file, outbox, recipients
from gateway.store.schema import consent, metadata, part, recipient_hold, suppression
from gateway.subject_file import packed
from gateway.subjects import Subjects
from gateway.verify_audit import Chain
from policy import Classifier, PolicySettings
from tests.blank import fresh

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HERS, OTHER = "+447700900123", "+447700900124"
WORDS = "Zebra marmalade <b>"
UCS2, BINARY = sms.Coding.of(sms.Alphabet.UCS2), sms.Coding.of(sms.Alphabet.DATA)


@dataclass(slots=True)
class Store:
    database: Database
    keyring: Keyring
    settings: PolicySettings

    @property
    def subjects(self) -> Subjects:
        return Subjects(self.database, self.keyring, self.settings, lambda: NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    create_key_file(tmp_path / "keys")
    keyring, policy = load_key_file(tmp_path / "keys"), PolicySettings.load()
    async with fresh(tmp_path / "store.db") as database:
        made = Store(database, keyring, policy)
        for number in (HERS, OTHER):
            await fill(made, number)
        yield made


async def fill(store: Store, number: str) -> None:
    """Enter what a year with a number leaves behind: texts, consent, replies, PDUs of every kind."""
    for place, status in enumerate((Status.QUEUED, Status.SENT, Status.DELIVERED)):
        await send(store, number, f"msg_{number[-1]}{place}", status)
    ident = f"con_{number[-1]}"
    agreed = {
        "id": ident, "number_index": store.keyring.index(number), "purpose": "event_notice",
        "number_sealed": store.keyring.seal("consent", "number", ident, number), "method": "paper_form",
        "evidence_sealed": store.keyring.seal("consent", "evidence", ident, "box 7"), "wording": "May we?",
        "recorded_by": "amy", "given_at": NOW, "expires_at": NOW + timedelta(days=700), "created_at": NOW,
    }  # fmt: skip
    await store.database.write(lambda c: c.execute(insert(consent), agreed))
    await receive(store, arrivals(number))


async def send(store: Store, number: str, ident: str, status: Status) -> None:
    new = outbox.NewMessage(
        id=ident, kind="message", number=number, number_index=store.keyring.index(number), parts=1,
        purpose="event_notice", body=f"{WORDS} for {number}", alphabet="gsm7", status=status, priority=20,
        expires_at=NOW + timedelta(days=1), created_at=NOW,
    )  # fmt: skip
    await store.database.write(lambda c: outbox.add(c, [outbox.seal(store.keyring, new)]))
    row = audit.row(NOW, actor="amy", action="submit", target=ident, outcome="ALLOW")
    await store.database.write(lambda c: audit.append(c, [row]))


def arrivals(number: str) -> list[bytes]:
    sender, national = sms.Address.parse(number), sms.Address.parse("0" + number[3:])
    stamp = timestamp.encode(NOW)
    text = sms.UserData(UCS2, WORDS.encode("utf-16-be"))
    binary = sms.UserData(BINARY, b"\x01\x02")
    whole = sms.Deliver(sender=national, stamp=stamp, data=text).encode()
    return [
        whole,
        sms.Deliver(sender=sender, stamp=stamp, data=binary).encode(),
        sms.Deliver(sender=sender, stamp=stamp, data=text, pid=0x40).encode(),
        sms.StatusReport(mr=7, recipient=sender, stamp=stamp, discharge=stamp, status=0).encode(),
        whole[:-4],  # cut off: quarantine
        sms.Deliver(sender=sender, stamp=stamp, data=text).encode()[:-4],
    ]


async def receive(store: Store, pdus: list[bytes]) -> None:
    gate = Gate(lambda: None)
    replies = Replies(OwnTexts(store.keyring), gate, store.settings, Classifier(store.settings))
    inbound = Inbound(
        "main", store.database, store.keyring, Identify(store.settings), replies, lambda: NOW, lambda: None
    )
    await inbound.received([RawSms(pdu.hex().upper(), "sim0", None, "stored", "SM", 1, NOW) for pdu in pdus])


def opened(connection: Connection, keyring: Keyring) -> list[str]:
    """Return everything in every table that opens, and everything that was never sealed."""
    found = []
    for table in metadata.sorted_tables:
        for row in connection.execute(select(table)).mappings():
            for column in table.c:
                value = row[column.name]
                if column.name.endswith("_sealed") and value is not None:
                    value = keyring.open(table.name, column.name.removesuffix("_sealed"), row["id"], value)
                if not isinstance(column.type, LargeBinary) or column.name.endswith("_sealed"):
                    found.append(f"{table.name}.{column.name}={value}")
    return found


def forms(number: str) -> tuple[str, ...]:
    """Return how a number can be written: plainly, and as PDUs have it, with 44 and with 0."""
    digits = number[-10:]
    international, national = "44" + digits, "0" + digits + "F"
    pairs = ["".join(d[i + 1] + d[i] for i in range(0, 12, 2)) for d in (international, national)]
    return digits, *pairs


async def of(store: Store, number: str) -> list[str]:
    every = await store.database.read(lambda c: opened(c, store.keyring))
    return [each for each in every if any(form in each for form in forms(number))]


async def indexed(store: Store, number: str) -> set[str]:
    """Return the tables that know the number's blind index."""
    index = store.keyring.index(number)
    tables = [table for table in metadata.sorted_tables if "number_index" in table.c]

    def query(connection: Connection) -> set[str]:
        asked = (select(table).where(table.c.number_index == index) for table in tables)
        return {
            table.name
            for table, each in zip(tables, asked, strict=True)
            if connection.execute(each).first() is not None
        }

    return await store.database.read(query)


async def test_after_an_erasure_nothing_of_the_number_opens_and_all_of_another_does(store: Store) -> None:
    assert len(await of(store, HERS)) >= 12  # the search finds what is there
    before = await of(store, OTHER)
    done = await store.subjects.erase("07700 900123", by="cli:amy")
    assert (done.removed["message"], done.removed["consent"], done.removed["inbox"]) == (3, 1, 1)
    assert done.removed["inbound"] == 6
    assert await of(store, HERS) == []
    assert await indexed(store, HERS) == set()
    assert await of(store, OTHER) == before


async def test_the_opt_out_and_the_audit_log_stay(store: Store) -> None:
    index = store.keyring.index(HERS)
    opted = {"number_index": index, "topic": "", "source": "sms", "made_by": "recipient"}
    await store.database.write(lambda c: recipients.suppress(c, NOW, ident="opt_1", **opted))
    done = await store.subjects.erase(HERS, by="cli:amy")
    assert done.opt_outs_kept == 1
    assert await indexed(store, HERS) == {"suppression"}
    entries = await store.database.read(lambda c: audit.entries(c, 0, 1000))
    chain = Chain()
    for each in entries:
        chain.take(each)
    last = entries[-1]
    assert (last["action"], last["actor"], last["detail"]["message"]) == ("subject-erased", "cli:amy", 3)
    assert [each["target"] for each in entries if each["action"] == "submit"][:1] == ["msg_30"]


async def test_a_refusal_that_nobody_has_read_becomes_an_opt_out(store: Store) -> None:
    index = store.keyring.index(HERS)
    await store.database.write(
        lambda c: recipients.hold(c, NOW, ident="hold_1", number_index=index, inbox_id="inb_1")
    )
    assert (await store.subjects.erase(HERS, by="cli:amy")).opt_outs_kept == 1
    left = await store.database.read(lambda c: c.execute(select(suppression.c.topic)).scalars().all())
    assert left == [""]
    assert await store.database.read(lambda c: c.execute(select(recipient_hold)).first()) is None


async def test_nothing_is_erased_while_a_text_is_on_the_radio_or_under_a_legal_hold(store: Store) -> None:
    sending = update(part).where(part.c.message_id == "msg_30").values(status=Status.SENDING)
    await store.database.write(lambda c: c.execute(sending))
    message = metadata.tables["message"]
    derived = update(message).where(message.c.id == "msg_30").values(status=Status.SENDING)
    await store.database.write(lambda c: c.execute(derived))
    with pytest.raises(Conflict, match="on the radio"):
        await store.subjects.erase(HERS, by="cli:amy")
    kept = store.settings.retention.model_copy(update={"legal_hold": True})
    store.settings = store.settings.model_copy(update={"retention": kept})
    with pytest.raises(Conflict, match="legal hold"):
        await store.subjects.erase(OTHER, by="cli:amy")
    assert len(await of(store, HERS)) >= 12
    assert len(await of(store, OTHER)) >= 12


@pytest.mark.parametrize("given", ["", "60444", "07700 900123 (mum)", "SCHOOL", "+44"])
async def test_what_is_no_number_is_said_so(store: Store, given: str) -> None:
    with pytest.raises(Invalid):
        await store.subjects.erase(given, by="cli:amy")
    with pytest.raises(Invalid):
        await store.subjects.export(given, by="cli:amy")


async def test_an_export_has_all_that_the_store_knows_by_that_number(store: Store) -> None:
    known = await store.subjects.export(HERS, by="cli:amy")
    archive = zipfile.ZipFile(io.BytesIO(packed(known)))
    told = json.loads(archive.read("subject.json"))
    assert {name for name, rows in told["records"].items() if rows} == await indexed(store, HERS)
    assert {row["body"] for row in told["records"]["message"]} == {f"{WORDS} for {HERS}"}
    assert told["records"]["consent"][0]["evidence"] == "box 7"
    assert told["records"]["inbox"][0]["text"] == WORDS
    assert {each["target"] for each in told["decisions"]} == {"msg_30", "msg_31", "msg_32"}
    assert OTHER not in archive.read("subject.json").decode()
    (entry,) = await store.database.read(lambda c: audit.of_target(c, store.keyring.index(HERS).hex()[:16]))
    assert (entry["action"], entry["actor"]) == ("subject-exported", "cli:amy")


async def test_the_page_is_whole_escaped_and_asks_nothing_of_the_network(store: Store) -> None:
    known = await store.subjects.export(HERS, by="cli:amy")
    page = zipfile.ZipFile(io.BytesIO(packed(known))).read("subject.html").decode()

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.text = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert not {name for name, _ in attrs} & {"src", "href"}
            assert tag not in ("script", "link", "b")
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_data(self, data: str) -> None:
            self.text += data

    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert f"{WORDS} for {HERS}" in reader.text
    assert "url(" not in page

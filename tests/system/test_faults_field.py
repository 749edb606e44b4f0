"""What was met in the field, each case of it once: HTTP in, handset out, and the verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.clock import utc_now
from gateway.simulator import Kind, Network
from gateway.simulator.card import SMSC
from gateway.simulator.faults_babble import Babble
from gateway.simulator.relay import address_field, compose, report, service_centre
from gateway.simulator.storage import Slot, Stat
from gateway.store import load_key_file
from tests.sms.shared import BY_ID
from tests.sms.shared import FIELD as VECTORS
from tests.system.heard import AT_ONCE, hears, waited
from tests.system.site import Site, eventually, message
from tests.system.story import ANNA, BEN, CARA, DAN, EVE, EVERYBODY, NEVER, long_template, posted, stage
from tests.system.test_faults_link import state
from tests.system.verdict import verdict
from tests.system.view import count, read

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

HOUR: Final = 3600  # lines
FIELD: Final = "+447700900123"  # who sent what is in the vectors
ELSEWHERE: Final = "+33609001390"  # another SMS centre than that of the SIM
WORDS: Final = "We are on holiday until the end of the month and cannot answer. " * 3


async def test_an_hour_of_what_modems_say_by_themselves_changes_nothing(
    furnished_stage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a second in an hour, here a thousand a second: 3,600 of them, each kind again and again."""
    async with stage(furnished_stage, tmp_path, before=babbling) as made:
        (babble,) = made.modems[0].faults
        assert isinstance(babble, Babble)
        posts = 0
        while babble.said_so_far < HOUR:
            (ident,) = await posted(made, [EVERYBODY[posts % 20]])
            made.network.text(CARA, "sim0", f"Reply {posts}")
            await made.reaches(ident, "delivered", within=60)
            posts += 1
        made.network.text(BEN, "sim0", "STOP")
        assert await verdict(made, within=60) == {"delivered": posts + 1}
        assert max(waited(made)) <= AT_ONCE
        await hears(made, DAN)
        await eventually(lambda: strange_lines(made), what="lines of no make to be counted, at the next look")
    log = capsys.readouterr().out
    assert "part sent" in log
    assert not [line for line in log.splitlines() if "modem.fault" in line or "Traceback" in line]


async def strange_lines(made: Site) -> int:
    return int((await state(made))["strange_lines"])


def babbling(network: Network) -> None:
    network.modems["sim0"].fault("babble", every=0.001)


PLACES: Final = [
    ("AT+CMGS", 0),
    ("AT+CMGS", 1),
    ("AT+CMGS", 2),
    ("AT+CMGL", 0),
    ("AT+CPMS", 1),
    ("AT+CMGD", 0),
    ("AT+CREG?", 0),
    ("AT+CREG?", 1),
]


async def test_a_message_is_heard_of_wherever_in_an_answer_it_comes(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """Before the prompt, before the reference, between it and OK, and in the answers to other questions."""
    async with stage(furnished_stage, tmp_path, sweep=NEVER) as made:
        turns = 0
        for place in PLACES:
            gap = -1.0
            while gap < 0:  # a look, after the report of the turn before, found it first
                gap = await until_read(made, turns, *place)
                turns += 1
            assert gap <= AT_ONCE, place
        assert await verdict(made) == {"delivered": turns}


async def until_read(made: Site, turn: int, command: str, at: int) -> float:
    """Have a text announced there in the answer to `command`; return the seconds until it was read."""
    modem, text, sender = made.modems[0], f"Reply {turn}", EVERYBODY[20 + turn % 20]
    (pdu,) = compose(sender, text, utc_now())
    index = modem.storage.memories["SM"].put(pdu, Stat.UNREAD)
    made.network.ledger.note(Kind.HANDSET_SENT, sender=sender, text=text, parts=1, whole=True)
    modem.fault("lie", command=command, at=at, text=f'\r\n+CMTI: "SM",{index}\r\n')
    await posted(made, [EVERYBODY[turn % 20]])
    modem.urc("+CREG: 1")  # so that it is asked
    await eventually(lambda: not modem.faults, what=f"{command} to be asked")
    await eventually(lambda: not modem.storage.memories["SM"].slots, what=text)
    read = next(e for e in reversed(made.network.ledger.of(Kind.READ)) if e["memory"] == "SM")
    return read.at - made.network.ledger.of(Kind.FAULT_OVER)[-1].at


async def test_every_kind_of_report_finds_its_part(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        await long_template(made)
        for each in EVERYBODY[:6]:
            made.network.handset(each).reports("silent")
        idents = await posted(made, EVERYBODY[:5])
        idents.append(await made.post(EVERYBODY[5], template="long"))
        for ident in idents:
            await made.reaches(ident, "sent")
        national, elsewhere, failed, twice, forwarded = range(5)
        said(made, national, 0, to="0" + EVERYBODY[national][3:])
        said(made, elsewhere, 0, centre=ELSEWHERE)
        said(made, failed, 0x63)
        for status in (0x30, 0, 0, 0x30):
            said(made, twice, status)
        said(made, forwarded, 1)  # no word of the handset
        said(made, 5, 0, part=2)
        made.network.deliver("sim0", report(200, address_field(ANNA), utc_now(), utc_now(), 0))  # of no part
        ends = await verdict(made)
        assert ends == {"delivered": 4, "undelivered": 1, "sent": 2}
        assert [(await made.message(ident))["status"] for ident in idents] == [
            "delivered", "delivered", "undelivered", "delivered", "sent", "sent"
        ]  # fmt: skip


def said(made: Site, index: int, status: int, *, to: str = "", centre: str = SMSC, part: int = 1) -> None:
    """Let the network report of a part to that one of `EVERYBODY`."""
    number = EVERYBODY[index]
    taken = [entry for entry in made.network.ledger.of(Kind.ACCEPTED) if entry["to"] == number]
    at = utc_now()
    pdu = report(int(str(taken[part - 1]["mr"])), address_field(to or number), at, at, status)
    made.network.deliver("sim0", by(centre, pdu))


def by(centre: str, pdu: bytes) -> bytes:
    """Return a PDU as another SMS centre brings it."""
    return service_centre(centre) + pdu[1 + pdu[0] :]


HARD: Final = (
    "S36 seq 0",
    "S40a surrogate split 1/2",
    "S40b surrogate split 2/2",
    "S41b esc split 2/2",
    "S41a esc split 1/2",
)


async def test_parts_that_are_hard_to_put_together_make_the_text_that_was_sent(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """Across a restart; two at once, from one phone and two, one reference; by two centres; cut anywhere."""
    at = utc_now()
    early, late = compose(DAN, f"{WORDS} DAN", at, reference=7)
    async with stage(furnished_stage, tmp_path, first=False) as made:
        made.network.deliver("sim0", early)
        await eventually(lambda: count(tmp_path, "SELECT count(*) FROM inbound WHERE kind = 'part'") == 1)
    async with stage(furnished_stage, tmp_path) as made:
        first, second = (compose(EVE, f"{WORDS} EVE {n}", at, reference=n) for n in (1, 2))
        second = [by(ELSEWHERE, pdu) if index else pdu for index, pdu in enumerate(second)]
        other = compose(ANNA, f"{WORDS} ANNA", at, reference=7)
        for pdu in (other[0], late, first[1], second[0], first[0], other[1], second[1]):
            made.network.deliver("sim0", pdu)
        wrote(made, DAN, f"{WORDS} DAN")
        wrote(made, ANNA, f"{WORDS} ANNA")
        for n in (1, 2):
            wrote(made, EVE, f"{WORDS} EVE {n}")
        for name in HARD:
            made.network.deliver("sim0", BY_ID[f"synthetic {name}"])
        wrote(made, FIELD, "x")
        wrote(made, FIELD, "a" * 66 + "\N{GRINNING FACE}STOP")
        wrote(made, FIELD, "a" * 152 + "€ due")
        await verdict(made)


def wrote(made: Site, sender: str, text: str) -> None:
    """Have it on record that somebody sent this text, whatever brings it."""
    made.network.ledger.note(Kind.HANDSET_SENT, sender=sender, text=text, parts=2, whole=True)


MARKS: Final = {
    "synthetic S07 type0 silent": "silent",
    "synthetic S17 wap push mms": "binary",
    "synthetic S18 mwi discard": "silent",
    "synthetic S24 udl 0 with udhi": "text",  # an empty one: the header that it promises is missing
}
SHOWN: Final = "SELECT count(*) FROM inbound WHERE kind NOT IN ('text', 'part') AND inbox_id IS NOT NULL"


def mark(vector: dict[str, Any]) -> str:
    """Return what a PDU is to be kept as, where it is no message; else nothing."""
    broken = "ERROR" in vector["decode"] or vector["decode"]["type"] == "SUBMIT"
    return MARKS.get(vector["id"], "quarantine" if broken else "")


async def test_whatever_is_no_message_is_kept_and_frees_its_slot(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """Every PDU that others found troublesome, each marked as what it is, and a STOP at the end."""
    async with stage(furnished_stage, tmp_path, first=False) as made:
        vectors = {vector["pdu"].upper(): vector for vector in VECTORS if len(vector["pdu"]) % 2 == 0}
        for pdu in sorted(vectors):
            made.network.deliver("sim0", pdu)
        made.network.text(BEN, "sim0", "STOP")
        await eventually(lambda: emptied(made))
        made.modems[0].fault("tear", characters=7, count=100)  # an odd number of digits, however often read
        made.network.text(CARA, "sim0", "Hello")
        await eventually(lambda: any(len(pdu) % 2 for pdu in marks(made)), what="the torn one")
        await eventually(lambda: emptied(made))
        marked = marks(made)
        for pdu, (kind, why) in marked.items():
            assert (kind == "quarantine") == bool(why), pdu
        wanted = {pdu: mark(vector) for pdu, vector in vectors.items() if mark(vector)}
        assert {pdu: marked[pdu][0] for pdu in wanted} == wanted
        assert {kind for pdu, (kind, _) in marked.items() if len(pdu) % 2} == {"quarantine"}
        assert count(tmp_path, SHOWN) == 0
        reports = len(made.network.ledger.of(Kind.REPORT))  # of the confirmations of STOP
        assert count(tmp_path, "SELECT count(*) FROM inbound") == len(vectors) + 2 + reports
        assert count(tmp_path, "SELECT count(*) FROM inbound WHERE kind = 'pending'") == 0
        status, answer = await made.call("POST", "/v1/messages", message(BEN))
        assert (status, answer["code"]) == (409, "RECIPIENT_OPTED_OUT")


def emptied(made: Site) -> bool:
    """Whether all that the network had for the modem was taken and freed."""
    memories = made.modems[0].storage.memories.values()
    return not made.network.centre.waiting(made.modems[0].number) and not any(m.slots for m in memories)


def marks(made: Site) -> dict[str, tuple[str, str]]:
    """Return of each PDU as it was read what it was taken for, and why it is none, where it is."""
    keyring = load_key_file(made.directory / "schoolgate.keys")
    rows = read(made.directory, "SELECT id, pdu_sealed, kind, coalesce(detail, '') FROM inbound")
    return {
        keyring.open("inbound", "pdu", str(ident), bytes(sealed)): (str(kind), str(detail))  # type: ignore[arg-type]
        for ident, sealed, kind, detail in rows
    }


@pytest.mark.parametrize("refused", [{2}, {0, 1, 2, 3}], ids=["where it buffers", "altogether"])
async def test_notifications_that_are_offered_and_refused_are_done_without(
    furnished_stage: Path, tmp_path: Path, refused: set[int]
) -> None:
    def refuse(network: Network) -> None:
        modem = network.modems["sim0"]
        both = frozenset((mode, ds) for mode in refused for ds in range(3))
        modem.persona = replace(modem.persona, cnmi_refused=both)

    async with stage(furnished_stage, tmp_path, before=refuse, first=False) as made:
        assert (await state(made))["notifications"] == ("1,1,0,1,0" if refused == {2} else "poll")
        await posted(made, [ANNA])
        made.network.text(CARA, "sim0", "STOP")
        assert await verdict(made) == {"delivered" if refused == {2} else "sent": 2}  # who announces, reports


async def test_a_report_whose_place_is_anothers_destroys_nothing(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """The modem names slot 0 of SM; the report lies in SR, and a draft of somebody's lies there."""
    async with stage(furnished_stage, tmp_path, persona="quectel-ec25") as made:
        (draft,) = compose(CARA, "A draft of somebody's", utc_now())
        made.modems[0].storage.memories["SM"].slots[0] = Slot(Stat.UNSENT, draft)
        made.modems[0].fault("lose_cmti", count=2)
        await posted(made, [ANNA])
        await made.network.ledger.until(Kind.INDICATION_LOST)
        made.modems[0].urc('+CDSI: "SM",0')
        made.network.text(BEN, "sim0", "Hello")
        made.modems[0].urc("+CMTI: ,-1")
        assert await verdict(made, unread=1) == {"delivered": 1}
        assert made.modems[0].storage.memories["SM"].slots[0].pdu == draft


async def test_a_network_for_messages_only_is_one_and_a_sim_that_is_taken_out_says_so(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("deregister", stat=6)
        await made.reaches(await made.post(ANNA), "delivered")
        made.modems[0].urc("+CPIN: SIM REMOVED")
        made.modems[0].fault("no_sim", seconds=2)
        await posted(made, [BEN])
        assert await verdict(made) == {"delivered": 2}

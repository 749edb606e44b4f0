"""Every transcript drives the real driver over a real pseudo-terminal; and a recording is about nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import sms
from gateway.model import Accepted, ModemPhase
from gateway.modem.pseudonyms import Pseudonyms
from gateway.modem.recording import record
from gateway.modem.transcript import Exchange, Recorder, Transcript
from tests.modem.fake import HELLO, SUBMIT, FakeModem, Store, driver, now, running, until
from tests.modem.replay import ReplayedModem, transcripts


def read(path: Path) -> Transcript:
    return Transcript.parse(path.read_text())


each_transcript = pytest.mark.parametrize("path", transcripts(), ids=lambda path: path.stem)


@each_transcript
async def test_a_transcript_is_a_modem_that_works(path: Path, tmp_path: Path, store: Store) -> None:
    transcript = read(path)
    facts = transcript.facts
    fake = ReplayedModem(tmp_path, transcript)
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        outcome = await modem.send(SUBMIT, permit=lambda: True, more=False)
        await store.until(int(facts["receives"]))
        if facts["storage"] != "not told":
            await until(lambda: modem.state.storage_total is not None)
        state = modem.state
    fake.unplug()
    assert outcome == Accepted(int(facts["sends"]))
    assert (state.phase, state.failures) == (ModemPhase.READY, 0)
    told = {
        name: getattr(state, name) or "not told"
        for name in ("model", "imei", "iccid", "operator", "technology")
    }
    assert told == {name: facts[name] for name in told}
    assert state.notifications.startswith(facts["notifications"])
    known = state.storage_total is not None
    assert (f"{state.storage_used} of {state.storage_total}" if known else "not told") == facts["storage"]
    assert len(store.messages) == int(facts["receives"])
    for message in store.messages:
        sms.decode_inbound(message.pdu)


@each_transcript
def test_a_transcript_says_where_it_is_from_and_is_written_as_it_reads(path: Path) -> None:
    text, transcript = path.read_text(), read(path)
    assert transcript.facts["source"].startswith(("written from documents", "recorded by"))
    assert list(transcript.lines()) == [line for line in text.splitlines() if line]


@each_transcript
def test_no_number_in_a_transcript_is_somebodys(path: Path) -> None:
    """Drama numbers and service centres only: what the pseudonyms would make of the PDUs is what they are."""
    for exchange in read(path).exchanges:
        for line in (*exchange.answer, *exchange.unasked):
            if len(line) > 40 and set(line) <= set("0123456789ABCDEF"):
                decoded = sms.decode_inbound(line)
                party = decoded.sender if isinstance(decoded, sms.Deliver) else decoded.recipient
                assert party.digits.startswith("447700900"), line


def test_every_family_that_is_promised_has_a_transcript() -> None:
    profiles = {read(path).facts["profile"] for path in transcripts()}
    assert profiles >= {
        "huawei", "huawei-e173", "simcom-sim800", "simcom", "simcom-a7670", "quectel", "zte", "sierra",
        "siemens", "u-blox", "telit",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("> AT\n< OK\nnonsense\n", "line 3"),
        ("> AT\n>> 00\n", "line 2: nothing is written at a prompt"),
    ],
)
def test_a_line_that_is_none_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Transcript.parse(text)


def test_a_recorder_sees_the_same_however_the_bytes_are_cut() -> None:
    passing = [
        ("out", b"\x1b\rAT+CSQ\r"),
        ("in", b'AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n+CMTI: "SM",1\r\n'),
        ("out", b"AT+CMGS=4\r"),
        ("in", b"\r\n> "),
        ("out", b"00110000\x1a"),
        ("in", b"\r\n+CMGS: 7\r\n\r\nOK\r\n"),
    ]
    found = []
    for size in (1, 3, 1000):
        recorder = Recorder()
        for way, data in passing:
            take = recorder.wrote if way == "out" else recorder.heard
            for start in range(0, len(data), size):
                take(data[start : start + size])
        found.append(recorder.exchanges)
    assert found[0] == found[1] == found[2]
    assert list(Transcript({}, found[0]).lines()) == [
        "> AT+CSQ",
        "< +CSQ: 20,99",
        "< OK",
        '! +CMTI: "SM",1',
        "> AT+CMGS=4",
        "<>",
        ">> 00110000",
        "< +CMGS: 7",
        "< OK",
    ]


async def recorded_from(fake: FakeModem, seen: str) -> tuple[Transcript, str]:
    """Record until the driver has gone on after the command `seen`."""
    stop = asyncio.Event()
    task = asyncio.create_task(record(fake.path, 115200, stop, now))
    await until(lambda: seen in fake.commands[:-1], 20)
    stop.set()
    return await task


with_a_card = [path for path in transcripts() if read(path).facts["iccid"] != "not told"]


@pytest.mark.parametrize("path", with_a_card[:4], ids=lambda path: path.stem)
async def test_what_is_recorded_replays_and_is_about_nobody(path: Path, tmp_path: Path, store: Store) -> None:
    """Record a replayed modem, then drive the driver with what was recorded: the same modem, another SIM."""
    original = read(path)
    fake = ReplayedModem(tmp_path, original)
    recorded, why = await recorded_from(fake, "AT+COPS?")
    fake.unplug()
    assert why == ""
    text = "\n".join(recorded.lines())
    for private in (original.facts["imei"], original.facts["iccid"], "447785016005", "447958879879"):
        assert private not in text
    again = ReplayedModem(tmp_path, Transcript.parse(text))
    modem = driver(again.path, store)
    async with running(modem):
        await modem.settled()
        state = modem.state
    again.unplug()
    assert (state.phase, state.model) == (ModemPhase.READY, original.facts["model"])
    assert len(state.iccid) == len(original.facts["iccid"])
    assert state.iccid != original.facts["iccid"]


async def test_a_modem_that_holds_a_message_is_recorded_to_the_end_and_keeps_it(fake: FakeModem) -> None:
    fake.stores["SM"] = {4: HELLO}
    recorded, why = await recorded_from(fake, "AT+COPS?")
    assert why == ""
    assert [each.command for each in recorded.exchanges].count("AT+CMGL=4") < 5
    assert fake.stores["SM"] == {4: HELLO}


PRIVATE = "0791447758100650040C91447758214365000062901080030040" + "04D4F29C0E"


def test_numbers_cards_texts_and_pdus_become_others_of_the_same_kind() -> None:
    said = [
        Exchange("AT+CSCA?", ['+CSCA: "+447785016005",145', "OK"]),
        Exchange("AT+CGSN", ["353142030000123", "OK"]),
        Exchange("AT+CCID", ["+CCID: 8944110068000000123", "OK"]),
        Exchange("AT+CMGR=1", ["+CMGR: 0,,23", PRIVATE, "OK"]),
        Exchange('AT+CUSD=1,"*100#",15', ["OK"], unasked=['+CUSD: 2,"Your credit is 4.20",15']),
        Exchange("AT+CSCA?", ['+CSCA: "002B003400340037003700380035003000310036003000300035",145', "OK"]),
        Exchange("AT+CSQ", ["+CSQ: 20,99", "OK"], unasked=['+CLIP: "+447785123456",145']),
    ]
    pseudonyms = Pseudonyms()
    anonymous = pseudonyms.exchanges(said)
    text = "\n".join(Transcript({}, anonymous).lines())
    for private in ("447785016005", "447785123456", "353142030000123", "8944110068000000123", "credit"):
        assert private not in text
    pdu = sms.decode_deliver(anonymous[3].answer[1])
    assert sms.tpdu_length(anonymous[3].answer[1]) == sms.tpdu_length(PRIVATE)
    assert pdu.text == "xxxx"
    assert pdu.smsc is not None
    centre = anonymous[0].answer[0].split('"')[1]
    assert pdu.smsc.number == centre
    assert bytes.fromhex(anonymous[5].answer[0].split('"')[1]).decode("utf-16-be") == centre
    assert pdu.sender.number == anonymous[6].unasked[0].split('"')[1]
    assert anonymous[6].answer[0] == "+CSQ: 20,99"
    assert len(anonymous[1].answer[0]) == 15
    assert anonymous[2].answer[0].startswith("+CCID: 8944")


async def test_messages_on_the_sim_stay_there_while_it_is_recorded(fake: FakeModem) -> None:
    fake.stores["SM"][3] = PRIVATE
    recorded, _ = await recorded_from(fake, "AT+CMGL=4")
    assert fake.stores["SM"] == {3: PRIVATE}
    assert not [command for command in fake.commands if command.startswith(("AT+CMGD=3", "AT+CPIN="))]
    assert PRIVATE not in "\n".join(recorded.lines())


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=6))
def test_whatever_a_modem_says_can_be_recorded_and_made_anonymous(said: list[str]) -> None:
    recorder = Recorder()
    recorder.wrote(b"AT+X\r")
    for line in said:
        recorder.heard(f"{line}\r\n".encode("latin-1"))
    anonymous = Pseudonyms().exchanges(recorder.exchanges)
    lines = list(Transcript({}, anonymous).lines())
    assert all(line.startswith(("> ", "< ", "! ")) for line in lines)


@given(
    st.from_regex(r"\A[1-9][0-9]{8,14}\Z"), st.sampled_from(['+CLIP: "+%s",145', "%s", '+CNUM: ,"%s",129'])
)
def test_no_number_survives_in_any_line(digits: str, form: str) -> None:
    shown = Pseudonyms().line(form % digits)
    assert digits not in shown or digits.startswith("44770090000")
    assert len(shown) == len(form % digits)

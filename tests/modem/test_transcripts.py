"""Every transcript drives the real driver over a real pseudo-terminal; and a recording is about nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway import sms
from gateway.model import Accepted, ModemPhase
from gateway.modem.errors import ModemGone
from gateway.modem.recording import record
from gateway.modem.transcript import Recorder, Transcript
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


async def test_a_port_that_says_nothing_makes_no_transcript(fake: FakeModem) -> None:
    fake.mute = True
    with pytest.raises(ModemGone, match=r"nothing answered at .*--baud"):
        await recorded_for(fake, 0.2)
    fake.replies = {"AT": "~~\r\n", "ATE0": "~~\r\n"}  # as at a wrong speed
    fake.mute = False
    with pytest.raises(ModemGone, match=r"nothing answered at .*--baud"):
        await recorded_for(fake, 0.2)
    assert "AT" in fake.commands


async def recorded_for(fake: FakeModem, seconds: float) -> tuple[Transcript, str]:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    return await record(fake.path, 115200, stop, now)


async def test_messages_on_the_sim_stay_there_while_it_is_recorded(fake: FakeModem) -> None:
    fake.stores["SM"][3] = HELLO
    recorded, _ = await recorded_from(fake, "AT+CMGL=4")
    assert fake.stores["SM"] == {3: HELLO}
    assert not [command for command in fake.commands if command.startswith(("AT+CMGD=3", "AT+CPIN="))]
    assert HELLO not in "\n".join(recorded.lines())

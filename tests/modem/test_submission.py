"""Handing over: what counts as accepted, refused, not sent and unclear, whatever the modem does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model import Accepted, FailureKind, NotSent, Refused, Revoked, SendOutcome, Unclear
from gateway.modem import commands
from gateway.modem.at import Urc
from gateway.modem.errors import TakesNothing
from gateway.modem.port import open_port
from gateway.modem.references import References
from gateway.modem.session import Session
from gateway.modem.submission import submit
from tests.modem.fake import QUICK, SUBMIT, FakeModem, framed

HEX = SUBMIT.hex().upper()


class Line:
    """A session with its count of references."""

    def __init__(self, session: Session, heard: list[Urc]) -> None:
        self.session = session
        self.heard = heard
        self.late: list[int] = []
        self.references = References(self.late.append)

    async def send(self, permit: bool = True) -> SendOutcome:
        return await submit(self.session, SUBMIT, lambda: permit, self.references)


@pytest.fixture
async def line(fake: FakeModem) -> AsyncIterator[Line]:
    heard: list[Urc] = []
    session = Session(await open_port(fake.path, 115200), heard.append, QUICK)
    await session.run(commands.SIGNAL)
    fake.wire = b""
    yield Line(session, heard)
    session.close()


async def test_an_accepted_part_costs_one_command_and_one_pdu(fake: FakeModem, line: Line) -> None:
    assert await line.send() == Accepted(1)
    assert fake.wire == b"AT+CMGS=23\r" + HEX.encode() + b"\x1a"


async def test_the_length_leaves_out_the_service_centre(fake: FakeModem, line: Line) -> None:
    with_centre = bytes.fromhex("07914477581006500011000B916407281553F80000AA0AE8329BFD4697D9EC37")
    await submit(line.session, with_centre, lambda: True, line.references)
    assert fake.commands[-1] == f"AT+CMGS={len(with_centre) - 8}"


async def test_echo_that_comes_back_stops_a_part_and_echo_that_stays_changes_nothing(
    fake: FakeModem, line: Line
) -> None:
    fake.echo = True
    assert isinstance(await line.send(), NotSent)  # a restart, it may be
    assert line.session.forgot
    assert b"\x1a" not in fake.wire
    line.session.forgot = False
    assert await line.send() == Accepted(1)


@pytest.mark.parametrize(
    "prompt", ["\r\n>", "\n> ", ">", '\r\n+CMTI: "SM",1\r\n\r\n> ', '\r\n> \r\n+CMTI: "SM",1\r\n']
)
async def test_every_prompt_will_do(fake: FakeModem, line: Line, prompt: str) -> None:
    fake.prompt = prompt
    assert await line.send() == Accepted(1)


async def test_a_slow_prompt_is_waited_for(fake: FakeModem, line: Line) -> None:
    def slow(_: str) -> None:
        asyncio.get_running_loop().call_later(0.1, fake.say, "\r\n> ")

    fake.prompt = slow
    assert await line.send() == Accepted(1)


async def test_without_a_prompt_nothing_is_sent_and_the_modem_is_freed_by_esc(
    fake: FakeModem, line: Line
) -> None:
    fake.prompt = None
    assert isinstance(await line.send(), NotSent)
    assert b"\x1a" not in fake.wire
    assert fake.submitted == []
    fake.prompt = "\r\n> "
    assert await line.send() == Accepted(1)


async def test_a_modem_that_gives_no_prompt_again_and_again_is_given_up(fake: FakeModem, line: Line) -> None:
    for prompts in ([None, "\r\n> "], [None, None]):
        for fake.prompt in prompts:
            assert line.session.reason is None
            await line.send()
    assert isinstance(line.session.reason, TakesNothing)
    assert fake.submitted == [HEX]


async def test_a_permit_that_was_withdrawn_leaves_the_prompt_without_a_byte(
    fake: FakeModem, line: Line
) -> None:
    assert await line.send(permit=False) == Revoked()
    assert b"\x1a" not in fake.wire
    assert HEX.encode() not in fake.wire
    assert await line.send() == Accepted(1)


async def test_the_permit_is_asked_in_the_very_step_that_writes_the_pdu(fake: FakeModem, line: Line) -> None:
    loop = asyncio.get_running_loop()
    order: list[str] = []
    write = line.session._port.write

    def noting(data: bytes, stall: float = 10.0) -> None:
        order.append("pdu" if b"\x1a" in data else "command")
        write(data, stall)

    def permit() -> bool:
        order.append("permit")
        loop.call_soon(order.append, "next step")
        return True

    line.session._port.write = noting
    await submit(line.session, SUBMIT, permit, line.references)
    assert order[:4] == ["command", "permit", "pdu", "next step"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (framed("+CMS ERROR: 38"), (FailureKind.TEMPORARY, 38)),
        (framed("+CMS ERROR: 42"), (FailureKind.TEMPORARY, 42)),
        (framed("+CMS ERROR: 1"), (FailureKind.PERMANENT, 1)),
        (framed("+CMS ERROR: 28"), (FailureKind.PERMANENT, 28)),
        (framed("+CMS ERROR: 30"), (FailureKind.PERMANENT, 30)),
        (framed("+CMS ERROR: 8"), (FailureKind.DEVICE, 8)),
        (framed("+CMS ERROR: 310"), (FailureKind.DEVICE, 310)),
        (framed("+CMS ERROR: 330"), (FailureKind.DEVICE, 330)),
        (framed('+CUSD: 0,"BOOK NOW",15', "^MODE:5,4", "+CMS ERROR: 38"), (FailureKind.TEMPORARY, 38)),
        (framed("+CME ERROR: SIM not inserted"), (FailureKind.DEVICE, 10)),
    ],
)
async def test_an_explicit_refusal_is_a_refusal(
    fake: FakeModem, line: Line, answer: str, outcome: tuple[FailureKind, int]
) -> None:
    fake.result = answer
    refused = await line.send()
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.code) == outcome
    assert refused.text


@pytest.mark.parametrize(
    "answer",
    [
        framed("+CMS ERROR: 332"),
        framed("+CMS ERROR: 500"),
        framed("+CMS ERROR: 512"),
        framed("+CMS ERROR: 5999"),
        framed("+CMS ERROR: something new"),
        framed("ERROR"),
        framed("OK"),
        framed("NO CARRIER", "OK"),
        framed("+CMGS: 7", "+CMS ERROR: 38"),
        framed("+CMGS: ", "OK"),
    ],
)
async def test_anything_else_after_ctrl_z_is_unclear(fake: FakeModem, line: Line, answer: str) -> None:
    fake.result = answer
    assert isinstance(await line.send(), Unclear)
    assert len(fake.submitted) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (framed("+CMS ERROR: 1"), NotSent),
        (framed("+CMS ERROR: 38"), NotSent),
        (framed("+CMS ERROR: 310"), Refused),
        (framed("+CME ERROR: 10"), Refused),
        (framed("+CMS ERROR: 500"), NotSent),
        (framed("ERROR"), NotSent),
        (framed("OK"), NotSent),
    ],
)
async def test_an_error_in_place_of_the_prompt_means_that_nothing_left(
    fake: FakeModem, line: Line, answer: str, kind: type
) -> None:
    fake.prompt = answer
    fake.replies["AT+CMGS=23"] = answer
    assert isinstance(await line.send(), kind)
    assert b"\x1a" not in fake.wire


async def test_a_lost_result_is_unclear_and_the_next_part_goes(fake: FakeModem, line: Line) -> None:
    fake.result = ""
    assert isinstance(await line.send(), Unclear)
    fake.result = None
    assert await line.send() == Accepted(2)
    assert len(fake.submitted) == 2


async def test_a_reference_whose_ok_was_lost_is_unclear_without_the_long_wait(
    fake: FakeModem, line: Line
) -> None:
    fake.result = framed("+CMGS: 7")
    loop = asyncio.get_running_loop()
    began = loop.time()
    line.session.timeouts = replace(QUICK, submit=60.0)
    assert isinstance(await line.send(), Unclear)
    assert loop.time() - began < 5


async def test_a_result_while_getting_back_into_step_is_this_parts_own(fake: FakeModem, line: Line) -> None:
    def late(_: str) -> str:
        asyncio.get_running_loop().call_later(QUICK.submit + 0.15, fake.say, framed("+CMGS: 9", "OK"))
        return ""

    fake.result = late
    line.session.timeouts = replace(QUICK, quiet=0.5)
    assert await line.send() == Accepted(9)


async def test_a_result_that_comes_before_the_next_parts_pdu_is_not_the_next_parts(
    fake: FakeModem, line: Line
) -> None:
    fake.result = ""
    assert isinstance(await line.send(), Unclear)
    fake.prompt = framed("+CMGS: 1") + "\r\n> "
    fake.result = framed("+CMS ERROR: 38")
    outcome = await line.send()
    assert isinstance(outcome, Refused)
    assert Urc("+CMGS", "1") in line.heard


async def test_a_late_result_is_never_credited_to_the_part_after(fake: FakeModem, line: Line) -> None:
    assert await line.send() == Accepted(1)
    fake.result = ""
    assert isinstance(await line.send(), Unclear)  # the modem did try it, under reference 2

    def both(_: str) -> str:
        asyncio.get_running_loop().call_later(0.1, fake.say, framed("+CMGS: 3", "OK"))
        return framed("+CMGS: 2", "OK")

    fake.result = both
    assert await line.send() == Accepted(3)
    assert line.late == [2]


async def test_before_the_count_is_known_a_first_result_may_be_the_part_befores(
    fake: FakeModem, line: Line
) -> None:
    fake.result = ""
    assert isinstance(await line.send(), Unclear)

    def both(_: str) -> str:
        asyncio.get_running_loop().call_later(0.1, fake.say, framed("+CMGS: 8", "OK"))
        return framed("+CMGS: 7", "OK")

    fake.result = both
    assert await line.send() == Accepted(8)
    assert line.late == [7]


async def test_a_part_that_the_modem_never_tried_leaves_its_reference_to_the_next(
    fake: FakeModem, line: Line
) -> None:
    assert await line.send() == Accepted(1)
    fake.result = ""
    assert isinstance(await line.send(), Unclear)
    fake.result = framed("+CMGS: 2", "OK")
    assert await line.send() == Accepted(2)


async def test_a_port_that_vanishes_at_the_prompt_sent_nothing(fake: FakeModem, line: Line) -> None:
    fake.prompt = lambda _: fake.unplug()
    assert isinstance(await line.send(), NotSent)


async def test_a_port_that_vanishes_after_ctrl_z_leaves_it_unclear(fake: FakeModem, line: Line) -> None:
    def vanish(_: str) -> str:
        asyncio.get_running_loop().call_soon(fake.unplug)
        return ""

    fake.result = vanish
    assert isinstance(await line.send(), Unclear)


async def test_a_modem_that_never_took_ctrl_z_sent_nothing(fake: FakeModem, line: Line) -> None:
    asyncio.get_running_loop().remove_reader(fake._master)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await line.session.ask(b"x" * 60_000, commands.SIGNAL.answer, 5)
    line.session._out_of_step = False
    assert line.session.unwritten > 0
    assert isinstance(await line.send(), NotSent)


async def test_a_cancelled_hand_over_leaves_the_line_in_step(fake: FakeModem, line: Line) -> None:
    asked = asyncio.Event()

    def silent(_: str) -> str:
        asked.set()
        return ""

    fake.result = silent
    task = asyncio.create_task(line.send())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    fake.say(framed("+CMGS: 1", "OK"))
    fake.result = None
    assert await line.send() == Accepted(2)
    assert len(fake.submitted) == 2


async def test_a_urc_at_every_offset_of_the_dialogue_is_heard_and_forges_no_outcome(
    fake: FakeModem, tmp_path: Path
) -> None:
    """Inside a line it may tear the result, which is then unclear; between lines it changes nothing."""
    prompt, result, news = "\r\n> ", "\r\n+CMGS: 1\r\n\r\nOK\r\n", '\r\n+CMTI: "SM",3\r\n'
    whole = prompt + result
    inside = {i for i in range(1, len(whole)) if whole[i - 1] not in "\r\n" and whole[i] not in "\r\n"}

    async def at(offset: int) -> tuple[SendOutcome, list[Urc]]:
        modem = FakeModem(tmp_path, f"offset{offset}")
        heard: list[Urc] = []
        session = Session(await open_port(modem.path, 115200), heard.append, QUICK)
        torn = whole[:offset] + news + whole[offset:]
        split = len(prompt) + (len(news) if offset < len(prompt) else 0)
        modem.prompt, modem.result = torn[:split], torn[split:]
        outcome = await submit(session, SUBMIT, lambda: True, References([].append))
        session.close()
        modem.unplug()
        return outcome, heard

    offsets = range(len(whole) + 1)
    for offset, (outcome, heard) in zip(offsets, await asyncio.gather(*map(at, offsets)), strict=True):
        assert Urc("+CMTI", '"SM",3') in heard, offset
        if offset in inside:
            assert outcome == Accepted(1) or isinstance(outcome, Unclear), offset
        else:
            assert outcome == Accepted(1), offset

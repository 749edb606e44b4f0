"""The dialogue: one command in flight, in step after every mishap, no answer to the wrong question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.modem import commands
from gateway.modem.at import Urc
from gateway.modem.errors import AnswerUnreadable, CommandRefused, CommandTimeout, ModemGone
from gateway.modem.port import open_port
from gateway.modem.session import Session
from tests.modem.fake import QUICK, FakeModem, framed


@pytest.fixture
def heard() -> list[Urc]:
    return []


@pytest.fixture
async def session(fake: FakeModem, heard: list[Urc]) -> AsyncIterator[Session]:
    port = await open_port(fake.path, 115200)
    session = Session(port, heard.append, QUICK)
    yield session
    session.close()


async def test_the_first_bytes_leave_a_prompt_that_somebody_left_open(
    fake: FakeModem, session: Session
) -> None:
    fake._at_prompt = True
    assert await session.run(commands.SIGNAL) == -73
    assert fake.wire.startswith(b"\x1b\rAT\r")
    assert fake.submitted == []


async def test_commands_from_many_tasks_go_one_at_a_time(fake: FakeModem, session: Session) -> None:
    answers = await asyncio.gather(*(session.run(commands.SIGNAL) for _ in range(20)))
    assert answers == [-73] * 20


async def test_a_refusal_carries_its_number(fake: FakeModem, session: Session) -> None:
    fake.replies["AT+CSQ"] = framed("+CME ERROR: 14")
    with pytest.raises(CommandRefused) as caught:
        await session.run(commands.SIGNAL)
    assert (caught.value.family, caught.value.code) == ("CME", 14)


async def test_an_answer_that_makes_no_sense_is_told_apart_from_a_refusal(
    fake: FakeModem, session: Session
) -> None:
    fake.replies["AT+CSQ"] = framed("+CSQ: what?", "OK")
    with pytest.raises(AnswerUnreadable):
        await session.run(commands.SIGNAL)


async def test_the_late_ok_of_one_command_does_not_put_all_that_follow_out_of_step(
    fake: FakeModem, session: Session
) -> None:
    assert await session.run(commands.SIGNAL) == -73
    fake.replies["AT+CSQ"] = framed("OK", "+CSQ: 20,99", "OK")
    with pytest.raises(AnswerUnreadable):
        await session.run(commands.SIGNAL)
    fake.replies["AT+CSQ"] = framed("+CSQ: 20,99", "OK")
    assert await session.run(commands.SIGNAL) == -73
    assert fake.commands[-2:] == ["AT", "AT+CSQ"]


async def test_an_echo_that_comes_on_by_itself_changes_nothing(fake: FakeModem, session: Session) -> None:
    assert await session.run(commands.SIGNAL) == -73
    fake.echo = True
    assert await session.run(commands.MODEL) == "SIMCOM_SIM7600E"


async def test_a_restart_that_ends_while_attention_is_called_for_is_not_missed(
    fake: FakeModem, session: Session
) -> None:
    assert await session.run(commands.SIGNAL) == -73
    fake.replies |= dict.fromkeys(("AT+CSQ", "AT"))  # what came during the boot is answered after it, echoed
    fake.replies["ATE0"] = "AT\r\r\nOK\r\nATE0\r\r\nOK\r\n"
    with pytest.raises(CommandTimeout):
        await session.run(commands.SIGNAL)
    assert session.forgot


async def test_a_late_answer_never_answers_the_next_command(fake: FakeModem, session: Session) -> None:
    loop = asyncio.get_running_loop()

    def late(_: str) -> None:
        loop.call_later(QUICK.command + 0.02, fake.say, framed("+CSQ: 1,99", "OK"))

    fake.replies["AT+CSQ"] = late
    with pytest.raises(CommandTimeout):
        await session.run(commands.SIGNAL)
    fake.replies["AT+CSQ"] = framed("+CSQ: 20,99", "OK")
    assert await session.run(commands.SIGNAL) == -73


async def test_a_time_out_keeps_the_lines_of_a_modem_that_forgets_the_ok(
    fake: FakeModem, session: Session
) -> None:
    fake.replies["AT+CPIN?"] = framed("+CPIN: READY")
    with pytest.raises(CommandTimeout) as caught:
        await session.run(commands.PIN_STATE)
    assert caught.value.lines == ("+CPIN: READY",)
    assert await session.run(commands.SIGNAL) == -73


async def test_a_deaf_modem_ends_the_session_for_everybody(fake: FakeModem, session: Session) -> None:
    fake.mute = True
    results = await asyncio.gather(*(session.run(commands.SIGNAL) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ModemGone] * 3
    assert session.lost.done()


async def test_a_short_silence_is_survived(fake: FakeModem, session: Session) -> None:
    assert await session.run(commands.SIGNAL) == -73
    fake.mute = True
    asyncio.get_running_loop().call_later(QUICK.command + 0.2, setattr, fake, "mute", False)
    with pytest.raises(CommandTimeout):
        await session.run(commands.SIGNAL)
    assert await session.run(commands.SIGNAL) == -73


async def test_a_vanished_port_fails_the_command_in_flight_at_once(fake: FakeModem, session: Session) -> None:
    assert await session.run(commands.SIGNAL) == -73
    fake.replies["AT+CSQ"] = lambda _: fake.unplug()
    with pytest.raises(ModemGone, match="unplugged"):
        async with asyncio.timeout(QUICK.command / 2):
            await session.run(commands.SIGNAL)


async def test_a_cancelled_command_does_not_answer_the_next_one(fake: FakeModem, session: Session) -> None:
    assert await session.run(commands.SIGNAL) == -73
    asked = asyncio.Event()
    fake.replies["AT+CSQ"] = lambda _: asked.set()
    task = asyncio.create_task(session.run(commands.SIGNAL))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    fake.say(framed("+CSQ: 1,99", "OK"))
    fake.replies["AT+CSQ"] = framed("+CSQ: 20,99", "OK")
    assert await session.run(commands.SIGNAL) == -73


async def test_news_inside_an_answer_is_heard_at_once_and_only_there(
    fake: FakeModem, session: Session, heard: list[Urc]
) -> None:
    fake.replies["AT+CSQ"] = framed('+CMTI: "SM",1', "+CSQ: 20,99", '+CMTI: "SM",2', "OK", "RING")
    assert await session.run(commands.SIGNAL) == -73
    assert heard[:2] == [Urc("+CMTI", '"SM",1'), Urc("+CMTI", '"SM",2')]


async def test_garbage_and_strange_bytes_end_nothing(
    fake: FakeModem, session: Session, heard: list[Urc]
) -> None:
    assert await session.run(commands.SIGNAL) == -73
    fake.say(b"\xff\xfe\x00" * 5000)
    fake.say(b'\r\n+CMTI: "SM",7\r\n')
    assert await session.run(commands.SIGNAL) == -73
    assert Urc("+CMTI", '"SM",7') in heard
    assert session.noise > 0


@pytest.mark.parametrize("command", [commands.SIGNAL, commands.MODEL])
async def test_nothing_that_was_written_contains_ctrl_z(
    fake: FakeModem, session: Session, command: commands.Command[object]
) -> None:
    fake.mute = True
    with pytest.raises(ModemGone):
        await session.run(command)
    assert b"\x1a" not in fake.wire

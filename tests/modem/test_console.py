"""What may be said to a modem that is in use, and that saying it disturbs nothing."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Accepted, ModemPhase
from gateway.modem.console import Said, objection
from gateway.modem.errors import ModemGone
from tests.modem.fake import HELLO, SUBMIT, FakeModem, Store, driver, framed, running, until


def words(text: str) -> list[str]:
    return text.split()


QUESTIONS = words("""
AT ATI ati4 AT+CSQ at+csq AT+CREG? AT+CREG=? AT+CMEE? AT+CPIN? AT+CPINR AT+QPINC? AT+COPS? AT+CNMI? AT+CNMI=?
AT+CPMS? AT+CSCA? AT+CUSD? AT+CUSD=? AT+CGSN
AT^ICCID? AT+QNWINFO AT^HCSQ? AT!GSTATUS? AT+CFUN? AT+CCLK? AT$QCRMCALL? AT+CMGF?
""")
CHANGES = words("""
AT+CFUN=1,1 AT+CUSD=1,"*100#",15 AT+CUSD=1,"*#06#" AT+CUSD=1,1 AT+CUSD=2 AT+CUSD=0
AT+COPS=0 AT+COPS=? AT+CGATT=1 AT+QCFG="nwscanmode",3
""")
OF_PEOPLE = words("""
AT+CMGS=23 AT+CMGD=1 AT+CMGD=1,4 AT+CMGL=4 AT+CMGR=1 AT+CMGW=23 AT+CMSS=1 AT+CMGC=1 AT+CMGD=? AT+CMGL AT+CMGS?
AT+CNMA AT+CMMS=2 AT+QCMGS AT+QCMGR=1 AT#CMGS=1 AT+CPBR=1 AT+CPBS? AT+CPBW=1 AT+CNUM
""")
OF_LOCKS = words("""
AT+CPIN="1234" AT+CPIN=1234 AT+CPIN="12345678","1234" AT+CLCK="SC",0,"1234" AT+CPWD="SC",1,2 AT^CPIN="1234"
AT+CPIN2=1 AT+SPIC="SC" AT+CUSD=1,"**05*12345678*1111*1111#",15 AT+CUSD=1,"**04*1234*1111*1111#"
AT+CUSD=1,**042*1234*1111*1111# AT+CUSD=1,"**052*12345678*1111*1111#" AT+CUSD=1,"**03*330*1*2*2#"
AT+CUSD=1,"*03*330*1*2*2#" AT+XUSSD=1,"##05*1*2*2#" AT+FOO="**04*1234*1111*1111#" AT+CKPD="*" AT+CKPD="*04*1"
AT+CUSD=1,"2A2A30352A31" AT+CUSD=1,"002A002A00300035" AT+CUSD=1,"AA180C" AT+CUSD=1,"1;" AT+CUSD=1,"x"
AT+CSIM=10,1 AT+CRSM=176,28423,0,0,9 AT+CPUC=1
""")
OF_THE_DRIVER = words("""
AT+CMGF=1 ATE1 ATE0 ATV0 ATZ AT&F AT&F0 at&f AT&W AT+CNMI=0 AT+CPMS="ME" AT+CSMP=17 AT+CSCA="+447"
AT+IPR=9600 AT+CMUX=0
ATD07700900123; ATA ATH ATO ATS0=1 AT+CREG=0 AT+CMEE=0
""")
NO_COMMANDS = (
    "", "hello", "AT+CSQ;+CMGD=1", "AT+CSQ\r", "AT+CSQ\x1a", "AT+CSQ\x1b", "AT+CSQ\nAT", " AT+CSQ",
    "AT+CSQ" + "x" * 200, "ATé", "AT+ſMGD",
)  # fmt: skip
NEVER = (*OF_PEOPLE, *OF_LOCKS, *OF_THE_DRIVER, *NO_COMMANDS)


@pytest.mark.parametrize("line", QUESTIONS)
def test_a_question_may_be_asked(line: str) -> None:
    assert objection(line, write=False) == ""


@pytest.mark.parametrize("line", CHANGES)
def test_what_changes_something_needs_to_be_asked_for(line: str) -> None:
    assert "--write" in objection(line, write=False)
    assert objection(line, write=True) == ""


@pytest.mark.parametrize("line", NEVER)
def test_some_things_are_never_said(line: str) -> None:
    assert objection(line, write=True) != ""
    assert objection(line, write=False) != ""


@given(st.text('AT+^#CMGDSRWLPINUK=?";0123456789\r\x1a\x1b ', max_size=20).map(lambda text: "AT" + text))
def test_nothing_that_reaches_the_line_touches_messages_or_pins(line: str) -> None:
    if objection(line, write=True):
        return
    assert not {"\r", "\x1a", "\x1b", ";"} & set(line)
    assert "CMG" not in line.upper().partition("=")[0].partition("?")[0] or line.upper().startswith(
        "AT+CMGF?"
    )
    assert not ("PIN" in line.partition("=")[0] and line.partition("=")[2] not in ("", "?"))


PLAIN = '=,"0123456789*#2AaF'


@given(
    st.from_regex(r"[*#]0[345]2?[*#]", fullmatch=True), st.text(PLAIN, max_size=6), st.text(PLAIN, max_size=8)
)
def test_no_code_that_changes_a_lock_is_said_in_any_value(code: str, before: str, after: str) -> None:
    for name in ("AT+CUSD", "AT+COPS", "AT*EUSSD", "AT"):
        assert objection(f"{name}={before}{code}{after}", write=True) != ""


async def test_a_command_waits_for_its_turn_and_disturbs_no_part(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        fake.result = ""  # the part stays on the air
        part = asyncio.create_task(modem.send(SUBMIT, permit=lambda: True, more=False))
        await until(lambda: bool(fake.submitted))
        asked = asyncio.create_task(modem.converse("AT+CBC"))
        fake.replies["AT+CBC"] = framed("+CBC: 0,85,4100", "OK")
        await asyncio.sleep(0.05)
        assert "AT+CBC" not in fake.commands
        fake.urc("+CMGS: 1", "OK")
        assert await part == Accepted(1)
        assert await asked == Said(("+CBC: 0,85,4100",), "OK")


async def test_what_comes_during_an_answer_is_still_heard(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        fake.stores["SM"][1] = HELLO
        fake.replies["ATI"] = framed('+CMTI: "SM",1', "Manufacturer: x", "+GCAP: +CGSM", "OK")
        said = await modem.converse("ATI")
        await store.until(1)
    assert said == Said(("Manufacturer: x", "+GCAP: +CGSM"), "OK")
    assert store.pdus == [HELLO]


async def test_errors_and_silence_are_answers_too(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        assert await modem.converse("AT+NONE?") == Said((), "ERROR")
        fake.replies["AT+NONE?"] = framed("+CME ERROR: 100")
        assert await modem.converse("AT+NONE?") == Said((), "+CME ERROR: 100")


async def test_a_modem_that_is_away_is_not_spoken_to(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store)
    with pytest.raises(ModemGone, match="not started"):
        await modem.converse("AT")
    async with running(modem):
        await modem.settled()
        fake.unplug()
        await until(lambda: modem.state.phase is ModemPhase.SEARCHING)
        with pytest.raises(ModemGone, match="plugged in"):
            await modem.converse("AT")

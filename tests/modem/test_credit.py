"""The credit of a SIM: what answers look like, when it is asked for, and that no part waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.model import Accepted, ModemPhase, ModemState
from gateway.modem import Modem, credit
from gateway.modem.balance import amount_by, amount_in, operator_of, packed, text_of
from gateway.modem.standing import Standing, flapping
from gateway.simulator import Network
from gateway.sms import alphabet
from gateway.sms.octets import pack
from tests.modem.fake import QUICK, SUBMIT, FakeModem, Store, driver, framed, now, running, until


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('0,"Credit: 10.00 GBP",15', "Credit: 10.00 GBP"),
        ('2,"Credit: 10.00 GBP"', "Credit: 10.00 GBP"),
        ('0,"0043007200E900640069007400200031",72', "Crédit 1"),
        ("2", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_answers_come_in_several_codings(value: str, text: str) -> None:
    assert text_of(value)[1] == text


def test_packed_septets_in_hex_are_text() -> None:
    septets = alphabet.encode("Your balance is 5.40 GBP")
    assert septets is not None
    assert text_of(f'0,"{pack(septets).hex().upper()}",15')[1] == "Your balance is 5.40 GBP"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Your balance is £5.40.", 5.4),
        ("Saldo: 12,50 EUR", 12.5),
        ("GBP 7 left until 01/02", 7.0),
        ("You have 540p credit", 5.4),
        ("Balance £1,250.00", 1250.0),
        ("Saldo 1.250,00 EUR", 1250.0),
        ("Dial *123# for 20 offers", None),
        ("", None),
    ],
)
def test_amounts_are_found_by_their_form(text: str, amount: float | None) -> None:
    assert amount_in(text) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Your bonus £5.00… Main balance: £0.45", 0.45),
        ("Top up £10 to get 5GB. Your balance is £0.30", 0.3),
        ("Bonus balance £5, main balance £0.45", 0.45),
        ("Balance £4.20, bonus £5.00", 4.2),
        ("Credit expires 26.11.2026. Balance £4.20", 4.2),
        ("Balance: 4.20", 4.2),
        ("4,20 Euro", 4.2),
        ("-£1.20", -1.2),
        ("Balance -£1.20", -1.2),
        ("Balance £-1.20", -1.2),
        ("Saldo -1,20 EUR", -1.2),
        ("Balance - £4.20", 4.2),  # a dash between two words owes nothing
    ],
)
def test_an_amount_counts_where_its_clause_names_it(text: str, amount: float) -> None:
    assert amount_in(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "Top up $50 today and get double data",
        "Get £20 free credit!",
        "£5.00 £6.00",
        "Your credit of £5 was added. Balance £9.10",  # which of the two is it?
        "You have 10 free texts and £0.45 credit",
        "Balance: 1.50GB",
        "Balance 12",
        "Your balance will be sent by text",
    ],
)
def test_where_it_is_not_certain_nothing_is_guessed(text: str) -> None:
    assert amount_in(text) is None


def test_an_operator_of_its_own_kind_gets_a_pattern() -> None:
    own = r"Guthaben (?P<amount>[\d.]+)"
    assert amount_by(own, "Guthaben 3.20 und 5 Tage") == 3.2
    assert amount_by(own, "Guthaben 3.20.") is None  # more than an amount: no number, and no crash
    assert amount_by(own, "Kein Guthaben") is None


def test_what_is_known_of_operators_goes_by_the_sim() -> None:
    vodafone, o2 = operator_of("234150000000001"), operator_of("234101234567890")
    assert (vodafone and vodafone.ussd, o2 and o2.ussd) == ("*#1345#", "*#10#")
    assert operator_of("001010000000001") is None
    assert operator_of("") is None


@pytest.mark.parametrize(("code", "hex_"), [("*144#", "AA188D3602"), ("*888#", "2A1C0E3702")])
def test_a_packed_code_is_as_others_published_it(code: str, hex_: str) -> None:
    assert packed(code) == hex_


async def test_the_credit_is_asked_for_shown_and_low_below_the_floor(tmp_path: Path, store: Store) -> None:
    async with Network(directory=tmp_path) as network:
        virtual = network.add_modem("sim0", number="+447700900990")
        modem = driver(str(virtual.path), store, credit_ussd="*100#", credit_floor=20.0)
        async with running(modem):
            await until(lambda: modem.state.phase is ModemPhase.READY and modem.is_settled)
            modem._credit._due = 0.0
            modem._connection._wake.set()
            await until(lambda: modem.state.credit is not None)
            assert (modem.state.credit, modem.state.credit_low, modem.state.credit_error) == (10.0, True, "")
            assert modem.state.credit_floor == 20.0
            virtual.ussd = "4"
            modem._credit._due = 0.0
            modem._connection._wake.set()
            await until(lambda: bool(modem.state.credit_error))
            assert modem.state.credit == 10.0  # what was known stays, with its time


async def test_a_question_that_the_modem_sits_on_gives_way_to_a_part(fake: FakeModem, store: Store) -> None:
    fake.replies[QUESTION] = None
    patient = replace(QUICK, command=60.0)
    async with running(driver(fake.path, store, credit_ussd="*100#", timeouts=patient)) as modem:
        await until(lambda: modem.is_settled)
        modem._credit._due = 0.0
        modem._connection._wake.set()
        await until(lambda: QUESTION in fake.commands)
        async with asyncio.timeout(5):
            assert await modem.send(SUBMIT, permit=lambda: True, more=False) == Accepted(1)
        assert modem._credit.due > asyncio.get_running_loop().time() + 25


async def asked(fake: FakeModem, modem: Modem, question: str) -> None:
    """Have the modem asked, and wait until it is."""
    await until(lambda: modem.is_settled)
    before = len(fake.commands)
    modem._credit._due = 0.0
    modem._connection._wake.set()
    await until(lambda: question in fake.commands[before:])


QUESTION = 'AT+CUSD=1,"*100#",15'


async def test_only_what_answers_a_question_of_ours_counts(fake: FakeModem, store: Store) -> None:
    fake.replies[QUESTION] = framed("OK")
    async with running(driver(fake.path, store, credit_ussd="*100#", credit_floor=20.0)) as modem:
        await until(lambda: modem.is_settled)
        fake.urc('+CUSD: 0,"Your balance is $50",15', '+CMTI: "SM",1')
        await until(lambda: "AT+CMGR=1" in fake.commands)  # so it has been heard
        assert (modem.state.credit, modem.state.credit_low) == (None, False)
        errors: list[str] = []
        modem.subscribe(lambda state: errors.append(state.credit_error))
        await asked(fake, modem, QUESTION)
        fake.urc('+CUSD: 0,"Top up $50 today",15', '+CUSD: 0,"Balance $10",15')  # an advert, then the answer
        await until(lambda: modem.state.credit == 10.0)
        assert modem.state.credit_low
        assert not any(errors)
        fake.urc('+CUSD: 0,"Balance $50",15', '+CMTI: "SM",2')
        await until(lambda: "AT+CMGR=2" in fake.commands)
        assert modem.state.credit == 10.0


async def test_a_menu_is_left_and_what_it_says_counts(fake: FakeModem, store: Store) -> None:
    fake.replies |= {QUESTION: framed("OK"), "AT+CUSD=2": framed("OK")}
    async with running(driver(fake.path, store, credit_ussd="*100#")) as modem:
        await asked(fake, modem, QUESTION)
        fake.urc('+CUSD: 1,"Balance: 3.00 GBP. 1 Top up",15')
        await until(lambda: modem.state.credit == 3.0 and "AT+CUSD=2" in fake.commands)


async def test_how_a_menu_can_be_read_is_told_though_the_network_ends_it(
    fake: FakeModem, store: Store
) -> None:
    fake.replies |= {QUESTION: framed("OK"), "AT+CUSD=2": framed("OK", "+CUSD: 2")}
    async with running(driver(fake.path, store, credit_ussd="*100#")) as modem:
        errors: list[str] = []
        modem.subscribe(lambda state: errors.append(state.credit_error))
        await asked(fake, modem, QUESTION)
        fake.urc('+CUSD: 1,"1 Balance 2 Top up",15')
        await until(lambda: "AT+CUSD=2" in fake.commands)
        fake.urc('+CMTI: "SM",1')
        await until(lambda: "AT+CMGR=1" in fake.commands)  # so all that was said has been heard
        assert set(filter(None, errors)) == {"the answer names no amount for certain: set credit_pattern"}
        assert modem._credit.due > asyncio.get_running_loop().time() + 3000  # it is over


async def test_another_sim_is_asked_a_minute_after_the_start(fake: FakeModem, store: Store) -> None:
    fake.replies[QUESTION] = framed("OK")
    async with running(driver(fake.path, store, credit_ussd="*100#")) as modem:
        await asked(fake, modem, QUESTION)
        fake.urc('+CUSD: 0,"Balance $10",15')
        await until(lambda: modem.state.credit == 10.0)
        loop, ready, session = asyncio.get_running_loop(), modem._connection.ready, modem._credit._session
        known = modem._credit.due
        assert known > loop.time() + 86000
        modem._credit.attach(ready, session, modem._connection._wake.set, loop.time())
        assert modem._credit.due == known  # the same SIM, by a new link
        another = replace(ready, imsi="234150000000009")
        modem._credit.attach(another, session, modem._connection._wake.set, loop.time())
        assert modem._credit.due <= loop.time() + 60


@pytest.mark.parametrize(
    ("urc", "why"),
    [
        ("+CUSD: 4", "the network does not know it"),
        ("+CUSD: 5", "did not answer in time"),
        ("+CUSD: 2", "ended it without an answer"),
        ('+CUSD: 0,"Sorry",15', "no amount for certain"),
    ],
)
async def test_why_the_credit_is_not_known_is_told(
    fake: FakeModem, store: Store, monkeypatch: pytest.MonkeyPatch, urc: str, why: str
) -> None:
    if "Sorry" in urc:  # an advert, or the answer: it is waited for what may come yet
        monkeypatch.setattr(credit, "_PATIENCE", 0.3)
    fake.replies[QUESTION] = framed("OK")
    async with running(driver(fake.path, store, credit_ussd="*100#")) as modem:
        await asked(fake, modem, QUESTION)
        fake.urc(urc)
        await until(lambda: why in modem.state.credit_error)


async def test_an_answer_that_never_comes_is_told(
    fake: FakeModem, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credit, "_PATIENCE", 0.3)
    fake.replies[QUESTION] = framed("OK")
    async with running(driver(fake.path, store, credit_ussd="*100#")) as modem:
        await asked(fake, modem, QUESTION)
        await until(lambda: "did not answer within" in modem.state.credit_error)
        fake.urc('+CUSD: 0,"Balance $50",15', '+CMTI: "SM",1')
        await until(lambda: "AT+CMGR=1" in fake.commands)
        assert modem.state.credit is None


async def test_what_is_refused_plain_is_asked_packed_and_so_from_then_on(
    fake: FakeModem, store: Store
) -> None:
    question = 'AT+CUSD=1,"AA180C3602",15'
    fake.replies |= {QUESTION: framed("ERROR"), question: framed("OK")}
    async with running(driver(fake.path, store, credit_ussd="*100#")) as modem:
        for _ in range(2):
            await asked(fake, modem, question)
        assert fake.commands.count(QUESTION) == 1
        fake.replies[question] = framed("ERROR")
        await asked(fake, modem, question)
        await until(lambda: "refused the question" in modem.state.credit_error)


async def test_a_code_is_found_by_the_sim_or_else_asked_for(fake: FakeModem, store: Store) -> None:
    question = 'AT+CUSD=1,"*#1345#",15'
    fake.replies |= {"AT+CIMI": framed("234150000000001", "OK"), question: framed("OK")}
    async with running(driver(fake.path, store, credit_ussd="auto")) as modem:
        await asked(fake, modem, question)
    fake.replies["AT+CIMI"] = framed("234990000000001", "OK")
    async with running(driver(fake.path, store, credit_ussd="auto")) as modem:
        await until(lambda: modem.is_settled)
        modem._credit._due = 0.0
        modem._connection._wake.set()
        await until(lambda: "no code is known for its operator (23499)" in modem.state.credit_error)
        assert fake.commands.count(question) == 1


def test_signals_are_sampled_and_bounded_and_lost_networks_are_said() -> None:
    clock = [now()]
    standing = Standing(ModemState("sim0", "p", ModemPhase.READY, now()), lambda: clock[0])
    for minute in range(3 * 24 * 60):
        clock[0] = now() + timedelta(minutes=minute)
        standing.report(signal_dbm=-70 - minute % 5)
    assert len(standing.state.signals) == 288
    assert standing.state.signals[-1][0] - standing.state.signals[0][0] < timedelta(days=1)
    for _ in range(4):
        standing.report(registration="home")
        standing.report(registration="searching")
        clock[0] += timedelta(minutes=5)
    assert standing.state.network_losses == 4
    assert "4 times within an hour" in flapping(standing.state)
    clock[0] += timedelta(hours=2)
    standing.report(registration="home")
    assert flapping(standing.state) == ""

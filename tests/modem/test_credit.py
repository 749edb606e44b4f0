"""The credit of a SIM: what answers look like, when it is asked for, and that no part waits for it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.model import Accepted, ModemPhase, ModemState
from gateway.modem.credit import amount_in, known_patterns, text_of
from gateway.modem.standing import Standing, flapping
from gateway.simulator import Network
from gateway.sms import alphabet
from gateway.sms.octets import pack
from tests.modem.fake import QUICK, SUBMIT, FakeModem, Store, driver, now, running, until


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
    assert amount_in(text, known_patterns()) == amount


def test_an_operator_of_its_own_kind_gets_a_pattern() -> None:
    own = [re.compile(r"Guthaben (?P<amount>[\d.]+)")]
    assert amount_in("Guthaben 3.20 und 5 Tage", own) == 3.2
    assert amount_in("Guthaben 3.20.", own) is None  # more than an amount: no number, and no crash


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
            virtual.ussd = '2,"Sorry",15'
            modem._credit._due = 0.0
            modem._connection._wake.set()
            await until(lambda: bool(modem.state.credit_error))
            assert modem.state.credit == 10.0  # what was known stays, with its time


async def test_a_question_that_the_modem_sits_on_gives_way_to_a_part(fake: FakeModem, store: Store) -> None:
    question = 'AT+CUSD=1,"*100#",15'
    fake.replies[question] = None
    patient = replace(QUICK, command=60.0)
    async with running(driver(fake.path, store, credit_ussd="*100#", timeouts=patient)) as modem:
        await until(lambda: modem.is_settled)
        modem._credit._due = 0.0
        modem._connection._wake.set()
        await until(lambda: question in fake.commands)
        async with asyncio.timeout(5):
            assert await modem.send(SUBMIT, permit=lambda: True, more=False) == Accepted(1)
        assert modem._credit.due > asyncio.get_running_loop().time() + 25


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

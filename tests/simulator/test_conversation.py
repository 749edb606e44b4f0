from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.simulator import Network, Timing, VirtualModem
from tests.simulator.conftest import Client


async def test_the_wire_format_is_echo_then_lines_then_result(
    modem: VirtualModem, connect: Callable[..., Client]
) -> None:
    client = connect(modem, echo=True)
    client.write("AT+CSQ\r")
    assert await client.until("OK\r\n") == b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


async def test_echo_ends_with_ate0_and_comes_back_with_atz(
    modem: VirtualModem, connect: Callable[..., Client]
) -> None:
    client = connect(modem, echo=True)
    client.write("ATE0\r")
    assert await client.until("OK\r\n") == b"ATE0\r\r\nOK\r\n"
    client.write("ATZ\r")
    assert await client.until("OK\r\n") == b"\r\nOK\r\n"
    client.write("AT\r")
    assert await client.until("OK\r\n") == b"AT\r\r\nOK\r\n"


async def test_chained_commands_share_one_final_result(client: Client) -> None:
    assert await client.ask("AT+CMEE=1;+CREG?;+CSQ") == ["+CREG: 0,1", "+CSQ: 20,99", "OK"]


async def test_a_chain_stops_at_the_first_error(client: Client) -> None:
    assert await client.ask("AT+CSQ;+NOSUCH;+CREG?") == ["+CSQ: 20,99", "ERROR"]


async def test_atv0_answers_in_digits(client: Client) -> None:
    client.write("ATV0\r")
    await client.until("0\r")
    client.write("AT+NOSUCH\r")
    assert await client.until("4\r") == b"4\r"


@pytest.mark.parametrize(
    ("level", "answer"), [(0, "ERROR"), (1, "+CME ERROR: 10"), (2, "+CME ERROR: SIM not inserted")]
)
async def test_cmee_sets_how_errors_are_said(
    modem: VirtualModem, client: Client, level: int, answer: str
) -> None:
    modem.fault("no_sim")
    await client.ask(f"AT+CMEE={level}")
    assert await client.ask("AT+CIMI") == [answer]


@pytest.mark.parametrize(
    ("persona", "answer"),
    [
        ("generic", "ERROR"),
        ("huawei-e173", "COMMAND NOT SUPPORT"),
        ("simcom-sim800", "+CME ERROR: 100"),
    ],
)
async def test_unknown_commands_are_refused_in_the_persona_s_words(
    network: Network, connect: Callable[..., Client], persona: str, answer: str
) -> None:
    client = connect(network.add_modem("other", number="+447700900002", persona=persona))
    assert await client.ask("AT+NOSUCH=1") == [answer]


async def test_a_modem_names_itself_and_its_sim(modem: VirtualModem, client: Client) -> None:
    assert await client.ask("AT+CGMI;+CGMM;+CGMR") == ["Schoolgate", "Virtual Modem", "1.0", "OK"]
    assert await client.ask("AT+CGSN;+CIMI") == [modem.imei, "001010000000001", "OK"]
    assert await client.ask("AT+CCID") == [f"+CCID: {modem.sim.iccid}", "OK"]


async def test_the_character_set_applies_to_strings(client: Client) -> None:
    assert await client.ask('AT+CSCS="UCS2";+CSCA?') == [
        '+CSCA: "' + "+447700900999".encode("utf-16-be").hex().upper() + '",145',
        "OK",
    ]


async def test_registration_is_shown_with_its_cell_at_level_two(modem: VirtualModem, client: Client) -> None:
    assert await client.ask("AT+CREG=2;+CREG?") == ['+CREG: 2,1,"CE00","00005449"', "OK"]
    client.heard = b""
    modem.fault("deregister", 0.02)
    await client.until("\r\n+CREG: 2\r\n")
    await client.until('\r\n+CREG: 1,"CE00","00005449"\r\n')


async def test_an_lte_only_modem_is_registered_in_one_domain(
    network: Network, connect: Callable[..., Client]
) -> None:
    client = connect(network.add_modem("lte", number="+447700900002", persona="simcom-sim7600"))
    assert await client.ask("AT+CREG?;+CEREG?") == ["+CREG: 0,0", "+CEREG: 0,1", "OK"]


async def test_calls_find_no_carrier(client: Client) -> None:
    assert await client.ask("ATD07700900123;") == ["NO CARRIER"]


async def test_cfun_1_1_restarts_with_boot_noise_and_forgotten_settings(
    modem: VirtualModem, client: Client
) -> None:
    await client.ask("AT+CNMI=2,1,0,2,0")
    await client.ask("AT+CFUN=1,1")
    await client.until("SMS Ready\r\n")
    client.write("AT+CNMI?\r")
    assert b"AT+CNMI?\r\r\n+CNMI: 0,0,0,0,0" in await client.until("OK\r\n")
    assert modem.radio.stat == 2  # searching


async def test_answers_take_the_time_they_are_told_to(
    network: Network, connect: Callable[..., Client]
) -> None:
    client = connect(network.add_modem("slow", number="+447700900002", timing=Timing(answer=0.1)))
    clock = asyncio.get_running_loop().time
    start = clock()
    await client.ask("AT")
    assert 0.1 <= clock() - start < 0.6


async def test_a_paced_wire_is_as_slow_as_its_baud_rate(
    network: Network, connect: Callable[..., Client]
) -> None:
    modem = network.add_modem("slow", number="+447700900002", timing=Timing(baud=9600))
    client = connect(modem)
    clock = asyncio.get_running_loop().time
    await client.ask("AT")
    start = clock()
    client.write("ATI\r")
    size = len("ATI\r" + (await client.until("OK\r\n")).decode())
    assert size / 960 <= clock() - start < 0.5 + size / 960

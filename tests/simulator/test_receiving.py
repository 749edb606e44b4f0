from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.simulator import Kind, Network, Timing, VirtualModem
from gateway.simulator.relay import compose
from gateway.sms import decode_deliver
from tests.simulator.conftest import Client

PARENT = "+447700900123"


async def test_a_text_is_stored_indicated_read_and_deleted(network: Network, client: Client) -> None:
    await client.ask("AT+CNMI=2,1,0,0,0")
    network.text(PARENT, "sim0", "STOP")
    await client.until('\r\n+CMTI: "SM",1\r\n')
    assert await client.ask("AT+CPMS?") == ['+CPMS: "SM",1,30,"SM",1,30,"SM",1,30', "OK"]
    header, pdu, result = await client.ask("AT+CMGR=1")
    assert (header, result) == (f"+CMGR: 0,,{len(pdu) // 2 - 8}", "OK")
    assert decode_deliver(pdu).text == "STOP"
    assert decode_deliver(pdu).sender.number == PARENT
    assert (await client.ask("AT+CMGL=4"))[0] == f"+CMGL: 1,1,,{len(pdu) // 2 - 8}"
    assert await client.ask("AT+CMGD=1") == ["OK"]
    assert await client.ask("AT+CMGL=4") == ["OK"]
    assert await client.ask("AT+CMGR=1") == ["+CMS ERROR: 321"]


async def test_nothing_is_said_while_cnmi_does_not_ask(network: Network, client: Client) -> None:
    network.text(PARENT, "sim0", "STOP")
    await network.ledger.until(Kind.STORED)
    assert await client.ask("AT+CMGD=?") == ["+CMGD: (1),(0-4)", "OK"]
    assert not network.ledger.of(Kind.INDICATED)


async def test_mode_0_buffers_indications_and_flushes_them(network: Network, client: Client) -> None:
    await client.ask("AT+CNMI=0,1,0,0,0")
    network.text(PARENT, "sim0", "one")
    network.text(PARENT, "sim0", "two")
    await network.ledger.until(Kind.STORED, 2)
    assert await client.ask("AT") == ["OK"]
    client.write("AT+CNMI=2,1,0,0,0\r")
    assert await client.until("OK\r\n") == b'\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n\r\nOK\r\n'


async def test_direct_delivery_is_acknowledged_by_the_modem_itself_in_phase_2(
    network: Network, modem: VirtualModem, client: Client
) -> None:
    await client.ask("AT+CNMI=2,2,0,0,0")
    network.text(PARENT, "sim0", "STOP")
    await client.until("\r\n+CMT: ,")
    length, _, pdu = (await client.until("\r\n") + await client.until("\r\n")).decode().partition("\r\n")
    assert decode_deliver(pdu.strip()).text == "STOP"
    assert int(length) == len(pdu.strip()) // 2 - 8
    assert not modem.storage.use(0).slots
    assert await client.ask("AT+CNMA") == ["+CMS ERROR: 340"]


async def test_direct_delivery_waits_for_cnma_in_phase_2_plus(network: Network, client: Client) -> None:
    await client.ask("AT+CSMS=1")
    await client.ask("AT+CNMI=2,2,0,0,0")
    network.text(PARENT, "sim0", "one")
    network.text(PARENT, "sim0", "two")
    await client.until("+CMT: ,")
    assert len(network.ledger.of(Kind.INDICATED)) == 1
    client.write("AT+CNMA\r")
    await client.until("OK\r\n")
    await client.until("+CMT: ,")
    assert len(network.ledger.of(Kind.INDICATED)) == 2


async def test_the_network_repeats_what_is_not_acknowledged(
    network: Network, connect: Callable[..., Client]
) -> None:
    timing = Timing(ack_wait=0.05, retry_after=0.01)
    modem = network.add_modem("mc35", number="+447700900002", timing=timing, persona="siemens-mc35")
    client = connect(modem)
    modem.settings.csms, modem.settings.cnmi = 1, (2, 2, 0, 0, 1)
    network.text(PARENT, modem, "STOP")
    await client.until("+CMT: ,")
    await network.ledger.until(Kind.STORED)  # this kind then stores, and says nothing
    assert await client.ask("AT+CNMI?") == ["+CNMI: 0,0,0,0,0", "OK"]


async def test_cnma_2_refuses_and_the_network_tries_again(network: Network, client: Client) -> None:
    await client.ask("AT+CSMS=1")
    await client.ask("AT+CNMI=2,2,0,0,0")
    network.text(PARENT, "sim0", "STOP")
    await client.until("+CMT: ,")
    await client.ask("AT+CNMA=2")
    await client.until("+CMT: ,")


async def test_a_class_2_text_is_stored_even_when_others_are_handed_over(
    network: Network, client: Client
) -> None:
    await client.ask("AT+CNMI=2,2,0,0,0")
    network.text(PARENT, "sim0", "for the SIM", message_class=2)
    await client.until('+CMTI: "SM",1')


@pytest.mark.parametrize(
    ("persona", "setting", "answer"),
    [
        ("simcom-sim800", "2,1,0,2,0", "+CMS ERROR: 303"),
        ("simcom-sim800", "2,1,0,1,0", "OK"),
        ("siemens-mc35", "2,1,0,0,0", "+CMS ERROR: 303"),
        ("siemens-mc35", "2,1,0,2,1", "OK"),
        ("generic", "5,1", "+CMS ERROR: 303"),
        ("generic", "2,1", "OK"),
    ],
)
async def test_each_persona_takes_its_own_cnmi_values(
    network: Network, connect: Callable[..., Client], persona: str, setting: str, answer: str
) -> None:
    client = connect(network.add_modem("other", number="+447700900002", persona=persona))
    assert await client.ask(f"AT+CNMI={setting}") == [answer]


async def test_a_full_store_leaves_messages_in_the_network_until_a_slot_is_freed(
    network: Network, modem: VirtualModem, client: Client
) -> None:
    await client.ask("AT+CNMI=2,1,0,0,0")
    modem.fault("store_full")
    network.text(PARENT, modem, "one")
    network.text(PARENT, modem, "two")
    await network.ledger.until(Kind.HELD)
    assert network.centre.waiting(modem.number) == 2
    assert await client.ask("AT+CPMS?") == ['+CPMS: "SM",30,30,"SM",30,30,"SM",30,30', "OK"]
    await client.ask("AT+CMGD=5")
    await client.until('+CMTI: "SM",5')
    assert decode_deliver(modem.storage.use(0).get(5).pdu).text == "one"
    assert network.centre.waiting(modem.number) == 1


async def test_a_full_store_says_so_where_the_persona_does(
    network: Network, connect: Callable[..., Client]
) -> None:
    modem = network.add_modem("other", number="+447700900002", persona="huawei-e173")
    client = connect(modem)
    modem.fault("store_full", 1)
    network.text(PARENT, modem, "the last")
    await client.until('^SMMEMFULL:"SM"')


async def test_reports_pass_texts_that_wait_for_a_slot(
    network: Network, modem: VirtualModem, client: Client
) -> None:
    await client.ask("AT+CNMI=2,1,0,1,0")
    modem.fault("store_full")
    network.text(PARENT, modem, "waits")
    await client.text(PARENT, "Hello")
    await client.until("+CDS: ")
    assert network.centre.waiting(modem.number) == 1


async def test_messages_wait_while_the_modem_is_away(network: Network, modem: VirtualModem) -> None:
    modem.fault("unplug", 0.01)
    network.text(PARENT, modem, "STOP")
    await network.ledger.until(Kind.STORED)
    assert modem.radio.registered


@pytest.mark.parametrize(("flag", "left"), [(1, [1, 3, 4]), (2, [1, 3]), (3, [1]), (4, [])])
async def test_cmgd_flags_delete_by_state(
    modem: VirtualModem, client: Client, flag: int, left: list[int]
) -> None:
    for stat in (0, 1, 2, 3):
        index = modem.storage.use(0).put(compose(PARENT, "x")[0], 0)
        modem.storage.use(0).slots[index].stat = type(modem.storage.use(0).slots[index].stat)(stat)
    await client.ask(f"AT+CMGD=1,{flag}")
    assert sorted(modem.storage.use(0).slots) == left


async def test_memories_are_separate_and_an_unknown_one_is_refused(
    network: Network, modem: VirtualModem, client: Client
) -> None:
    assert await client.ask('AT+CPMS="SM","SM","ME"') == ["+CPMS: 0,30,0,30,0,100", "OK"]
    await client.ask("AT+CNMI=2,1,0,0,0")
    network.text(PARENT, modem, "STOP")
    await client.until('+CMTI: "ME",1')
    assert await client.ask("AT+CMGL=4") == ["OK"]
    assert await client.ask('AT+CPMS="XX"') == ["+CMS ERROR: 302"]


async def test_text_mode_lists_words(network: Network, modem: VirtualModem, client: Client) -> None:
    network.text(PARENT, modem, "Hello")
    await network.ledger.until(Kind.STORED)
    await client.ask("AT+CMGF=1")
    header, text, _ = await client.ask('AT+CMGL="ALL"')
    assert header.startswith(f'+CMGL: 1,"REC UNREAD","{PARENT}",,"')
    assert text == "Hello"


async def test_parts_can_come_out_of_order_twice_or_not_at_all(network: Network, modem: VirtualModem) -> None:
    network.text(PARENT, modem, "A long answer. " * 20, wide=True, order=(2, 2, 1))
    await network.ledger.until(Kind.STORED, 3)
    numbers = [decode_deliver(s.pdu).concat.number for s in modem.storage.use(0).slots.values()]
    assert numbers == [2, 2, 1]

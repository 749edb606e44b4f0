"""gammu, a foreign client, finds the virtual modem to be what it knows modems to be."""

from __future__ import annotations

import asyncio
import re

import pytest

from gateway.simulator import PERSONAS, Kind, Network, VirtualModem
from tests.peers.child import needs, run

pytestmark = [pytest.mark.system, needs("gammu", "gammu")]

TEXTS = {
    "plain": "School is closed tomorrow.",
    "the whole GSM alphabet's oddities": "Grüße & café: 5 € @ $1_000 [ok] {x} ~ \\ | ^ Ñ ¿ § Ω",
    "two parts": "No bus on line 7 today; parents are asked to fetch their children. " * 4,
    "parts with escapes": "€" * 160,
    "Unicode": "Экскурсия завтра 😀 ж",
    "Unicode in parts": "Schöne Grüße, до завтра 😀! " * 9,
}


async def gammu(modem: VirtualModem, *command: str) -> str:
    settings = modem.path.with_suffix(".gammurc")
    settings.write_text(f"[gammu]\ndevice = {modem.path}\nconnection = at\n")
    return await run("gammu", "--config", str(settings), *command)


async def send(modem: VirtualModem, to: str, text: str) -> str:
    coding = () if text.isascii() or "€" in text else ("-unicode",)
    return await gammu(
        modem, "sendsms", "TEXT", to, "-len", str(len(text)), *coding, "-report", "-text", text
    )


async def test_gammu_identifies_every_kind_of_modem(network: Network) -> None:
    modems = [
        network.add_modem(name, number=f"+44770090010{n}", persona=name) for n, name in enumerate(PERSONAS)
    ]
    for modem, said in zip(
        modems, await asyncio.gather(*(gammu(m, "identify") for m in modems)), strict=True
    ):
        shown = dict(re.findall(r"^(\S.*?) +: (.*)$", said, re.MULTILINE))
        maker = modem.persona.manufacturer.split()[
            0
        ]  # gammu writes the names of those it knows in its own way
        assert shown["Manufacturer"].casefold().startswith(maker.casefold())
        assert modem.persona.model in shown["Model"]
        assert shown["Firmware"] == modem.persona.revision
        assert shown["IMEI"] == modem.imei
        assert shown["SIM IMSI"] == modem.sim.imsi


async def test_gammu_sees_the_network(network: Network) -> None:
    modem = network.add_modem("sim0", number="+447700900001")
    said = await gammu(modem, "networkinfo")
    assert "Network state        : home network" in said
    assert "LAC CE00, CID 00005449" in said
    assert 'Name in phone        : "Virtual GSM"' in said
    assert "GPRS                 : attached" in said


async def test_texts_that_gammu_sends_arrive_whole_and_are_reported(network: Network) -> None:
    phones = {name: network.handset(f"+44770090020{n}") for n, name in enumerate(TEXTS)}
    modems = {name: network.add_modem(f"sim{n}", number=f"+44770090010{n}") for n, name in enumerate(TEXTS)}
    await asyncio.gather(*(send(modems[name], phones[name].number, text) for name, text in TEXTS.items()))
    for name, text in TEXTS.items():
        assert [received.text for received in phones[name].received] == [text]
    parts = sum(len(phone.parts) for phone in phones.values())
    assert len(network.ledger.of(Kind.ACCEPTED)) == parts > len(TEXTS)
    await network.ledger.until(Kind.REPORT, parts)


async def test_gammu_reads_what_handsets_sent(network: Network) -> None:
    """In the stores of each kind: SIM only, two memories to choose from, indexes from 0."""
    kinds = ("generic", "wavecom", "quectel-ec25", "huawei-e173")
    modems = [
        network.add_modem(kind, number=f"+44770090010{n}", persona=kind) for n, kind in enumerate(kinds)
    ]
    for modem in modems:
        for n, text in enumerate(TEXTS.values()):
            network.text(f"+44770090020{n}", modem, text)
    for said in await asyncio.gather(*(gammu(modem, "geteachsms") for modem in modems)):
        for n, text in enumerate(TEXTS.values()):
            assert f'"+44770090020{n}"' in said
            assert text.strip() in said

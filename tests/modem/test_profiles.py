"""Profiles: what a file may say, that every key of it is acted on, and whom it means."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gateway.modem.profiles import GENERIC, Profile, names, parse, profile_for, profiles
from tests.modem.fake import FakeModem, Pins, Store, driver, framed, running, until

GATEWAY = Path(__file__).parents[2] / "gateway"
CARD = "8944110068000000017"


@pytest.mark.parametrize(
    ("maker", "model", "name"),
    [
        ("huawei", "E173", "huawei-e173"),
        ("huawei", "K3765", "huawei-e173"),
        ("huawei", "E3372", "huawei"),
        ("QUALCOMM INCORPORATED", "brovi E3372", "huawei"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom-sim800"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom"),
        ("SIMCOM INCORPORATED", "A7670E-FASE", "simcom-a7670"),
        ("Quectel", "EC25", "quectel"),
        ("Quectel", "EG25", "quectel"),
        ("Quectel", "EG91", "quectel"),
        ("Quectel_Ltd", "Quectel_M26", "quectel-2g"),
        ("FOXCOM MODEM", "M26", "quectel-2g"),
        ("ZTE INCORPORATED", "MF190", "zte"),
        ("Sierra Wireless, Incorporated", "MC7304", "sierra"),
        ("SIEMENS", "MC35", "siemens"),
        ("SIEMENS", "TC35i", "siemens"),
        ("Cinterion", "EHS6", "cinterion"),
        ("u-blox", "LARA-R211", "u-blox"),
        ("Telit", "LE910-EU V2", "telit"),
        (" WAVECOM MODEM", "MULTIBAND", "wavecom"),
        ("Acme", "A1", "generic"),
        ("", "", "generic"),
    ],
)
def test_a_modem_is_recognised_by_its_names(maker: str, model: str, name: str) -> None:
    assert profile_for(maker, model).name == name


@pytest.mark.parametrize(
    ("maker", "model", "newest"),
    [
        ("ZTE CORPORATION", "MF823", "4G"),
        ("ZTE CORPORATION", "MF79U", "4G"),
        ("ZTE INCORPORATED", "MF190", "3G"),
        ("u-blox", "SARA-G340", "2G"),
        ("u-blox", "SARA-U201", "3G"),
        ("u-blox", "LARA-R211", "4G"),
        ("Telit", "GE910-QUAD", "2G"),
        ("Telit", "HE910-EUR", "3G"),
        ("Telit", "UC864-E", "3G"),
        ("Telit", "LE910-EU V2", "4G"),
        ("Telit", "ME910C1-E1", "4G"),
        ("Cinterion", "BGS2-W", "2G"),
        ("Cinterion", "EHS6", "3G"),
        ("Cinterion", "PLS8-E", "4G"),
        ("Sierra Wireless, Incorporated", "MC8705", "3G"),
        ("Sierra Wireless, Incorporated", "MC7304", "4G"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM5320E", "3G"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "4G"),
        ("Quectel", "UC15", "3G"),
        ("Quectel", "EC25", "4G"),
        ("huawei", "K3765", "3G"),
        ("huawei", "E353", "3G"),
        ("huawei", "E1550", "3G"),
        ("huawei", "E3372", "4G"),
        ("Acme", "A1", None),
    ],
)
def test_a_member_of_a_family_may_know_another_network(maker: str, model: str, newest: str | None) -> None:
    assert profile_for(maker, model).newest_network(model) == newest


def test_a_profile_that_is_asked_for_by_name_wins_over_the_modems_names() -> None:
    assert profile_for("huawei", "E173", "zte").name == "zte"
    assert profile_for("huawei", "E173", "generic") is GENERIC


def test_every_profile_has_a_name_of_its_own_and_a_match() -> None:
    assert len(set(names())) == len(names()) == len(profiles()) + 2
    assert all(profile.match for profile in profiles())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("colour = 1", "colour"),
        ('generation = "5G"\nsources = { generation = "x" }', "generation"),
        ('prepare = ["AT+X=1"]', "a source for each key, and for no other: prepare"),
        ('sources = { prepare = "x" }', "a source for each key, and for no other: prepare"),
        ('prepare = ["RESET"]\nsources = { prepare = "x" }', "prepare"),
        ('usb = [{ id = "12d1" }]\nsources = { usb = "x" }', "usb"),
        ('usb = [{ id = "12d1:1001" }]\nsources = { usb = "x" }', "either `at` or `storage` or `network`"),
        (
            'usb = [{ id = "12d1:14dc", storage = true, network = true }]\nsources = { usb = "x" }',
            "either `at` or `storage` or `network`",
        ),
        ('members = [{ match = "x" }]\nsources = { members = "x" }', "generation"),
        ('card = [{ ask = "AT+X", colour = 1 }]\nsources = { card = "x" }', "colour"),
        ('keep_link = [3]\nsources = { keep_link = "x" }', "keep_link"),
    ],
)
def test_a_file_with_a_fault_is_refused_and_the_fault_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(f'[[profile]]\nname = "x"\n{text}\n')


def test_a_command_that_nobody_has_looked_up_is_marked() -> None:
    """A command's source is a section, the field notes, a program that asks it, or it is unverified."""
    for profile in profiles():
        for key in ("card", "pin_tries", "prepare"):
            source = profile.sources.get(key, "notes")
            assert re.search(r"\b\d+\.\d+: |\bnotes\b|ModemManager|unverified", source), (profile.name, key)
            if re.search(r"\+SPIC|\+QPINC", f"{getattr(profile, key)}"):  # the notes could not verify these
                assert "unverified (notes B3.7)" in source, profile.name


def test_the_code_reads_every_key_of_a_profile() -> None:
    """A key that nothing reads would be decoration: each is an attribute of some profile elsewhere."""
    read = {
        "card": "card_queries",
        "pin_tries": "tries_queries",  # as commands
        "generation": "newest_network",
        "members": "newest_network",
    }
    used = {
        node.attr
        for path in GATEWAY.rglob("*.py")
        if path.name != "profiles.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and "profile" in ast.unparse(node.value)
    }
    wanted = {read.get(key, key) for key in Profile.model_fields} - {"match", "sources"}
    assert wanted - used == set()


@pytest.mark.parametrize(
    ("profile", "line", "tries"),
    [
        ("generic", "+CPINR: SIM PIN,3,3", 3),
        ("huawei", "^CPIN: SIM PIN,,10,2,10,3", 2),
        ("huawei-e173", "^CPIN: SIM PIN,,10,2,10,3", 2),
        ("zte", "+ZPINPUK: 1,10", 1),
        ("u-blox", "+UPINCNT: 3,3,10,10", 3),
        ("quectel", '+QPINC: "SC",2,10', 2),
        ("simcom", "+SPIC: 2,10,0,10", 2),
        ("siemens", "^SPIC: 3", 3),
        ("cinterion", "^SPIC: 3", 3),
        ("telit", "#PCT: 2", 2),
        ("sierra", "+CPINC: 2,3,10,10", 2),
    ],
)
async def test_the_pin_is_not_tried_where_the_profile_finds_one_attempt_left(
    profile: str, line: str, tries: int, fake: FakeModem, store: Store
) -> None:
    """Through the real bring-up: with the count as the vendor writes it, and with one attempt left."""
    query = profile_for("", "", profile).tries_queries[-1]
    assert query.parse((line,)) == tries
    fake.replies["AT+CPIN?"] = framed("+CPIN: SIM PIN", "OK")
    fake.replies[query.text] = framed(line.replace(str(tries), "1", 1), "OK")
    pins = Pins()
    modem = driver(fake.path, store, profile=profile, pin="1234", pins=pins)
    async with running(modem):
        await until(lambda: "attempts left" in modem.state.detail)
    assert "1 PIN attempts left" in modem.state.detail
    assert not [command for command in fake.commands if command.startswith("AT+CPIN=")]


@pytest.mark.parametrize(
    ("profile", "command", "answer"),
    [
        ("huawei", "AT^ICCID?", f"^ICCID: {CARD}"),
        ("simcom", "AT+CICCID", f"+ICCID: {CARD}"),
        ("simcom-sim800", "AT+CCID", CARD),
        ("siemens", "AT^SCID", f"^SCID: {CARD}"),
        ("telit", "AT#CCID", f"#CCID: {CARD}"),
        ("sierra", "AT!ICCID?", f"!ICCID: {CARD}"),
        ("quectel", "AT+QCCID", f"+QCCID: {CARD}F"),
    ],
)
async def test_the_sim_is_asked_in_the_vendors_way_first(
    profile: str, command: str, answer: str, fake: FakeModem, store: Store
) -> None:
    fake.replies["AT+CCID"] = framed("ERROR")
    fake.replies[command] = framed(answer, "OK")
    modem = driver(fake.path, store, profile=profile)
    async with running(modem):
        await modem.settled()
    assert modem.state.iccid == CARD
    assert fake.commands[fake.commands.index("AT+CGSN") + 1] == command


@pytest.mark.parametrize(
    ("profile", "command"),
    [("huawei", "AT^CURC=0"), ("zte", "AT+CPMS?"), ("quectel", 'AT+QURCCFG="urcport","usbat"')],
)
async def test_what_prepares_a_modem_is_said_to_it_and_an_error_is_ignored(
    profile: str, command: str, fake: FakeModem, store: Store
) -> None:
    fake.replies[command] = framed("ERROR")
    modem = driver(fake.path, store, profile=profile)
    async with running(modem):
        await modem.settled()
    assert command in fake.commands[: fake.commands.index("AT+CMGF=0")]


async def test_a_modem_that_is_slow_to_start_is_waited_for_as_long_as_its_profile_says(
    fake: FakeModem, store: Store
) -> None:
    asked = 0

    def mode(_: str) -> str:
        nonlocal asked
        asked += 1
        return framed("OK" if asked == 25 else "+CMS ERROR: 302")

    fake.replies["AT+CMGF=0"] = mode
    modem = driver(fake.path, store, profile="simcom-sim800")
    async with running(modem):
        await modem.settled()
    assert (asked, modem.state.failures) == (25, 0)

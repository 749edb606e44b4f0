"""What the doctor makes of what was looked at: nothing where all is well, one finding for each trouble."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.looking_service import look_at_credentials, look_at_units
from gateway.config import load
from gateway.doctor import (
    Access,
    Account,
    Credential,
    Host,
    Kind,
    Port,
    Service,
    Unit,
    access_findings,
    account_findings,
    config_findings,
    credential_findings,
    host_findings,
    port_findings,
    probe_findings,
    service_findings,
    state_findings,
    unit_findings,
)
from gateway.modem import Probe
from gateway.modem.answers import Carrier, Memory
from gateway.modem.identity import Equipment

HOST = Host(
    now=datetime(2026, 12, 1, tzinfo=UTC),
    built=datetime(2026, 11, 1, tzinfo=UTC),
    clock_synchronised=True,
    data="/var/lib/schoolgate",
    free=50_000_000_000,
    writable=True,
    modem_manager=False,
)
PORT = Port(
    modem="sim0",
    path="/dev/serial/by-id/usb-x-if02",
    exists=True,
    permitted=True,
    group="dialout",
    holder="",
    stays=True,
    others=(),
    storage_only=(),
)
SERVICE = Service(
    keys="", policy="", database="", database_made=True, modems=1, running=True, api_key="", reasons=()
)
PROBE = Probe(
    port="/dev/x",
    equipment=Equipment(manufacturer="huawei", model="E3372"),
    profile="huawei",
    pin_state="READY",
    pin_tries=3,
    iccid="8944",
    imsi="2341",
    smsc="+447785016005",
    registrations={"CREG": "home"},
    network=Carrier("One", "4G"),
    signal_dbm=-73,
    memories_offered=(),
    memories=(Memory("SM", 3, 20),),
    notifications_offered=(),
    notifications=(2, 1, 0, 1, 0),
)
STATE: dict[str, Any] = {
    "name": "sim0", "phase": "ready", "detail": "", "registration": "home", "operator": "One",
    "technology": "4G", "manufacturer": "Quectel", "model": "EC25", "signal_dbm": -73,
    "storage_used": 1, "storage_total": 20, "recoveries": {"reopen": 2},
}  # fmt: skip


def test_where_all_is_well_nothing_is_found() -> None:
    found = (
        *host_findings(HOST, 1),
        *port_findings(PORT, ours=False),
        *service_findings(SERVICE),
        *probe_findings("sim0", PROBE, smsc=None, pin_set=False),
        *state_findings(STATE),
    )
    assert found == ()


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({"now": datetime(2000, 1, 1, tzinfo=UTC)}, "wrong", "2000-01-01"),
        ({"clock_synchronised": False}, "warning", "timedatectl"),
        ({"free": 5_000_000}, "wrong", "5 MB"),
        ({"free": 500_000_000}, "warning", "500 MB"),
        ({"writable": False}, "wrong", "sudo chown schoolgate:schoolgate /var/lib/schoolgate"),
        ({"there": False}, "wrong", "sudo install -d -o schoolgate -g schoolgate -m 700 /var/lib/schoolgate"),
        ({"modem_manager": True}, "warning", "udev rule"),
    ],
)
def test_trouble_with_the_machine_is_named_once(change: dict[str, Any], level: str, words: str) -> None:
    (found,) = host_findings(replace(HOST, **change), 1)
    assert found.level == level
    assert words in f"{found.what} {found.remedy}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exists": False}, "lsusb"),
        ({"exists": False, "others": ("/dev/ttyUSB0", "/dev/ttyUSB2")}, "/dev/ttyUSB0, /dev/ttyUSB2"),
        ({"exists": False, "storage_only": ("12d1:1f01",)}, "usb-modeswitch"),
        ({"exists": False, "network_only": ("12d1:14dc",)}, "a network card (12d1:14dc)"),
        ({"serial": False}, "is not a serial port"),
        (
            {"closed": True, "permitted": False, "group_may": False},
            "was not looked at sudo schoolgate doctor",
        ),
        ({"permitted": False}, "sudo usermod -aG dialout schoolgate"),
        ({"holder": "ModemManager (pid 7)"}, "systemctl disable --now ModemManager"),
        ({"holder": "agetty (pid 7)", "path": "/dev/ttyS0"}, "systemctl disable --now serial-getty@ttyS0"),
        ({"holder": "minicom (pid 7)"}, "is held by minicom (pid 7)"),
        ({"stays": False}, "/dev/serial/by-id"),
        (
            {"interface": 1, "speaks_at": (2, 3), "siblings": {0: "/dev/ttyUSB0", 2: "/dev/ttyUSB2"}},
            "set port to a stable name of /dev/ttyUSB2",
        ),
        ({"interface": 1, "speaks_at": (2, 3)}, "interface 1 of its modem, which takes commands at 2 or 3"),
    ],
)
def test_trouble_with_a_port_is_named_once(change: dict[str, Any], words: str) -> None:
    (found,) = port_findings(replace(PORT, **change), ours=False)
    assert words in f"{found.what} {found.remedy}"


@pytest.mark.parametrize(
    "change",
    [
        *({"group": group} for group in ("root", "tty", "disk", "shadow", "adm", "0")),
        {"group": "dialout", "group_may": False},
    ],
)
def test_a_group_that_opens_more_than_ports_is_never_proposed(change: dict[str, Any]) -> None:
    denied = replace(PORT, path="/dev/ttyS0", permitted=False, udev='KERNEL=="ttyS0"', **change)
    (found,) = port_findings(denied, ours=False)
    assert found.what == "schoolgate, as whom the gateway runs, may not open /dev/ttyS0"
    assert (
        """echo 'KERNEL=="ttyS0", GROUP="dialout", MODE="0660"' | sudo tee /etc/udev/rules.d/"""
        in found.remedy
    )
    assert "usermod" not in found.remedy
    (found,) = port_findings(replace(denied, member=False, user="gsm"), ours=False)
    assert "sudo usermod -aG dialout gsm" in found.remedy


def test_a_network_card_is_not_told_to_be_switched() -> None:
    absent = replace(PORT, exists=False, network_only=("12d1:14dc",), others=("/dev/ttyUSB0",))
    (found,) = port_findings(absent, ours=False)
    assert "firmware for sticks" in found.remedy
    assert "usb-modeswitch" not in found.remedy
    assert "/dev/ttyUSB0" in found.remedy
    (found,) = port_findings(replace(absent, storage_only=("12d1:1520",)), ours=False)
    assert "(12d1:1520): sudo apt install usb-modeswitch" in found.remedy


def test_a_port_that_the_running_gateway_holds_is_as_it_should_be() -> None:
    assert list(port_findings(replace(PORT, holder="schoolgate (pid 9)"), ours=True)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"equipment": Equipment()}, "try the others"),
        ({"pin_state": "SIM PIN"}, "pin_file"),
        ({"pin_state": "SIM PUK"}, "PUK"),
        ({"pin_state": "SIM PIN", "pin_tries": 1}, "in a phone"),
        ({"pin_state": "NOT INSERTED"}, "inserted"),
        ({"registrations": {"CREG": "searching"}}, "CREG searching"),
        ({"smsc": ""}, "service centre"),
        ({"signal_dbm": -111}, "-111 dBm"),
        ({"network": Carrier("One", "3G")}, "it is in a 3G network"),
        (
            {"equipment": Equipment("SIMCOM_Ltd", "SIMCOM_SIM800L"), "network": Carrier("One", "2G")},
            "no network newer than 2G",
        ),
        ({"memories": (Memory("SM", 20, 20),)}, "full (20 of 20)"),
        ({"memories": (Memory("SM", 15, 20),)}, "fills up"),
    ],
)
def test_trouble_that_a_probe_shows_is_named_once(change: dict[str, Any], words: str) -> None:
    (found,) = probe_findings("sim0", replace(PROBE, **change), smsc=None, pin_set=False)
    assert words in f"{found.what} {found.remedy}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"phase": "blocked", "detail": "the SIM asks for its PUK"},
            "enter the PUK from the operator's letter",
        ),
        ({"detail": "what comes in cannot be read: the SIM asks for its PUK"}, "operator's letter"),
        ({"phase": "blocked", "detail": "the SIM asks for its PIN and none is configured"}, "sudoedit"),
        ({"phase": "blocked", "detail": "the SIM refused the PIN: correct it"}, "write the right PIN"),
        ({"phase": "blocked", "detail": "the SIM has 1 PIN attempts left: …"}, "in a phone"),
        ({"phase": "blocked", "detail": "no SIM is inserted"}, "right way round"),
        ({"phase": "blocked", "detail": "the SIM was changed: schoolgate modem confirm sim0"}, "on purpose"),
        ({"phase": "blocked", "detail": "port /dev/x is held by minicom"}, "fuser"),
        ({"phase": "blocked", "detail": "something new"}, "do what it says"),
        ({"phase": "searching", "detail": ""}, "lsusb"),
        ({"phase": "registering"}, "antenna"),
        ({"phase": "lost", "detail": "the modem on /dev/x does not answer"}, "plug it in again"),
        ({"credit": 1.2, "credit_low": True, "credit_floor": 2.0}, "is 1.20, below the floor of 2.00"),
        ({"credit_low": True}, "the credit of its SIM is low"),
        ({"credit_error": "the answer names no amount"}, "correct credit_ussd or credit_pattern"),
        ({"self_test_error": "it did not come back"}, "text the SIM's number from a phone"),
        (
            {"paused": "this SIM has sent its 1000 parts", "paused_until": "2026-12-01T08:00Z"},
            "at 2026-12-01T08",
        ),
        ({"registration": "roaming"}, "roams in One"),
        ({"signal_dbm": -110}, "weak"),
        ({"technology": "2G"}, "it is in a 2G network"),
        ({"manufacturer": "huawei", "model": "K3765", "technology": "2G"}, "no network newer than 3G"),
        ({"storage_used": 20}, "full"),
        ({"recoveries": {"restart": 1}}, "by force"),
        ({"detail": "the SIM has no SMS centre number"}, "set smsc"),
    ],
)
def test_trouble_that_the_gateway_tells_of_is_named_once(change: dict[str, Any], words: str) -> None:
    (found,) = state_findings(STATE | change)
    assert words in f"{found.what} {found.remedy}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"keys": "readable by others"}, "sudo chmod 600"),
        ({"keys": "No such file"}, "schoolgate escrow enter"),
        ({"closed": {"keys": "/etc/schoolgate/schoolgate.keys"}}, "sudo schoolgate doctor"),
        ({"policy": "line 3"}, "line 3"),
        ({"database": "newer schema"}, "restore"),
        ({"database_made": False}, "it makes one"),
        ({"modems": 0}, "modem probe"),
        ({"running": False}, "sudo systemctl start"),
        ({"api_key": "revoked"}, "--key-file"),
        ({"reasons": ("no modem is registered",)}, "schoolgate modem list"),
        ({"reasons": ("sim0: its self-test failed: nothing came",)}, "text the SIM's number"),
        ({"reasons": ("sim0: the SIM asks for its PUK",)}, "operator's letter"),
        ({"reasons": ("the disk is full",)}, "df -h"),
        ({"reasons": ("sending is suspended since today",)}, "sending resume"),
        ({"certificate": "not PEM, or damaged"}, "tls_certificate"),
        ({"certificate_ends": "the TLS certificate ends on 2026-12-24"}, "systemctl reload"),
    ],
)
def test_trouble_with_the_gateway_is_named_once(change: dict[str, Any], words: str) -> None:
    (found,) = service_findings(replace(SERVICE, **change))
    assert words in f"{found.what} {found.remedy}"


def test_what_a_modem_says_for_itself_is_not_said_again_of_the_gateway() -> None:
    reasons = ("no modem is registered", "sim0: lost", "sim1: its self-test failed: nothing came")
    assert list(service_findings(replace(SERVICE, reasons=reasons, names=("sim0", "sim1")))) == []
    (left,) = service_findings(
        replace(SERVICE, reasons=(*reasons, "the disk is full"), names=("sim0", "sim1"))
    )
    assert left.what == "the disk is full"
    assert len(list(service_findings(replace(SERVICE, reasons=reasons)))) == 3


@pytest.mark.parametrize(
    "change", [{"credit_low": True, "credit": 10.0}, {"credit_low": True, "credit": None}]
)
def test_the_floor_is_the_one_that_is_configured_where_the_gateway_names_none(change: dict[str, Any]) -> None:
    (found,) = state_findings(STATE | change, floor=20.0)
    assert found.what.endswith("below the floor of 20.00")


def test_a_modem_that_is_away_and_poor_has_a_finding_for_each() -> None:
    """A blocked one, too: that the credit is gone may be why."""
    state = STATE | {
        "phase": "blocked",
        "detail": "the SIM asks for its PUK",
        "credit_low": True,
        "paused": "x",
    }
    assert [found.level for found in state_findings(state)] == ["wrong", "warning", "warning"]


def test_a_state_of_which_little_is_told_is_judged_by_that() -> None:
    assert list(state_findings({"name": "sim0", "phase": "ready"})) == []


@pytest.mark.parametrize(
    ("maker", "model", "in_use", "profile", "words"),
    [
        ("ZTE CORPORATION", "MF823", "4G", "auto", ""),
        ("ZTE CORPORATION", "MF190", "4G", "auto", ""),  # whatever the table says: it is in one
        ("ZTE CORPORATION", "MF190", "", "auto", "a MF190 knows no network newer than 3G"),
        ("ZTE CORPORATION", "MF190", "", "generic", ""),
        ("ZTE CORPORATION", "MF190", "3G", "generic", "it is in a 3G network"),
        ("Quectel", "UC15", "", "auto", "a UC15 knows no network newer than 3G"),
        ("u-blox", "SARA-G340", "2G", "auto", "a SARA-G340 knows no network newer than 2G"),
    ],
)
def test_what_is_being_switched_off_is_told_by_the_network_and_the_profile(
    maker: str, model: str, in_use: str, profile: str, words: str
) -> None:
    state = STATE | {"manufacturer": maker, "model": model, "technology": in_use}
    assert [found.what for found in state_findings(state, profile=profile)] == ([words] if words else [])
    probe = replace(PROBE, equipment=Equipment(maker, model), network=Carrier("One", in_use))
    found = probe_findings("sim0", probe, smsc=None, pin_set=False, profile=profile)
    assert [each.what for each in found] == ([words] if words else [])


ACCOUNT = Account("schoolgate", "schoolgate", 990, 990, (20, 990))


@pytest.mark.parametrize(
    ("kind", "closed", "words"),
    [
        (Kind.DATA, "", "may not read and write /x/f; sudo chown schoolgate:schoolgate /x/f"),
        (Kind.SETTINGS, "", "may not read /x/f; sudo chgrp schoolgate /x/f; sudo chmod g+r /x/f"),
        (Kind.PRIVATE, "", "may not read /x/f; sudo chown schoolgate /x/f; sudo chmod 600 /x/f"),
        (Kind.DATA, "/x", "may not enter /x, so not reach /x/f; sudo chgrp schoolgate /x; sudo chmod g+x /x"),
    ],
)
def test_what_the_gateway_may_not_use_is_named_with_the_commands(kind: Kind, closed: str, words: str) -> None:
    access = Access("file", "/x/f", kind, allowed=False, closed=closed)
    (found,) = access_findings(access, ACCOUNT)
    assert f"schoolgate, as whom the gateway runs, {words}" in f"{found.what}; {found.remedy}"
    assert list(access_findings(replace(access, allowed=True), ACCOUNT)) == []


def test_a_user_that_the_machine_does_not_have_is_named() -> None:
    assert list(account_findings(ACCOUNT)) == []
    (found,) = account_findings(replace(ACCOUNT, missing="gsm"))
    assert "the user gsm" in found.what


def test_each_fault_of_the_configuration_is_a_finding() -> None:
    faults = list(config_findings("/etc/c.toml", ("line 3: a", "line 4: b"), there=True, closed=False))
    assert [each.what for each in faults] == ["/etc/c.toml: line 3: a", "/etc/c.toml: line 4: b"]
    assert {each.remedy.partition(";")[0] for each in faults} == {"correct it: sudoedit /etc/c.toml"}
    (closed,) = config_findings("/etc/c.toml", ("Permission denied",), there=True, closed=True)
    assert closed.remedy == "sudo schoolgate doctor"
    (gone,) = config_findings("/etc/c.toml", ("No such file",), there=False, closed=False)
    assert "/etc/c.toml is not there" in gone.what


UNIT = Unit(name="schoolgate", active="active", result="success", enabled="enabled", restarts=0)
SECRET = Credential(
    about="PIN of sim0", path="/etc/schoolgate/pins/sim0", exists=True, readable=True, private=True
)


def test_a_service_and_a_secret_that_are_well_are_not_spoken_of() -> None:
    assert [*unit_findings(UNIT), *credential_findings(SECRET)] == []
    assert list(port_findings(replace(PORT, interface=2, speaks_at=(2, 3)), ours=False)) == []


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({"active": "failed", "result": "watchdog"}, "wrong", "failed (watchdog)"),
        ({"restarts": 9}, "warning", "restart it 9 times"),
        ({"enabled": "disabled"}, "warning", "systemctl enable schoolgate"),
    ],
)
def test_trouble_with_the_unit_is_named_once(change: dict[str, Any], level: str, words: str) -> None:
    (found,) = unit_findings(replace(UNIT, **change))
    assert found.level == level
    assert words in f"{found.what} {found.remedy}"


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({"exists": False}, "wrong", "is not there"),
        ({"readable": False}, "warning", "may not read"),
        ({"private": False}, "wrong", "chmod 600"),
        ({"fault": "a PIN is 4 to 8 digits"}, "wrong", "4 to 8 digits"),
    ],
)
def test_trouble_with_a_secret_is_named_once(change: dict[str, Any], level: str, words: str) -> None:
    (found,) = credential_findings(replace(SECRET, **change))
    assert found.level == level
    assert words in f"{found.what} {found.remedy}"


@pytest.fixture
def systemctl(tmp_path: Path) -> Path:
    """Return a systemctl that says what the file `shown` says."""
    program = tmp_path / "systemctl"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/shown\n")
    program.chmod(0o755)
    return program


def test_the_unit_is_read_from_systemctl(systemctl: Path) -> None:
    shown = systemctl.parent / "shown"
    shown.write_text(
        "LoadState=loaded\nActiveState=failed\nResult=exit-code\nUnitFileState=enabled\nNRestarts=5\n"
    )
    found = look_at_units(program=str(systemctl))
    assert found[0] == Unit("schoolgate", "failed", "exit-code", "enabled", 5)
    assert [unit.name for unit in found[1:3]] == ["schoolgate-backup", "schoolgate-restore-check"]
    shown.write_text("LoadState=not-found\nActiveState=inactive\n")
    assert look_at_units(program=str(systemctl)) == []
    assert look_at_units(program=str(systemctl.parent / "gone")) == []


def test_secrets_are_looked_at_as_they_lie(tmp_path: Path) -> None:
    config = tmp_path / "schoolgate.toml"
    config.write_text(
        '[cli]\nkey_file = "owner.key"\n'
        '[alerts]\nsmtp_host = "mail"\nsmtp_password_file = "smtp"\n'
        '[[modem]]\nname = "sim0"\nport = "sim0"\npin_file = "pin"\n'
    )
    (tmp_path / "pin").write_text("seven39")
    (tmp_path / "pin").chmod(0o600)
    (tmp_path / "owner.key").write_text("sg_live_x")
    (tmp_path / "owner.key").chmod(0o644)
    found = {each.about: each for each in look_at_credentials(load(config))}
    assert found["PIN of sim0"].fault == "a PIN is 4 to 8 digits"
    assert found["PIN of sim0"].private
    assert not found["API key"].private
    assert found["API key"].fault == ""
    assert not found["mail password"].exists
    assert not any(secret in repr(found) for secret in ("seven39", "sg_live_x"))

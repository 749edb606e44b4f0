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
    Credential,
    Host,
    Port,
    Service,
    Unit,
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
        ({"writable": False}, "wrong", "may not write"),
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
        ({"permitted": False}, "usermod -aG dialout"),
        ({"holder": "ModemManager (pid 7)"}, "ModemManager (pid 7)"),
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


def test_a_port_that_the_running_gateway_holds_is_as_it_should_be() -> None:
    assert list(port_findings(replace(PORT, holder="schoolgate (pid 9)"), ours=True)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"equipment": Equipment()}, "try the others"),
        ({"pin_state": "SIM PIN"}, "pin_file"),
        ({"pin_state": "SIM PUK"}, "PUK"),
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
        ({"phase": "blocked", "detail": "the SIM asks for its PUK"}, "PUK"),
        ({"phase": "registering"}, "antenna"),
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
        ({"keys": "readable by others"}, "readable by others"),
        ({"policy": "line 3"}, "line 3"),
        ({"database": "newer schema"}, "restore"),
        ({"database_made": False}, "it makes one"),
        ({"modems": 0}, "modem probe"),
        ({"running": False}, "systemctl start"),
        ({"api_key": "revoked"}, "--key-file"),
        ({"reasons": ("no modem is registered",)}, "registered"),
        ({"certificate": "not PEM, or damaged"}, "tls_certificate"),
        ({"certificate_ends": "the TLS certificate ends on 2026-12-24"}, "systemctl reload"),
    ],
)
def test_trouble_with_the_gateway_is_named_once(change: dict[str, Any], words: str) -> None:
    (found,) = service_findings(replace(SERVICE, **change))
    assert words in f"{found.what} {found.remedy}"


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

"""`schoolgate doctor`: against a virtual modem, with and without a running gateway."""

from __future__ import annotations

import asyncio
import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.looking_access import account_of
from gateway.cli.looking_port import look_at_port
from gateway.config import load
from gateway.daemon import started
from gateway.doctor import port_findings
from gateway.modem_section import ModemSection
from gateway.simulator import Network
from tests.cli.conftest import Ended, as_other, command
from tests.system.site import eventually

PUK = "sim0: it is blocked: the SIM asks for its PUK"


async def doctor(*words: object) -> tuple[Ended, dict[str, str]]:
    """Run it beside this loop; return how it ended and what it found about whom."""
    ended = await asyncio.to_thread(command, "doctor", "--json", *words)
    findings: list[dict[str, Any]] = ended.json["findings"]
    assert ended.json["well"] == (not findings)
    assert ended.code == (1 if findings else 0)
    return ended, {f"{each['about']}: {each['what']}": each["remedy"] for each in findings}


def configured(home: Path) -> None:
    """Give the configuration one modem, and a socket to find the gateway by."""
    config = home / "schoolgate.toml"
    text = config.read_text().split("[[modem]]", maxsplit=1)[0]
    config.write_text(
        text.replace("[api]\n", '[api]\nunix_socket = "api.sock"\n', 1)
        + '\n[[modem]]\nname = "sim0"\nport = "sim0"\n'
    )


async def test_without_a_gateway_the_port_is_probed(home: Path) -> None:
    configured(home)
    async with Network(directory=home) as network:
        network.add_modem("sim0", number="+447700900990", pin="1234")
        _, found = await doctor()
        assert any("it does not run" in what for what in found)
        (pin,) = [what for what in found if what.startswith("sim0: ")]
        assert "asks for its PIN; 3 tries are left" in pin


async def test_a_missing_port_is_explained(home: Path) -> None:
    configured(home)
    _, found = await doctor()
    assert any("sim0 is not there" in what for what in found)


async def test_a_running_gateway_tells_of_its_modems(home: Path) -> None:
    configured(home)
    async with Network(directory=home) as network:
        modem = network.add_modem("sim0", number="+447700900990")
        async with started(load(home / "schoolgate.toml")) as daemon:
            await eventually(lambda: daemon.modems[0].state.phase == "ready", what="a ready modem")
            _, found = await doctor()
            assert not [what for what in found if what.startswith(("sim0", "gateway", "database", "keys"))]
            modem.fault("deregister", stat=3)
            await eventually(lambda: daemon.modems[0].state.phase == "registering", what="no network")
            _, found = await doctor()
            assert any("registration is denied" in what for what in found)
            modem.fault("puk")

            async def blocked() -> dict[str, str]:  # between two looks at the SIM
                _, found = await doctor()
                return found if any(what.startswith(PUK) for what in found) else {}

            found = await eventually(blocked, what="a blocked SIM")
            (told,) = [what for what in found if what.startswith(PUK)]
            assert "enter the PUK from the operator's letter" in found[told]
            assert not [what for what in found if what.startswith("gateway: ")]


async def test_the_state_of_a_modems_sim_is_told_with_the_configured_floor(home: Path) -> None:
    """On a running gateway: the answer to its question is below the floor; and a cap is reached."""
    configured(home)
    config = home / "schoolgate.toml"
    extra = 'credit_ussd = "*100#"\ncredit_floor = 20\nprofile = "generic"\n'
    config.write_text(config.read_text() + extra)
    async with Network(directory=home) as network:
        network.add_modem("sim0", number="+447700900990")
        async with started(load(config)) as daemon:
            await eventually(lambda: daemon.modems[0].state.phase == "ready", what="a ready modem")
            daemon.modems[0].report(credit=10.0, credit_low=True, credit_error="nothing came")
            _, found = await doctor()
    said = [what for what in found if what.startswith("sim0: the credit of its SIM")]
    assert said == [
        "sim0: the credit of its SIM is 10.00, below the floor of 20.00",
        "sim0: the credit of its SIM is not known: nothing came",
    ]


@pytest.mark.parametrize("target", ["folder", "file", "/dev/null"])
async def test_what_is_no_serial_port_is_called_so(home: Path, target: str) -> None:
    (home / "folder").mkdir()
    (home / "file").touch()
    configured(home)
    config = home / "schoolgate.toml"
    config.write_text(config.read_text().replace('port = "sim0"', f'port = "{target}"'))
    _, found = await doctor()
    (what,) = [what for what in found if what.startswith("sim0: ")]
    assert what.endswith(f"{target} is not a serial port")
    assert found[what].startswith("correct port under [[modem]]")


async def test_a_fault_in_the_configuration_does_not_end_the_examination(home: Path) -> None:
    """Two faults, and the port of the modem that has neither; an archive without that configuration."""
    configured(home)
    config = home / "schoolgate.toml"
    config.write_text(config.read_text() + 'baud = 9601\ncolour = "jo@school.example"\n')
    _, found = await doctor()
    assert any("baud: Input should be 9600" in what for what in found)
    assert any("colour: no such key" in what for what in found)
    assert any("sim0 is not there" in what for what in found)
    config.write_text(config.read_text() + "[broken\n")
    ended, found = await doctor("--bundle", home / "help.tar.gz")
    (what,) = [what for what in found if what.startswith("configuration: ")]
    assert "not TOML" in what
    assert found[what].startswith(f"correct it: sudoedit {config.name}; then: schoolgate check-config")
    assert "config.toml" not in ended.json["files"]
    with tarfile.open(home / "help.tar.gz") as archive:
        kept = archive.extractfile("schoolgate/findings.json")
        assert kept is not None
        assert "not TOML" in kept.read().decode()


async def test_without_a_configuration_the_machine_is_looked_at_all_the_same(tmp_path: Path) -> None:
    _, found = await doctor("--config", tmp_path / "none.toml", "--bundle", tmp_path / "help.tar.gz")
    (what,) = [what for what in found if what.startswith("configuration: ")]
    assert what.endswith("none.toml is not there")
    _, found = await doctor()
    assert any("there is no configuration" in what for what in found)


async def test_a_key_file_that_others_can_read_is_found(home: Path) -> None:
    configured(home)
    (home / "schoolgate.keys").chmod(0o644)
    _, found = await doctor()
    assert any("readable by others" in what for what in found)


def test_the_interface_of_a_port_and_where_its_modem_listens_are_read_from_sysfs(tmp_path: Path) -> None:
    """An EC25 whose diagnostic port was configured: the doctor names the one that takes commands."""
    device = tmp_path / "devices/usb1/1-4"
    for number in range(4):
        interface = device / f"1-4:1.{number}"
        (interface / f"ttyUSB{number}").mkdir(parents=True)
        (interface / "bInterfaceNumber").write_text(f"{number:02d}\n")
        (interface / "authorized").write_text("1\n")
        tty = tmp_path / f"class/tty/ttyUSB{number}"
        tty.mkdir(parents=True)
        (tty / "device").symlink_to(interface / f"ttyUSB{number}")
    (device / "idVendor").write_text("2c7c\n")
    (device / "idProduct").write_text("0125\n")
    section = ModemSection(name="sim0", port=Path("/dev/ttyUSB0"))
    seen = look_at_port(section, account_of(tmp_path, {}), tmp_path / "class/tty")
    assert seen.udev == 'SUBSYSTEM=="tty", ATTRS{idVendor}=="2c7c", ATTRS{idProduct}=="0125"'
    assert (seen.interface, seen.speaks_at) == (0, (2, 3))
    assert seen.siblings == {1: "/dev/ttyUSB1", 2: "/dev/ttyUSB2", 3: "/dev/ttyUSB3"}
    there = replace(seen, exists=True, permitted=True, holder="", stays=True)
    (found,) = port_findings(there, ours=False)
    assert found.remedy == "set port to a stable name of /dev/ttyUSB2 or /dev/ttyUSB3"


IN_CLOSED = """
[cli]
key_file = "closed/owner.key"
[store]
path = "closed/data/schoolgate.db"
key_file = "closed/schoolgate.keys"
[policy]
file = "closed/policy.toml"
[api]
port = 1
tls = "files"
tls_certificate = "closed/gateway.pem"
tls_key = "closed/gateway.key"
[alerts]
smtp_host = "mail.school.example"
mail_to = ["it@school.example"]
mail_from = "gateway@school.example"
smtp_password_file = "closed/smtp"
[[modem]]
name = "sim0"
port = "closed/sim0"
pin_file = "closed/pins/sim0"
"""


@pytest.fixture
def folder(open_folder: Path) -> Iterator[Path]:
    """A folder with one that is open to all, one that may be closed, and a configuration that uses it."""
    for name in ("out", "closed", "closed/data", "closed/pins"):
        (open_folder / name).mkdir()
    (open_folder / "out").chmod(0o777)
    (open_folder / "schoolgate.toml").write_text(IN_CLOSED)
    yield open_folder
    (open_folder / "closed").chmod(0o700)


async def as_seen_by_other(folder: Path, config: str, archive: str) -> dict[str, str]:
    """Return what the doctor tells somebody who is not root; its archive must hold the very same."""
    target = folder / "out" / archive
    with as_other():
        _, found = await doctor("--config", folder / config, "--bundle", target)
    with tarfile.open(target) as packed:
        kept = packed.extractfile("schoolgate/findings.json")
        assert kept is not None
        assert len(json.load(kept)) == len(found)
    return found


async def test_a_folder_that_is_closed_on_the_way_does_not_end_the_examination(folder: Path) -> None:
    """What lies in it is said not to have been looked at, and not to be gone."""
    before = await as_seen_by_other(folder, "schoolgate.toml", "open.tar.gz")
    for what in ("pins/sim0", "owner.key", "smtp", "sim0"):
        assert any(f"{folder}/closed/{what} is not there" in each for each in before)
    (folder / "closed").chmod(0o000)
    found = await as_seen_by_other(folder, "schoolgate.toml", "closed.tar.gz")
    assert not [what for what in found if "is not there" in what]
    unseen = {what.partition(": ")[0]: found[what] for what in found if "so it was not looked at" in what}
    files = ("keys", "policy", "database", "certificate", "PIN of sim0", "API key", "mail password", "sim0")
    assert unseen == dict.fromkeys(files, "sudo schoolgate doctor")
    (entered,) = [found[what] for what in found if f"may not enter {folder}/closed" in what]
    assert f"sudo chmod g+x {folder}/closed" in entered


async def test_a_configuration_in_a_closed_folder_is_not_called_gone(folder: Path) -> None:
    (folder / "closed/schoolgate.toml").write_text(IN_CLOSED)
    await as_seen_by_other(folder, "closed/schoolgate.toml", "open.tar.gz")
    (folder / "closed").chmod(0o000)
    found = await as_seen_by_other(folder, "closed/schoolgate.toml", "closed.tar.gz")
    (what,) = [what for what in found if what.startswith("configuration: ")]
    assert what == f"configuration: you may not read {folder}/closed/schoolgate.toml"
    assert found[what] == "sudo schoolgate doctor"

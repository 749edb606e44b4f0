"""What the doctor looks at: real files and devices, judged for the user that the gateway runs as."""

from __future__ import annotations

import os
import pty
import stat
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from gateway.cli.looking import look_at_host, look_at_service
from gateway.cli.looking_access import Settings, account_of, look_at_access, may, unit_settings
from gateway.cli.looking_port import look_at_port
from gateway.config import load
from gateway.doctor import Account, access_findings, port_findings
from gateway.modem_section import ModemSection
from tests.cli.conftest import OTHER, ROOT, as_other, command

SHIPPED: Final = Path(__file__).parents[2] / "systemd/schoolgate.service"


@pytest.fixture
def account() -> Account:
    return Account("gsm", "gsm", OTHER, OTHER, (OTHER,))


def test_what_the_account_may_is_asked_of_the_kernel_not_what_root_may(
    open_folder: Path, account: Account
) -> None:
    file = open_folder / "file"
    file.touch(0o644)
    assert may(account, file, "r")
    file.chmod(0o000)
    assert not may(account, file, "r")
    file.chmod(0o444)
    assert may(account, file, "rw") is False
    open_folder.chmod(0o700 if ROOT else 0o000)
    assert not may(account, open_folder, "x")
    open_folder.chmod(0o755)


@pytest.mark.skipif(not ROOT, reason="only root can give a file to another group")
def test_a_group_that_the_unit_adds_counts(open_folder: Path, account: Account) -> None:
    port = open_folder / "port"
    port.touch()
    port.chmod(0o660)
    os.chown(port, 0, 20)
    assert not may(account, port, "rw")
    assert may(replace(account, groups=(20, OTHER)), port, "rw")


def test_a_port_of_root_is_found_whoever_runs_the_doctor(account: Account) -> None:
    """A real terminal line that only root may open, while root looks."""
    master, slave = pty.openpty()
    path = Path(os.ttyname(slave))
    try:
        if ROOT:
            os.chown(path, 0, 0)
        path.chmod(0o600 if ROOT else 0o000)
        seen = look_at_port(ModemSection(name="sim0", port=path), account)
    finally:
        os.close(slave)
        os.close(master)
    assert (seen.serial, seen.permitted, seen.group_may) == (True, False, False)
    assert seen.udev == f'KERNEL=="{path.name}"'
    found = [each for each in port_findings(seen, ours=True) if "may not open" in each.what]
    assert len(found) == 1
    assert "usermod -aG root" not in found[0].remedy
    assert 'GROUP="dialout", MODE="0660"' in found[0].remedy


def at_home(folder: Path, extra: str = "") -> Path:
    """Make a gateway's files in `folder`; return the configuration."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert command("init", "--owner", "jsmith", "--name", "Jo Smith", "--acknowledge").code == 0
    finally:
        os.chdir(before)
    config = folder / "schoolgate.toml"
    config.write_text(config.read_text().split("[[modem]]", maxsplit=1)[0] + extra)
    return config


def test_files_that_the_gateway_may_not_use_are_found_with_what_gives_them_to_it(
    open_folder: Path, account: Account
) -> None:
    file = at_home(open_folder)
    config = load(file)
    for each in open_folder.iterdir():
        if each.is_file():
            each.chmod(0o600 if ROOT else 0o000)
    handed: Settings = {"LoadCredential": [f"schoolgate.keys:{config.store.key_file}"]}
    seen = list(look_at_access(config, file, account, handed))
    told = {each.about: found for each in seen for found in access_findings(each, account)}
    assert told["database"].remedy.startswith(f"sudo chown gsm:gsm {config.store.path}")
    if not ROOT:  # the rest is said of whoever looks
        assert told.keys() == {"database"}
        return
    assert told.keys() == {"database", "configuration", "policy"}
    assert told["configuration"].remedy.startswith(f"sudo chgrp gsm {file}; sudo chmod g+r {file}")
    unhanded = {each.about: each.allowed for each in look_at_access(config, file, account, {})}
    assert unhanded["keys"] is False
    for each in open_folder.iterdir():
        each.chmod(0o666)
    assert all(each.allowed for each in look_at_access(config, file, account, {}))


def test_a_folder_on_the_way_that_is_closed_is_named(open_folder: Path, account: Account) -> None:
    inner = open_folder / "inner"
    inner.mkdir()
    config = load(at_home(inner))
    open_folder.chmod(0o700)
    if not ROOT:
        return  # what we own is ours to enter
    seen = {
        each.about: each.closed for each in look_at_access(config, inner / "schoolgate.toml", account, {})
    }
    assert seen["database"] == seen["configuration"] == str(open_folder)


def test_what_the_one_who_looks_may_not_read_is_not_called_damaged(open_folder: Path) -> None:
    """A database of mode 600 is no damaged one, nor are keys lost: no backup is put in their place."""
    file = at_home(open_folder)
    config = load(file)
    for path in (config.store.path, config.store.key_file, config.policy.file):
        assert path is not None
        path.chmod(0o000)
    file.chmod(0o644)
    with as_other():
        seen = look_at_service(config, running=False, api_key="", reasons=())
    assert seen.closed == {
        "keys": str(config.store.key_file),
        "policy": str(config.policy.file),
        "database": str(config.store.path),
    }
    assert (seen.keys, seen.policy, seen.database) == ("", "", "")
    with as_other():
        ended = command("doctor", "--config", file, "--json")
    told = {each["about"]: each["remedy"] for each in ended.json["findings"]}
    assert told["keys"] == told["database"] == told["policy"] == "sudo schoolgate doctor"
    assert config.policy.file is not None
    config.policy.file.chmod(0o644)
    with as_other():
        checked = command("check-config", "--without-keys", "--config", file)
    assert f"{config.store.path}: Permission denied" in checked.err
    file.chmod(0o000)
    with as_other():
        ended = command("doctor", "--config", file, "--json")
    (told_of,) = [each for each in ended.json["findings"] if each["about"] == "configuration"]
    assert told_of["what"] == f"you may not read {file}"
    assert told_of["remedy"] == "sudo schoolgate doctor"


def test_the_unit_is_read_from_systemd_else_from_its_files(tmp_path: Path) -> None:
    gone = str(tmp_path / "no-systemctl")
    assert unit_settings(gone, (tmp_path,)) == {}
    (tmp_path / "schoolgate.service").write_text(SHIPPED.read_text())
    shipped = unit_settings(gone, (tmp_path / "other", tmp_path))
    assert (shipped["User"], shipped["SupplementaryGroups"]) == (["schoolgate"], ["dialout"])
    assert "schoolgate.keys:/etc/schoolgate/schoolgate.keys" in shipped["LoadCredential"]
    (tmp_path / "schoolgate.service.d").mkdir()
    (tmp_path / "schoolgate.service.d/own.conf").write_text(
        "[Service]\n# User=root\nUser=gsm\nSupplementaryGroups=\nSupplementaryGroups=uucp tty\n"
    )
    own = unit_settings(gone, (tmp_path,))
    assert (own["User"][-1], own["SupplementaryGroups"]) == ("gsm", ["uucp", "tty"])
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\necho '[Service]'\necho \"User=$1-$2\"\n")
    program.chmod(0o755)
    assert unit_settings(str(program), (tmp_path,))["User"] == ["cat-schoolgate.service"]


def test_what_of_the_unit_is_closed_to_who_looks_is_passed_over(open_folder: Path) -> None:
    """A drop-in with a secret in it has mode 600, and so may a whole folder."""
    (open_folder / "schoolgate.service").write_text("[Service]\nUser=gsm\n")
    (open_folder / "schoolgate.service.d").mkdir()
    (open_folder / "schoolgate.service.d/secret.conf").write_text("[Service]\nEnvironment=A=b\n")
    (open_folder / "schoolgate.service.d/secret.conf").chmod(0o000)
    closed = open_folder / "closed"
    closed.mkdir(0o000)
    with as_other():
        assert unit_settings("no-systemctl", (closed / "system", open_folder)) == {"User": ["gsm"]}


def test_the_account_is_that_of_the_unit_else_the_owner_of_the_data(tmp_path: Path) -> None:
    found = account_of(tmp_path, {"User": ["nobody"], "SupplementaryGroups": ["dialout", "none-such"]})
    assert {20} <= set(found.groups)  # dialout, on Debian
    assert (found.user, found.missing) == ("nobody", "")
    assert account_of(tmp_path, {"User": ["none-such"]}).missing == "none-such"
    assert account_of(tmp_path / "gone", {}).uid == os.geteuid()
    if ROOT:
        os.chown(tmp_path, OTHER, OTHER)
    assert account_of(tmp_path, {}).uid == OTHER


def test_who_is_not_root_says_nothing_of_somebody_elses_rights(open_folder: Path, account: Account) -> None:
    """Else a technician without sudo would be told to take the keys for himself."""
    (open_folder / "file").touch(0o000)
    with as_other():
        assert may(replace(account, uid=OTHER - 1), open_folder / "file", "r")
        assert not may(account, open_folder / "file", "r")


def test_where_the_gateway_may_not_write_is_found(open_folder: Path, account: Account) -> None:
    open_folder.chmod(0o755 if ROOT else 0o500)
    host = look_at_host(open_folder, account)
    assert (host.writable, host.there, host.user) == (False, True, "gsm")
    open_folder.chmod(0o777)
    assert look_at_host(open_folder, account).writable
    assert not look_at_host(open_folder / "gone", account).there


def usb(devices: Path, name: str, ident: str, kind: str, tty: str = "") -> None:
    """Make a USB device with one interface as sysfs has it."""
    device = devices / name
    interface = device / f"{name}:1.0"
    (interface / tty).mkdir(parents=True)
    for file, text in zip(("idVendor", "idProduct"), ident.split(":"), strict=True):
        (device / file).write_text(f"{text}\n")
    (interface / "bInterfaceClass").write_text(f"{kind}\n")


@pytest.mark.parametrize(
    ("ident", "kind", "tty", "storage", "network"),
    [
        ("12d1:1520", "08", "", True, False),  # K3765 as a disk
        ("12d1:1c0b", "08", "", True, False),  # by its maker: in no list of ours
        ("19d2:ffff", "08", "", True, False),
        ("12d1:14dc", "e0", "", False, True),  # E3372 as a router
        ("19d2:1405", "02", "", False, True),
        ("12d1:1436", "08", "ttyUSB0", False, False),  # a modem with a disk beside its ports
        ("0781:5567", "08", "", False, False),  # a disk, and of no maker of modems
        ("12d1:10ff", "e0", "", False, False),
    ],
)
def test_a_stick_that_is_no_modem_is_told_by_list_and_by_maker(
    tmp_path: Path,
    ident: str,
    kind: str,
    tty: str,
    storage: bool,
    network: bool,
) -> None:
    usb(tmp_path, "1-1", ident, kind, tty)
    (tmp_path / "usb1").mkdir()  # a hub, of which nothing is told here
    section = ModemSection(name="sim0", port=tmp_path / "gone")
    seen = look_at_port(section, account_of(tmp_path, {}), devices=tmp_path)
    assert (seen.storage_only, seen.network_only) == ((ident,) * storage, (ident,) * network)


def test_a_device_that_is_no_line_is_not_taken_for_one() -> None:
    section = ModemSection(name="sim0", port=Path("/dev/null"))
    assert stat.S_ISCHR(section.port.stat().st_mode)
    assert not look_at_port(section, account_of(Path("/"), {})).serial
    assert look_at_port(
        section.model_copy(update={"port": Path("/dev/tty")}), account_of(Path("/"), {})
    ).serial

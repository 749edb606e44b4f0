"""The udev rules as shipped, worked through as udev does: which port of which USB device they name."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

from gateway.modem.profiles import profiles

RULES: Final = Path(__file__).parents[2] / "systemd/schoolgate-modem.rules"
PAGE: Final = (Path(__file__).parents[2] / "docs/modems.md").read_text()
MODEMS: Final = {each.id: each.at for profile in profiles() for each in profile.usb if each.at}
WORD: Final = re.compile(r'([A-Z_]+)(?:\{([^}]*)\})?(==|!=|\+=|=)"([^"]*)"')


def processed(known: dict[str, str]) -> dict[str, str]:
    """Return what udev knows of a device after the rules: `SUBSYSTEM`, `ENV{…}`, `GROUP`, `SYMLINK` …

    `SYMLINK` and `RUN` are collected, one a line. `IMPORT` brings nothing: what it would bring is in `known`.
    """
    known, wanted = dict(known), ""
    for line in RULES.read_text().splitlines():
        words = [] if line.startswith("#") else WORD.findall(line)
        if wanted:
            wanted = "" if any(word[0] == "LABEL" and word[3] == wanted for word in words) else wanted
        elif all(_matches(known, *word) for word in words):
            wanted = next((value for key, _, _, value in words if key == "GOTO"), "")
            for key, part, sign, value in words:
                if sign in ("=", "+=") and key not in ("LABEL", "GOTO", "IMPORT"):
                    _assign(known, f"{key}{{{part}}}" if part else key, sign, value)
    assert wanted == ""
    return known


def _matches(known: dict[str, str], key: str, part: str, sign: str, value: str) -> bool:
    if sign not in ("==", "!="):
        return True
    held = known.get(f"{key}{{{part}}}" if part else key, "")
    return any(fnmatchcase(held, each) for each in value.split("|")) == (sign == "==")


def _assign(known: dict[str, str], key: str, sign: str, value: str) -> None:
    value = re.sub(r"\$env\{(\w+)\}", lambda found: known.get(f"ENV{{{found[1]}}}", ""), value)
    known[key] = f"{known.get(key, '')}{value}\n" if sign == "+=" else value


def port(ident: str, interface: int, **more: str) -> dict[str, str]:
    """Return what udev knows of a USB modem's serial port."""
    vendor, product = ident.split(":")
    names = {"VENDOR_ID": vendor, "MODEL_ID": product, "USB_INTERFACE_NUM": f"{interface:02x}"}
    names |= {"SERIAL_SHORT": "S1", "PATH": f"usb-1.{interface}"}
    return {
        "ACTION": "add", "SUBSYSTEM": "tty", "SUBSYSTEMS": "usb", "ATTRS{bInterfaceClass}": "ff",
        **{f"ENV{{ID_{name}}}": value for name, value in names.items()}, **more,
    }  # fmt: skip


def device(ident: str, kind: str = "usb_device") -> dict[str, str]:
    """Return what udev knows of a USB device."""
    vendor, product = ident.split(":")
    held = {"ENV{DEVTYPE}": kind, "ATTR{idVendor}": vendor, "ATTR{idProduct}": product}
    return {"ACTION": "add", "SUBSYSTEM": "usb", **held}


def named(ident: str, **more: str) -> list[int]:
    """Return the interfaces whose ports the rules name."""
    return [number for number in range(16) if "SYMLINK" in processed(port(ident, number, **more))]


@pytest.mark.parametrize("ident", sorted(MODEMS))
def test_each_modem_that_a_profile_names_is_known_and_at_one_port_that_takes_commands(ident: str) -> None:
    told = named(ident)
    if ident.startswith("12d1:") and not told:  # newer ones say themselves what an interface is for
        told = named(ident, **{"ATTRS{bInterfaceSubClass}": "02", "ATTRS{bInterfaceProtocol}": "02"})[:1]
    (interface,) = told
    assert interface in MODEMS[ident]
    done = processed(device(ident))
    assert done["ENV{ID_MM_DEVICE_IGNORE}"] == "1"
    assert "chgrp dialout" in done["RUN"]
    assert ident in re.findall(r"[0-9a-f]{4}:[0-9a-f]{4}", expanded(PAGE))


def expanded(page: str) -> str:
    """Write out `2c7c:0121, 0125`."""
    for vendor, rest in re.findall(r"\b([0-9a-f]{4}):([0-9a-f]{4}(?:, [0-9a-f]{4})*)", page):
        page += "".join(f" {vendor}:{product}" for product in rest.split(", "))
    return page


def test_a_port_that_takes_commands_is_ours_and_starts_the_service() -> None:
    done = processed(port("19d2:0031", 3))
    assert done["SYMLINK"] == "schoolgate-19d2-0031-S1\nschoolgate-at-usb-1.3\n"
    assert (done["GROUP"], done["MODE"], done["ENV{ID_MM_PORT_IGNORE}"]) == ("dialout", "0660", "1")
    assert done["ENV{SYSTEMD_WANTS}"] == "schoolgate.service\n"


@pytest.mark.parametrize("ident", ["1546:01a7", "1199:9999", "0403:6001", "19d2:2000"])
def test_other_devices_are_left_alone(ident: str) -> None:
    """A receiver for satellites, a laptop's way to the internet, an adapter, a disk."""
    assert named(ident) == []
    assert processed(device(ident)) == device(ident)


def test_a_device_that_the_machines_own_rules_mark_may_be_reset_and_is_no_modem_managers() -> None:
    marked = device("0403:6001") | {"ENV{SCHOOLGATE_RESET}": "1"}
    assert "authorized" in processed(marked)["RUN"]
    assert processed(port("2c7c:0125", 2) | {"ACTION": "remove"}).get("SYMLINK") is None

"""What `schoolgate doctor` looks at of the service: systemd's view of it, and the files with secrets."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

from gateway.cli.looking_access import there
from gateway.doctor import Credential, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.config import Config

_BACKUP, _CHECK = "schoolgate-backup", "schoolgate-restore-check"
_UNITS: Final = ("schoolgate", _BACKUP, _CHECK, f"{_BACKUP}.timer", f"{_CHECK}.timer")
_ASKED: Final = ("LoadState", "ActiveState", "Result", "UnitFileState", "NRestarts")


def look_at_units(program: str = "systemctl") -> list[Unit]:
    """Ask systemd about the service, backups and their rehearsal; none where it or they are not there."""
    return [unit for name in _UNITS if (unit := _look_at_unit(name, program)) is not None]


def _look_at_unit(name: str, program: str) -> Unit | None:
    try:
        shown = subprocess.run(  # noqa: S603 - the words are ours
            [program, "show", name, f"--property={','.join(_ASKED)}"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    if found.get("LoadState") != "loaded":
        return None
    restarts = found.get("NRestarts", "0")
    return Unit(
        name=name,
        active=found.get("ActiveState", ""),
        result=found.get("Result", ""),
        enabled=found.get("UnitFileState", ""),
        restarts=int(restarts) if restarts.isdecimal() else 0,
    )


def look_at_credentials(config: Config) -> Iterator[Credential]:
    """Look at every file with a secret that the configuration names, except the keys."""
    for modem in config.modem:
        if modem.pin_file is not None:
            yield _look(f"PIN of {modem.name}", modem.pin_file, _pin_fault)
    if config.cli.key_file is not None:
        yield _look("API key", config.cli.key_file, _key_fault)
    if config.alerts.smtp_password_file is not None:
        yield _look("mail password", config.alerts.smtp_password_file, _password_fault)


def _look(about: str, path: Path, fault: Callable[[str], str]) -> Credential:
    if not there(path):
        return Credential(about, str(path), exists=False, readable=False, private=True)
    if not os.access(path, os.R_OK, effective_ids=True):
        return Credential(about, str(path), exists=True, readable=False, private=True)
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        text = ""
    return Credential(
        about,
        str(path),
        exists=True,
        readable=True,
        private=not path.stat().st_mode & 0o077,
        fault=fault(text),
    )


def _pin_fault(text: str) -> str:
    return "" if text.isdecimal() and 4 <= len(text) <= 8 else "a PIN is 4 to 8 digits"


def _key_fault(text: str) -> str:
    return "" if text.startswith("sg_") and len(text.split()) == 1 else "it holds no API key (sg_…)"


def _password_fault(text: str) -> str:
    if not text:
        return "it is empty, or not UTF-8"
    return "" if text.isascii() else "it has characters that are not ASCII, which no mail server takes"

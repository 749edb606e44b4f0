"""The service as systemd sees it, and the files with secrets that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.doctor.finding import Finding, warning, wrong

_MANY_RESTARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """What `systemctl show` says of the service."""

    name: str
    active: str  # active | inactive | failed | activating …
    result: str  # success, exit-code, watchdog, …
    enabled: str  # enabled | disabled | static …
    restarts: int


@dataclass(frozen=True, slots=True)
class Credential:
    """A file with a secret, as this user sees it."""

    about: str  # what it is for
    path: str
    exists: bool
    readable: bool
    private: bool  # nobody but its owner may read it
    fault: str = ""  # what is wrong with what it holds, without quoting it


def unit_findings(unit: Unit) -> Iterator[Finding]:
    """Yield what is wrong with the service."""
    if unit.active == "failed":
        yield wrong(
            unit.name,
            f"the service failed ({unit.result}), and systemd has given up on it",
            f"journalctl -u {unit.name} -e says why; then: sudo systemctl restart {unit.name}",
        )
    if unit.restarts > _MANY_RESTARTS:
        yield warning(
            unit.name,
            f"systemd had to restart it {unit.restarts} times ({unit.result})",
            f"journalctl -u {unit.name} -e says why",
        )
    if unit.enabled == "disabled":
        yield warning(unit.name, "it does not start at boot", f"sudo systemctl enable {unit.name}")


def credential_findings(credential: Credential) -> Iterator[Finding]:
    """Yield what is wrong with a file that holds a secret."""
    about, path = credential.about, credential.path
    if not credential.exists:
        yield wrong(about, f"{path} is not there", "put it there, or take it out of the configuration")
    elif not credential.readable:
        yield warning(
            about,
            f"you may not read {path}, so it was not looked at",
            "sudo schoolgate doctor",
        )
    else:
        if not credential.private:
            yield wrong(about, f"{path} is readable by others", f"chmod 600 {path}")
        if credential.fault:
            yield wrong(about, f"{path}: {credential.fault}", "write it anew")

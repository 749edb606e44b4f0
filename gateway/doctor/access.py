"""What the gateway's own user may do with the files that it needs. Who runs the doctor is another matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gateway.doctor.finding import Finding, wrong


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the gateway runs as: the user of its unit, else whoever its data belongs to."""

    user: str
    group: str
    uid: int
    gid: int
    groups: tuple[int, ...]  # all of them, with those that the unit adds
    missing: str = ""  # the user that the unit names, where there is no such user


class Kind(StrEnum):
    """How a file is put right."""

    DATA = "data"  # the gateway writes it
    SETTINGS = "settings"  # it reads it; others may
    PRIVATE = "private"  # it reads it; nobody else may


@dataclass(frozen=True, slots=True)
class Access:
    """What was looked at."""

    about: str
    path: str
    kind: Kind
    allowed: bool
    closed: str = ""  # the folder on the way that may not be entered


def access_findings(access: Access, account: Account) -> Iterator[Finding]:
    """Yield that the gateway may not use a file, and the commands that give it to the gateway."""
    if access.allowed:
        return
    who = f"{account.user}, as whom the gateway runs,"
    if access.closed:
        yield wrong(
            access.about,
            f"{who} may not enter {access.closed}, so not reach {access.path}",
            f"sudo chgrp {account.group} {access.closed}; sudo chmod g+x {access.closed}",
        )
        return
    use = "read and write" if access.kind is Kind.DATA else "read"
    yield wrong(
        access.about,
        f"{who} may not {use} {access.path}",
        f"{_given(access, account)}; then: sudo systemctl restart schoolgate",
    )


def account_findings(account: Account) -> Iterator[Finding]:
    """Yield that the unit's user is none of this machine."""
    if account.missing:
        yield wrong(
            "schoolgate",
            f"its unit runs as the user {account.missing}, which this machine does not have",
            "sudo systemd-sysusers; then: sudo systemctl restart schoolgate",
        )


def _given(access: Access, account: Account) -> str:
    match access.kind:
        case Kind.DATA:
            return f"sudo chown {account.user}:{account.group} {access.path}; sudo chmod u+rw {access.path}"
        case Kind.PRIVATE:
            return f"sudo chown {account.user} {access.path}; sudo chmod 600 {access.path}"
        case Kind.SETTINGS:
            return f"sudo chgrp {account.group} {access.path}; sudo chmod g+r {access.path}"

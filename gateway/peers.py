"""Users of this machine who need no key on the unix socket: each acts for a named person (3.1, 3.2).

The kernel says who is at the other end (SO_PEERCRED, unix(7)). What such a user may do is an entry among the
keys, `uid` and the number, with a secret that nobody knows: so it is listed, audited and counted as a key is.
It is made and renewed at each start, and ends when the configuration no longer names it.
"""

from __future__ import annotations

import pwd
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from gateway.access import Access
from gateway.config import ConfigError, UnixUserSection
from gateway.entries import all_scopes
from gateway.store import audit, people

_NOBODY: Final = 65534  # also what the kernel shows for users of another namespace (user_namespaces(7))
_LASTS: Final = timedelta(days=366)
_WHERE: Final = Path("[[unix_user]]")


async def enrol(access: Access, sections: Sequence[UnixUserSection]) -> None:
    """Let the users of `sections` in, and nobody else; raise `ConfigError` for one that cannot be."""
    wanted = {_uid(section): section for section in sections}

    def transaction(connection: Connection) -> None:
        now = access.clock()
        for uid, section in wanted.items():
            _admit(connection, access, uid, section, now)
        for row in people.local_keys(connection):
            if int(row["id"].removeprefix("uid")) not in wanted and people.revoke_key(
                connection, row["id"], now
            ):
                _note(connection, now, "unix-user-ended", row["id"], {"person": row["handle"]})

    await access.database.write(transaction)
    access.peers = {uid: _key_id(uid) for uid in wanted}


def unseen(sections: Sequence[UnixUserSection], uid_map: Path = Path("/proc/self/uid_map")) -> str:
    """Return which of the users the kernel cannot name to this process, and why; empty for none."""
    try:
        spans = [tuple(map(int, line.split())) for line in uid_map.read_text("ascii").splitlines()]
    except OSError:  # no user namespaces
        return ""
    hidden = [
        section.user
        for section in sections
        if not any(first <= _uid(section) < first + count for first, _, count in spans)
    ]
    if not hidden:
        return ""
    return (
        f"[[unix_user]] {', '.join(hidden)}: not let in, for the unit's user namespace hides who calls; "
        "set PrivateUsers=no (docs/hardening.md)"
    )


def _admit(connection: Connection, access: Access, uid: int, section: UnixUserSection, now: datetime) -> None:
    person = people.by_handle(connection, section.person)
    if person is None:
        raise ConfigError(_WHERE, [f"{section.user}: there is no person {section.person}"])
    ident = _key_id(uid)
    values: dict[str, Any] = {
        "person_id": person["id"],
        "label": f"unix user {section.user}"[:80],
        "scopes": sorted(set(section.scopes)),
        "revoked_at": None,
    }
    before = people.key(connection, ident)
    if before is None:
        secret = access.keyring.token_hash(secrets.token_hex(32))
        fixed = {"id": ident, "kind": "live", "secret_hash": secret, "created_at": now}
        people.add_key(connection, fixed | values | {"expires_at": now + _LASTS})
    else:
        people.amend_key(connection, ident, values | {"expires_at": now + _LASTS})
    if before is None or any(before[name] != value for name, value in values.items()):
        detail = {"person": section.person, "user": section.user, "scopes": values["scopes"]}
        _note(connection, now, "unix-user-admitted", ident, detail)


def _uid(section: UnixUserSection) -> int:
    """Return the number of a user of this machine."""
    try:
        uid = int(section.user) if section.user.isdecimal() else pwd.getpwnam(section.user).pw_uid
    except KeyError:
        raise ConfigError(_WHERE, [f"this machine has no user {section.user}"]) from None
    if uid == _NOBODY:
        raise ConfigError(_WHERE, [f"{section.user} stands for anybody: name a user of its own"])
    unknown = sorted(set(section.scopes) - set(all_scopes()))
    if unknown:
        known = ", ".join(all_scopes())
        raise ConfigError(_WHERE, [f"{section.user}: there is no scope {unknown[0]}; scopes: {known}"])
    return uid


def _key_id(uid: int) -> str:
    return f"uid{uid}"


def _note(
    connection: Connection, now: datetime, action: str, target: str, detail: Mapping[str, object]
) -> None:
    audit.record(
        connection,
        now,
        actor="gateway",
        action=action,
        target=target,
        outcome="done",
        clauses=["3.1", "3.2"],
        detail=dict(detail),
    )

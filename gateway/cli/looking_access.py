"""As whom the gateway runs, and what that user may do with its files and ports: not what root may."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.doctor import Access, Account, Kind

if TYPE_CHECKING:
    from gateway.config import Config

UNIT: Final = "schoolgate.service"
_FOLDERS: Final = tuple(
    Path(folder) / "systemd/system" for folder in ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
)
_ASKED: Final = {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}

Settings = dict[str, list[str]]


def unit_settings(program: str = "systemctl", folders: tuple[Path, ...] = _FOLDERS) -> Settings:
    """Return what the unit and its drop-ins set, by key; empty where there is no such unit."""
    found: Settings = {}
    for line in _unit_text(program, folders).splitlines():
        key, equals, value = line.strip().partition("=")
        if not equals or key.startswith(("#", ";")):
            continue
        if value:
            found.setdefault(key, []).extend(value.split())
        else:
            found[key] = []  # as systemd has it: an empty one forgets what was before
    return found


def _unit_text(program: str, folders: tuple[Path, ...]) -> str:
    """Return the unit with its drop-ins: from systemd; where that does not run, from the files."""
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(  # noqa: S603 - the words are ours
            [program, "cat", UNIT], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    unit = next(filter(None, (_text(each / UNIT) for each in folders)), "")
    return "\n".join([unit, *map(_text, sorted(file for each in folders for file in _drop_ins(each)))])


def _drop_ins(folder: Path) -> list[Path]:
    with suppress(PermissionError):
        return list((folder / f"{UNIT}.d").glob("*.conf"))
    return []


def _text(file: Path) -> str:
    """Return what a file of the unit says; empty where it is not there, or closed to who looks."""
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace")
    return ""


def account_of(data: Path, settings: Settings) -> Account:
    """Return the user of the unit or, where there is none, whoever `data` belongs to; else who looks."""
    uid, missing = os.geteuid(), ""
    with suppress(OSError):
        uid = data.stat().st_uid
    for name in settings.get("User", [])[-1:]:
        try:
            uid = (pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)).pw_uid
        except KeyError:
            missing = name
    return _account(uid, settings, missing)


def _account(uid: int, settings: Settings, missing: str) -> Account:
    try:
        entry = pwd.getpwuid(uid)
        user, gid = entry.pw_name, entry.pw_gid
        groups = set(os.getgrouplist(user, gid))
    except KeyError:  # a number without a name, as in a container
        user, gid, groups = str(uid), uid, set()
    for name in settings.get("Group", [])[-1:]:
        gid = _gid(name) or gid
    groups |= {number for name in settings.get("SupplementaryGroups", []) if (number := _gid(name))}
    return Account(user, _group(gid), uid, gid, tuple(sorted(groups | {gid})), missing)


def _gid(name: str) -> int | None:
    if name.isdecimal():
        return int(name)
    with suppress(KeyError):
        return grp.getgrnam(name).gr_gid
    return None


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def there(path: Path) -> bool:
    """Tell whether `path` is there. What lies in a folder that is closed to who looks counts as there.

    Raises nothing. `Path.exists` raises for such a folder, or says no: that depends on the release of Python.
    """
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):  # not there, or no name that a file can have
        return False
    return True


def may(account: Account, path: Path | str, asked: str) -> bool:
    """Have the kernel say whether `account` may do all that is `asked` ("r", "rw", "x") with `path`.

    True where that cannot be found out: who is not root can ask only for themselves.
    """
    if account.uid == os.geteuid():
        return all(os.access(path, _ASKED[letter], effective_ids=True) for letter in asked)
    words = " && ".join(f'test -{letter} "$0"' for letter in asked)
    try:
        ended = subprocess.run(  # noqa: S603 - the words are ours
            ["/bin/sh", "-c", words, str(path)],
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):  # we may not become that user
        return True
    return ended.returncode == 0


def look_at_access(config: Config, file: Path, account: Account, settings: Settings) -> Iterator[Access]:
    """Look at every file that the gateway itself uses. Those that systemd hands to it are root's.

    What a gateway of one's own may not read is left out: it could not be looked at in the first place.
    """
    database = config.store.path
    data = [database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))]
    yield from _seen(account, "database", Kind.DATA, "rw", data)
    if account.uid == os.geteuid():
        return
    yield from _seen(account, "configuration", Kind.SETTINGS, "r", [file])
    yield from _seen(account, "policy", Kind.SETTINGS, "r", [config.policy.file])
    if config.api.tls != "none":
        served = [config.api.tls_certificate, config.api.tls_key]
        yield from _seen(account, "certificate", Kind.SETTINGS, "r", served)
    handed = _handed(settings)
    private: dict[str, list[Path | None]] = {
        "keys": [config.store.key_file],
        "mail password": [config.alerts.smtp_password_file],
        **{f"PIN of {modem.name}": [modem.pin_file] for modem in config.modem},
    }
    for about, files in private.items():
        ours = [each for each in files if each is not None and not handed & {each, *each.parents}]
        yield from _seen(account, about, Kind.PRIVATE, "r", ours)


def _handed(settings: Settings) -> set[Path]:
    """Return the files and folders that systemd reads for the service."""
    words = settings.get("LoadCredential", []) + settings.get("LoadCredentialEncrypted", [])
    return {Path(path) for word in words if (path := word.partition(":")[2]).startswith("/")}


def _seen(
    account: Account, about: str, kind: Kind, asked: str, files: Sequence[Path | None]
) -> Iterator[Access]:
    told: set[str] = set()  # closed folders: one finding for each, however many files it keeps from us
    for file in files:
        if file is None or not there(file):
            continue
        allowed = may(account, file, asked)
        closed = "" if allowed else _closed(account, file)
        if closed not in told:
            yield Access(about, str(file), kind, allowed, closed)
        told |= {closed} - {""}


def _closed(account: Account, file: Path) -> str:
    """Return the first folder on the way to `file` that may not be entered, empty where all may."""
    closed = (str(each) for each in reversed(file.parents) if not may(account, each, "x"))
    return next(closed, "")

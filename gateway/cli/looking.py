"""What `schoolgate doctor` looks at: the machine and the gateway's files. Nothing is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.exits import Stop
from gateway.cli.looking_access import may, there
from gateway.cli.problems import explained
from gateway.clock import utc_now
from gateway.doctor import Host, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config import Config
    from gateway.doctor import Account


def look_at_host(folder: Path | None, account: Account) -> Host:
    """Look at clock, disk and processes; `folder` is that of the database, None where it is not known."""
    try:
        free: int | None = shutil.disk_usage(folder or "/").free
    except OSError:
        free = None
    return Host(
        now=utc_now(),
        built=datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC),
        clock_synchronised=_clock_synchronised(),
        data=str(folder or "/"),
        free=free,
        writable=folder is None or may(account, folder, "rwx"),
        modem_manager=_runs("ModemManager"),
        there=folder is None or there(folder),
        user=account.user,
        group=account.group,
    )


def look_at_service(
    config: Config, *, running: bool, api_key: str, reasons: Sequence[str], names: Sequence[str] = ()
) -> Service:
    """Look at keys, policy, certificate and database, as far as this user may."""
    from gateway.cli.serve import certificate_notes, check_database
    from gateway.store import load_key_file
    from policy import PolicySettings

    notes: list[str] = []
    database, keys = config.store.path, config.store.key_file
    checks: dict[str, tuple[Callable[[], object], tuple[Path | None, ...]]] = {
        "keys": (lambda: load_key_file(keys), (keys,)),
        "policy": (lambda: PolicySettings.load(config.policy.file), (config.policy.file,)),
        "database": (lambda: check_database(database), (database,)),
        "certificate": (
            lambda: notes.extend(certificate_notes(config)),
            (config.api.tls_certificate, config.api.tls_key),
        ),
    }
    closed = {name: path for name, (_, files) in checks.items() if (path := _unreadable(files))}
    faults = {name: "" if name in closed else _trouble(check) for name, (check, _) in checks.items()}
    return Service(
        **faults,
        closed=closed,
        database_made=there(database),
        modems=len(config.modem),
        running=running,
        api_key=api_key,
        reasons=reasons,
        certificate_ends=" ".join(notes),
        names=names,
    )


def _unreadable(files: Sequence[Path | None]) -> str:
    """Return the first that is there and that this user may not read."""
    present = (each for each in files if each is not None and there(each))
    return next((str(each) for each in present if not os.access(each, os.R_OK, effective_ids=True)), "")


def _trouble(check: Callable[[], object]) -> str:
    try:
        check()
    except Stop as stop:
        return " ".join(stop.sentences)
    except Exception as exc:
        known = explained(exc)
        if known is None:
            raise
        return " ".join(known.sentences)
    return ""


def _clock_synchronised() -> bool | None:
    """Ask systemd; None where it is not there."""
    try:
        shown = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],  # noqa: S607 - the system's own
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"yes": True, "no": False}.get(shown.stdout.strip())


def _runs(program: str) -> bool:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text().strip() == program[:15]:
                return True
        except OSError:
            continue
    return False

"""`schoolgate doctor --bundle FILE`: what a helper elsewhere needs, without anybody's data in it."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import subprocess
import sys
import tarfile
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import new_file
from gateway.cli.problems import ApiProblem
from gateway.clock import utc_now
from gateway.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.cli.client import Client
    from gateway.config import Config
    from gateway.doctor import Finding

_LINES: Final = 5000  # of the log
_READ_ME: Final = """A Schoolgate support archive: findings, configuration, state, versions and recent log.
Telephone numbers, SIM and device numbers, PDUs, keys, passwords, PINs and e-mail addresses were replaced; the
same one has the same name throughout (<number-1>). Texts of messages are not in the log to begin with, and
the policy file, which names people, is left out.
Look through it before you give it away: it is only text.
"""


def bundle(
    target: Path,
    config: Config,
    path: Path,
    findings: Sequence[Finding],
    client: Client | None,
    log: Path | None,
) -> list[str]:
    """Write the archive, readable by its owner only; return the names in it. Never overwrites."""
    redact = Redactor(_secrets(config))
    files = {"README.txt": _READ_ME}
    for name, text in _contents(config, path, findings, client, log):
        files[name] = redact(text)
    with new_file(target) as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in files.items():
            data = text.encode()
            entry = tarfile.TarInfo(f"schoolgate/{name}")
            entry.size, entry.mode, entry.mtime = len(data), 0o600, int(utc_now().timestamp())
            archive.addfile(entry, io.BytesIO(data))
    return sorted(files)


def _contents(
    config: Config, path: Path, findings: Sequence[Finding], client: Client | None, log: Path | None
) -> Iterator[tuple[str, str]]:
    from dataclasses import asdict

    yield "findings.json", _json([asdict(each) for each in findings])
    yield "config.toml", path.read_text(encoding="utf-8", errors="replace")
    yield "versions.json", _json(_versions(config))
    if client is not None:
        yield "state.json", _json(dict(_state(client)))
        with contextlib.suppress(Stop, ApiProblem):
            yield "metrics.txt", client.raw("GET", "/metrics")[1].decode()
    yield "log.txt", _log(log)


def _state(client: Client) -> Iterator[tuple[str, Any]]:
    for path in ("/readyz", "/v1/modems", "/v1/alerts"):
        try:
            yield path, client.exchange("GET", path)[1]
        except (Stop, ApiProblem) as exc:
            yield path, f"not answered: {exc}"


def _versions(config: Config) -> Mapping[str, Any]:
    from gateway.store.schema_version import HEAD

    return {
        "python": sys.version,
        "system": platform.platform(),
        "schema": HEAD,
        "database": f"{config.store.path.stat().st_size / 1e6:.1f} MB"
        if config.store.path.exists()
        else "none",
        "packages": {
            each.name: each.version for each in sorted(distributions(), key=lambda d: d.name.lower())
        },
    }


def _log(file: Path | None) -> str:
    """Return the end of the log: of a file, or of the journal."""
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        except OSError as exc:
            raise Stop(Exit.FAILED, f"{file}: {exc.strerror}") from exc
        return "".join(lines[-_LINES:])
    words = ("journalctl", "--unit=schoolgate", f"--lines={_LINES}", "--no-pager", "--output=short-iso")
    try:
        shown = subprocess.run(  # noqa: S603 - the words are ours
            words, capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError) as exc:
        return f"no journal here: {type(exc).__name__}; give the log with --log FILE\n"
    return shown.stdout


def _secrets(config: Config) -> Iterable[str]:
    """Return what the files with secrets hold, as far as this user may read them."""
    files = [modem.pin_file for modem in config.modem]
    files += [config.cli.key_file, config.alerts.smtp_password_file]
    for file in files:
        if file is not None:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                yield file.read_text(encoding="utf-8").strip()
    if config.alerts.smtp_user is not None:
        yield config.alerts.smtp_user


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"

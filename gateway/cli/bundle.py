"""`schoolgate doctor --bundle FILE`: what a helper elsewhere needs, without anybody's data in it."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import re
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
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.cli.client import Client
    from gateway.config import Config
    from gateway.doctor import Finding

_LINES: Final = 5000  # of the log
_READ_ME: Final = """A Schoolgate support archive: findings, configuration, state, versions and recent log.
Telephone numbers, SIM and device numbers, PDUs, API keys, e-mail addresses, the ways of web addresses, and
what a PIN or PUK is said to be were replaced wherever they were recognised; the same one has the same name
throughout (<number-1>). Of the configuration there are numbers, file names and words that the gateway itself
offers; its comments and every other text are left out. So are whom a finding about the policy names, the
policy file, and the files with secrets. Texts of messages are not in the log to begin with.
What has no form of its own, such as a name, cannot be recognised in the log: look through it all before you
give it away. It is only text.
"""


def bundle(
    target: Path,
    config: Config,
    path: Path | None,
    findings: Sequence[Finding],
    client: Client | None,
    log: Path | None,
) -> list[str]:
    """Write the archive, readable by its owner only; return the names in it. Never overwrites.

    `path` is None for a configuration that has a fault: which of it is private is not known, so it stays out.
    """
    redact = Redactor()
    files = {"README.txt": _READ_ME}
    for name, content in _contents(config, path, findings, client, log):
        files[name] = _text(content, redact)
    with new_file(target) as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in files.items():
            data = text.encode()
            entry = tarfile.TarInfo(f"schoolgate/{name}")
            entry.size, entry.mode, entry.mtime = len(data), 0o600, int(utc_now().timestamp())
            archive.addfile(entry, io.BytesIO(data))
    return sorted(files)


def _contents(
    config: Config, path: Path | None, findings: Sequence[Finding], client: Client | None, log: Path | None
) -> Iterator[tuple[str, Any]]:
    """Yield the name and the content of each file: a text, a configuration, or what becomes JSON."""
    yield "findings.json", [_impersonal(each) for each in findings]
    if path is not None:
        yield "config.toml", path
    yield "versions.json", _versions(config)
    if client is not None:
        yield "state.json", dict(_state(client))
        with contextlib.suppress(Stop, ApiProblem):
            yield "metrics.txt", client.raw("GET", "/metrics")[1].decode()
    yield "log.txt", _log(log)


def _text(content: Any, redact: Redactor) -> str:  # noqa: ANN401 - as `_contents` has it
    from gateway.cli.bundle_config import shown

    if isinstance(content, Path):
        return shown(content.read_text(encoding="utf-8"), redact)
    if isinstance(content, str):
        return redact(content)
    return (
        json.dumps(redact.value(json.loads(json.dumps(content, default=str))), indent=2, ensure_ascii=False)
        + "\n"
    )


def _impersonal(finding: Finding) -> dict[str, Any]:
    """Return a finding without whom it is about, and without what stood in the configuration."""
    from dataclasses import asdict

    what = re.sub(r"\(found .*\)", "(found <text>)", finding.what)
    if finding.about.startswith("policy "):
        what = f"{what.partition(':')[0]}: <people>" if ":" in what else what
    return asdict(finding) | {"what": what}


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
        "database": _size(config.store.path),
        "packages": {
            each.name: each.version for each in sorted(distributions(), key=lambda d: d.name.lower())
        },
    }


def _size(file: Path) -> str:
    try:
        return f"{file.stat().st_size / 1e6:.1f} MB"
    except PermissionError:
        return "not to be seen by this user"
    except OSError:
        return "none"


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

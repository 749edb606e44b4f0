"""`schoolgate audit`: is the log as it was written, and how others can see for themselves (1.3)."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from gateway.cli.direct import with_store
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, configuration, new_file
from gateway.cli.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.auditing import Auditing, Verdict

T = TypeVar("T")

app = typer.Typer(help="The audit log: verified, exported, pinned down.", no_args_is_help=True)

_COLUMNS: Final = ("seq", "at", "actor", "action", "target", "outcome", "clauses", "detail", "prev", "hash")


class Format(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"
    CSV = "csv"


Out = Annotated[Path | None, typer.Option(metavar="FILE", help="Write it to a new file; else it is printed.")]
Day = Annotated[str | None, typer.Option(metavar="TIME", help="Such as 2026-03-01 or 2026-03-01T08:00.")]


@app.command()
def verify(
    anchor: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint that was kept elsewhere.")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Check every entry, and that none is missing; exit code 1 where one is not as it was written.

    Only a checkpoint can show that the end of the log was cut off, or all of it replaced. A database that
    came back from a backup lacks entries, too: it differs from checkpoints made after the backup.
    """
    from gateway.verify_audit import NotUnderstood

    text = None if anchor is None else anchor.read_text(encoding="utf-8", errors="replace")
    try:
        verdict = _with_log(config, lambda log: log.verify(text))
    except NotUnderstood as exc:
        raise Stop(Exit.USAGE, f"{anchor}: {exc}") from exc
    if as_json:
        print_json(verdict)
    if verdict.first_bad is not None:
        raise Stop(Exit.FAILED, *([] if as_json else _broken(verdict)))
    if not as_json:
        say(f"The audit log is whole: {verdict.entries} entries. The last has the hash {verdict.hash}.")
        say("It holds what the checkpoint saw." if anchor else "No checkpoint was given: --anchor FILE.")


@app.command()
def export(
    since: Day = None,
    until: Day = None,
    form: Annotated[
        Format, typer.Option("--format", help="jsonl can be verified, csv is for people.")
    ] = Format.JSONL,
    out: Out = None,
    config: ConfigOption = None,
) -> None:
    """Write the entries from one time to before another, oldest first."""
    from gateway.verify_audit import Broken

    first, end = _instant(since, "--since"), _instant(until, "--until")

    async def work(log: Auditing, file: IO[str]) -> int:
        return await (_jsonl if form is Format.JSONL else _csv)(log.export(first, end), file)

    try:
        with _opened(out) as file:
            count = _with_log(config, lambda log: work(log, file))
    except Broken as exc:
        raise Stop(Exit.FAILED, f"{exc}; the export ends before it") from exc
    if out is not None:
        say(f"{out}: {count} entries.")


@app.command()
def checkpoint(out: Out = None, config: ConfigOption = None) -> None:
    """Sign what the log is now. Keep it where this machine cannot change it."""
    text = _with_log(config, lambda log: log.checkpoint())
    with _opened(out) as file:
        file.write(text)
    if out is not None:
        say(f"{out} is written.")


@app.command()
def key(config: ConfigOption = None) -> None:
    """Print the public key of the checkpoints. Keep it on paper: who has it needs nobody's word."""
    from gateway.checkpoints import public_key
    from gateway.store import load_key_file

    say(public_key(load_key_file(configuration(config).store.key_file)))


@app.command()
def verifier(out: Out = None) -> None:
    """Print the program that checks an export anywhere: one file, Python alone."""
    with _opened(out) as file:
        file.write(resources.files("gateway").joinpath("verify_audit.py").read_text(encoding="utf-8"))


def _with_log(config: Path | None, work: Callable[[Auditing], Awaitable[T]]) -> T:
    from gateway.auditing import Auditing
    from gateway.clock import utc_now

    loaded = configuration(config)
    name = loaded.gateway.name
    return with_store(loaded, lambda s: work(Auditing(s.database, s.keyring, name, utc_now)))


def _broken(verdict: Verdict) -> list[str]:
    return [
        f"the audit log is BROKEN at entry {verdict.first_bad}: it {verdict.why}",
        f"entries 1 to {verdict.entries} are as they were written.",
        "Keep the database as it is and compare it with a backup: schoolgate backup --list",
    ]


async def _jsonl(entries: AsyncIterator[dict[str, Any]], file: IO[str]) -> int:
    from gateway.verify_audit import canonical

    count = 0
    async for each in entries:
        file.write(canonical(each) + "\n")
        count += 1
    return count


async def _csv(entries: AsyncIterator[dict[str, Any]], file: IO[str]) -> int:
    from gateway.verify_audit import canonical

    writer, count = csv.writer(file), 0
    writer.writerow(_COLUMNS)
    async for each in entries:
        texts = {name: canonical(each[name]) for name in ("clauses", "detail")}
        writer.writerow([_cell((each | texts)[name]) for name in _COLUMNS])
        count += 1
    return count


def _cell(value: object) -> object:
    """Return what no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[str]]:
    """Open a new file that only its owner can read, or standard output."""
    if out is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    with new_file(out) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
        yield text


def _instant(given: str | None, option: str) -> datetime | None:
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(
            f"{given!r} is no time: write 2026-03-01 or 2026-03-01T08:00", param_hint=option
        ) from None
    return found.astimezone(UTC)  # without a zone it is this machine's

"""`schoolgate subject`: what is kept about a number, given to its person or erased (1.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.cli.direct import user, with_store
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, configuration, new_file
from gateway.cli.output import asked, details, listing, print_json, say

if TYPE_CHECKING:
    from gateway.legal_holds import LegalHolds
    from gateway.model import Clock
    from gateway.subjects import Subjects

T = TypeVar("T")

app = typer.Typer(help="What is kept about a number: hand it out, or erase it.", no_args_is_help=True)

Number = Annotated[str, typer.Option("--number", metavar="NUMBER", help="The person's number, as +447…")]


@app.command()
def export(
    number: Number,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The zip to write; a new file.")],
    config: ConfigOption = None,
) -> None:
    """Write all that is kept about a number into a zip: JSON, and a page to read.

    It holds personal data in clear: give it to its person, and delete it.
    """
    from gateway.subject_file import packed

    with new_file(out) as file:
        known = _with_subjects(config, lambda subjects: subjects.export(number, by=user()))
        file.write(packed(known))
    say(f"{out}: {sum(map(len, known.records.values()))} records, {len(known.decisions)} decisions.")
    say("It holds personal data in clear: give it to its person over a safe way, and delete it.")


@app.command()
def erase(
    number: Number,
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase all that is kept about a number, but its opt-outs (as a keyed hash) and the audit log.

    Backups made before still hold it, sealed, until they are removed: see [backup] keep_days, keep_months.
    """
    if not yes and asked(f"Erase everything about {number}? This cannot be undone. yes or no:") != "yes":
        raise Stop(Exit.FAILED, "nothing was done; to go on, answer yes or give --yes")
    done = _with_subjects(config, lambda subjects: subjects.erase(number, by=user()))
    if as_json:
        print_json(done)
        return
    details("Erased:", {name: count for name, count in done.removed.items() if count} or {"nothing": "0"})
    say(f"Opt-outs that stay, as a keyed hash: {done.opt_outs_kept}. The audit log stays as it is.")
    say("Backups made before still hold it, sealed, until they are removed.")


@app.command()
def hold(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Which matter, and who asked for it.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put a number under a legal hold: nothing of it is removed or erased until `subject release`."""
    made = _with_holds(config, lambda holds: holds.place(number, reason, by=user()))
    if as_json:
        print_json(made)
    else:
        say(f"Nothing of {made.number} is removed or erased from now on.")


@app.command()
def release(number: Number, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """End the legal hold on a number: what is too old goes in the next night."""
    _with_holds(config, lambda holds: holds.lift(number, by=user()))
    if as_json:
        print_json({"number": number, "held": False})
    else:
        say(f"{number} is under no legal hold any more.")


@app.command()
def holds(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """List the numbers under a legal hold of their own. One on everything: [retention] legal_hold."""
    found = _with_holds(config, lambda holds: holds.list())
    if as_json:
        print_json(found)
        return
    rows = [(each.number, each.placed_at, each.placed_by, each.reason) for each in found]
    listing("Legal holds", ("number", "since", "placed by", "reason"), rows)


def _with_subjects(config: Path | None, work: Callable[[Subjects], Awaitable[T]]) -> T:
    from gateway.subjects import Subjects

    return with_store(
        configuration(config), lambda s: work(Subjects(s.database, s.keyring, s.settings, _clock()))
    )


def _with_holds(config: Path | None, work: Callable[[LegalHolds], Awaitable[T]]) -> T:
    from gateway.legal_holds import LegalHolds

    return with_store(
        configuration(config), lambda s: work(LegalHolds(s.database, s.keyring, s.settings, _clock()))
    )


def _clock() -> Clock:
    from gateway.clock import utc_now

    return utc_now

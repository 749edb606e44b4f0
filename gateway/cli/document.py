"""`schoolgate policy …`: the policy's own text, and what people owe it (9.1, 9.2)."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected, pairs
from gateway.cli.output import asked, details, listing, print_json, say, when

Ident = Annotated[str, typer.Argument(metavar="ID", help="As `policy versions` shows it.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%d/%m/%Y"], help="A day.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(bring)
    for command in (show, versions, publish, review, acknowledge, people, train, tell):
        app.command()(command)


def bring(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text, in UTF-8.")],
    version: Annotated[str | None, typer.Option("--as", help="Its name; else the next number.")] = None,
    effective: Day = None,
    last_reviewed: Day = None,
    authorised_by: Annotated[str | None, typer.Option(help="Where the text does not say.")] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    minor: Annotated[
        bool, typer.Option("--minor", help="It changes nothing for people: nobody acknowledges it anew.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Enter a policy's text. Its dates are read day first, and shown. Another person publishes it."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Stop(Exit.USAGE, f"{file} is not UTF-8 at byte {exc.start}; save it as plain text") from exc
    body = {
        "text": text,
        "version": version,
        "effective": _day(effective),
        "last_reviewed": _day(last_reviewed),
        "authorised_by": authorised_by,
        "material": not minor,
    }
    made = connected(config, key_file).post("/v1/policy/versions", body)
    _show_version(made, as_json=as_json)
    if not as_json:
        say(f"It is a draft. Another person puts it in force: schoolgate policy publish {made['id']}")


def versions(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List the versions that were imported, newest first."""
    page = connected(config, key_file).get("/v1/policy/versions")
    if as_json:
        print_json(page)
        return
    rows = (
        (v["id"], v["version"], v["status"], v["effective"], v["authorised_by"], v["author"], v["publisher"])
        for v in page["items"]
    )
    columns = ("id", "version", "status", "effective", "authorised by", "imported by", "published by")
    listing("Versions of the policy", columns, rows)


def publish(
    ident: Ident, config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Put a version in force; only with the key of a person other than who imported it."""
    _show_version(connected(config, key_file).post(f"/v1/policy/versions/{ident}/publish"), as_json=as_json)


def show(
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    text: Annotated[bool, typer.Option("--text", help="Its text, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the policy in force, and where it stands with its yearly review."""
    found = connected(config, key_file).get("/v1/policy")
    if as_json:
        print_json(found)
        return
    if text:
        say(found["text"] or "No text was imported: schoolgate policy import FILE")
    details(f"The SMS messaging policy of {found['organisation']}, version {found['version']}", _facts(found))


def _facts(found: dict[str, Any]) -> dict[str, object]:
    source = {
        "file": "[review] of the policy file",
        "published": "published here; [review] of the file waits",
    }
    return {
        "in force": source[found["source"]],
        "effective": spelt(found["effective"]),
        "authorised by": found["authorised_by"],
        "last reviewed": spelt(found["last_reviewed"]),
        "review": review_of(found),
        "acknowledged by you": when(found["acknowledged_at"]),
    }


def review_of(found: dict[str, Any]) -> str:
    """Return where the policy stands with its yearly review, in a sentence."""
    if not found["overdue_days"]:
        return f"due on {spelt(found['due'])}"
    stops = {"block_bulk": "sending to many at once", "block_all": "all sending"}
    since = found["blocks_since"]
    then = f"; that stops {stops[found['consequence']]} since {spelt(since)}" if since else ""
    return f"overdue since {spelt(found['due'])}{then}"


def spelt(day: str) -> str:
    """Return an ISO day as people say it, so that no month is taken for a day."""
    value = date.fromisoformat(day)
    return f"{value.day} {value:%B %Y}"


def review(
    note: Annotated[str, typer.Option("--note", help="What was looked at, and what came of it.")],
    on: Day = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Record that the policy in force was reviewed, today or on a day."""
    body = {"reviewed_on": _day(on) or _today(), "note": note}
    made = connected(config, key_file).post("/v1/policy/reviews", body)
    if as_json:
        print_json(made)
    else:
        say(f"Version {made['version']} was reviewed on {spelt(made['reviewed_on'])}, says {made['by']}.")


def acknowledge(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Read the policy in force, and agree to it as the person of the key."""
    client = connected(config, key_file)
    found = client.get("/v1/policy")
    for shown in (found["text"], found["statement"]):
        typer.echo(shown or "", err=True)
    if asked("Acknowledge? [y/N]").casefold() not in ("y", "yes"):
        raise Stop(Exit.FAILED, "not acknowledged: nothing is sent with this key until then (9.2)")
    made = client.post("/v1/policy/acknowledgements", {"statement_hash": found["statement_hash"]})
    if as_json:
        print_json(made)
    else:
        say(f"Acknowledged at {when(made['acknowledged_at'])}.")


def people(
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    unacknowledged: Annotated[
        bool, typer.Option("--unacknowledged", help="Only who has not acknowledged the policy in force.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List people: what they acknowledged, were trained in, and which roles end soon."""
    query = {"unacknowledged": True} if unacknowledged else {}
    page = connected(config, key_file).get("/v1/policy/people", **query)
    if as_json:
        print_json(page)
        return
    rows = (
        (
            p["handle"],
            p["status"],
            when(p["acknowledged_at"]),
            p["method"],
            when(p["trained_until"])[:10],
            p["roles_ending"],
            when(p["sending_suspended_at"]),
        )
        for p in page["items"]
    )
    columns = (
        "person",
        "status",
        "acknowledged",
        "how",
        "trained until",
        "roles that end",
        "suspended (8.2)",
    )
    listing("People under the policy", columns, rows)


def train(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Who was trained.")],
    course: Annotated[str, typer.Option("--course", help="In what.")],
    on: Day = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Record that somebody was trained, today or on a day."""
    day = _day(on) or _today()
    body = {"person": handle, "course": course, "completed_on": day}
    made = connected(config, key_file).post("/v1/policy/trainings", body)
    if as_json:
        print_json(made)
    else:
        say(f"{made['person']} is trained until {when(made['expires_at'])[:10]}.")


def tell(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="An approved one that says so.")],
    slot: Annotated[list[str] | None, typer.Option(help="name=value; several times.")] = None,
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Text whoever has not acknowledged the policy in force; list who must be told otherwise."""
    body = {"template": template, "slots": pairs(slot, "--slot")}
    told = connected(config, key_file).post("/v1/policy/tellings", body)
    if as_json:
        print_json(told)
        return
    rows = ((t["person"], t["message"] or "tell otherwise", t["why"]) for t in told["items"])
    listing("Told of the policy", ("person", "message", "why not"), rows)


def _show_version(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    facts = {
        "title": made["title"],
        "status": made["status"],
        "effective": spelt(made["effective"]),
        "last reviewed": spelt(made["last_reviewed"]),
        "authorised by": made["authorised_by"],
        "to be acknowledged anew": "yes" if made["material"] else "no",
        "SHA-256 of the text": made["text_hash"],
        "clauses that no rule here knows": made["not_enforced"],
        "enforced clauses that it does not have": made["not_in_text"],
    }
    details(f"Version {made['version']} of the policy ({made['id']})", facts)


def _today() -> str:
    from gateway.clock import utc_now

    return f"{utc_now().astimezone():%Y-%m-%d}"


def _day(value: datetime | None) -> str | None:
    return None if value is None else f"{value:%Y-%m-%d}"

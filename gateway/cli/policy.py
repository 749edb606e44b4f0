"""`schoolgate policy`: what the policy makes of a text, and what enforces each of its clauses."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import document
from gateway.cli.exits import Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected
from gateway.cli.output import listing, print_json, when
from gateway.cli.pdu import answer_lines
from gateway.cli.trying import Judge, answer, explain

if TYPE_CHECKING:
    from policy.content import Finding

app = typer.Typer(
    help="The policy: its text, what it makes of a message, what enforces it.", no_args_is_help=True
)
document.add_to(app)

PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="A policy file, instead of the configured one."),
]


@app.callback()
def group() -> None:
    """Ask the policy."""


@app.command("try")
def attempt(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Without it, each line of standard input is one.")
    ] = None,
    policy: PolicyOption = None,
    config: ConfigOption = None,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="As if today were this day.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Judge a text by its content and tone, whoever would send it to whom (2.2, 5.x, 7.1).

    By the policy and the words of the installation that is configured here, else by those that are shipped.
    """
    from gateway.clock import utc_now
    from policy.wording import judge_wording, passed_over

    judge = Judge.of(policy, config)
    settings = judge.settings

    def judged(line: str) -> tuple[Finding, ...]:
        today: date = (on.replace(tzinfo=UTC) if on else utc_now().astimezone(settings.zone)).date()
        return judge_wording(line, settings, today, judge.words)

    if text is None:
        answer_lines(sys.stdin.buffer, lambda line: answer(judged(line)), as_json=as_json)
    elif as_json:
        print_json(answer(judged(text)))
    else:
        explain(text, judged(text), passed_over(text, settings, judge.words), judge)


@app.command()
def clauses(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List every clause: what enforces, shows and proves it, what is on record of it, what is missing.

    Evidence (decisions of the last 30 days) comes from the running gateway; without one, it is left out.
    """
    found = _with_evidence(config, key_file)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            *(c["number"], c["says"], (*c["rules"], *c["parts"]), c["reports"], str(len(c["tests"]))),
            *(c.get("asked"), c.get("denied"), c.get("held"), when(c.get("last_checked_at")), c["missing"]),
        )
        for c in found
    ]
    evidence = ("asked", "denied", "held", "last checked")
    listing("Clauses", ("clause", "says", "enforced by", "shown by", "tests", *evidence, "missing"), rows)


def _with_evidence(config: Path | None, key_file: Path | None) -> list[dict[str, Any]]:
    from policy.clauses import register

    try:
        page: dict[str, Any] = connected(config, key_file).get("/v1/policy/clauses")
    except Stop:  # no configuration, no key or no gateway: the register is the same
        return [clause.model_dump() for clause in register()]
    return list(page["items"])

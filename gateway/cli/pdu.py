"""`schoolgate pdu`: read PDUs by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from gateway.cli.exits import Exit
from gateway.cli.options import JsonOption
from gateway.cli.output import details

app = typer.Typer(help="Short message PDUs, as modems give them.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Read short message PDUs, as modems give them."""


@app.command()
def decode(
    kind: Annotated[str, typer.Option(help="deliver, submit or status_report.")] = "deliver",
    *,
    as_json: JsonOption = False,
) -> None:
    """Decode PDUs (hex, one a line) from standard input."""
    from gateway import sms
    from gateway.sms.describe import describe

    if kind not in ("deliver", "submit", "status_report"):
        raise typer.BadParameter("is one of deliver, submit, status_report", param_hint="--kind")

    def one(line: str) -> dict[str, Any]:
        try:
            return describe(kind, line)
        except sms.PduError as exc:
            return {"error": str(exc)}

    if answer_lines(sys.stdin.buffer, one, as_json=as_json):
        raise typer.Exit(int(Exit.FAILED))


def answer_lines(lines: Iterable[bytes], one: Callable[[str], dict[str, Any]], *, as_json: bool) -> bool:
    """Answer each line at once, the empty ones too; return whether any answer was an error.

    Only a line feed ends a line; octets that are no UTF-8 are read as U+FFFD.
    """
    failed = False
    for number, line in enumerate(lines, 1):
        answer = one(line.rstrip(b"\r\n").decode("utf-8", errors="replace"))
        failed |= "error" in answer
        if as_json:
            sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            details(f"{number}", answer)
    return failed

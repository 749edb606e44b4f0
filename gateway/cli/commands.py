"""An application for commands to be added to: how it ends, and what it says of itself."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from gateway.cli.output import complain
from gateway.cli.problems import explained


class Commands(TyperGroup):
    """Ends a command that cannot go on with sentences and an exit code, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as typer has it
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, TyperException):  # typer's own ways to end
            raise
        except Exception as exc:
            stop = explained(exc)
            if stop is None:
                raise
            complain(stop.sentences)
            raise typer.Exit(int(stop.code)) from exc


def _release(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"schoolgate {version('schoolgate')}")
        raise typer.Exit


def empty() -> typer.Typer:
    """Return an application without commands."""
    app = typer.Typer(
        cls=Commands,
        name="schoolgate",
        help="Text messages for a school, checked against its policy.",
        epilog="Exit codes: 0 done, 1 refused or failed, 2 not understood, 69 no daemon answers, "
        "75 not now but perhaps later, 77 not permitted, 78 configuration.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its tracebacks show local variables, and those may be secrets
    )
    app.callback()(everywhere)
    return app


def everywhere(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Say which release this is.", callback=_release, is_eager=True)
    ] = False,
) -> None:
    """Text messages for a school, checked against its policy."""

"""`schoolgate modem console` and `record`: speaking to a modem, and keeping what was said."""

from __future__ import annotations

import asyncio
import contextlib
import io
import signal
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected, new_file
from gateway.cli.output import complain, print_json, say
from gateway.cli.problems import ApiProblem

if TYPE_CHECKING:
    from gateway.cli.client import Client
    from gateway.modem.transcript import Transcript


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(console)
    app.command()(record)


def console(
    modem: Annotated[str, typer.Argument(metavar="MODEM", help="Its name in the configuration.")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    write: Annotated[bool, typer.Option("--write", help="Also what may change something.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Speak AT to a modem that the running gateway uses, one command a line, until the end of the input.

    Commands wait for their turn between the gateway's own. Messages, PINs and what the driver sets are out of
    reach. What is said is written to the audit log. Exit code 1: a command was refused, or failed.
    """
    client = connected(config, key_file)
    _known(client, modem)
    answers: list[dict[str, Any]] = []
    for line in _typed(modem):
        answer = _answer(client, modem, line, write=write)
        answers.append({"command": line, **answer})
        if not as_json:
            for each in (*answer["lines"], answer["result"]):
                say(each)
    if as_json:
        print_json({"modem": modem, "said": answers})
    if any(answer["result"] != "OK" for answer in answers):
        raise typer.Exit(int(Exit.FAILED))


def _known(client: Client, modem: str) -> None:
    """Raise `Stop` where no gateway answers, or it has no such modem: also before anything is said."""
    try:
        names = [each["name"] for each in client.get("/v1/modems")["items"]]
    except ApiProblem as exc:
        if exc.status != HTTPStatus.FORBIDDEN:  # a key may be for the console alone
            raise
        return
    if modem not in names:
        raise Stop(
            Exit.FAILED, f"there is no modem {modem}; there are: {', '.join(names) or 'none is configured'}"
        )


def _answer(client: Client, modem: str, line: str, *, write: bool) -> dict[str, Any]:
    if not line.isascii():
        return {"lines": [], "result": "a command is of plain ASCII characters: this line was not said"}
    try:
        said: dict[str, Any] = client.post(
            "/v1/modems/console", {"modem": modem, "command": line, "write": write}
        )
    except ApiProblem as exc:
        if exc.status not in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise
        return {"lines": [], "result": _why(exc)}
    return said


def _why(exc: ApiProblem) -> str:
    faults = [fault["message"] for fault in exc.problem.get("errors", ())]
    return "; ".join(faults) or str(exc.problem.get("detail", exc))


def _typed(modem: str) -> Iterator[str]:
    """Yield the lines that are not empty: typed by a person, or those of a script."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # what is no UTF-8 spoils its line only
    if not sys.stdin.isatty():
        yield from filter(None, map(str.strip, sys.stdin))
        return
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - input() has history and editing with it
    while True:
        try:
            line = input(f"{modem}> ").strip()
        except EOFError:
            return
        if line:
            yield line


def record(
    port: Annotated[str, typer.Argument(metavar="PORT", help="Such as /dev/ttyUSB0.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new text file.")],
    seconds: Annotated[float, typer.Option(min=5, max=3600, help="How long; Ctrl-C ends it sooner.")] = 60.0,
    baud: int = 115200,
    *,
    as_json: JsonOption = False,
) -> None:
    """Record how the gateway's driver brings a modem up, as a transcript without anybody's data.

    The gateway must not have the port. Messages stay on the SIM, but the modem marks them as read; no PIN is
    entered. Numbers, cards, devices and PDUs become others of the same kind; names and texts become x. Exit
    code 1: nothing answered, and there is no file.
    """
    with new_file(out) as file, _silent_log():
        transcript, why = asyncio.run(_recorded(port, baud, seconds))
        file.write("".join(f"{line}\n" for line in transcript.lines()).encode())
    if as_json:
        print_json({"file": str(out), "commands": len(transcript.exchanges) - 1, "ended": why})
        return
    if why:
        complain([f"It ended by itself: {why}"])
    said = len(transcript.exchanges) - 1
    say(f"{out}: {said} commands. Look through it before you give it away: it is only text.")


async def _recorded(port: str, baud: int, seconds: float) -> tuple[Transcript, str]:
    from gateway.clock import utc_now
    from gateway.modem.recording import record as listen

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.call_later(seconds, stop.set)
    with contextlib.suppress(NotImplementedError, RuntimeError):  # not in every thread
        loop.add_signal_handler(signal.SIGINT, stop.set)
    return await listen(port, baud, stop, utc_now)


@contextlib.contextmanager
def _silent_log() -> Iterator[None]:
    import logging

    import structlog

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)

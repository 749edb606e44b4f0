"""`schoolgate sim`: play with the virtual network, the demo's unless told otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import JsonOption, pairs
from gateway.cli.output import listing, print_json, say

if TYPE_CHECKING:
    from gateway.simulator import SimClient

SOCKET: Final = Path(".demo/sim.sock")

app = typer.Typer(help="The virtual phone network: handsets, texts and faults.", no_args_is_help=True)

SocketOption = Annotated[Path, typer.Option("--socket", metavar="PATH", help="Where the network listens.")]
ModemOption = Annotated[
    str | None, typer.Option("--modem", "--to", metavar="NAME", help="Which modem; else the first.")
]


@app.command()
def run(
    directory: Annotated[Path, typer.Option(help="Where the modems' ports appear.")] = SOCKET.parent,
    modems: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    persona: Annotated[str, typer.Option(help="What kind of modem they are.")] = "generic",
    socket: SocketOption = SOCKET,
    seed: int = 0,
    *,
    realistic: Annotated[bool, typer.Option("--realistic", help="As slow as real modems.")] = False,
) -> None:
    """Run a virtual network by itself, until Ctrl-C."""
    from gateway.simulator.__main__ import main
    from gateway.simulator.personas import PERSONAS

    if persona not in PERSONAS:
        raise typer.BadParameter(f"is one of {', '.join(sorted(PERSONAS))}", param_hint="--persona")
    options = {"directory": directory, "modems": modems, "persona": persona, "socket": socket, "seed": seed}
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    main([*arguments, "--realistic"] if realistic else arguments)


@app.command()
def text(
    sender: Annotated[str, typer.Argument(metavar="NUMBER", help="The handset that texts.")],
    words: Annotated[str, typer.Argument(metavar="TEXT")],
    modem: ModemOption = None,
    socket: SocketOption = SOCKET,
    *,
    as_json: JsonOption = False,
) -> None:
    """Text a modem from a handset: schoolgate sim text +447700900123 STOP."""
    with _network(socket) as network:
        chosen = modem or _first(network)
        network.text(sender, chosen, words)
    _done({"from": sender, "to": chosen}, f"{sender} texted {chosen}.", as_json=as_json)


@app.command()
def fault(
    name: Annotated[str, typer.Argument(help="Such as hang, unplug, cms, lose_result, store_full.")],
    value: Annotated[str | None, typer.Argument(help="Its first parameter: seconds, count, code …")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="Another one, as name=value.")] = None,
    modem: ModemOption = None,
    socket: SocketOption = SOCKET,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make something go wrong with a modem: schoolgate sim fault hang 10."""
    parameters = _parameters(name, value, setting)
    with _network(socket) as network:
        chosen = modem or _first(network)
        network.fault(chosen, name, **parameters)
    _done(
        {"modem": chosen, "fault": name, "parameters": parameters},
        f"{chosen} now has the fault {name}; `schoolgate sim clear` ends it.",
        as_json=as_json,
    )


@app.command()
def clear(modem: ModemOption = None, socket: SocketOption = SOCKET, *, as_json: JsonOption = False) -> None:
    """End all faults of a modem."""
    with _network(socket) as network:
        chosen = modem or _first(network)
        network.do("clear", modem=chosen)
    _done({"modem": chosen}, f"{chosen} has no faults now.", as_json=as_json)


@app.command()
def handsets(socket: SocketOption = SOCKET, *, as_json: JsonOption = False) -> None:
    """List the handsets that somebody has spoken of, and what they got."""
    with _network(socket) as network:
        found = network.do("handsets")
        last = {each["number"]: network.received(each["number"])[-1:] for each in found}
    if as_json:
        print_json({"items": found})
        return
    rows = ((h["number"], h["received"], "".join(t["text"] for t in last[h["number"]])) for h in found)
    listing("Handsets", ("number", "texts", "the last one"), rows)


@app.command()
def received(
    number: Annotated[str, typer.Argument(help="The handset.")],
    socket: SocketOption = SOCKET,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the texts that a handset got."""
    with _network(socket) as network:
        found = network.received(number)
    if as_json:
        print_json({"items": found})
        return
    listing(f"{number} got", ("from", "parts", "text"), ((t["sender"], t["parts"], t["text"]) for t in found))


@app.command()
def modems(socket: SocketOption = SOCKET, *, as_json: JsonOption = False) -> None:
    """List the virtual modems."""
    with _network(socket) as network:
        found = network.modems()
    if as_json:
        print_json({"items": found})
        return
    rows = (
        (m["name"], m["number"], m["path"], m["persona"], m["plugged"], m["registered"], m["faults"])
        for m in found
    )
    columns = ("modem", "number", "port", "persona", "plugged", "registered", "faults")
    listing("Virtual modems", columns, rows)


@contextmanager
def _network(path: Path) -> Iterator[SimClient]:
    from gateway.simulator import SimClient, SimError

    try:
        client = SimClient(path)
    except OSError as exc:
        raise Stop(
            Exit.UNAVAILABLE,
            f"no virtual network answers at {path} ({exc.strerror or exc}).",
            "Start one with `schoolgate demo` or `schoolgate sim run`, or name it with --socket.",
        ) from exc
    with client:
        try:
            yield client
        except SimError as exc:
            raise Stop(Exit.FAILED, str(exc)) from exc


def _first(network: SimClient) -> str:
    names = [str(modem["name"]) for modem in network.modems()]
    if not names:
        raise Stop(Exit.FAILED, "this virtual network has no modem")
    return names[0]


def _parameters(name: str, value: str | None, settings: list[str] | None) -> dict[str, Any]:
    """Return a fault's parameters by name; the positional one is the first that it has."""
    from gateway.simulator.faults import FAULTS

    if name not in FAULTS:
        raise typer.BadParameter(f"is one of {', '.join(FAULTS)}", param_hint="NAME")
    known = [field.name for field in fields(FAULTS[name]) if field.init]  # type: ignore[arg-type]
    given = pairs(settings, "--set")
    if value is not None:
        if not known:
            raise typer.BadParameter(f"{name} takes none", param_hint="VALUE")
        given = {known[0]: value, **given}
    for each in given:
        if each not in known:
            raise typer.BadParameter(f"{name} takes {', '.join(known) or 'none'}", param_hint="--set")
    return {each: _literal(text) for each, text in given.items()}


def _literal(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError:
        return text


def _done(data: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(data)
    else:
        say(sentence)

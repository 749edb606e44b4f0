"""`schoolgate modem`: the modems as the daemon sees them, and a look at any port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import talking
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, configuration, connected
from gateway.cli.output import details, listing, print_json, say, when

if TYPE_CHECKING:
    from gateway.modem.probe import Probe

app = typer.Typer(help="The modems.", no_args_is_help=True)
talking.add_to(app)


@app.command("list")
def every(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List the modems of the running gateway."""
    page = connected(config, key_file).get("/v1/modems")
    if as_json:
        print_json(page)
        return
    show(page["items"])


def show(modems: list[dict[str, Any]]) -> None:
    """Print a table of modems."""
    rows = (
        (
            m["name"],
            m["phase"],
            m["operator"],
            m["registration"],
            _dbm(m["signal_dbm"]),
            _of(m["storage_used"], m["storage_total"]),
            _sent(m),
            when(m["since"]),
            ", ".join(f"{rung} {count}" for rung, count in m["recoveries"].items()),
            m["detail"] or _pause(m) or _sim(m),
        )
        for m in modems
    )
    listing(
        "Modems",
        (
            "modem",
            "phase",
            "operator",
            "network",
            "signal",
            "stored",
            "sent (hour, day)",
            "since",
            "tried",
            "what is wrong",
        ),
        rows,
    )


def _sent(modem: dict[str, Any]) -> str:
    counts = ((modem.get(f"sent_{span}"), modem.get(f"cap_{span}")) for span in ("hour", "day"))
    return ", ".join(f"{sent}/{cap}" if cap else f"{sent}" for sent, cap in counts if sent is not None)


def _pause(modem: dict[str, Any]) -> str:
    until = modem["paused_until"]
    return f"{modem['paused']}; it goes on by itself at {when(until)}" if until else ""


def _sim(modem: dict[str, Any]) -> str:
    if modem.get("self_test_error"):
        return f"its self-test failed: {modem['self_test_error']}"
    if modem.get("credit_low"):
        floor = modem.get("credit_floor") or 0.0
        return f"the credit of its SIM is {modem['credit']:.2f}, below the floor of {floor:.2f}"
    error = modem.get("credit_error")
    return f"the credit of its SIM is not known: {error}" if error else ""


@app.command()
def probe(
    port: Annotated[str, typer.Argument(metavar="PORT", help="Such as /dev/ttyUSB0.")],
    baud: int = 115200,
    *,
    as_json: JsonOption = False,
) -> None:
    """See what answers at a port. Nothing on it is changed; the gateway must not have it open."""
    from gateway.modem.probe import probe as look

    found = asyncio.run(look(port, baud))
    wrong = list(faults(found))
    if as_json:
        print_json({**_plain(found), "wrong": wrong})
    else:
        details(port, _pairs(found))
        for each in wrong or ["Nothing is wrong: this modem can send and receive."]:
            say(each)
    if wrong:
        raise typer.Exit(int(Exit.FAILED))


@app.command()
def confirm(
    modem: Annotated[str, typer.Argument(metavar="MODEM", help="Its name in the configuration.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say that another SIM may be used in a modem: the next one that it finds is its own from then on."""
    from gateway.cards import Card
    from gateway.cli.direct import noted

    loaded = configuration(config)
    if modem not in {section.name for section in loaded.modem}:
        raise Stop(Exit.FAILED, f"there is no modem {modem} in the configuration")
    noted(loaded, action="sim-confirmed", target=modem)
    known = Card.of(loaded.store.path, modem).forget()
    if as_json:
        print_json({"modem": modem, "known": known})
    else:
        say(
            "The SIM that it has now is accepted within a minute."
            if known
            else "Any SIM was accepted already."
        )


def faults(found: Probe) -> list[str]:
    """Return what keeps a modem from working, each with what to do."""
    wrong = []
    if not (found.equipment.manufacturer or found.equipment.model):
        wrong.append("It does not say what it is: is this port a modem's command port?")
    if found.pin_state != "READY":
        wrong.append(_pin(found))
    if not found.registered:
        wrong.append("It is not registered in a network: look at the antenna, and whether the SIM is active.")
    if not found.smsc and found.pin_state == "READY":
        wrong.append("The SIM has no service centre number: ask the operator, and set smsc under [[modem]].")
    wrong += [
        f"The memory {memory.name} is full ({memory.used} of {memory.total}): nothing more can arrive."
        for memory in found.memories
        if memory.total and memory.used == memory.total
    ]
    return wrong


def _pin(found: Probe) -> str:
    left = "" if found.pin_tries is None else f" ({found.pin_tries} tries left)"
    match found.pin_state:
        case "SIM PIN":
            return (
                f"The SIM asks for its PIN{left}: put it in a file and name that as pin_file under [[modem]]."
            )
        case "SIM PUK":
            return "The SIM is blocked: put it in a telephone and enter the PUK from the operator's letter."
    return f"The SIM is not ready ({found.pin_state}): is it inserted the right way round?"


def _pairs(found: Probe) -> dict[str, object]:
    return {
        "manufacturer": found.equipment.manufacturer,
        "model": found.equipment.model,
        "firmware": found.equipment.firmware,
        "IMEI": found.equipment.imei,
        "profile": found.profile,
        "SIM": found.pin_state,
        "ICCID": found.iccid,
        "IMSI": found.imsi,
        "service centre": found.smsc,
        "network": ", ".join(f"{domain} {word}" for domain, word in found.registrations.items()),
        "operator": f"{found.network.name} {found.network.generation}".strip(),
        "signal": _dbm(found.signal_dbm),
        "messages stored": ", ".join(f"{m.name} {_of(m.used, m.total)}" for m in found.memories),
        "notifications": ",".join(map(str, found.notifications)),
    }


def _plain(found: Probe) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found) | {"registered": found.registered}


def _dbm(value: int | None) -> str:
    return "" if value is None else f"{value} dBm"


def _of(used: int | None, total: int | None) -> str:
    return "" if total is None else f"{used} of {total}"

"""A modem, its SIM and its network: from a probe of the port, or from what the running gateway says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.doctor.finding import Finding, warning, wrong
from gateway.modem import Probe
from gateway.modem.profiles import profile_for

_WEAK: Final = -105  # dBm
_NEARLY_FULL: Final = 0.7

_OLD: Final = ("2G", "3G")

_LTE: Final = (
    "3G is switched off in the United Kingdom, and 2G ends by 2033; elsewhere ask the operator: plan for LTE"
)
_NETWORK: Final = "look at the antenna, and whether the SIM is active and its network has coverage here"
_PLACE: Final = "move the modem or its antenna to a window, away from other devices"
_CENTRE: Final = "ask the operator for the service centre's number, and set smsc under [[modem]]"


def probe_findings(modem: str, found: Probe, *, smsc: str | None, pin_set: bool) -> Iterator[Finding]:
    """Yield what a probe of a free port shows."""
    if not (found.equipment.manufacturer or found.equipment.model):
        yield wrong(
            modem,
            f"what answers at {found.port} does not say what it is",
            "a USB modem has several ports: try the others with `schoolgate modem probe PORT`",
        )
    if found.pin_state != "READY":
        yield _pin(modem, found, pin_set)
        return
    if not found.registered:
        yield wrong(modem, f"it is in no network ({_words(found.registrations)})", _NETWORK)
    if not (found.smsc or smsc):
        yield wrong(modem, "the SIM has no service centre number", _CENTRE)
    yield from _signal(modem, found.signal_dbm)
    yield from _technology(
        modem, found.network.generation, found.equipment.manufacturer, found.equipment.model
    )
    for memory in found.memories:
        yield from _memory(modem, memory.name, memory.used, memory.total)


def _pin(modem: str, found: Probe, pin_set: bool) -> Finding:
    left = "" if found.pin_tries is None else f"; {found.pin_tries} tries are left"
    match found.pin_state:
        case "SIM PIN" if pin_set:
            return wrong(
                modem,
                f"the SIM asks for its PIN{left}",
                "the gateway enters it once: see what its log says of it",
            )
        case "SIM PIN":
            return wrong(
                modem,
                f"the SIM asks for its PIN{left}",
                "put it in a file, and name that as pin_file under [[modem]]",
            )
        case "SIM PUK":
            return wrong(
                modem, "the SIM is blocked", "put it in a phone, and enter the PUK from the operator's letter"
            )
    return wrong(
        modem, f"the SIM is not ready: {found.pin_state}", "is it inserted, and the right way round?"
    )


def state_findings(state: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with a modem as `GET /v1/modems` shows it."""
    modem = str(state["name"])
    if state["phase"] != "ready":
        what = f"it is {state['phase']}: {state['detail'] or 'wait a minute'}"
        yield wrong(modem, what, _phase_remedy(str(state["phase"])))
        return
    if state["detail"]:
        yield warning(
            modem, str(state["detail"]), _CENTRE if "SMS centre" in state["detail"] else "see docs/modems.md"
        )
    if state["registration"] == "roaming":
        yield warning(
            modem, f"it roams in {state['operator']}", "roaming costs: is the SIM's own network down?"
        )
    yield from _signal(modem, state["signal_dbm"])
    yield from _technology(modem, state["technology"], state["manufacturer"], state["model"])
    yield from _memory(modem, "its memory", state["storage_used"], state["storage_total"])
    tried = state["recoveries"]
    if any(tried.get(rung) for rung in ("restart", "usb_reset", "power_cycle", "alert")):
        yield warning(
            modem,
            f"it had to be brought back by force: {_words(tried)}",
            "try another cable, and a hub with its own power",
        )


def _phase_remedy(phase: str) -> str:
    return {
        "searching": "plug it in; if it is, look at `schoolgate doctor` with the gateway stopped",
        "registering": _NETWORK,
        "blocked": "do what it says; then restart the gateway",
    }.get(phase, "if it stays so, unplug the modem and plug it in again")


def _signal(modem: str, dbm: int | None) -> Iterator[Finding]:
    if dbm is not None and dbm < _WEAK:
        yield warning(modem, f"the signal is weak: {dbm} dBm", _PLACE)


def _technology(modem: str, in_use: str, manufacturer: str, model: str) -> Iterator[Finding]:
    """Warn of networks that are being switched off: one that is in use, and a modem that knows no other."""
    profile = profile_for(manufacturer, model)
    if profile.generation in _OLD:
        yield warning(modem, f"a {model} knows no network newer than {profile.generation}", _LTE)
    elif in_use in _OLD:
        yield warning(modem, f"it is in a {in_use} network", _LTE)


def _memory(modem: str, name: str, used: int | None, total: int | None) -> Iterator[Finding]:
    if not total or used is None:
        return
    if used >= total:
        yield wrong(
            modem,
            f"{name} is full ({used} of {total}): nothing more can arrive",
            "start the gateway: it empties it",
        )
    elif used >= _NEARLY_FULL * total:
        yield warning(
            modem, f"{name} fills up ({used} of {total})", "is the gateway running, and its store writable?"
        )


def _words(pairs: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs.items()) or "nothing known"

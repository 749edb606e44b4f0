"""A modem, its SIM and its network: from a probe of the port, or from what the running gateway says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.doctor.finding import Finding, warning, wrong
from gateway.doctor.remedies import CENTRE, NETWORK, PHONE, PLACE, PUK, RESTART, remedy
from gateway.doctor.sim import sim_findings
from gateway.model import NEARLY_FULL
from gateway.modem import Probe
from gateway.modem.profiles import Profile, profile_for

_WEAK: Final = -105  # dBm

_OLD: Final = ("2G", "3G")
_NEW: Final = ("4G", "5G")

_LTE: Final = (
    "3G is switched off in the United Kingdom, and 2G ends by 2033; elsewhere ask the operator: plan for LTE"
)


def probe_findings(
    modem: str, found: Probe, *, smsc: str | None, pin_set: bool, profile: str = "auto"
) -> Iterator[Finding]:
    """Yield what a probe of a free port shows; `profile` is the one that is configured."""
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
        yield wrong(modem, f"it is in no network ({_words(found.registrations)})", NETWORK)
    if not (found.smsc or smsc):
        yield wrong(modem, "the SIM has no service centre number", CENTRE)
    yield from _signal(modem, found.signal_dbm)
    machine = found.equipment
    yield from _technology(
        modem,
        found.network.generation,
        machine.model,
        profile_for(machine.manufacturer, machine.model, profile),
    )
    for memory in found.memories:
        yield from _memory(modem, memory.name, memory.used, memory.total)


def _pin(modem: str, found: Probe, pin_set: bool) -> Finding:
    left = "" if found.pin_tries is None else f"; {found.pin_tries} tries are left"
    match found.pin_state:
        case "SIM PIN" if found.pin_tries is not None and found.pin_tries <= 1:
            return wrong(modem, f"the SIM asks for its PIN{left}", PHONE)
        case "SIM PIN" if pin_set:
            return wrong(
                modem,
                f"the SIM asks for its PIN{left}",
                f"the gateway enters it, once: {RESTART}; then look here again",
            )
        case "SIM PIN":
            return wrong(modem, f"the SIM asks for its PIN{left}", remedy("its PIN and none is configured"))
        case "SIM PUK":
            return wrong(modem, "the SIM is blocked: it asks for its PUK", PUK)
    return wrong(
        modem, f"the SIM is not ready: {found.pin_state}", "is it inserted, and the right way round?"
    )


def state_findings(
    state: Mapping[str, Any], *, profile: str = "auto", floor: float | None = None
) -> Iterator[Finding]:
    """Yield what is wrong with a modem as `GET /v1/modems` shows it.

    `profile` and `floor`, the least credit, are those that are configured.
    """
    modem, phase, detail = str(state["name"]), str(state["phase"]), str(state.get("detail") or "")
    if phase != "ready":
        yield wrong(modem, f"it is {phase}: {detail or 'wait a minute'}", remedy(detail, phase))
    elif detail:
        yield warning(modem, detail, remedy(detail))
    yield from sim_findings(state, floor)
    if phase != "ready":
        return
    if state.get("registration") == "roaming":
        yield warning(
            modem, f"it roams in {state.get('operator')}", "roaming costs: is the SIM's own network down?"
        )
    yield from _signal(modem, state.get("signal_dbm"))
    maker, model = str(state.get("manufacturer") or ""), str(state.get("model") or "")
    yield from _technology(
        modem, str(state.get("technology") or ""), model, profile_for(maker, model, profile)
    )
    yield from _memory(modem, "its memory", state.get("storage_used"), state.get("storage_total"))
    tried = state.get("recoveries") or {}
    if any(tried.get(rung) for rung in ("restart", "usb_reset", "power_cycle", "alert")):
        yield warning(
            modem,
            f"it had to be brought back by force: {_words(tried)}",
            "try another cable, and a hub with its own power",
        )


def _signal(modem: str, dbm: int | None) -> Iterator[Finding]:
    if dbm is not None and dbm < _WEAK:
        yield warning(modem, f"the signal is weak: {dbm} dBm", PLACE)


def _technology(modem: str, in_use: str, model: str, profile: Profile) -> Iterator[Finding]:
    """Warn of networks that are being switched off: one that is in use, and a modem that knows no other.

    A network that it is in proves more than any table of models.
    """
    newest = profile.newest_network(model)
    if in_use in _NEW:
        return
    if newest in _OLD:
        yield warning(modem, f"a {model} knows no network newer than {newest}", _LTE)
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
    elif used >= NEARLY_FULL * total:
        yield warning(
            modem, f"{name} fills up ({used} of {total})", "is the gateway running, and its store writable?"
        )


def _words(pairs: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs.items()) or "nothing known"

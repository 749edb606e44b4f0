"""What the gateway has found out of a SIM: its credit, its self-test, its caps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.doctor.finding import Finding, warning, wrong
from gateway.doctor.remedies import SELF_TEST


def sim_findings(state: Mapping[str, Any], floor: float | None) -> Iterator[Finding]:
    """Yield what is wrong with the SIM in a modem as `GET /v1/modems` shows it; `floor`: its least credit."""
    modem = str(state["name"])
    if state.get("self_test_error"):
        yield wrong(modem, f"its self-test failed: {state['self_test_error']}", SELF_TEST)
    if state.get("credit_low"):
        yield _low(modem, state, floor)
    if state.get("credit_error"):
        yield warning(
            modem,
            f"the credit of its SIM is not known: {state['credit_error']}",
            f"ask by hand, with the code of credit_ussd: sudo schoolgate modem console {modem} --write, then "
            'AT+CUSD=1,"*100#",15; correct credit_ussd or credit_pattern under [[modem]] by what it answers',
        )
    if state.get("paused"):
        until = f" at {state['paused_until']}" if state.get("paused_until") else ""
        yield warning(
            modem,
            f"its SIM is given nothing now: {state['paused']}",
            f"it goes on by itself{until}; where the operator lets the SIM send more, raise parts_per_hour "
            "or parts_per_day under [[modem]]",
        )


def _low(modem: str, state: Mapping[str, Any], floor: float | None) -> Finding:
    known, least = state.get("credit"), state.get("credit_floor")
    least = floor if least is None else least
    what = "low" if known is None else f"{known:.2f}"
    below = "" if least is None else f", below the floor of {least:.2f}"
    return warning(
        modem, f"the credit of its SIM is {what}{below}", "top it up, before it takes no more messages"
    )

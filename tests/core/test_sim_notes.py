"""What was found out of a SIM lasts longer than the process, and no longer than the SIM."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.modem import Modem
from gateway.modem_section import ModemSection
from gateway.sim_notes import SimNotes
from tests.modem.fake import Store, driver, now

ASKED = ModemSection(
    name="sim0", port=Path("sim0"), credit_ussd="*100#", credit_floor=5, self_test_to="+447700900990"
)
NOT_ASKED = ModemSection(name="sim0", port=Path("sim0"))


def followed(directory: Path, section: ModemSection = ASKED) -> Modem:
    """Return the modem of a new run."""
    modem = driver("sim0", Store())
    SimNotes.of(directory / "schoolgate.db", modem, section).follow()
    return modem


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """Return the place of a gateway that has found out something."""
    modem = followed(tmp_path)
    modem.report(imsi="001010000000001")
    modem.report(credit=4.5, credit_at=now(), credit_error="", credit_low=True, credit_floor=5.0)
    modem.report(
        self_test="failed", self_test_at=now(), self_test_error="nothing came back", self_test_via="sim1"
    )
    modem.report(self_test_tries=3, self_test_tried_at=now())
    return tmp_path


def test_it_is_there_after_a_restart(noted: Path) -> None:
    state = followed(noted).state
    assert (state.credit, state.credit_at, state.credit_low, state.credit_floor) == (4.5, now(), True, 5.0)
    assert (state.self_test, state.self_test_at, state.self_test_via) == ("failed", now(), "sim1")
    assert state.self_test_error == "nothing came back"
    assert (state.self_test_tries, state.self_test_tried_at) == (3, now())


def test_by_another_number_a_failure_lasts_but_who_received_and_the_wait_are_forgotten(noted: Path) -> None:
    other = ASKED.model_copy(update={"self_test_to": "+447700900991"})
    for _ in range(2):  # once more after a restart: it stays so
        state = followed(noted, other).state
        assert (state.self_test, state.self_test_error) == ("failed", "nothing came back")
        assert (state.self_test_via, state.self_test_tries, state.self_test_tried_at) == ("", 0, None)
    modem = followed(noted, other)
    modem.report(self_test_via="sim0", self_test_tries=1)
    assert followed(noted, other).state.self_test_via == "sim0"


def test_the_floor_is_that_of_now(noted: Path) -> None:
    state = followed(noted, ASKED.model_copy(update={"credit_floor": 4})).state
    assert (state.credit_low, state.credit_floor) == (False, 4)


def test_what_is_not_asked_for_any_more_is_gone(noted: Path) -> None:
    state = followed(noted, NOT_ASKED).state
    assert (state.credit, state.credit_low, state.self_test, state.self_test_error) == (None, False, "", "")


def test_another_sim_begins_anew_also_after_a_restart(noted: Path) -> None:
    modem = followed(noted)
    modem.report(imsi="001010000000001")
    assert modem.state.credit == 4.5
    modem.report(imsi="001010000000002")
    assert (modem.state.credit, modem.state.credit_low, modem.state.self_test_error) == (None, False, "")
    assert (modem.state.self_test_tries, modem.state.self_test_tried_at) == (0, None)
    assert followed(noted).state.credit is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"credit": "much"}', b"\xff"])
def test_notes_that_cannot_be_read_are_none(noted: Path, damage: bytes) -> None:
    (noted / "schoolgate.sim0.sim.json").write_bytes(damage)
    assert followed(noted).state.credit is None

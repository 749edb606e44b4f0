"""What was found out of a SIM, its credit and its self-test: a file beside the database.

So a restart is no all-clear, and costs no self-test's text to find out anew. The credit is asked for a minute
after each start all the same, by USSD, which is no text; what is noted stands until there is an answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict

from gateway import whole_file
from gateway.model import ModemState
from gateway.modem import Modem
from gateway.modem_section import ModemSection

log = structlog.get_logger()


_CREDIT: Final = frozenset({"credit", "credit_at", "credit_error"})
_TEST: Final = frozenset({"self_test", "self_test_at", "self_test_error"})
_WAY: Final = frozenset({"self_test_via", "self_test_tries", "self_test_tried_at"})  # to one number


class _Notes(BaseModel):
    """The fields of `ModemState` that are kept, of which SIM they are, and which number it tested."""

    model_config = ConfigDict(extra="ignore", from_attributes=True, frozen=True)

    imsi: str = ""
    self_test_to: str = ""
    credit: float | None = None
    credit_at: AwareDatetime | None = None
    credit_error: str = ""
    self_test: str = ""
    self_test_at: AwareDatetime | None = None
    self_test_error: str = ""
    self_test_via: str = ""
    self_test_tries: int = 0
    self_test_tried_at: AwareDatetime | None = None


class SimNotes:
    """The notes on the SIM in one modem. What cannot be read is found out anew."""

    def __init__(self, path: Path, modem: Modem, section: ModemSection) -> None:
        """Touch nothing yet."""
        self._path = path
        self._modem = modem
        self._section = section
        self._to = section.self_test_to or ""
        self._noted = _Notes()

    @classmethod
    def of(cls, database: Path, modem: Modem, section: ModemSection) -> SimNotes:
        """Return the notes on a modem's SIM in the gateway whose database this is."""
        return cls(database.with_name(f"{database.stem}.{modem.name}.sim.json"), modem, section)

    def follow(self) -> None:
        """Make what was noted part of the modem's state, where it is still asked for; note what changes."""
        found = self._read()
        asked = (
            {"imsi"}
            | (_CREDIT if self._section.credit_ussd else set())
            | (_TEST if self._to else set())
            | (_WAY if self._to == found.self_test_to else set())  # by another number all may be otherwise
        )
        self._tell(_Notes(self_test_to=self._to, **found.model_dump(include=asked)))
        self._modem.subscribe(self._learn)

    def _tell(self, notes: _Notes) -> None:
        self._noted = notes
        floor = self._section.credit_floor
        self._modem.report(
            **notes.model_dump(exclude={"imsi", "self_test_to"}),
            credit_floor=None if notes.credit is None else floor,
            credit_low=notes.credit is not None and notes.credit < floor,
        )

    def _learn(self, state: ModemState) -> None:
        known = self._noted.imsi
        if state.imsi and known and state.imsi != known:
            self._tell(_Notes(imsi=state.imsi, self_test_to=self._to))  # what was known is of another SIM
            self._write(self._noted)
            return
        about = {"imsi": state.imsi or known, "self_test_to": self._to}
        now = _Notes.model_validate(state).model_copy(update=about)
        if now != self._noted:
            self._noted = now
            self._write(now)

    def _read(self) -> _Notes:
        try:
            return _Notes.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return _Notes()
        except (OSError, ValueError) as exc:
            log.warning("notes on a SIM unreadable", action="sim_notes_unreadable", why=type(exc).__name__)
            return _Notes()

    def _write(self, notes: _Notes) -> None:
        try:
            whole_file.replace(self._path, notes.model_dump_json().encode())
        except OSError as exc:
            log.warning("SIM not noted", action="sim_not_noted", why=exc.strerror)

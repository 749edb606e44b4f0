"""Which SIM belongs to which modem: a file beside the database, so that a swap shows after a restart too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway import whole_file

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Card:
    """The memory of one modem (`gateway.modem.CardMemory`). Read anew each time: a person may clear it."""

    path: Path

    @classmethod
    def of(cls, database: Path, modem: str) -> Card:
        """Return the memory of `modem` in the gateway whose database this is."""
        return cls(database.with_name(f"{database.stem}.{modem}.card"))

    def known(self) -> str:
        """Return the ICCID of the SIM that may be used; empty while none is known."""
        return self._lines()[0]

    def known_imsi(self) -> str:
        """Return its IMSI; empty while none is known."""
        return self._lines()[1]

    def known_imei(self) -> str:
        """Return the IMEI of the modem in which it was seen last; empty while none is known."""
        return self._lines()[2]

    def _lines(self) -> tuple[str, str, str]:
        try:
            iccid, imsi, imei, *_ = [*self.path.read_text(encoding="ascii").split("\n"), "", "", ""]
        except (OSError, UnicodeDecodeError):
            return "", "", ""
        return iccid.strip(), imsi.strip(), imei.strip()

    def remember(self, iccid: str, imsi: str = "", imei: str = "") -> None:
        """Keep the numbers. Where the disk takes nothing the next start does without them."""
        try:
            whole_file.replace(self.path, f"{iccid}\n{imsi}\n{imei}\n".encode("ascii"))
        except OSError as exc:
            log.warning("card not noted", action="card_not_noted", why=exc.strerror)

    def forget(self) -> bool:
        """Accept whatever SIM comes next; return whether one was known."""
        known = self.path.exists()
        self.path.unlink(missing_ok=True)
        return known

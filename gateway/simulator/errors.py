"""Final results that refuse a command, as `+CME ERROR` and `+CMS ERROR`."""

from __future__ import annotations

from enum import IntEnum

from gateway.simulator.at import AtError
from gateway.sms import cme_error


class Cme(IntEnum):
    """Equipment errors that the virtual modem gives (3GPP TS 27.007, 9.2)."""

    NOT_ALLOWED = 3
    NOT_SUPPORTED = 4
    NO_SIM = 10
    SIM_PIN = 11
    SIM_PUK = 12
    SIM_BUSY = 14
    WRONG_PASSWORD = 16
    NO_NETWORK = 30
    UNKNOWN = 100


class Cms(IntEnum):
    """Message service errors that the virtual modem gives (3GPP TS 27.005, 3.2.5)."""

    UNKNOWN_SUBSCRIBER = 30
    NOT_ALLOWED = 302
    NOT_SUPPORTED = 303
    BAD_PDU = 304
    BAD_TEXT = 305
    NO_SIM = 310
    SIM_PIN = 311
    SIM_BUSY = 314
    SIM_PUK = 316
    BAD_INDEX = 321
    MEMORY_FULL = 322
    NO_NETWORK = 331
    NO_ACK_EXPECTED = 340


class CmeError(AtError):
    """The equipment refuses: a bare ERROR, a number or words, by `+CMEE`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def render(self, level: int) -> str:
        """Return the line for this level of `+CMEE`."""
        if level == 0:
            return "ERROR"
        return f"+CME ERROR: {cme_error(self.code).text if level == 2 else self.code}"


class CmsError(AtError):
    """The message service refuses; the number is given at every level."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def render(self, _level: int) -> str:
        """Return the line."""
        return f"+CMS ERROR: {int(self.code)}"


class NoAnswer(Exception):
    """The final result never comes: the command line simply ends."""

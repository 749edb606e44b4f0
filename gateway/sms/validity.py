"""How long a service centre tries: relative, absolute or enhanced (3GPP TS 23.040, 9.2.3.12)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from gateway.sms import octets, timestamp
from gateway.sms.errors import PduError
from gateway.sms.octets import Reader

_MINUTE, _DAY, _WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)
_SINGLE_SHOT: Final = 0x40
_FORMAT: Final = 0x07
_EXTENDED: Final = 0x80


class Form(IntEnum):
    """How a validity period is written: the two bits of TP-VPF (9.2.3.3)."""

    NONE = 0
    ENHANCED = 1
    RELATIVE = 2
    ABSOLUTE = 3


_SIZES: Final = {Form.NONE: 0, Form.ENHANCED: 7, Form.RELATIVE: 1, Form.ABSOLUTE: 7}


@dataclass(frozen=True, slots=True)
class Validity:
    """A validity period, as its octets."""

    form: Form
    octets: bytes

    def __post_init__(self) -> None:
        if len(self.octets) != _SIZES[self.form]:
            raise PduError(f"validity: {len(self.octets)} octets, {self.form.name} has {_SIZES[self.form]}")

    @classmethod
    def lasting(cls, period: timedelta) -> Validity:
        """Return the longest relative validity within `period`; never below 5 minutes, nor above 63 weeks."""
        return cls(Form.RELATIVE, bytes((max(bisect_right(_PERIODS, period), 1) - 1,)))

    @classmethod
    def until(cls, when: datetime) -> Validity:
        """Return an absolute validity."""
        return cls(Form.ABSOLUTE, timestamp.encode(when))

    @classmethod
    def decode(cls, reader: Reader, form: Form) -> Validity | None:
        """Take the octets of a form, None where there are none."""
        return None if form is Form.NONE else cls(form, reader.take(_SIZES[form], "validity"))

    @property
    def ends(self) -> datetime | None:
        """The absolute end, None where it is not given so or is no time."""
        return timestamp.decode(self.octets) if self.form is Form.ABSOLUTE else None

    @property
    def period(self) -> timedelta | None:
        """How long from submission, None where it is not given so."""
        if self.form is Form.RELATIVE:
            return _period(self.octets[0])
        return self._enhanced() if self.form is Form.ENHANCED else None

    @property
    def single_shot(self) -> bool:
        """Whether the service centre is to try once only (9.2.3.12.3)."""
        return self.form is Form.ENHANCED and bool(self.octets[0] & _SINGLE_SHOT)

    def _enhanced(self) -> timedelta | None:
        start = 2 if self.octets[0] & _EXTENDED else 1
        match self.octets[0] & _FORMAT:
            case 1:
                return _period(self.octets[start])
            case 2:
                return timedelta(seconds=self.octets[start])
            case 3:
                return _clock(self.octets[start : start + 3])
            case _:
                return None


def _clock(value: bytes) -> timedelta | None:
    digits = octets.unswapped(value)
    if not (digits.isdecimal() and len(digits) == 6):
        return None
    return timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:]))


def _period(step: int) -> timedelta:
    if step <= 143:
        return (step + 1) * 5 * _MINUTE
    if step <= 167:
        return 12 * 60 * _MINUTE + (step - 143) * 30 * _MINUTE
    return (step - 166) * _DAY if step <= 196 else (step - 192) * _WEEK


_PERIODS: Final = tuple(map(_period, range(256)))  # ever longer

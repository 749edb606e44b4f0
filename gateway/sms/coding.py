"""The data coding scheme, one octet (3GPP TS 23.038, 4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.sms.errors import PduError

_HAS_CLASS: Final = 0x10
_COMPRESSED: Final = 0x20
_GROUP_WAITING_UCS2: Final = 0xE
_GROUP_DISCARD: Final = 0xC
_GROUP_CLASS: Final = 0xF


class Alphabet(StrEnum):
    """How user data is to be read."""

    GSM7 = "gsm7"
    DATA = "8bit"
    UCS2 = "ucs2"


_ALPHABETS: Final = (Alphabet.GSM7, Alphabet.DATA, Alphabet.UCS2, Alphabet.GSM7)  # 3 is reserved


@dataclass(frozen=True, slots=True)
class Coding:
    """What one octet of coding scheme says; reserved values mean the GSM alphabet, as the standard asks."""

    octet: int

    @classmethod
    def of(cls, alphabet: Alphabet, message_class: int | None = None) -> Coding:
        """Return the general coding of an alphabet, with or without a class (0 to 3)."""
        if message_class is None:
            return cls(_ALPHABETS.index(alphabet) << 2)
        if message_class not in range(4):
            raise PduError(f"there is no message class {message_class}: it is 0 to 3")
        return cls(_ALPHABETS.index(alphabet) << 2 | _HAS_CLASS | message_class)

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet."""
        if self._general:
            return _ALPHABETS[self.octet >> 2 & 3]
        if self._group == _GROUP_CLASS:
            return Alphabet.DATA if self.octet & 0x04 else Alphabet.GSM7
        return Alphabet.UCS2 if self._group == _GROUP_WAITING_UCS2 else Alphabet.GSM7

    @property
    def message_class(self) -> int | None:
        """0 (to be shown at once) to 3, None without a class."""
        has_class = self._group == _GROUP_CLASS or (self._general and self.octet & _HAS_CLASS)
        return self.octet & 3 if has_class else None

    @property
    def compressed(self) -> bool:
        """Whether the data is compressed (3GPP TS 23.042), which nobody uses and we do not read."""
        return self._general and bool(self.octet & _COMPRESSED)

    @property
    def discardable(self) -> bool:
        """Whether only an indication (voice mail) matters and the text may be thrown away."""
        return self._group == _GROUP_DISCARD

    @property
    def septets(self) -> bool:
        """Whether lengths count septets."""
        return self.alphabet is Alphabet.GSM7 and not self.compressed

    @property
    def _group(self) -> int:
        return self.octet >> 4

    @property
    def _general(self) -> bool:
        return self._group < 8

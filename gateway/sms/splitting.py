"""From a text to the parts that carry it, and back (3GPP TS 23.040, 9.2.3.24.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.sms import alphabet, header, national
from gateway.sms.address import Address
from gateway.sms.coding import Alphabet, Coding
from gateway.sms.errors import PduError
from gateway.sms.header import Concat
from gateway.sms.messages import Deliver, Submit
from gateway.sms.userdata import MOST, UserData
from gateway.sms.validity import Validity

MOST_PARTS: Final = 255
_HIGH_SURROGATES: Final = range(0xD8, 0xDC)  # first octet


@dataclass(frozen=True, slots=True)
class Split:
    """How a text goes on the air.

    `parts` are septets, one per octet, or UTF-16 octets; `locking` and `single` name the national
    language tables that they are written in.
    """

    alphabet: Alphabet
    parts: tuple[bytes, ...]
    locking: int = 0
    single: int = 0
    forced_by: str | None = None  # the first character that forces UCS-2

    @property
    def units(self) -> int:
        """Septets or UTF-16 units of the whole text, headers left out."""
        size = sum(map(len, self.parts))
        return size // 2 if self.alphabet is Alphabet.UCS2 else size


def split(text: str, *, wide: bool = False) -> Split:
    """Return the parts of a text; an escape or surrogate pair is never cut.

    The GSM alphabet where it has every character; else UCS-2, or a national language's tables where
    that takes fewer parts. `wide` makes room for a 16-bit reference. Raises `PduError` for a text of
    more than 255 parts or with half a surrogate pair.
    """
    septets = alphabet.encode(text)
    if septets is not None:
        return Split(Alphabet.GSM7, _septet_parts(septets, 0, wide))
    parts = _utf16_parts(_utf16(text), wide)
    return _national(text, len(parts), wide) or Split(Alphabet.UCS2, parts, forced_by=alphabet.missing(text))


def submits(
    text: str,
    recipient: Address,
    *,
    reference: int,
    wide: bool = False,
    status_report: bool = True,
    validity: timedelta | None = None,
    message_class: int | None = None,
) -> Sequence[Submit]:
    """Return the SUBMITs that carry a text, in order.

    `reference` is told apart modulo 256, with `wide` modulo 65,536; it is used where there are several
    parts. Raises `PduError` as `split` does.
    """
    parted = split(text, wide=wide)
    coding = Coding.of(parted.alphabet, message_class)
    period = None if validity is None else Validity.lasting(validity)
    shifts = header.shifts(parted.locking, parted.single)
    total = len(parted.parts)
    reference %= 0x10000 if wide else 0x100
    return tuple(
        Submit(
            data=UserData(coding, part, _header(Concat(reference, total, number, wide), shifts)),
            recipient=recipient,
            validity=period,
            status_report=status_report,
        )
        for number, part in enumerate(parted.parts, 1)
    )


def join(parts: Iterable[Deliver | Submit]) -> str:
    """Return the text of the parts of one message, in whatever order and however often they came.

    Parts that follow each other are read as one, so that a pair which the sender cut is whole again.
    What is missing is left out; binary parts have no text.
    """
    numbered: dict[int, UserData] = {}
    for part in parts:
        numbered.setdefault(part.concat.number if part.concat else 1, part.data)
    return "".join(run[0].read(b"".join([data.content for data in run])) or "" for run in _runs(numbered))


def _runs(numbered: dict[int, UserData]) -> Iterator[list[UserData]]:
    """Yield what is to be read together: consecutive parts in the same tables."""
    run: list[UserData] = []
    last = 0
    for number in sorted(numbered):
        data = numbered[number]
        if run and (number != last + 1 or data.tables != run[-1].tables):
            yield run
            run = []
        run.append(data)
        last = number
    if run:
        yield run


def _header(concat: Concat, shifts: bytes) -> bytes | None:
    return (concat.encode() if concat.total > 1 else b"") + shifts or None


def _utf16(text: str) -> bytes:
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as exc:
        raise PduError(f"character {exc.start + 1} is half a surrogate pair") from None


def _national(text: str, most: int, wide: bool) -> Split | None:
    """Return the split in the language tables that take the fewest parts, None unless below `most`."""
    best: Split | None = None
    if most == 1:
        return best
    for locking, single in national.CHOICES:
        septets = alphabet.encode(text, locking, single)
        if septets is None:
            continue
        parts = _septet_parts(septets, len(header.shifts(locking, single)), wide)
        if len(parts) < most:
            best, most = Split(Alphabet.GSM7, parts, locking, single), len(parts)
    return best


def _septet_parts(septets: bytes, shifts: int, wide: bool) -> tuple[bytes, ...]:
    """Cut septets; `shifts` is the octets of language elements in the header of each part."""
    alone, several = (_room(elements) * 8 // 7 for elements in (shifts, shifts + _concat(wide)))
    return _cut(septets, alone, several, _ends_in_escape)


def _utf16_parts(units: bytes, wide: bool) -> tuple[bytes, ...]:
    alone, several = (_room(elements) // 2 * 2 for elements in (0, _concat(wide)))
    return _cut(units, alone, several, _ends_in_high_surrogate)


def _concat(wide: bool) -> int:
    return 6 if wide else 5


def _room(elements: int) -> int:
    """Return the octets left beside a header with so many octets of elements."""
    return MOST - (1 + elements if elements else 0)


def _ends_in_escape(part: bytes) -> int:
    return part[-1] == alphabet.ESCAPE


def _ends_in_high_surrogate(part: bytes) -> int:
    return 2 * (part[-2] in _HIGH_SURROGATES)


def _cut(content: bytes, alone: int, several: int, overhang: Callable[[bytes], int]) -> tuple[bytes, ...]:
    """Cut content into parts; `overhang` says how much at the end of a part belongs to the next."""
    if len(content) <= alone:
        return (content,)
    parts = []
    start = 0
    while start < len(content):
        part = content[start : start + several]
        if start + several < len(content):
            part = part[: len(part) - overhang(part)]
        parts.append(part)
        start += len(part)
    if len(parts) > MOST_PARTS:
        raise PduError(f"the text takes {len(parts)} parts: at most {MOST_PARTS} are possible")
    return tuple(parts)

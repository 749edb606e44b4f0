"""What modems answer, in all the forms seen in the field, as values. Pure; the lines come without line ends.

A parser either returns a value or raises `AnswerUnreadable`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.modem.errors import AnswerUnreadable

_GROUP: Final = re.compile(r"\(([^()]*)\)|([^,()]+)")
_WIDEST: Final = 64  # no setting has more values; a garbled range must not fill the memory
_NUMBER: Final = re.compile(r"\d+")
_MEMORY_GROUP: Final = re.compile(r"\([^()]*\)|\b[A-Z]{2}\b")
_MEMORY_NAME: Final = re.compile(r"\b(SM|ME|MT|SR|BM|TA)\b")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_CARD: Final = re.compile(r"(?<![0-9A-Fa-f])(89[0-9]{15,18}[0-9Ff]?)(?![0-9A-Fa-f])")


@dataclass(frozen=True, slots=True)
class Memory:
    """A message memory and how full it is (None where the modem did not say)."""

    name: str
    used: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """The network's answer to the SIM (3GPP TS 27.007, 7.2)."""

    stat: int | None

    @property
    def usable(self) -> bool:
        """SMS can be sent: home, roaming, for SMS only, or for calls by fallback."""
        return self.stat in (1, 5, 6, 7, 9, 10)

    @property
    def word(self) -> str:
        """As `ModemState.registration` has it."""
        return _REGISTRATION_WORDS.get(self.stat, "unknown")


_REGISTRATION_WORDS: Final[dict[int | None, str]] = {
    0: "not_registered",
    1: "home",
    2: "searching",
    3: "denied",
    5: "roaming",
    6: "home",
    7: "roaming",
    8: "not_registered",
    9: "home",
    10: "roaming",
    11: "not_registered",
}


def value(lines: tuple[str, ...]) -> str:
    """Return what follows the colon in the last line of the answer."""
    if not lines:
        raise AnswerUnreadable("the answer is empty")
    return lines[-1].partition(":")[2].strip(" :")


def words(lines: tuple[str, ...]) -> str:
    """Return a name: the first line, without `+CGMI:` and quotes."""
    first = next(iter(lines), "")
    if first.startswith(("+", "^")):
        first = first.partition(":")[2]
    return first.strip().strip('"').strip()


def digits(lines: tuple[str, ...]) -> str:
    """Return a number such as an IMEI or IMSI: the first line that is one."""
    for line in lines:
        bare = words((line,)).split(",")[0]
        if bare.isdecimal():
            return bare
    raise AnswerUnreadable("no number in the answer")


def card_number(lines: tuple[str, ...]) -> str:
    """Return the ICCID (ITU-T E.118: starts with 89), without a filler F."""
    for line in lines:
        if (match := _CARD.search(line)) is not None:
            return match[1].rstrip("Ff")
    raise AnswerUnreadable("no card number in the answer")


def numbers(lines: tuple[str, ...]) -> tuple[int, ...]:
    """Return all numbers of a one-line answer."""
    return tuple(map(int, _NUMBER.findall(value(lines))))


def first_number(lines: tuple[str, ...]) -> int:
    """Return the first number of a one-line answer."""
    if not (found := numbers(lines)):
        raise AnswerUnreadable("no number in the answer")
    return found[0]


def pin_state(lines: tuple[str, ...]) -> str:
    """Return READY, SIM PIN, SIM PUK, NOT INSERTED and the like."""
    return value(lines).strip('"').strip().upper()


def tries_cpinr(lines: tuple[str, ...]) -> int:
    """Parse `+CPINR: SIM PIN,3,3` (27.007, 8.65); take the line of the SIM PIN where there are several."""
    for line in lines:
        fields = [field.strip(' "') for field in value((line,)).split(",")]
        if fields[0] == "SIM PIN" and len(fields) > 1 and fields[1].isdecimal():
            return int(fields[1])
    raise AnswerUnreadable("no count of PIN attempts in the answer")


def tries_field(position: int) -> Callable[[tuple[str, ...]], int]:
    """Return a parser for a vendor's count: the field at `position`."""

    def parse(lines: tuple[str, ...]) -> int:
        fields = [field.strip() for field in value(lines).split(",")]
        if len(fields) > position and fields[position].isdecimal():
            return int(fields[position])
        raise AnswerUnreadable("no count of PIN attempts in the answer")

    return parse


def smsc(lines: tuple[str, ...]) -> str:
    """Return the number of the SMS centre, empty where there is none; some modems write UCS-2 hex."""
    text = value(lines).split(",")[0].strip().strip('"')
    if text.startswith("00") and len(text) % 4 == 0 and _HEX.fullmatch(text):
        text = bytes.fromhex(text).decode("utf-16-be", errors="replace")
    return text


def signal_dbm(lines: tuple[str, ...]) -> int | None:
    """Parse `+CSQ`: `20,99` is -73 dBm; 99 is unknown."""
    level = first_number(lines)
    return 2 * level - 113 if level <= 31 else None


@dataclass(frozen=True, slots=True)
class Carrier:
    """The network that the SIM is in: its name or number, and what kind it is ("" where that is not told)."""

    name: str = ""
    generation: str = ""  # 2G | 3G | 4G | 5G


# <AcT> of +COPS (3GPP TS 27.007, 7.3)
_GENERATIONS: Final = {
    **dict.fromkeys(("0", "1", "3", "8"), "2G"),
    **dict.fromkeys(("2", "4", "5", "6"), "3G"),
    **dict.fromkeys(("7", "9", "10", "13"), "4G"),
    **dict.fromkeys(("11", "12"), "5G"),
}


def network(lines: tuple[str, ...]) -> Carrier:
    """Parse `+COPS: 0,0,"Name",7`; everything is empty where there is no network."""
    fields = [field.strip().strip('"').strip() for field in value(lines).split(",")]
    name, access = ([*fields, "", "", "", ""])[2:4]
    return Carrier(name, _GENERATIONS.get(access, ""))


def registration(lines: tuple[str, ...]) -> Registration:
    """Parse `+CREG: <n>,<stat>[,…]`; a `+CREG: <stat>` among the lines is news that came at the same time.

    OK without a line is no answer: the modem does not know the query.
    """
    if not lines:
        raise AnswerUnreadable("the answer is empty")
    answered: int | None = None
    for line in lines:
        fields = [field.strip() for field in value((line,)).split(",")]
        if len(fields) > 1 and fields[0].isdecimal() and fields[1].isdecimal():
            answered = int(fields[1])
        elif len(fields) == 1 and fields[0].isdecimal() and answered is None:
            answered = int(fields[0])
    return Registration(answered)


def memories(lines: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Parse `+CPMS=?`: what may be read from, written to, received into; bracketed, bare or broken."""
    groups = (_MEMORY_NAME.findall(match[0]) for match in _MEMORY_GROUP.finditer(value(lines)))
    return tuple(tuple(dict.fromkeys(group)) for group in groups)


def memory_in_use(lines: tuple[str, ...]) -> tuple[Memory, ...]:
    """Parse `+CPMS: "SM",3,20,"SM",3,20,"SM",3,20`."""
    found = re.findall(r'"?([A-Z]{2})"? *, *(\d+) *, *(\d+)', value(lines))
    return tuple(Memory(name, int(used), int(total)) for name, used, total in found)


def memory_counts(names: tuple[str, ...]) -> Callable[[tuple[str, ...]], tuple[Memory, ...]]:
    """Return a parser for `+CPMS: 3,20,3,20,3,20`; some modems say only OK."""

    def parse(lines: tuple[str, ...]) -> tuple[Memory, ...]:
        counts = numbers(lines) if lines else ()
        if len(counts) < 2 * len(names):
            return tuple(map(Memory, names))
        return tuple(Memory(name, counts[2 * i], counts[2 * i + 1]) for i, name in enumerate(names))

    return parse


def ranges(lines: tuple[str, ...]) -> tuple[frozenset[int], ...]:
    """Parse `+CNMI: (0-2),(0,1,3),(0),…` as sets."""
    return tuple(_range(bracketed or bare) for bracketed, bare in _GROUP.findall(value(lines)))


def _range(text: str) -> frozenset[int]:
    found: set[int] = set()
    for piece in text.split(","):
        ends = _NUMBER.findall(piece)
        if ends:
            start, end = int(ends[0]), int(ends[-1])
            found.update(range(start, min(end, start + _WIDEST) + 1))
    return frozenset(found)

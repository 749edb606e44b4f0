"""The tables of the GSM 7-bit alphabet (3GPP TS 23.038, 6.2.1 and, for national languages, A.2 and A.3).

The nine Indic languages share one arrangement: the locking table runs through the Unicode block of the
script, and the single shift table fills the same places in each. So a language is its block, the gaps
in it, and what stands in the few places that differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

GAP: Final = "\N{REPLACEMENT CHARACTER}"  # a position that a locking table leaves undefined

_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_GREEK: Final = "Δ_ΦΓΛΩΠΨΣΘΞ\x1b"
_MARKS: Final = " !\"#¤%&'()*+,-./0123456789:;<=>?"

_EXTENSION: Final = dict(
    zip((0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65), "\f^{}\\[~]|€", strict=True)
)


@dataclass(frozen=True, slots=True)
class _Script:
    """One Indic language; hexadecimal numbers and ranges count from `block`."""

    block: int
    gaps: str  # letters that the locking table leaves undefined
    last: str  # at 0x60 and 0x7B-0x7F of the locking table
    single: str  # along _SPOTS in the single shift table, after the signs
    signs: str = "।॥"


_SCRIPTS: Final = {
    4: _Script(0x0980, "D-E 11-12 29 31 33-35 45-46 49-4A", "4E 57 5C-5D 70-71", "66-6F 5F-63 72-7A", ""),
    5: _Script(0x0A80, "E 12 29 31 34 46 4A", "50 60-63 71", "66-6F"),
    6: _Script(0x0900, "", "50 72 7B-7C 7E-7F", "66-6F 51-54 58-63 70-71"),
    7: _Script(0x0C80, "1 D 11 29 34 45 49", "55-56 60-63", "66-6F 5E 71-72"),
    8: _Script(0x0D00, "1 D 11 29 3C 45 49", "57 60-63 79", "66-75 7A-7F"),
    9: _Script(0x0B00, "D-E 11-12 29 31 34 45-46 49-4A", "56-57 60-63", "66-6F 5C-5D 5F 70-71"),
    10: _Script(0x0A00, "B-E 11-12 29 31 34 37 3D 43-46 49-4A", "51 70-74", "66-6F 59-5C 5E 75"),
    11: _Script(
        0x0B80,
        "1 B-D 11 16-18 1B 1D 20-22 25-27 2B-2D 3C-3D 43-45 49",
        "50 57 70-72 79",
        "66-6F 73-78 7A",
    ),
    12: _Script(0x0C00, "D 11 29 34 3C 45 49", "55-56 60-63", "66-6F 58-59 78-7F", GAP * 2),
}
_URDU: Final = 13
_URDU_BLOCK: Final = 0x0600
_URDU_LETTERS: Final = (
    "27 22 28 7B 80 7E A6 2A C2 7F 79 7D 7A 7C 2B-2C 81 84 83 85-87 2D-2F 8C 88-8A 8F 8D 30-31 91 93 99 32"
    " 96 98 9A 33-39 41-42 A9-AB AF B3 B1 44-46 BA-BC 48 C4 D5 C1 BE 21 CC D0 D2 4D 50 4F 57"
)
_URDU_LAST: Final = "54-55 51 53 56 70"
_URDU_SINGLE: Final = "F0-F9 0C-14 1B 1F 40 52 58 6B-6C 72-73 CD D4"
_URDU_SIGNS: Final = "\u0600\u0601"

# What every locking table of the arrangement has, and the letters that run through its other places.
_FIXED: Final = {
    **dict(zip((0x0A, 0x0D, 0x1B, 0x20, 0x21), "\n\r\x1b !", strict=True)),
    **dict(zip((0x28, 0x29, 0x2C, 0x2E, 0x3F), ")(,.?", strict=True)),
    **dict(enumerate("0123456789:;", 0x30)),
}
_LETTERS: Final = tuple(number for number in range(0x01, 0x4E) if number not in {0x04, 0x3A, 0x3B})

# What every single shift table of the arrangement has, and the places that scripts fill in order.
_COMMON: Final = {
    **dict(enumerate("@£$¥¿\"¤%&'")),
    **dict(zip((0x0B, 0x0C, 0x0E, 0x0F), "*+-/", strict=True)),
    **dict(enumerate("<=>¡^¡_#*", 0x10)),
    **dict(enumerate(_UPPER, 0x41)),
    **_EXTENSION,
}
_SPOTS: Final = (0x19, 0x1A, *range(0x1C, 0x28), *range(0x2A, 0x2F), *range(0x30, 0x3C), 0x3F)


def _characters(block: int, numbers: str) -> Iterator[str]:
    """Yield the characters of a block that hexadecimal numbers and ranges name."""
    for item in numbers.split():
        first, _, last = item.partition("-")
        yield from map(chr, range(block + int(first, 16), block + int(last or first, 16) + 1))


def _arranged(letters: Iterator[str], last: Iterator[str]) -> str:
    """Return a locking table of the arrangement."""
    body = "".join(_FIXED[at] if at in _FIXED else next(letters) for at in range(0x60))
    return body + next(last) + _LOWER + "".join(last)


def _indic(script: _Script) -> str:
    gaps = set(_characters(script.block, script.gaps))
    letters = (chr(script.block + number) for number in _LETTERS)
    return _arranged(
        (GAP if letter in gaps else letter for letter in letters), _characters(script.block, script.last)
    )


def _single(block: int, numbers: str, signs: str) -> dict[int, str]:
    """Return a single shift table of the arrangement."""
    characters = signs + "".join(_characters(block, numbers))
    found = {at: char for at, char in zip(_SPOTS, characters, strict=False) if char != GAP}
    return _COMMON | found


LOCKING: Final[Mapping[int, str]] = {
    0: f"@£$¥èéùìòÇ\nØø\rÅå{_GREEK}ÆæßÉ{_MARKS}¡{_UPPER}ÄÖÑÜ§¿{_LOWER}äöñüà",
    1: f"@£$¥€éùıòÇ\nĞğ\rÅå{_GREEK}ŞşßÉ{_MARKS}İ{_UPPER}ÄÖÑÜ§ç{_LOWER}äöñüà",
    3: f"@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ{_MARKS.replace('¤', 'º')}Í{_UPPER}ÃÕÚÜ§~{_LOWER}ãõ`üà",
    **{language: _indic(script) for language, script in _SCRIPTS.items()},
    _URDU: _arranged(_characters(_URDU_BLOCK, _URDU_LETTERS), _characters(_URDU_BLOCK, _URDU_LAST)),
}
"""By language: the character of each septet. Spanish has no locking table."""

SINGLE: Final[Mapping[int, Mapping[int, str]]] = {
    0: _EXTENSION,
    1: _EXTENSION | dict(zip(b"GIScegis", "ĞİŞç€ğış", strict=True)),
    2: _EXTENSION | {0x09: "ç"} | dict(zip(b"AIOUaiou", "ÁÍÓÚáíóú", strict=True)),
    3: _EXTENSION
    | dict(zip((0x05, 0x09, 0x0B, 0x0C, 0x0E, 0x0F), "êçÔôÁá", strict=True))
    | dict(zip((0x12, 0x13, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1F), "ΦΓΩΠΨΣΘÊ", strict=True))
    | dict(zip(b"AIOU[\\aiou{|\x7f", "ÀÍÓÚÃÕÂíóúãõâ", strict=True)),
    **{language: _single(s.block, s.single, s.signs) for language, s in _SCRIPTS.items()},
    _URDU: _single(_URDU_BLOCK, _URDU_SINGLE, _URDU_SIGNS),
}
"""By language: the character of each septet after an escape."""

CHOICES: Final[tuple[tuple[int, int], ...]] = (
    *((0, language) for language in SINGLE if language),
    *((language, 0) for language in LOCKING if language),
    *((language, language) for language in LOCKING if language),
)
"""Pairs of (locking, single) languages to write a text in, the most widely readable first."""

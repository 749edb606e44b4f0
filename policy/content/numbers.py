"""Numbers that identify a person or a purse, known by their form and check digits (clause 2.2).

Each function takes a cleaned text and yields where (start, end) such a number stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]

_UPN_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
_LOOK_ALIKE: Final = str.maketrans("oOlI|", "00111")
_DIGITS: Final = re.compile(r"(?<!\w)[0-9](?:[ .\-_/]{0,2}[0-9oOlI|]){12,39}(?!\w)")
_GROUP: Final = re.compile(r"[0-9oOlI|]+")
_CARD_LENGTHS: Final = range(13, 20)
_IIN: Final = re.compile(
    r"4(?:.{12}|.{15}|.{18})|(?:5[1-5]|2[2-7])[0-9]{14}|3[47][0-9]{13}|3[068][0-9]{12}"
    r"|6(?:011|4[4-9]|5)[0-9]{12,13}|(?:5[06-8]|6[0-9])[0-9]{14,17}|35[0-9]{14}"
)
_IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}(?:[ .\-]?[A-Z0-9]){11,30}(?!\w)", re.IGNORECASE)
_NINO: Final = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ .\-]?"
    r"(?:[0-9]{2}[ .\-]?){3}[A-D](?!\w)",
    re.IGNORECASE,
)
_UPN: Final = re.compile(r"(?<!\w)[A-Z](?:[ \-]?[0-9]){11}[ \-]?[0-9A-Z](?!\w)", re.IGNORECASE)
_UPN_WORD: Final = re.compile(r"\bupn\b|\bpupil (?:reference )?number\b", re.IGNORECASE)
_LICENCE: Final = re.compile(
    r"(?<!\w)[A-Z9]{5}[ \-]?[0-9](?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]"
    r"[ \-]?[A-Z9]{2}[A-Z0-9][ \-]?[A-Z]{2}(?!\w)",
    re.IGNORECASE,
)
_ACCOUNT: Final = r"(?<![\w£])[0-9](?:[ \-]?[0-9]){7}(?!\w)"
_SORT_CODE: Final = r"(?<!\w)[0-9]{2}[ \-.]?[0-9]{2}[ \-.]?[0-9]{2}(?!\w)"
_NAMED_ACCOUNT: Final = re.compile(
    rf"\b(?:account|acc|acct|a/c)\b(?: ?(?:no|number|num)\b)?[^0-9\n]{{0,12}}{_ACCOUNT}", re.IGNORECASE
)
_NAMED_SORT_CODE: Final = re.compile(rf"\b(?:sort ?code|s/c)\b[^0-9\n]{{0,12}}{_SORT_CODE}", re.IGNORECASE)
_BOTH: Final = re.compile(
    r"(?<!\w)[0-9]{2}([ \-.])[0-9]{2}\1[0-9]{2}(?!\w)[^0-9\n]{1,20}[0-9]{8}(?!\w)"
    r"|(?<!\w)[0-9]{8}[^0-9\n]{1,20}[0-9]{2}([ \-.])[0-9]{2}\2[0-9]{2}(?!\w)"
)
_NHS: Final = re.compile(r"(?<!\w)[0-9]{3}[ .\-]?[0-9]{3}[ .\-]?[0-9]{4}(?!\w)")
_NHS_WORD: Final = re.compile(r"\b(?:nhs|n\.h\.s)\b|\bnational health\b", re.IGNORECASE)
_PASSPORT: Final = re.compile(
    r"\bpassports?\b[^\n]{0,30}?(?<!\w)"
    r"([0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}|[A-Z]{1,2}[ \-]?[0-9]{7,8})(?!\w)",
    re.IGNORECASE,
)
_NEAR: Final = 40  # characters


def cards(text: str) -> Iterator[Span]:
    """Find payment cards: a known issuer, the right length, a sound last digit (Luhn)."""
    for run in _DIGITS.finditer(text):
        groups = [_plain(group) for group in _GROUP.findall(run[0])]
        digits = "".join(groups)
        starts = list(accumulate(map(len, groups), initial=0))
        if any(
            _is_card(digits[start:end]) for start in starts for end in starts if end - start in _CARD_LENGTHS
        ):
            yield run.span()


def _plain(written: str) -> str:
    return "".join(char for char in written.translate(_LOOK_ALIKE) if char.isdigit())


def _is_card(digits: str) -> bool:
    return _IIN.fullmatch(digits) is not None and luhn(digits)


def luhn(digits: str) -> bool:
    """Return whether the last digit is the right check digit (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def ibans(text: str) -> Iterator[Span]:
    """Find international bank account numbers whose remainder is right (ISO 13616: modulo 97)."""
    for found in _IBAN.finditer(text):
        if any(_is_iban(cut) for cut in _cuts(found[0])):
            yield found.span()


def _cuts(written: str) -> Iterator[str]:
    """Yield the number with fewer and fewer of the words after it, which its form may have taken in."""
    parts = re.split(r"[ .\-]", written.upper())
    for end in range(len(parts), 0, -1):
        yield "".join(parts[:end])


def _is_iban(number: str) -> bool:
    turned = number[4:] + number[:4]
    return len(number) > 14 and int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def bank_accounts(text: str) -> Iterator[Span]:
    """Find a sort code with an account number."""
    for found in _BOTH.finditer(text):
        yield found.span()


def named_accounts(text: str) -> Iterator[Span]:
    """Find an account number or a sort code beside its name."""
    for pattern in (_NAMED_ACCOUNT, _NAMED_SORT_CODE):
        for found in pattern.finditer(text):
            yield found.span()


def insurance_numbers(text: str) -> Iterator[Span]:
    """Find National Insurance numbers, without the prefixes that are never given out."""
    for found in _NINO.finditer(text):
        yield found.span()


def nhs_numbers(text: str) -> Iterator[Span]:
    """Find NHS numbers: ten digits, the last one right (modulo 11), not far from the word."""
    words = [found.start() for found in _NHS_WORD.finditer(text)]
    for found in _NHS.finditer(text) if words else ():
        if any(abs(found.start() - word) <= _NEAR for word in words) and _is_nhs(_plain(found[0])):
            yield found.span()


def _is_nhs(digits: str) -> bool:
    check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return check % 11 == int(digits[9])


def pupil_numbers(text: str) -> Iterator[Span]:
    """Find unique pupil numbers: a letter that twelve digits (the last may be a letter) account for.

    Beside the word any such number is one: a slip of the pen does not make it less personal.
    """
    named = _UPN_WORD.search(text) is not None
    for found in _UPN.finditer(text):
        if named or _is_upn(re.sub(r"[ \-]", "", found[0]).upper()):
            yield found.span()


def _is_upn(number: str) -> bool:
    values = [int(char) if char.isdigit() else _UPN_LETTERS.find(char) for char in number[1:]]
    total = sum(value * weight for weight, value in enumerate(values, 2))
    return number[0] == _UPN_LETTERS[total % 23]


def driving_licences(text: str) -> Iterator[Span]:
    """Find driver numbers of Great Britain: a name's letters, a birthday, initials, check characters."""
    for found in _LICENCE.finditer(text):
        yield found.span()


def passports(text: str) -> Iterator[Span]:
    """Find passport numbers after the word."""
    for found in _PASSPORT.finditer(text):
        yield found.span()

"""What a network answers to the question for the credit (+CUSD), and how much it says is left. Pure.

The forms of answers, and what is known of single operators, are data: `credit.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from gateway.sms.alphabet import decode as gsm7
from gateway.sms.alphabet import encode as septets_of
from gateway.sms.octets import pack, unpack

_ANSWER: Final = re.compile(r'(\d)(?:, *"?(.*?)"?(?:, *(\d+))?)?\s*', re.DOTALL)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_THOUSANDS: Final = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")  # no currency has three decimals
_CLAUSE: Final = re.compile(r"[!?;\n…]|[.,](?!\d)")
_UCS2: Final = "72"


@dataclass(frozen=True, slots=True)
class Operator:
    """How one network is asked; `pattern` is of its own answers, empty where the general forms do."""

    name: str
    networks: tuple[str, ...]  # MCC and MNC, with which the IMSI of its SIMs begins
    ussd: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class _Forms:
    """The data, compiled."""

    amount: re.Pattern[str]  # an amount of money, with its currency
    bare: re.Pattern[str]  # a number with two decimals
    left: re.Pattern[str]  # words for what is left
    other: re.Pattern[str]  # words for another amount
    operators: tuple[Operator, ...]


def text_of(value: str) -> tuple[int, str]:
    """Return status and text of `+CUSD: <m>[,<str>[,<dcs>]]`: plain, in UCS-2 hex, or packed."""
    match = _ANSWER.fullmatch(value)
    if match is None:
        return 2, value
    status, text, scheme = int(match[1]), match[2] or "", match[3]
    if _HEX.fullmatch(text) is None:
        return status, text
    octets = bytes.fromhex(text)
    if scheme == _UCS2 or (octets[0] == 0 and len(octets) % 2 == 0):
        return status, octets.decode("utf-16-be", errors="replace")
    return status, gsm7(unpack(octets, len(octets) * 8 // 7)).rstrip("\r@")


def packed(code: str) -> str:
    """Return a code (digits, * and #) as septets in hex, as some modems want it: `*100#` is AA180C3602."""
    septets = septets_of(code)
    assert septets is not None  # noqa: S101 - of the basic alphabet
    return pack(septets).hex().upper()


def operator_of(imsi: str) -> Operator | None:
    """Return the operator of a SIM, None where nothing is known of it."""
    return next((each for each in _forms().operators if imsi.startswith(each.networks)), None)


def amount_by(pattern: str, text: str) -> float | None:
    """Return the amount that a pattern of its own finds: its group `amount`, or `hundredths`."""
    match = re.search(pattern, _THOUSANDS.sub("", text))
    return None if match is None else _number(match)


def amount_in(text: str) -> float | None:
    """Return the amount that is left, where the text names one for certain; else None.

    An amount counts whose own clause names it as what is left: after the word for it, else before. Where no
    amount is so named, one counts that is the only one, in a text that names nothing else. Several are none.
    """
    forms, text = _forms(), _THOUSANDS.sub("", text)
    money = list(forms.amount.finditer(text))
    bare = [each for each in forms.bare.finditer(text) if not any(_overlap(each, other) for other in money)]
    seen = sorted((*money, *bare), key=lambda match: match.start())
    named = [match for match, before, _ in _clauses(text, seen) if _is_left(before)]
    if not named:
        named = [m for m, before, after in _clauses(text, money) if _is_left(after, f"{before} {after}")]
    if not named and not forms.other.search(text):
        named = money
    amounts = {_number(match) for match in named}
    return amounts.pop() if len(amounts) == 1 else None


def _overlap(one: re.Match[str], other: re.Match[str]) -> bool:
    return one.start() < other.end() and other.start() < one.end()


def _is_left(words: str, all_words: str | None = None) -> bool:
    """Tell whether words name what is left, and nothing that is said with them names another amount."""
    forms = _forms()
    return bool(forms.left.search(words)) and not forms.other.search(all_words or words)


def _clauses(text: str, seen: Sequence[re.Match[str]]) -> Iterator[tuple[re.Match[str], str, str]]:
    """Yield each amount with what its clause says before and after it, up to its neighbours."""
    befores = [0, *(match.end() for match in seen)]
    afters = [*(match.start() for match in seen[1:]), len(text)]
    for match, begin, end in zip(seen, befores, afters, strict=False):
        yield match, _CLAUSE.split(text[begin : match.start()])[-1], _CLAUSE.split(text[match.end() : end])[0]


def _number(match: re.Match[str]) -> float | None:
    found = {name: value for name, value in match.groupdict().items() if value}
    try:
        if "hundredths" in found:
            amount = int(found["hundredths"]) / 100
        else:
            amount = float((found.get("amount") or found.get("after_it") or "").replace(",", "."))
    except ValueError:
        return None
    return -amount if "minus" in found or "minus_inside" in found else amount


@cache
def _forms() -> _Forms:
    data = tomllib.loads(resources.files("gateway.modem").joinpath("credit.toml").read_text(encoding="utf-8"))
    text = data["text"]
    operators = (
        Operator(each["name"], tuple(each["networks"]), each["ussd"], each.get("pattern", ""))
        for each in data["operator"]
    )
    return _Forms(
        amount=re.compile(text["amount"], re.IGNORECASE | re.VERBOSE),
        bare=re.compile(text["bare"], re.VERBOSE),
        left=re.compile(rf"\b(?:{'|'.join(text['left'])})\b", re.IGNORECASE),
        other=re.compile(rf"\b(?:{'|'.join(text['other'])})\b", re.IGNORECASE),
        operators=tuple(operators),
    )

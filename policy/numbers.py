"""Telephone numbers: who may be texted, and under which one form a person is known (clause 4.3).

Careless parsing texts strangers: "07700 900123 (mum)" spells a longer number on a keypad, so any
letter refuses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from policy.settings import PolicySettings
from policy.verdict import Code, Reason

_HOME: Final = "GB"
_LONGEST_INPUT: Final = 60
_SHORTEST_NATIONAL: Final = 10  # digits; what is shorter is a short code
_TRUNK_ZERO: Final = re.compile(r"^(\+|00)\s*44\s*\(\s*0\s*\)")
_WRITTEN: Final = re.compile(r"\(?\+?[0-9][0-9 ().-]*")
_DRAMA: Final = re.compile(r"\+447700900[0-9]{3}")
_HOME_E164: Final = re.compile(r"\+44[1-9][0-9]{8,9}")
_E164: Final = re.compile(r"\+(?!440)[1-9][0-9]{6,14}")  # zeros after +44 are a trunk prefix, and no number

_KINDS: Final[Mapping[int, str]] = {
    PhoneNumberType.FIXED_LINE: "a landline: give a mobile number",
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number: give a mobile number",
    PhoneNumberType.SHARED_COST: "a shared-cost number: give a mobile number",
    PhoneNumberType.TOLL_FREE: "a freephone number: give a mobile number",
    PhoneNumberType.VOIP: "an internet telephone number: give a mobile number",
    PhoneNumberType.PERSONAL_NUMBER: "a personal (070) number: give a mobile number",
    PhoneNumberType.PAGER: "a pager: give a mobile number",
    PhoneNumberType.UAN: "an organisation's (03, 055) number: give a mobile number",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number that may be texted, as far as the number itself goes."""

    e164: str
    region: str  # GB, GG, JE, IM, ...
    drama: bool = False  # reserved for fiction: never a person's


def normalise(raw: str, settings: PolicySettings, *, allow_drama: bool = False) -> Number | Reason:
    """Return the number that a person or a list wrote as `raw`, or why it cannot be texted."""
    written = _clean(raw)
    if not written:
        return _refuse("is empty: give a mobile number such as +447…")
    if any(char.isalpha() for char in written):
        return _refuse("contains letters: give digits only, without a name or note beside them")
    if not _WRITTEN.fullmatch(written):
        return _refuse("is not one telephone number: give digits only, such as +447…")
    if _too_short(written):
        return _refuse("is too short, or a short code: give a mobile number in full, such as +447…")
    parsed = _parse(written)
    if parsed is None:
        return _refuse("is not a telephone number: check the digits")
    return _judge(parsed, settings, allow_drama=allow_drama)


def canonical(address: str, _settings: PolicySettings) -> str | None:
    """Return the E.164 form of any telephone number, whether it may be texted or not.

    None for what is no full number: alphanumeric senders, short codes. Opt-outs, consents and replies of
    one person are found under this form, so `normalise(x).e164 == canonical(x)` for every x that may be
    texted. A number from abroad that a network gives without its plus (type of number unknown, 3GPP
    TS 23.040 §9.1.2.5) is one with it, where it can be none of this country.
    """
    written = _clean(address)
    if not _WRITTEN.fullmatch(written) or _too_short(written):
        return None
    return _canonical(written)


@lru_cache(maxsize=4096)
def _canonical(written: str) -> str | None:
    written = f"+{written}" if _is_foreign(written) else written
    while (parsed := _parse(written)) is not None:
        form = _e164(parsed)
        if form is None or form == written:
            return form
        written = form  # +86 0 0170 …: one trunk zero is dropped at a time
    return None


def _is_foreign(written: str) -> bool:
    if written[0] not in "123456789":
        return False
    here, abroad = _parse(written), _parse(f"+{written}")
    if here is None or abroad is None or phonenumbers.is_possible_number(here):
        return False
    return phonenumbers.is_valid_number(abroad)


def _clean(raw: str) -> str:
    """NFKC, plain digits; no format characters (zero width, bidi), no doubled or outer space."""
    if len(raw) > _LONGEST_INPUT:
        return "?"  # no number, whatever a part of it may look like
    text = unicodedata.normalize("NFKC", raw)
    kept = "".join(_plain(char) for char in text if unicodedata.category(char) != "Cf")
    return _TRUNK_ZERO.sub(r"\g<1>44 ", " ".join(kept.split()))


def _plain(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return "-" if unicodedata.category(char) == "Pd" else char


def _too_short(written: str) -> bool:
    return "+" not in written and sum(char.isdigit() for char in written) < _SHORTEST_NATIONAL


def _parse(written: str) -> PhoneNumber | None:
    if _HOME_E164.fullmatch(written):  # as most are kept; to read it takes long
        return PhoneNumber(country_code=44, national_number=int(written[3:]))
    try:
        parsed = phonenumbers.parse(written, _HOME)
    except phonenumbers.NumberParseException:
        return None
    return parsed


def _e164(parsed: PhoneNumber) -> str | None:
    number = f"+{parsed.country_code}{phonenumbers.national_significant_number(parsed)}"
    return number if _E164.fullmatch(number) else None


def _judge(parsed: PhoneNumber, settings: PolicySettings, *, allow_drama: bool) -> Number | Reason:
    e164 = _e164(parsed)
    if e164 is not None and _DRAMA.fullmatch(e164):
        if allow_drama:
            return Number(e164, _HOME, drama=True)
        return _refuse("is reserved for films and tests (07700 900…): no person has it")
    region = phonenumbers.region_code_for_number(parsed)
    if e164 is None or region is None:
        return _refuse("does not exist: check the digits")
    kind = phonenumbers.number_type(parsed)
    if kind not in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE):
        return _refuse(f"is {_KINDS.get(kind, 'not a mobile: give a mobile number')}")
    if region not in settings.allowed_regions:
        allowed = ", ".join(settings.allowed_regions)
        return _refuse(f"is in a region that is not allowed ({region}): mobiles of {allowed} are")
    return Number(e164, region)


def _refuse(why: str) -> Reason:
    return Reason(code=Code.NUMBER_INVALID, clause="4.3", message=f"the number {why}", field="to")

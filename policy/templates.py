"""Templates: approved words around typed slots (clauses 3.3, 5.1, 5.2, 6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from policy.settings import PolicySettings, is_one_line
from policy.slots import TYPES, Filled, SlotError, fill, sample_of
from policy.verdict import Code, Outcome, Reason
from policy.way_out import ENGLISH, way_out, without
from policy.wording import judge_wording
from policy.words import Words

PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]{0,31})\}")
_LONGEST_BODY: Final = 612
_LONGEST_CHOICE: Final = 60
_STYLES: Final = ("long", "numeric")

Slots = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text as it would be sent, and why it may not be. Slots that do not fit stay as placeholders."""

    text: str
    reasons: tuple[Reason, ...]


def check_template(
    body: str, slots: Slots, settings: PolicySettings, words: Words | None = None
) -> tuple[Reason, ...]:
    """Return what keeps a draft from being approved; nothing where it is sound."""
    faults = tuple(_body_faults(body, slots, settings)) + tuple(
        reason for name, spec in slots.items() for reason in _spec_faults(name, spec, slots, settings)
    )
    return faults or tuple(_wording_faults(body, slots, settings, words))


def render(
    body: str,
    slots: Slots,
    values: Mapping[str, str],
    settings: PolicySettings,
    now: datetime,
    language: str = ENGLISH,
) -> Rendered:
    """Fill `body` and complete it with the organisation's name and the opt-out text in its language."""
    filled: dict[str, Filled] = {}
    reasons = [
        _invalid(_shown(name), "the template has no such slot") for name in values if name not in slots
    ]
    for name, spec in slots.items():
        try:
            filled[name] = _value(name, spec, values, settings, now)
        except SlotError as error:
            reasons.append(_invalid(name, str(error), error.clause))
    reasons += _reversed(slots, filled)
    reasons += [
        _invalid(name, "the placeholder stands for nothing", "5.1")
        for name in _names(body)
        if name not in slots
    ]
    text = PLACEHOLDER.sub(lambda found: filled[found[1]].shown if found[1] in filled else found[0], body)
    return Rendered(compose(text, settings, language), tuple(reasons))


def compose(text: str, settings: PolicySettings, language: str = ENGLISH) -> str:
    """Return `text` with the organisation's name, and with the opt-out text exactly once, at its end.

    That is in `language`, or in English where the policy has none in it.
    """
    body = without(text, settings)
    if not settings.is_named_in(body):
        body = (settings.signature + body).strip()
    return f"{body} {way_out(settings, language)}"


@lru_cache(maxsize=512)
def _names(body: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(PLACEHOLDER.findall(body)))


def _shown(name: str) -> str:
    """Repeat only what looks like a slot's name: what a caller made up may be personal data."""
    return name if re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) else "?"


def _value(
    name: str, spec: Mapping[str, Any], values: Mapping[str, str], settings: PolicySettings, now: datetime
) -> Filled:
    if name not in values:
        raise SlotError(f"is missing; it is a {spec.get('type')}", "5.1")
    return fill(values[name], spec, settings, now)


def _reversed(slots: Slots, filled: Mapping[str, Filled]) -> Iterator[Reason]:
    """Refuse times and dates that must follow another, and do not (5.1)."""
    for name, spec in slots.items():
        first = str(spec.get("after"))
        if first in filled and name in filled and not _follows(filled[first], filled[name]):
            yield _invalid(name, f"must be later than {first}", "5.1")


def _follows(first: Filled, second: Filled) -> bool:
    """Compare two dates or two times; one of each has no order, and is refused when drafted."""
    pair = (first.meaning, second.meaning)
    return type(pair[0]) is type(pair[1]) and pair[0] < pair[1]  # type: ignore[operator]


def _body_faults(body: str, slots: Slots, settings: PolicySettings) -> Iterator[Reason]:
    names = _names(body)
    if not without(body, settings):
        yield _fault("body", "is empty")
    if len(compose(body, settings)) > _LONGEST_BODY:
        yield _fault("body", f"is longer than {_LONGEST_BODY} characters with the opt-out text", "5.1")
    if re.search(r"[{}]", PLACEHOLDER.sub("", body)):
        yield _fault("body", "has a brace that is no placeholder: write {slot_name}")
    for name in names:
        if name not in slots:
            yield _fault("body", f"the placeholder {{{name}}} is not among the slots")
    for name in slots:
        if name not in names:
            yield _fault(f"slots.{name}", "does not occur in the body")


def _wording_faults(
    body: str, slots: Slots, settings: PolicySettings, words: Words | None
) -> Iterator[Reason]:
    """Refuse words that could never be sent (2.2, 5.x, 7.1), in the body and in each choice of a slot.

    What would only be held is for the approver to see.
    """
    sample = PLACEHOLDER.sub(lambda found: sample_of(slots.get(found[1], {})), body)
    texts = [("body", sample)] + [
        (f"slots.{name}.choices", choice)
        for name, spec in slots.items()
        for choice in spec.get("choices", ())
    ]
    for field, text in texts:
        for finding in judge_wording(text, settings, words=words):
            if finding.reason.outcome is Outcome.DENY:
                message = f"{field}: {finding.reason.message}"
                yield replace(finding.reason, field=field, message=message)


def _spec_faults(
    name: str, spec: Mapping[str, Any], slots: Slots, settings: PolicySettings
) -> Iterator[Reason]:
    where = f"slots.{name}"
    kind = str(spec.get("type"))
    if kind not in TYPES:
        yield _fault(where, f"type must be one of {', '.join(TYPES)}")
        return
    for option in sorted(set(spec) - {"type"} - TYPES[kind].options):
        yield _fault(f"{where}.{option}", f"a {kind} slot has no such option")
    if TYPES[kind].needs_choices and not spec.get("choices"):
        yield _fault(where, "needs a list of choices")
    if not _sound_choices(spec.get("choices", ())):
        yield _fault(
            f"{where}.choices",
            f"must be texts of 1 to {_LONGEST_CHOICE} characters on one line, without braces",
        )
    if spec.get("style", "long") not in _STYLES:
        yield _fault(f"{where}.style", f"must be one of {', '.join(_STYLES)}")
    if "after" in spec and slots.get(str(spec["after"]), {}).get("type") != kind:
        yield _fault(f"{where}.after", f"must name another {kind} slot")
    if kind == "url" and not settings.url_hosts:
        yield _fault(where, "no host is configured (url_hosts)")


def _sound_choices(choices: object) -> bool:
    return isinstance(choices, list | tuple) and all(
        isinstance(choice, str) and 0 < len(choice) <= _LONGEST_CHOICE and is_one_line(choice)
        for choice in choices
    )


def _invalid(name: str, sentence: str, clause: str = "3.3") -> Reason:
    return Reason(
        code=Code.SLOT_INVALID, clause=clause, message=f"slot {name}: {sentence}", field=f"slots.{name}"
    )


def _fault(field: str, sentence: str, clause: str = "3.3") -> Reason:
    return Reason(code=Code.SLOT_INVALID, clause=clause, message=f"{field}: {sentence}", field=field)

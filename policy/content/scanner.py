"""What must not be sent by text, found in a text: numbers, details, themes (clauses 2.2, 7.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from policy.content import details, numbers
from policy.content.lexicon import Kind, Lexicon, Theme
from policy.content.numbers import Span
from policy.content.people import Person
from policy.content.phrases import EDGE, GONE
from policy.content.reading import Reading
from policy.verdict import Code, Outcome, Reason

_FIELD: Final = "text"
_DIGIT: Final = re.compile("[0-9]")


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason, and the words of the text that gave it. The words stay with who wrote them."""

    reason: Reason
    words: str
    theme: str = ""  # the list that has them, where one has


@dataclass(frozen=True, slots=True)
class _Detector:
    """What is found, how, and what a text must have before it is worth looking: most texts do not."""

    what: str
    find: Callable[[str], Iterator[Span]]
    digits: int = 0  # so many at least
    hints: tuple[str, ...] = ("",)  # one of these, in lower case


_DETECTORS: Final = (
    _Detector("a payment card number", numbers.cards, 8),
    _Detector("a bank account number (IBAN)", numbers.ibans, 4),
    _Detector("a bank account and sort code", numbers.bank_accounts, 14),
    _Detector("a bank account or sort code", numbers.named_accounts, 6, ("acc", "a/c", "sort", "s/c")),
    _Detector("a National Insurance number", numbers.insurance_numbers, 6),
    _Detector("an NHS number", numbers.nhs_numbers, 10, ("nhs", "n.h.s", "national health")),
    _Detector("a unique pupil number", numbers.pupil_numbers, 11),
    _Detector("a driving licence number", numbers.driving_licences, 6),
    _Detector("a passport number", numbers.passports, 7, ("passport",)),
    _Detector("a date of birth", details.birthdays, 1, ("birth", "born", "dob", "d.o")),
    _Detector("a home address", details.home_addresses, 1, details.HOME_HINTS),
    _Detector("a password, PIN or code", details.secrets, 0, details.SECRET_HINTS),
)
_WHEREABOUTS: Final = Theme("whereabouts", "somebody's own telephone or address", "2.2", 1)
_PERSONAL: Final = Theme("personal", "a personal matter of one person", "7.1", 1)
_ANYBODY: Final = frozenset(Person)
_SOMEBODY: Final = frozenset({Person.SOMEBODY, Person.THIS_ONE})
# Of each kind of phrase: about whom it must be to be refused, and about whom to be held.
_REFUSED: Final = {
    Kind.DENY: _ANYBODY,
    Kind.WEAK: _ANYBODY - {Person.NOBODY},
    Kind.PERSONAL: _SOMEBODY,
}
_HELD: Final = {
    Kind.WEAK: frozenset({Person.NOBODY}),
    Kind.HOLD: _ANYBODY,
    Kind.HINT: _SOMEBODY,
}


def scan(reading: Reading, own_domains: Collection[str], known: Lexicon) -> tuple[Finding, ...]:
    """Return everything in a text that clauses 2.2 and 7.1 keep out of texts: one finding for each kind.

    `own_domains` are the organisation's, for e-mail.
    """
    return (*_details(reading.text, own_domains, known), *_themes(reading, known))


def _details(text: str, own_domains: Collection[str], known: Lexicon) -> Iterator[Finding]:
    digits, lower = len(_DIGIT.findall(text)), text.lower()
    for one in _DETECTORS:
        if digits >= one.digits and any(hint in lower for hint in one.hints):
            for start, end in islice(one.find(text), 1):
                yield _identifying(one.what, text[start:end])
    for start, end in islice(details.foreign_emails(text, own_domains, known.mail), 1):
        yield _identifying("somebody's e-mail address", text[start:end])


def _identifying(what: str, words: str) -> Finding:
    return Finding(
        Reason(
            code=Code.CONTENT_SENSITIVE,
            clause="2.2",
            message=f"the text contains {what}: such details are never sent by text; use another way",
            field=_FIELD,
        ),
        words,
        "details",
    )


def _themes(reading: Reading, known: Lexicon) -> Iterator[Finding]:
    """Yield the worst finding of each theme."""
    names = known.people.names_in(reading)
    gone = {at for span in _benign(reading, names, known) for at in range(*span)}
    words = [GONE if at in gone else word for at, word in enumerate(reading.words)]
    names -= gone
    about = known.people.persons(words, names, reading.owners)
    closest = max(about, default=Person.NOBODY)
    refused: dict[str, Finding] = {}
    held: dict[str, Finding] = {}
    for label, start, end in known.phrases.found(words, names):
        theme, kind = known.meaning(label)
        person = closest if kind is Kind.WEAK else about[start]
        if person in _REFUSED.get(kind, ()):
            refused.setdefault(theme.name, Finding(_refusal(theme), reading.shown(start, end), theme.name))
        elif person in _HELD.get(kind, ()):
            held.setdefault(theme.name, Finding(_doubt(theme), reading.shown(start, end), theme.name))
    yield from (held | refused).values()
    if closest in _SOMEBODY and (span := next(details.whereabouts(reading.text), None)):
        yield Finding(_doubt(_WHEREABOUTS), reading.text[slice(*span)], _WHEREABOUTS.name)
    if not (held or refused) and (span := _statement(words, about, known)):
        yield Finding(_doubt(_PERSONAL), reading.shown(*span), _PERSONAL.name)


def _statement(words: Sequence[str], about: Sequence[Person], known: Lexicon) -> Span | None:
    """Return the first sentence that is about one child, with nothing of the school's day in it."""
    start = 0
    for end in (*(at for at, word in enumerate(words) if word == EDGE), len(words)):
        if Person.THIS_ONE in about[start:end] and known.everyday.isdisjoint(words[start:end]):
            return (start, end)
        start = end + 1
    return None


def harmless(reading: Reading, known: Lexicon) -> tuple[str, ...]:
    """Return the phrases that are taken out before any theme is looked for, as the text has them."""
    spans = _benign(reading, known.people.names_in(reading), known)
    whole = (one for one in spans if not any(_is_part(one, other) for other in spans))
    return tuple(dict.fromkeys(reading.shown(*span) for span in whole))


def _is_part(one: Span, other: Span) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]


def _benign(reading: Reading, names: Collection[int], known: Lexicon) -> list[Span]:
    return [(start, end) for _, start, end in known.benign.found(reading.words, names)]


def _refusal(theme: Theme) -> Reason:
    return Reason(
        code=Code.CONTENT_SENSITIVE,
        clause=theme.clause,
        message=f"the text is about {theme.title}: that is not for text messages; use another way",
        field=_FIELD,
    )


def _doubt(theme: Theme) -> Reason:
    return Reason(
        code=Code.CONTENT_REVIEW_REQUIRED,
        clause=theme.clause,
        message=f"the text may be about {theme.title}: a second person must read it",
        outcome=Outcome.HOLD,
        field=_FIELD,
    )

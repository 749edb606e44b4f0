"""What must not be sent by text, found in a text: numbers, details, themes (clauses 2.2, 7.1)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from policy.content import details, numbers
from policy.content.lexicon import Kind, Lexicon, Theme
from policy.content.numbers import Span
from policy.content.people import Person
from policy.content.phrases import GONE, Keys, Phrases
from policy.content.reading import Reading
from policy.verdict import Code, Outcome, Reason

_FIELD: Final = "text"


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason, and the words of the text that gave it. The words stay with who wrote them."""

    reason: Reason
    words: str


_WITH_DIGITS: Final[tuple[tuple[str, Callable[[str], Iterator[Span]]], ...]] = (
    ("a payment card number", numbers.cards),
    ("a bank account number (IBAN)", numbers.ibans),
    ("a bank account and sort code", numbers.bank_accounts),
    ("a National Insurance number", numbers.insurance_numbers),
    ("an NHS number", numbers.nhs_numbers),
    ("a unique pupil number", numbers.pupil_numbers),
    ("a driving licence number", numbers.driving_licences),
    ("a passport number", numbers.passports),
    ("a date of birth", details.birthdays),
    ("a home address", details.home_addresses),
)
_ANYBODY: Final = frozenset(Person)
# Of each kind of phrase: about whom it must be to be refused, and about whom to be held.
_REFUSED: Final = {
    Kind.DENY: _ANYBODY,
    Kind.WEAK: frozenset({Person.A_CHILD, Person.THIS_ONE}),
    Kind.PERSONAL: frozenset({Person.THIS_ONE}),
}
_HELD: Final = {
    Kind.WEAK: frozenset({Person.NOBODY}),
    Kind.HOLD: _ANYBODY,
    Kind.HINT: frozenset({Person.THIS_ONE}),
}


def scan(reading: Reading, own_domains: Collection[str], known: Lexicon) -> tuple[Finding, ...]:
    """Return everything in a text that clauses 2.2 and 7.1 keep out of texts: one finding for each kind.

    `own_domains` are the organisation's, for e-mail.
    """
    return (*_details(reading.text, own_domains, known), *_themes(reading, known))


def _details(text: str, own_domains: Collection[str], known: Lexicon) -> Iterator[Finding]:
    if any(char.isdigit() for char in text):
        for what, find in _WITH_DIGITS:
            for start, end in find(text):
                yield _identifying(what, text[start:end])
                break
    for start, end in details.secrets(text):
        yield _identifying("a password, PIN or code", text[start:end])
        break
    for start, end in details.foreign_emails(text, own_domains, known.mail):
        yield _identifying("somebody's e-mail address", text[start:end])
        break


def _identifying(what: str, words: str) -> Finding:
    return Finding(
        Reason(
            code=Code.CONTENT_SENSITIVE,
            clause="2.2",
            message=f"the text contains {what}: such details are never sent by text; use another way",
            field=_FIELD,
        ),
        words,
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
    for label, start, end in known.phrases.found(_keys(words, names, known.phrases)):
        theme, kind = known.meaning(label)
        person = closest if kind is Kind.WEAK else about[start]
        if person in _REFUSED.get(kind, ()):
            refused.setdefault(theme.name, Finding(_refusal(theme), reading.shown(start, end)))
        elif person in _HELD.get(kind, ()):
            held.setdefault(theme.name, Finding(_doubt(theme), reading.shown(start, end)))
    yield from (held | refused).values()


def harmless(reading: Reading, known: Lexicon) -> tuple[str, ...]:
    """Return the phrases that are taken out before any theme is looked for, as the text has them."""
    spans = _benign(reading, known.people.names_in(reading), known)
    return tuple(dict.fromkeys(reading.shown(*span) for span in spans))


def _benign(reading: Reading, names: Collection[int], known: Lexicon) -> list[Span]:
    found = known.benign.found(_keys(reading.words, names, known.benign))
    return [(start, end) for _, start, end in found]


def _keys(words: Sequence[str], names: Collection[int], phrases: Phrases) -> list[Keys]:
    return [phrases.keys(word, name=at in names) for at, word in enumerate(words)]


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

"""All that a text is judged by alone, whoever sends it to whom: content, tone, clarity (2.2, 5.x, 7.1)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache, partial
from typing import Final

from policy.clarity import judge_clarity
from policy.content import Finding, scan
from policy.content.reading import LONGEST, Reading, cleaned, read
from policy.content.scanner import harmless
from policy.optout.spelling import undisguised
from policy.settings import PolicySettings
from policy.tone import judge_tone
from policy.verdict import Code, Reason
from policy.way_out import without_last
from policy.words import Words, shipped_words

_SHORTEST_FOREIGN: Final = 4
_TOO_LONG: Final = Finding(
    Reason(
        code=Code.TOO_LONG,
        clause="5.1",
        message=f"the text is longer than {LONGEST} characters: no such text can be sent",
        field="text",
    ),
    "",
)


def judge_wording(
    text: str, settings: PolicySettings, today: date | None = None, words: Words | None = None
) -> tuple[Finding, ...]:
    """Return everything that the words of a text give against it; dates only where `today` is known.

    What the gateway adds itself (organisation's name before, opt-out text after) is not judged. Without
    `words` the shipped lists judge alone.
    """
    own = settings.email_domains | {host.removeprefix("www.") for host in settings.url_hosts}
    return _judged(own_words(text, settings), own, settings.glossary, today, words or shipped_words())


def passed_over(text: str, settings: PolicySettings, words: Words | None = None) -> tuple[str, ...]:
    """Return the words that a harmless context excuses, for who wants to know why a text passes."""
    known = words or shipped_words()
    return harmless(_read(cleaned(own_words(text, settings))[:LONGEST], known), known.lexicon)


def own_words(text: str, settings: PolicySettings) -> str:
    """Return `text` without the signature and the opt-out text that the gateway adds."""
    return without_last(text.removeprefix(settings.signature), settings).strip()


@lru_cache(maxsize=32)  # a batch asks about one text many times
def _judged(
    text: str, own_domains: frozenset[str], glossary: frozenset[str], today: date | None, words: Words
) -> tuple[Finding, ...]:
    plain = cleaned(text)
    if len(plain) > LONGEST:
        return (_TOO_LONG,)
    reading = _read(plain, words)
    return (
        *scan(reading, own_domains, words.lexicon),
        *judge_tone(reading, words.manners, glossary),
        *judge_clarity(plain, today),
    )


def _read(plain: str, words: Words) -> Reading:
    return read(plain, partial(_spelt, words))


def _spelt(words: Words, word: str) -> str:
    """Return the word of any list that a disguised one stands for, or the word itself."""
    if (len(word) < _SHORTEST_FOREIGN and not word.isascii()) or len(set(word)) == 1:
        return word  # a word of its own language ("не" is no "he"), or a row of one letter
    lists = (words.lexicon.phrases, words.lexicon.benign, words.manners.phrases)
    return next((each for each in undisguised(word) if any(one.knows(each) for one in lists)), word)

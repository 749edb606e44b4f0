"""The sentence at the end of every text that says how to opt out, in the language of the text (6.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from policy.settings import PolicySettings

ENGLISH: Final = "en"


def way_out(settings: PolicySettings, language: str = ENGLISH) -> str:
    """Return the sentence for a text in `language`, as "cy" or "cy-GB"; in English where there is none."""
    texts = settings.opt_out_texts
    return texts.get(language) or texts.get(language.partition("-")[0]) or settings.opt_out_text


def ways_out(settings: PolicySettings) -> tuple[str, ...]:
    """Return the sentence in every language that has one, English first."""
    return (settings.opt_out_text, *settings.opt_out_texts.values())


def offered(text: str, settings: PolicySettings) -> list[str]:
    """Return the sentences that `text` has, in whatever language, in order."""
    return _exactly(ways_out(settings)).findall(text)


def without(text: str, settings: PolicySettings) -> str:
    """Return `text` without any of the sentences, however often it has them."""
    sentences = _anyhow(ways_out(settings))
    while (fewer := sentences.sub(" ", text)) != text:  # taking one out may join another
        text = fewer
    return text.strip()


def without_last(text: str, settings: PolicySettings) -> str:
    """Return `text` without the sentence at its end, in whatever language."""
    found = next((each for each in _longest_first(ways_out(settings)) if text.endswith(each)), "")
    return text.removesuffix(found)


def _longest_first(sentences: tuple[str, ...]) -> list[str]:
    return sorted(sentences, key=len, reverse=True)  # one may contain another


@lru_cache(maxsize=8)
def _exactly(sentences: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, _longest_first(sentences))))


@lru_cache(maxsize=8)
def _anyhow(sentences: tuple[str, ...]) -> re.Pattern[str]:
    any_of = "|".join(map(re.escape, _longest_first(sentences)))
    return re.compile(rf"(?<!\s)\s*(?:{any_of})\s*", re.IGNORECASE)

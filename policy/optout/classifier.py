"""Decides what a reply means: an opt-out, perhaps one, START, HELP, or a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import lru_cache, partial
from typing import Final

from policy.optout.lexicon import Language, Lexicon, compile_lexicon, shipped_languages
from policy.optout.phrases import EDGE, GONE, NUMBER, Phrase, Phrases
from policy.optout.quoting import Quotation, signed
from policy.optout.reading import words_of
from policy.optout.spelling import Speller
from policy.settings import PolicySettings
from policy.way_out import ways_out

_SHORT: Final = 8  # words; in a longer reply a single word of refusal says too little
_CLEAR: Final = 2  # spaces
_LONGEST_FILLER: Final = 5  # words

_Topics = tuple[tuple[str, tuple[str, ...]], ...]  # each with its words


class Tier(StrEnum):
    """What is done with a reply."""

    ACT = "act"  # opted out in the transaction that stores it
    HOLD = "hold"  # paused until a person has read it
    START = "start"
    HELP = "help"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The tier of a reply and why. `matched` holds words of the reply: personal data, as its text is."""

    tier: Tier
    reason: str  # a sentence for people
    matched: str = ""
    topic: str | None = None  # the opt-out is from this topic only
    language: str | None = None
    may_mean_appointment: bool = False
    wrong_number: bool = False  # they say that the number is not the one that is meant

    def as_dict(self) -> dict[str, str | bool | None]:
        """Return it for JSON."""
        return {**asdict(self), "tier": self.tier.value}


_INBOX: Final = Classification(tier=Tier.INBOX, reason="Nothing in it asks for texts to stop.")
_ECHO: Final = Classification(
    tier=Tier.HOLD, reason="Our own opt-out line came back alone; a person must read what was meant."
)


class Classifier:
    """Says what a reply means (6.2). Pure and immutable once it is built; safe to share."""

    def __init__(self, settings: PolicySettings, languages: Sequence[Language] | None = None) -> None:
        """Read the shipped languages, or take `languages`. Raises `PolicyFileError`."""
        topics = tuple((name, tuple(topic.words)) for name, topic in settings.topics.items())
        made = _shipped if languages is None else partial(_compiled, languages)
        self._lexicon, self._speller = made(topics, settings.organisation)
        self._quotation = Quotation(settings.organisation, ways_out(settings))

    def classify(self, text: str, *, recent_appointment: bool = False) -> Classification:
        """Return the tier of `text`, whole or one part of it.

        `recent_appointment` says that we texted about an appointment within the hours that the policy names,
        so that CANCEL and END, which still opt out, may have meant that.
        """
        own, echo = self._quotation.without(text)
        if echo:
            return _ECHO
        found = self._whole(own, recent_appointment) or self._signed(own, recent_appointment)
        return found or self._held(self._words(own)) or _INBOX

    def says_yes(self, text: str) -> bool:
        """Return whether all of a reply agrees to what was asked: "Yes", "Ydw", "جی ہاں"."""
        own, echo = self._quotation.without(text)
        found = ["".join(sentence) for sentence in self._sentences(self._words(own))]
        return not echo and bool(found) and all(each in self._lexicon.yes for each in found)

    def _words(self, text: str) -> list[str]:
        return [word for word in words_of(text, self._speller.spell) if word not in self._lexicon.ignored]

    def _whole(self, own: str, recent_appointment: bool) -> Classification | None:
        """Return what the reply is when all of it is one thing."""
        sentences = list(self._sentences(self._words(own)))
        if not sentences:
            return None
        if found := self._keyword([word for each in sentences for word in each], recent_appointment):
            return found
        verdicts = [self._sentence(each, recent_appointment) for each in sentences]
        acts = [one for one in verdicts if one and one.tier is Tier.ACT]
        if all(verdicts) and len({one.tier for one in verdicts if one}) == 1:
            return self._merged([one for one in verdicts if one])
        others = any(one and one.tier is not Tier.ACT for one in verdicts)
        if acts and not others and (is_firm(own, verdicts[0]) or self._rest_agrees(sentences, verdicts)):
            return acts[0]
        return None

    def _rest_agrees(self, sentences: list[list[str]], verdicts: list[Classification | None]) -> bool:
        """Say whether every sentence that does not opt out smells of refusal too."""
        rest = [words for words, verdict in zip(sentences, verdicts, strict=True) if not verdict]
        return all(self._held([EDGE, *words, EDGE]) for words in rest)

    @staticmethod
    def _merged(verdicts: list[Classification]) -> Classification | None:
        """Return one verdict for all sentences; a stop of everything outweighs that of a topic."""
        topics = {one.topic for one in verdicts}
        widest = next((one for one in verdicts if one.topic is None), verdicts[0])
        return None if len(topics - {None}) > 1 and widest.topic else widest

    def _sentences(self, words: Sequence[str]) -> Iterator[list[str]]:
        sentence: list[str] = []
        for word in (*words, EDGE):
            if word != EDGE:
                sentence.append(word)
            elif sentence:
                if trimmed := self._trimmed(sentence):
                    yield trimmed
                sentence = []

    def _trimmed(self, words: list[str]) -> list[str]:
        """Return a sentence without the politeness at its two ends."""
        start, end = 0, len(words)
        fillers = self._lexicon.fillers
        moved = True
        while moved and start < end:
            moved = False
            for size in range(_LONGEST_FILLER, 0, -1):
                if start + size <= end and tuple(words[start : start + size]) in fillers:
                    start, moved = start + size, True
                if start <= end - size and tuple(words[end - size : end]) in fillers:
                    end, moved = end - size, True
        return words[start:end]

    def _sentence(self, words: list[str], recent_appointment: bool) -> Classification | None:
        return (
            self._keyword(words, recent_appointment)
            or self._narrowed(words)
            or self._matched(words, self._lexicon.act, Tier.ACT, 'It asks for texts to stop: "{}".')
            or self._matched(words, self._lexicon.start, Tier.START, 'It asks for texts again: "{}".')
            or self._matched(words, self._lexicon.help, Tier.HELP, 'It asks for help: "{}".')
        )

    def _keyword(self, words: list[str], recent_appointment: bool) -> Classification | None:
        kept = [word for word in words if word != NUMBER]
        joined = "".join(kept)
        keywords = self._lexicon.keywords
        known = [joined] if joined in keywords else [word for word in kept if word in keywords]
        if not known or (known != [joined] and known != kept):
            return None
        ambiguous = recent_appointment and set(known) <= self._lexicon.appointment
        matched = " ".join(kept)
        reason = f'The whole reply is "{matched}", an opt-out.'
        if ambiguous:
            reason += " It came soon after a text about an appointment and may have meant that."
        return Classification(
            tier=Tier.ACT,
            reason=reason,
            matched=matched,
            language=keywords[known[0]],
            may_mean_appointment=ambiguous,
        )

    def _narrowed(self, words: list[str]) -> Classification | None:
        for topic, phrases in self._lexicon.narrow.items():
            if phrase := phrases.whole(words):
                return Classification(
                    tier=Tier.ACT,
                    reason=f"It asks for texts about {topic} to stop.",
                    matched=" ".join(words),
                    topic=topic,
                    language=phrase.language,
                )
        return None

    @staticmethod
    def _matched(words: list[str], phrases: Phrases, tier: Tier, reason: str) -> Classification | None:
        phrase = phrases.whole(words)
        return None if phrase is None else _because(tier, reason, words, phrase)

    def _signed(self, own: str, recent_appointment: bool) -> Classification | None:
        """Return what a reply is without the name under it."""
        parts = signed(own)
        if parts is None:
            return None
        known = (self._lexicon.vocabulary, self._lexicon.words)
        if any(word in words for word in self._words(parts.name)[1:-1] for words in known):
            return None
        found = self._whole(parts.body, recent_appointment)
        unsure = found is not None and found.matched in self._lexicon.appointment and not parts.greeted
        return None if unsure else found  # "Cancel. Bella" may be about Bella

    def _held(self, words: Sequence[str]) -> Classification | None:
        """Return a hold when anything in the reply, with or without its politeness, smells of refusal."""
        bare = [word for sentence in self._sentences(words) for word in (EDGE, *sentence)] + [EDGE]
        return self._smelt(words) or (None if bare == list(words) else self._smelt(bare))

    def _smelt(self, words: Sequence[str]) -> Classification | None:
        rest = list(words)
        for _, start, end in self._lexicon.safe.found(words):
            rest[start:end] = [EDGE if word == EDGE else GONE for word in words[start:end]]
        lists = [self._lexicon.wrong, self._lexicon.hold]
        if sum(word != EDGE for word in words) <= _SHORT:
            lists.append(self._lexicon.short)
        for phrases in lists:
            for phrase, start, end in phrases.found(rest):
                reason = 'A person must read it: "{}" may be a refusal.'
                found = _because(Tier.HOLD, reason, rest[start:end], phrase)
                return replace(found, wrong_number=phrases is self._lexicon.wrong)
        return None


def is_firm(own: str, first: Classification | None) -> bool:
    """Say whether the first sentence opts out whatever follows it, or came before it in another part.

    It has three words or more, such as "Stop texting me", and begins as a sentence does: a small letter may
    be the middle of one, cut where a part of a longer message begins.
    """
    return first is not None and first.matched.count(" ") >= _CLEAR and own.lstrip()[:1].isupper()


def _because(tier: Tier, reason: str, words: Sequence[str], phrase: Phrase) -> Classification:
    matched = " ".join(word for word in words if word != EDGE)
    return Classification(tier=tier, reason=reason.format(matched), matched=matched, language=phrase.language)


def _compiled(languages: Sequence[Language], topics: _Topics, organisation: str) -> tuple[Lexicon, Speller]:
    lexicon = compile_lexicon(languages, dict(topics), organisation)
    return lexicon, Speller(lexicon.vocabulary, lexicon.typed, lexicon.words)


@lru_cache(maxsize=1)  # it takes half a second, and a reload seldom changes what it depends on
def _shipped(topics: _Topics, organisation: str) -> tuple[Lexicon, Speller]:
    return _compiled(shipped_languages(), topics, organisation)

import pytest

from policy.optout.phrases import Grammar, Phrase, PhraseError, Phrases
from policy.optout.reading import words_of

GRAMMAR = Grammar("en", {"me": ["me", "this number"], "send": ["send*", "text"], "bad": ["?"]}, words_of)


def spans(source: str, text: str) -> list[tuple[int, int]]:
    return [(start, end) for _, start, end in Phrases([GRAMMAR.phrase(source)]).found(words_of(text))]


@pytest.mark.parametrize(
    ("source", "text", "matches"),
    [
        ("stop", "please stop now", True),
        ("stop now?", "stop", True),
        ("please? stop", "stop", True),
        ("stop <send> <me>", "stop sending this number", True),
        ("stop <send> <me>", "stop sending this letter", False),
        ("stop .. me", "stop it for me", True),
        ("stop .. me", "stop it and all of this me", False),
        ("stop .. me", "stop it. me", False),
        ("not * mum", "not his mum", True),
        ("not * mum", "not mum", False),
        ("not * .", "not sam", True),
        ("not * .", "not.", False),
        ("sub* all", "subscribing all", True),
        (". stop .", "stop. thanks", True),
        (". stop .", "do stop. thanks", False),
        ("call NUMBER", "call 07700900123", True),
        ("call NUMBER", "call 999", False),
        ("a *? c", "a c", True),
    ],
)
def test_a_phrase_finds_what_it_says(source: str, text: str, matches: bool) -> None:
    assert bool(spans(source, text)) is matches


def test_a_match_is_as_long_as_it_can_be() -> None:
    assert spans("stop now? please?", "stop now please") == [(1, 4)]


def test_a_whole_match_takes_every_word() -> None:
    phrases = Phrases([GRAMMAR.phrase("stop <send> <me>?")])
    found = phrases.whole(["stop", "text", "me"])
    assert isinstance(found, Phrase)
    assert found.source == "stop <send> <me>?"
    assert phrases.whole(["stop", "text", "me", "maybe"]) is None
    assert phrases.whole(["go"]) is None


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("", "must begin with a word"),
        ("* stop", "must begin with a word"),
        (".. stop", "must begin with a word"),
        ("stop? now?", "must begin with a word"),
        ("stop <nobody>", 'no class "nobody"'),
        ("stop s*", "one stem of two letters"),
        ("un-sub*", "one stem of two letters"),
        ("stop <bad>", "has no letters"),
    ],
)
def test_a_phrase_that_cannot_be_read_says_why(source: str, complaint: str) -> None:
    with pytest.raises(PhraseError, match=complaint):
        GRAMMAR.phrase(source)

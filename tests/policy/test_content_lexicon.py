"""The lexicon's files: how phrases are written, and what is said of a file that is wrong."""

from __future__ import annotations

from importlib import resources

import pytest

from policy import PolicyFileError
from policy.content.lexicon import compile_lexicon, shipped_lexicon
from policy.content.phrases import EDGE, PhraseError, Phrases
from policy.content.reading import read
from policy.tone import shipped_manners

CLASSES = {"pet": ["cat", "hound"], "kid": ["son"], "who": ["she", "son"]}


def phrases(*sources: str) -> Phrases:
    return Phrases(enumerate(sources), CLASSES)


def found(source: str, text: str, names: set[int] | None = None) -> list[tuple[int, int]]:
    return [(start, end) for _, start, end in phrases(source).found(text.split(), names or set())]


@pytest.mark.parametrize(
    ("source", "text", "places"),
    [
        ("big cat", "a big cat", [(1, 3)]),
        ("big cat", "a big dog", []),
        ("big/small cat", "small cat", [(0, 2)]),
        ("big? cat", "cat", [(0, 1)]),
        ("the <pet>", "the hound", [(0, 2)]),
        ("the his/<pet>", "the cat", [(0, 2)]),
        ("excl*", "an excess", []),
        ("exclu*", "we exclude", [(1, 2)]),
        ("exclu* cat", "excluded cat", [(0, 2)]),
        ("the .. cat", "the cat", [(0, 2)]),
        ("the .. cat", "the very big fat cat", [(0, 5)]),
        ("the .. cat", "the very big fat old cat", []),
        ("the .. cat", "the . cat", []),
        ("NUMBER cat", "17 cat", [(0, 2)]),
        ("17 cat", "17 cat", [(0, 2)]),
        ("cat NUMBER/many", "cat 4.50", [(0, 2)]),
        ("£ NUMBER %?", "£ 5 %", [(0, 2), (0, 3)]),
    ],
)
def test_a_phrase_is_found_where_it_stands(source: str, text: str, places: list[tuple[int, int]]) -> None:
    assert found(source, text) == places


@pytest.mark.parametrize("source", ["<name> cat", "<kid> cat", "his/<who> cat"])
def test_a_name_is_a_child_and_somebody(source: str) -> None:
    assert found(source, "bella cat") == []
    assert found(source, "bella cat", {0}) == [(0, 2)]
    assert found(f"big {source}", "big bella cat", {1}) == [(0, 3)]


def test_a_word_that_is_also_a_stem_does_both() -> None:
    both = phrases("debt collect*", "collect your", "collec* now")
    for text, label in (
        ("debt collect", 0),
        ("debt collector", 0),
        ("collect your", 1),
        ("collector now", 2),
    ):
        assert [each for each, _, _ in both.found(text.split())] == [label]
    assert both.found(["debt", "collec"]) == []
    assert both.knows("collected")
    assert not both.knows("colour")


def test_overlapping_gaps_find_each_place_once() -> None:
    assert found("a .. b .. c", "a b b c") == [(0, 4)]
    assert phrases("a .. b").found([EDGE, "a"]) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (".. cat", "begin"),
        ("cat ..", "end"),
        ("<whale>", "no class"),
        ("c@t", "no word"),
        ("ab*", "no stem"),
        ("big?", "end with a word"),
        ("abcdefghijklm*", "no stem"),
    ],
)
def test_a_phrase_that_cannot_be_read_is_named(source: str, said: str) -> None:
    with pytest.raises(PhraseError, match=said):
        phrases(source)


def shipped() -> dict[str, str]:
    directory = resources.files("policy.content.themes")
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in directory.iterdir()
        if file.name.endswith(".toml")
    }


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("sen.toml", ("theme = ", "thema = "), "thema: missing, or no such key; theme: missing"),
        ("sen.toml", ('"sensory"', '"<sensory>"'), "no class <sensory>"),
        ("sen.toml", ("version = 1", "version = "), "sen.toml: not TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(name: str, change: tuple[str, str], said: str) -> None:
    files = shipped()
    assert change[0] in files[name]
    files[name] = files[name].replace(*change)
    with pytest.raises(PolicyFileError, match=said):
        compile_lexicon(files)


def test_every_word_of_the_lists_can_be_read() -> None:
    """A word that reading never gives (a capital, an apostrophe) would be found in no text."""
    lexicon = shipped_lexicon()
    every = [
        word for one in (lexicon.phrases, lexicon.benign, shipped_manners().phrases) for word in one.words
    ]
    assert [word for word in every if read(word).words != [word]] == []

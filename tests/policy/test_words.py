"""An organisation's own words: added, taken away, made stricter or milder; every fault named."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import Outcome, Stage, check_template, decide
from policy.settings import PolicyFileError
from policy.wording import judge_wording, passed_over
from policy.words import LONGEST, OwnWords, Words, compile_words, shipped_words
from tests.policy.cases import NOW, SETTINGS, draft, facts
from tests.policy.wordings import TODAY

OWN = """
glossary = ["ZQF"]

[content.disciplinary]
remove = ["demerit*", "suspension from"]
hold = ["behaviour book"]
benign = ["detention centre visit"]

[content.rivals]
title = "another school"
clause = "7.1"
deny = ["hogwarts"]

[tone]
casual = ["zippety doo"]
remove = ["hiya"]
severity = { jargon = "deny", rude = "hold" }
"""
OURS = compile_words(OwnWords.parse(OWN), 3)
STRICTER = compile_words(OwnWords.parse('[content.sen]\nhold = ["a trip"]\ndeny = ["friday"]'), 1)


def outcome(text: str, words: Words | None) -> Outcome:
    found = {finding.reason.outcome for finding in judge_wording(text, SETTINGS, TODAY, words)}
    return max(found, key=list(Outcome).index, default=Outcome.ALLOW)


@pytest.mark.parametrize(
    ("text", "shipped", "ours"),
    [
        ("Bring the ZQF form.", Outcome.HOLD, Outcome.ALLOW),
        ("The behaviour book is new.", Outcome.HOLD, Outcome.HOLD),
        ("Come to Hogwarts on Friday.", Outcome.ALLOW, Outcome.DENY),
        ("Zippety doo and thank you.", Outcome.ALLOW, Outcome.DENY),
        ("Hiya, the trip is on Friday.", Outcome.DENY, Outcome.ALLOW),
        ("The detention centre visit is on Friday.", Outcome.HOLD, Outcome.ALLOW),
        ("This is stupid.", Outcome.DENY, Outcome.HOLD),
    ],
)
def test_a_text_is_judged_by_the_words_that_are_in_force(text: str, shipped: Outcome, ours: Outcome) -> None:
    assert (outcome(text, None), outcome(text, OURS)) == (shipped, ours)


def test_what_an_organisation_did_not_change_stays() -> None:
    text = "Your son was excluded for fighting."
    assert outcome(text, OURS) is Outcome.DENY
    unchanged = compile_words(OwnWords.parse(""), 1)
    assert judge_wording(text, SETTINGS, TODAY, unchanged) == judge_wording(text, SETTINGS, TODAY)
    assert passed_over("The bus service is suspended.", SETTINGS, OURS) == ("bus service is suspended",)


def test_a_finding_says_which_list_has_the_words() -> None:
    found = judge_wording("Hogwarts, zippety doo, 07911 123456 NI number QQ123456C", SETTINGS, TODAY, OURS)
    assert {("rivals", "Hogwarts"), ("casual", "zippety doo")} <= {(f.theme, f.words) for f in found}


def test_the_policy_and_the_templates_are_judged_by_them() -> None:
    told = draft(stage=Stage.RELEASE, text="KRS Education Ltd: Come to Hogwarts. Reply STOP to opt out.")
    clauses = [reason.clause for reason in decide(told, facts(words=OURS), NOW).reasons]
    assert "7.1" in clauses
    assert "7.1" not in [reason.clause for reason in decide(told, facts(), NOW).reasons]
    assert check_template("Come to Hogwarts.", {}, SETTINGS, OURS) != ()
    assert check_template("Come to Hogwarts.", {}, SETTINGS) == ()


def test_a_phrase_that_is_shipped_no_longer_is_not_missed() -> None:
    """After an upgrade an old document still compiles."""
    own = OwnWords.model_validate({"content": {"medical": {"remove": ["a phrase of last year"]}}})
    assert compile_words(own, 1).lexicon.themes == shipped_words().lexicon.themes


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ("glossary = [", ["not TOML"]),
        ("x" * (LONGEST + 1), ["longer than"]),
        ("words = []", ["words: Extra inputs"]),
        ('glossary = ["P T F A"]', ["glossary.0"]),
        ('[content.medical]\ndeny = [".. x"]', ["content.medical.deny", "must begin with a word"]),
        ('[content.medical]\nremove = ["nothing"]', ["content.medical.remove", '"nothing" is no phrase']),
        ('[content.medical]\ntitle = "mine"', ["content.medical", "leave them out"]),
        ('[content.rivals]\ndeny = ["hogwarts"]', ["content.rivals", "needs a title and a clause"]),
        ('[tone]\nrude = ["<kid>"]\nremove = ["nothing"]', ["tone.rude", "tone.remove"]),
        ('[tone.severity]\nrude = "allow"', ["tone.severity.rude"]),
    ],
)
def test_every_fault_of_a_document_is_named(document: str, faults: list[str]) -> None:
    with pytest.raises(PolicyFileError) as error:
        OwnWords.parse(document)
    for fault in faults:
        assert fault in str(error.value)


@given(st.text(max_size=300))
def test_a_document_is_read_or_refused_and_never_breaks(document: str) -> None:
    with suppress(PolicyFileError):
        OwnWords.parse(document)


@given(
    st.lists(st.sampled_from(["hogwarts", "behaviour book", "zippety doo", "a trip", "friday"]), max_size=6)
)
def test_more_words_that_deny_or_hold_never_let_a_text_pass(words: list[str]) -> None:
    text = " ".join(words)
    order = [Outcome.ALLOW, Outcome.HOLD, Outcome.DENY]
    assert order.index(outcome(text, STRICTER)) >= order.index(outcome(text, None))


def test_the_example_of_the_documentation_is_a_document() -> None:
    page = (Path(__file__).parents[2] / "docs/two-people.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "glossary" in block)
    assert OwnWords.parse(example).tone.severity == {"jargon": "deny"}


def test_a_kept_document_that_cannot_be_read_any_more_is_said() -> None:
    with pytest.raises(PolicyFileError):
        OwnWords.kept("glossary = 7")
    assert OwnWords.kept(OWN) == OwnWords.parse(OWN)

import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import Classification, Classifier, PolicySettings, Tier
from policy.optout.lexicon import shipped_languages
from tests.policy.optouts import classifier, tier

OUR_TEXT = "KRS Education Ltd: school closes at 2pm today. Reply STOP to opt out."
OUR_WELSH = "KRS Education Ltd: mae'r ysgol yn cau am 2pm. I optio allan, atebwch STOP."


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "Stop.", "stop please", "“stop”", "ＳＴＯＰ", "s t o p", "STOP TEXTING ME", "Stop!!!",
        "5T0P", "$top", "STAHP",
        "stooop", "tsop", "dtop", "st.op", "ST OP", "stop stop", "STOP END QUIT", "stop/unsubscribe",
        "opt-out", "OPT OUT",
        "Hi, please stop. Thanks", "Sorry, stop", "ok stop", "Stop, thanks, Jo", "Stop.\nSarah",
        "Stop - Mrs Khan",
        "STOP. wrong number", "Please stop texting me. My daughter left in 2019.", "STOP KRS",
        "stop to 07700 900123",
        "STOP\nSent from my iPhone", "revoke", "End", "Cancel, thanks Sarah", "s̶t̶o̶p̶", "🇸🇹🇴🇵",
    ],
)  # fmt: skip
def test_clause_6_2_an_opt_out_is_obeyed_at_once(text: str) -> None:
    assert tier(text) is Tier.ACT


@pytest.mark.parametrize(
    "text",
    [
        "Don't stop", "bus stop", "the club will stop at 5", "Stop the bus", "step", "shop", "top",
        "tops", "stopover?",
        "Please cancel our appointment on Tuesday", "cancel today please", "the end", "end of term",
        "paid", "Yes", "", " ?! ",
        "please don't unsubscribe me", "what does reply stop to opt out mean",
    ],
)  # fmt: skip
def test_an_ordinary_reply_goes_to_the_inbox(text: str) -> None:
    assert tier(text) is Tier.INBOX


@pytest.mark.parametrize(
    "text",
    [
        "No. Stop", "wrong number", "who are you?", "leave me alone", "I'm fed up with these texts",
        "Stop. I'm getting off here", "yes cancel",
        "Cancel. Bella", "STOP START", "help with stop", "stop events and appointments",
        "he said: stop texting me", "🛑", "🖕",
        "Tell Sam to stop texting me", "my son is 25", "στοπ", "Stop it", "make it stop", "I don't want this",
    ],
)  # fmt: skip
def test_clause_6_2_what_smells_of_refusal_is_held_for_a_person(text: str) -> None:
    assert tier(text) is Tier.HOLD


@pytest.mark.parametrize(
    "text", ["START", "unstop", "Start!", "yes resubscribe me", "opt in", "start texting me again"]
)
def test_a_narrow_start_is_a_start(text: str) -> None:
    assert tier(text) is Tier.START


@pytest.mark.parametrize(
    "text", ["Start at 9?", "when do they start", "yes", "I opted out by mistake can you put me back"]
)
def test_a_wider_start_is_not(text: str) -> None:
    assert tier(text) is Tier.INBOX


@pytest.mark.parametrize("text", ["HELP", "info", "Help please", "help?"])
def test_help_is_help(text: str) -> None:
    assert tier(text) is Tier.HELP


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("STOP EVENTS", "events"),
        ("stop event texts please", "events"),
        ("Unsubscribe me from events", "events"),
        ("STOP APPOINTMENTS", "appointments"),
        ("stop events. stop events", "events"),
        ("STOP", None),
        ("stop. stop events", None),
        ("stop events. stop", None),
    ],
)
def test_clause_6_2_a_topic_narrows_and_a_bare_stop_does_not(text: str, topic: str | None) -> None:
    found = classifier().classify(text)
    assert (found.tier, found.topic) == (Tier.ACT, topic)


def test_two_topics_at_once_are_for_a_person() -> None:
    assert tier("stop events. stop appointments") is Tier.HOLD


@pytest.mark.parametrize(
    ("text", "ambiguous"), [("CANCEL", True), ("end please", True), ("anuluj", True), ("STOP", False)]
)
def test_clause_6_2_cancel_after_an_appointment_text_opts_out_and_may_mean_the_appointment(
    text: str, ambiguous: bool
) -> None:
    soon = classifier().classify(text, recent_appointment=True)
    assert (soon.tier, soon.may_mean_appointment) == (Tier.ACT, ambiguous)
    assert ("appointment" in soon.reason) is ambiguous
    assert not classifier().classify(text).may_mean_appointment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OUR_TEXT, Tier.INBOX),
        (f"> {OUR_TEXT}", Tier.INBOX),
        (f"> {OUR_WELSH}", Tier.INBOX),
        (f"{OUR_WELSH} STOP", Tier.ACT),
        (f"Liked “{OUR_TEXT}”", Tier.INBOX),
        (f'Reacted 👍 to "{OUR_TEXT}"', Tier.INBOX),
        (f"> {OUR_TEXT} Thanks, will do", Tier.INBOX),
        ("Reply STOP to opt out.", Tier.HOLD),
        ("“Reply STOP to opt out.”", Tier.HOLD),
        ("STOP Reply STOP to opt out.", Tier.ACT),
        (f"STOP\n> {OUR_TEXT}", Tier.ACT),
        (f"{OUR_TEXT} STOP", Tier.ACT),
        (f"STOP\n\nOn 3 May 2025 KRS wrote:\n> {OUR_TEXT}", Tier.ACT),
        (f"wrong number. {OUR_TEXT}", Tier.HOLD),
        ("> STOP", Tier.ACT),
        ("STOP\n> school closes at 2pm tod", Tier.ACT),
        ("Liked “STOP means STOP, I said it”", Tier.HOLD),
    ],
)
def test_our_own_text_sent_back_is_not_the_recipients_word(text: str, expected: Tier) -> None:
    assert tier(text) is expected


def test_a_verdict_says_why() -> None:
    found = classifier().classify("Please stop texting this number")
    assert found.reason == 'It asks for texts to stop: "stop texting this number".'
    assert found.as_dict() == {
        "tier": "act",
        "reason": found.reason,
        "matched": "stop texting this number",
        "topic": None,
        "language": "en",
        "may_mean_appointment": False,
        "wrong_number": False,
    }
    assert json.loads(json.dumps(found.as_dict()))["tier"] == "act"
    assert classifier().classify("nei {0}").reason == "Nothing in it asks for texts to stop."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Stop texting me. She was at the dentist.", Tier.ACT),
        (
            "stop texting me. She was at the dentist.",
            Tier.HOLD,
        ),  # "Please ask Amy to" may stand in the part before
        ("to opt out. See you on Friday", Tier.HOLD),
        ("stop texting me. wrong number", Tier.ACT),
    ],
)
def test_a_fragment_opts_out_only_when_it_can_be_a_whole(text: str, expected: Tier) -> None:
    assert tier(text) is expected


def test_a_name_that_is_a_word_of_ours_is_no_signature() -> None:
    assert tier("Stop. Tomorrow") is Tier.HOLD
    assert tier("Stop. Amira") is Tier.ACT


@given(st.text(max_size=400))
def test_any_text_has_a_verdict(text: str) -> None:
    found = classifier().classify(text)
    assert isinstance(found, Classification)
    assert found.reason.endswith(".")


@given(st.text(alphabet="stopSTOP .,!?-\n'\"> 不ना🛑$0", max_size=60))
def test_any_text_of_our_letters_has_a_verdict(text: str) -> None:
    assert classifier().classify(text).tier in Tier


DECORATION = st.text(
    alphabet=" .,!?;:-_*~()[]'\"…“”’>\n\t\u00a0\u3000🙏👍✋❤\u200b\u200d\u2060\u202e\u00ad", max_size=12
)
INVISIBLE = st.text(alphabet="\u200b\u200c\u200d\u2060\ufeff\u00ad\u202a\u202e\ufe0f\u0301\u0336", max_size=2)


@given(
    word=st.sampled_from(["stop", "unsubscribe", "optout", "quit", "revoke", "stopall", "end", "cancel"]),
    before=DECORATION,
    after=DECORATION,
    invisible=st.lists(INVISIBLE, min_size=12, max_size=12),
    upper=st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_decoration_never_hides_a_keyword(
    word: str, before: str, after: str, invisible: list[str], upper: list[bool]
) -> None:
    shown = "".join(
        (letter.upper() if big else letter) + mark
        for letter, mark, big in zip(word, invisible, upper, strict=False)
    )
    assert tier(before + shown + after) is Tier.ACT


@given(st.text(max_size=80))
def test_a_text_about_an_appointment_never_changes_the_tier(text: str) -> None:
    assert classifier().classify(text, recent_appointment=True).tier is classifier().classify(text).tier


def hostile() -> list[str]:
    vocabulary = sorted({word for one in shipped_languages() for line in one.hold for word in line.split()})
    shuffled = random.Random(42)
    repeated = [
        "i do ", "stop ", "dont you ", "no more ", "не ", "不要", "请", "can you please ", '"', "> ", "a",
        ". ", "s t o p ", "KRS Education Ltd ", "A ", "Aa, ", "s\u0301", "\ufdfa", "'", "🛑", "5",
        'Liked "', "x-", "\n", "a\n", "a,\n", "sent from my ", "on x wrote ", "thanks A ", "thanks\n",
        "reply stop to ",
    ]  # fmt: skip
    made = [(piece * 10_000)[:size] for piece in repeated for size in (612, 10_000)]
    return [*made, *(" ".join(shuffled.choices(vocabulary, k=2_000))[:size] for size in (612, 10_000))]


def test_no_text_takes_long() -> None:
    """Nothing costs over 10 ms of a processor; the bound is generous, for a busy machine."""
    classify = classifier().classify
    for text in hostile():
        spent = []
        for _ in range(3):
            begun = time.process_time()
            classify(text)
            spent.append(time.process_time() - begun)
        assert min(spent) < 0.03, (text[:40], len(text), spent)


def test_a_classifier_keeps_nothing_of_what_it_read() -> None:
    fresh = Classifier(PolicySettings.load())
    before = fresh.classify("can you stop these")
    fresh.classify("s t o p")
    assert fresh.classify("can you stop these") == before

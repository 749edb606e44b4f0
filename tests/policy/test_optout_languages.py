from importlib import resources

import pytest

from policy import Classifier, PolicyFileError, PolicySettings, Tier
from policy.optout import Language, parse_language, shipped_languages
from tests.policy.optouts import classifier, replies, tier

LANGUAGES = {one.language: one for one in shipped_languages()}
MINIMAL = 'language = "xx"\nname = "Test"\nreview = ""\nkeywords = ["quux"]\n'


def only(language: str) -> Classifier:
    return Classifier(PolicySettings.load(), [LANGUAGES[language]])


def test_the_languages_of_our_schools_are_there() -> None:
    expected = "en ar bn cy es fr gu hi lt pa pl pt ro ru so ta tr uk ur zh"
    assert list(LANGUAGES) == expected.split()


def test_every_file_but_the_english_one_waits_for_a_speaker() -> None:
    waiting = {code for code, one in LANGUAGES.items() if one.review == "to be reviewed by a speaker"}
    assert waiting == LANGUAGES.keys() - {"en"}
    assert LANGUAGES["en"].review == ""


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_file_is_named_by_its_language(code: str) -> None:
    file = resources.files("policy.optout.languages").joinpath(f"{code}.toml")
    assert parse_language(file.name, file.read_text(encoding="utf-8")) == LANGUAGES[code]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_keyword_opts_out(code: str) -> None:
    for word in LANGUAGES[code].keywords:
        for written in (word, f"{word}!", word.upper(), f" {word} 🙏"):
            found = classifier().classify(written)
            assert (found.tier, found.topic) == (Tier.ACT, None), written


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_appointment_word_is_a_keyword(code: str) -> None:
    assert set(LANGUAGES[code].appointment) <= set(LANGUAGES[code].keywords)


@pytest.mark.parametrize("code", LANGUAGES)
def test_start_and_help_words_do_what_they_say(code: str) -> None:
    whole = [line for line in LANGUAGES[code].start if "<" not in line]
    assert [line for line in whole if tier(line) is not Tier.START] == []
    assert [line for line in LANGUAGES[code].help if tier(line) is not Tier.HELP] == []


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_no_other_language_opts_out_an_ordinary_reply(code: str) -> None:
    alone = only(code)
    for corpus in ("tuning", "further"):
        ordinary = replies(corpus, "ordinary")
        assert [reply for reply in ordinary if alone.classify(reply).tier is Tier.ACT] == []


@pytest.mark.parametrize(
    "answer",
    [
        "Fin",
        "alto",
        "red",
        "Red",
        "ret",
        "paid",
        "Paid!",
        "dim",
        "son",
        "pa",
        "no",
        "sal",
        "mas",
        "bus",
        "son is ill",
    ],
)
def test_an_english_answer_that_is_a_word_elsewhere_does_not_opt_out(answer: str) -> None:
    assert tier(answer) is not Tier.ACT


@pytest.mark.parametrize(
    "enough",
    [
        "basta",
        "assez",
        "yeter",
        "досить",
        "хватит",
        "不要",
        "வேண்டாம்",
        "istemiyorum",
        "nenoriu",
        "बंद",
        "بس کرو",
    ],
)
def test_enough_or_i_do_not_want_alone_is_held(enough: str) -> None:
    assert tier(enough) is Tier.HOLD


def test_no_phrase_asks_for_a_word_that_is_ignored() -> None:
    ignored = {word for one in LANGUAGES.values() for word in one.ignored}
    for one in LANGUAGES.values():
        for lines in (one.act, one.narrow, one.hold, one.short, one.safe, one.start, one.help):
            assert [line for line in lines if ignored & set(line.split())] == []


def test_a_verdict_names_the_language() -> None:
    assert [classifier().classify(text).language for text in ("stop", "dezabonare", "退订", "رقم خاطئ")] == [
        "en", "ro", "zh", "ar",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (MINIMAL + "keyword = []", "xx.toml: keyword: Extra inputs"),
        (MINIMAL.replace("[", ""), "xx.toml: not TOML"),
        (MINIMAL.replace('"xx"', '"english"'), "xx.toml: language: String should match"),
        (MINIMAL.replace('name = "Test"\n', ""), "xx.toml: name: Field required"),
        (MINIMAL.replace('"quux"', '""'), "xx.toml: keywords.0: String should have"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_key(text: str, complaint: str) -> None:
    with pytest.raises(PolicyFileError, match=complaint):
        parse_language("xx.toml", text)


def test_a_phrase_that_cannot_be_read_is_named_with_its_key() -> None:
    language = parse_language("xx.toml", MINIMAL + 'hold = ["no <such>"]')
    with pytest.raises(PolicyFileError, match=r'xx\.toml: hold: there is no class "such"'):
        Classifier(PolicySettings.load(), [language])


def test_another_set_of_languages_can_be_given() -> None:
    own = Classifier(
        PolicySettings.load(), [Language(language="xx", name="Test", review="", keywords=("quux",))]
    )
    assert own.classify("Quux!").tier is Tier.ACT
    assert own.classify("stop").tier is Tier.INBOX

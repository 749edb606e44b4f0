"""`decide` as a whole: all rules, all reasons, and never a yes out of a no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import (
    RULES,
    Consent,
    Decision,
    Draft,
    Facts,
    Kind,
    Outcome,
    RecipientFacts,
    Stage,
    TemplateRef,
    decide,
    normalise,
)
from tests.policy.cases import (
    CONSENT,
    DAY,
    DRAFT,
    FACTS,
    NOW,
    NUMBER,
    SENDER,
    SETTINGS,
    YEAR,
    draft,
    facts,
    found,
    settings,
)

SEVERITY = [Outcome.ALLOW, Outcome.HOLD, Outcome.DENY]
PURPOSES = [*SETTINGS.purposes, "fundraising", ""]
Case = tuple[Draft, Facts]
Spoil = tuple[str, str, Any]  # of which record, which field, with what
INSTANTS = [NOW - YEAR, NOW - timedelta(days=8), NOW - timedelta(hours=1), NOW, NOW + DAY, NOW + YEAR]


Worsen = Callable[[Facts], Facts]


def field(name: str, /, **changes: Any) -> Worsen:
    """Return a change of one record of the facts; what is not known stays unknown."""

    def worsen(known: Facts) -> Facts:
        record = getattr(known, name)
        return known if record is None else replace(known, **{name: replace(record, **changes)})

    return worsen


def spoils(record: str, **bad: st.SearchStrategy[Any]) -> list[st.SearchStrategy[Spoil]]:
    """Return, per field of a record, how to draw something worse for it."""
    return [values.map(lambda value, name=name: (record, name, value)) for name, values in bad.items()]


def spoilt(purpose: str, what: list[Spoil]) -> Case:
    """Return a good draft and facts for a purpose, with a few things made worse."""
    known = facts(
        template={"purpose": purpose},
        recipient={"last_inbound_at": NOW - DAY},
        consents=[replace(CONSENT, purpose=purpose)],
    )
    case = (draft(purpose=purpose), known)
    for record, name, value in what:
        if record == "draft":
            case = (replace(case[0], **{name: value}), case[1])
        elif record == "facts":
            case = (case[0], replace(case[1], **{name: value}))
        else:
            case = (case[0], field(record, **{name: value})(case[1]))
    return case


CONSENTS = st.builds(
    Consent,
    purpose=st.sampled_from(["event_notice", *PURPOSES]),
    given_at=st.sampled_from(INSTANTS),
    expires_at=st.sampled_from(INSTANTS),
    withdrawn_at=st.sampled_from([None, *INSTANTS]),
)
REVIEWS = [
    SETTINGS.review.model_dump() | {"last_reviewed": reviewed, "overdue": overdue}
    for reviewed in ("2024-11-08", "2024-05-15", "2023-01-01")
    for overdue in ("warn", "block_bulk", "block_all")
]
REVIEWED = [settings(review=review) for review in REVIEWS]
NUMBERS = [None, normalise("07911 123457", SETTINGS), normalise("0909 123 4567", SETTINGS)]
TOPICS = st.dictionaries(
    st.sampled_from(["", "events", "appointments", "clubs"]), st.sampled_from(INSTANTS), max_size=2
)
SPOILS = [
    *spoils(
        "draft",
        stage=st.sampled_from(Stage),
        text=st.sampled_from(["", "Hello", DRAFT.text * 2, SETTINGS.help_text]),
        parts=st.integers(0, 4),
        kind=st.sampled_from(Kind),
        purpose=st.sampled_from(PURPOSES),
        template=st.sampled_from([None, TemplateRef("closure"), TemplateRef("trip", "cy")]),
        slots=st.none() | st.dictionaries(st.sampled_from(["place", "day", "x"]), st.text(max_size=12)),
        recipients=st.integers(1, 2000),
    ),
    *spoils(
        "sender",
        active=st.just(False),
        acknowledged=st.just(False),
        roles=st.dictionaries(
            st.sampled_from(["sender", "free_text_sender", "auditor"]), st.sampled_from(INSTANTS), max_size=2
        ),
        key_kind=st.sampled_from(["team", "test"]),
        key_expires_at=st.sampled_from(INSTANTS),
        key_revoked_at=st.sampled_from(INSTANTS),
        scopes=st.just(frozenset()),
        purposes=st.frozensets(st.sampled_from(PURPOSES)),
        templates=st.frozensets(st.sampled_from(["trip", "closure"])),
    ),
    *spoils(
        "recipient",
        opted_out=TOPICS,
        held_since=st.sampled_from(INSTANTS),
        suspect_since=st.sampled_from(INSTANTS),
        last_inbound_at=st.sampled_from([None, *INSTANTS]),
    ),
    *spoils(
        "template",
        name=st.just("closure"),
        language=st.just("cy"),
        purpose=st.sampled_from(PURPOSES),
        body=st.just("Come to {place} {when}"),
        status=st.sampled_from(["draft", "retired"]),
        approver=st.sampled_from([None, "ann"]),
        expires_at=st.sampled_from([None, *INSTANTS]),
        urgent=st.just(True),
    ),
    *spoils(
        "facts",
        settings=st.sampled_from(REVIEWED),
        number=st.sampled_from(NUMBERS),
        recipient=st.none(),
        consents=st.none() | st.lists(CONSENTS, max_size=3),
        sender=st.none(),
        template=st.none(),
    ),
]


@st.composite
def few_faults(draw: st.DrawFn) -> Case:
    """Draw at most two faults: where everything is wrong, nothing can be seen to matter."""
    purpose = draw(st.sampled_from(["event_notice", "enquiry_reply"]))
    return spoilt(purpose, draw(st.lists(st.one_of(SPOILS), max_size=2)))


CASES = few_faults()


def worst(draft: Draft, known: Facts) -> int:
    return SEVERITY.index(decide(draft, known, NOW).outcome)


# -- all rules, all reasons ------------------------------------------------------------------------


@pytest.mark.parametrize("stage", Stage)
def test_what_nothing_speaks_against_is_allowed(stage: Stage) -> None:
    assert decide(draft(stage=stage), FACTS, NOW) == Decision()


def test_one_fault_of_each_rule_gives_each_rules_reason() -> None:
    """No rule hides another: a draft with everything against it hears everything."""
    known = facts(
        settings=settings(review=REVIEWS[-1]),
        sender=replace(SENDER, active=False, acknowledged=False, roles={}, scopes=set(), key_revoked_at=NOW),
        recipient=RecipientFacts(opted_out={"": NOW}, held_since=NOW, suspect_since=NOW),
        consents=(),
        number=None,
        template={"status": "retired"},
    )
    decision = decide(draft(text="Hi", parts=5, purpose="fundraising", slots=None), known, NOW)
    assert {code for code, _ in found(decision)} == {
        "KEY_OWNER_INACTIVE",
        "NOT_AUTHORISED_SENDER",
        "SCOPE_MISSING",
        "POLICY_NOT_ACKNOWLEDGED",
        "POLICY_REVIEW_OVERDUE",
        "PURPOSE_NOT_PERMITTED",
        "NUMBER_INVALID",
        "CONSENT_MISSING",
        "RECIPIENT_OPTED_OUT",
        "RECIPIENT_ON_HOLD",
        "NUMBER_SUSPECT",
        "TEMPLATE_NOT_APPROVED",
        "SLOT_INVALID",
        "TONE_REJECTED",
        "TOO_LONG",
    }


@pytest.mark.parametrize("missing", ["number", "recipient", "consents", "sender", "template"])
@pytest.mark.parametrize("stage", Stage)
def test_a_fact_that_is_missing_denies(missing: str, stage: Stage) -> None:
    assert decide(draft(stage=stage), facts(**{missing: None}), NOW).outcome is Outcome.DENY


@pytest.mark.parametrize("missing", ["number", "recipient"])
@pytest.mark.parametrize("kind", set(Kind) - {Kind.MESSAGE})
def test_a_fact_that_is_missing_denies_the_gateways_replies_too(missing: str, kind: Kind) -> None:
    told = facts(recipient={"opted_out": {"": NOW}} if kind is Kind.OPT_OUT_CONFIRMATION else {})
    sent = draft(kind=kind, stage=Stage.HANDOFF)
    assert decide(sent, told, NOW).outcome is Outcome.ALLOW
    assert decide(sent, replace(told, **{missing: None}), NOW).outcome is Outcome.DENY


ASKED = {
    Kind.MESSAGE: {rule.name for rule in RULES} - {"confirmation_confirms_an_opt_out"},
    Kind.OPT_OUT_CONFIRMATION: {
        "number_may_be_texted",
        "confirmation_confirms_an_opt_out",
        "text_says_who_sends",
        "text_is_brief",
    },
    Kind.START_CONFIRMATION: {
        "number_may_be_texted",
        "recipient_has_not_opted_out",
        "recipient_is_not_on_hold",
        "text_says_who_sends",
        "text_is_brief",
    },
}
ASKED[Kind.HELP] = ASKED[Kind.START_CONFIRMATION]


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_asked_exactly_what_concerns_it(kind: Kind) -> None:
    assert {rule.name for rule in RULES if kind in rule.kinds} == ASKED[kind]


AT_SUBMISSION_ONLY = {"text_is_the_templates", "text_says_who_sends", "text_offers_the_way_out"}
AT_HANDOFF_ONLY = {"radio_is_not_for_test_keys"}


def test_the_hand_off_asks_again_all_that_may_have_changed() -> None:
    names = {stage: {rule.name for rule in RULES if stage in rule.stages} for stage in Stage}
    every = {rule.name for rule in RULES}
    assert names[Stage.SUBMIT] == every - AT_HANDOFF_ONLY
    assert names[Stage.RELEASE] == every - AT_HANDOFF_ONLY - AT_SUBMISSION_ONLY
    assert names[Stage.HANDOFF] == every - AT_SUBMISSION_ONLY


@pytest.mark.parametrize(
    "change",
    [
        {"recipient": {"opted_out": {"": NOW}}},
        {"recipient": {"held_since": NOW}},
        {"recipient": {"suspect_since": NOW}},
        {"consents": ()},
        {"consents": (replace(CONSENT, withdrawn_at=NOW),)},
        {"consents": (replace(CONSENT, expires_at=NOW),)},
        {"sender": {"active": False}},
        {"sender": {"key_revoked_at": NOW}},
        {"sender": {"roles": {}}},
        {"sender": {"acknowledged": False}},
        {"template": {"status": "retired"}},
        {"template": {"expires_at": NOW}},
        {"settings": settings(review=REVIEWS[-1])},
    ],
    ids=str,
)
def test_what_was_allowed_at_submission_is_stopped_at_hand_off_when_the_facts_changed(
    change: dict[str, Any],
) -> None:
    assert decide(DRAFT, FACTS, NOW).outcome is Outcome.ALLOW
    assert decide(draft(stage=Stage.HANDOFF, slots=None), facts(**change), NOW).outcome is not Outcome.ALLOW


# -- codes and clauses -----------------------------------------------------------------------------

FAULTS: list[tuple[str, str, Draft, Facts]] = [
    ("sender_is_known", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender=None)),
    ("person_is_active", "KEY_OWNER_INACTIVE", DRAFT, facts(sender={"active": False})),
    ("key_stands", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender={"key_revoked_at": NOW})),
    ("role_permits_sending", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender={"roles": {}})),
    ("key_may_send", "SCOPE_MISSING", DRAFT, facts(sender={"scopes": set()})),
    ("key_may_use_template", "SCOPE_MISSING", DRAFT, facts(sender={"templates": set()})),
    ("team_key_stays_in_the_team", "NOT_AUTHORISED_SENDER", DRAFT, facts(sender={"key_kind": "team"})),
    (
        "radio_is_not_for_test_keys",
        "NOT_AUTHORISED_SENDER",
        draft(stage=Stage.HANDOFF),
        facts(sender={"key_kind": "test"}),
    ),
    ("policy_is_acknowledged", "POLICY_NOT_ACKNOWLEDGED", DRAFT, facts(sender={"acknowledged": False})),
    ("policy_is_reviewed", "POLICY_REVIEW_OVERDUE", DRAFT, facts(settings=settings(review=REVIEWS[-1]))),
    ("purpose_is_permitted", "PURPOSE_NOT_PERMITTED", draft(purpose=""), FACTS),
    ("marketing_is_on", "MARKETING_DISABLED", draft(purpose="marketing"), FACTS),
    ("purpose_is_the_templates", "PURPOSE_NOT_PERMITTED", DRAFT, facts(template={"purpose": "appointment"})),
    ("key_may_serve_purpose", "PURPOSE_NOT_PERMITTED", DRAFT, facts(sender={"purposes": set()})),
    ("reply_answers_somebody", "PURPOSE_NOT_PERMITTED", draft(purpose="enquiry_reply"), FACTS),
    ("number_may_be_texted", "NUMBER_INVALID", DRAFT, facts(number=None)),
    ("consent_is_on_record", "CONSENT_MISSING", DRAFT, facts(consents=())),
    ("consent_covers_purpose", "CONSENT_MISSING", draft(purpose="appointment"), FACTS),
    ("consent_covers_purpose", "CONSENT_EXPIRED", DRAFT, facts(consents=(replace(CONSENT, expires_at=NOW),))),
    ("recipient_has_not_opted_out", "RECIPIENT_OPTED_OUT", DRAFT, facts(recipient={"opted_out": {"": NOW}})),
    ("confirmation_confirms_an_opt_out", "RECIPIENT_OPTED_OUT", draft(kind=Kind.OPT_OUT_CONFIRMATION), FACTS),
    ("recipient_is_not_on_hold", "RECIPIENT_ON_HOLD", DRAFT, facts(recipient={"held_since": NOW})),
    ("number_is_not_suspect", "NUMBER_SUSPECT", DRAFT, facts(recipient={"suspect_since": NOW})),
    ("template_is_approved", "TEMPLATE_NOT_APPROVED", DRAFT, facts(template=None)),
    ("text_is_the_templates", "SLOT_INVALID", draft(slots=None), FACTS),
    ("text_is_the_templates", "TEMPLATE_NOT_APPROVED", draft(text="Hello"), FACTS),
    ("text_says_who_sends", "TONE_REJECTED", draft(text="Hello"), FACTS),
    ("text_offers_the_way_out", "TONE_REJECTED", draft(text="Hello"), FACTS),
    ("text_is_brief", "TOO_LONG", draft(parts=3), FACTS),
]


def test_every_code_that_a_rule_declares_is_in_the_table_of_faults() -> None:
    declared = {(rule.name, code.value) for rule in RULES for code in rule.codes}
    assert {(name, code) for name, code, _, _ in FAULTS} == declared


@pytest.mark.parametrize(
    ("name", "code", "bad", "known"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_code_that_a_rule_declares_can_be_produced(
    name: str, code: str, bad: Draft, known: Facts
) -> None:
    rule = next(rule for rule in RULES if rule.name == name)
    assert bad.kind in rule.kinds
    assert bad.stage in rule.stages
    assert code in {reason.code for reason in rule.check(bad, known, NOW)}
    assert list(rule.check(DRAFT, FACTS, NOW)) == [] or rule.name == "confirmation_confirms_an_opt_out"


@given(case=CASES)
def test_no_rule_answers_with_a_code_or_clause_that_it_does_not_declare(case: Case) -> None:
    sent, known = case
    for rule in RULES:
        for reason in rule.check(sent, known, NOW):
            assert reason.code in rule.codes
            assert reason.clause in rule.clauses
            assert reason.outcome is not Outcome.ALLOW


@given(case=CASES)
def test_a_decision_is_the_reasons_of_its_rules_and_the_same_each_time(case: Case) -> None:
    sent, known = case
    reasons = [
        reason
        for rule in RULES
        if sent.kind in rule.kinds and sent.stage in rule.stages
        for reason in rule.check(sent, known, NOW)
    ]
    decision = decide(sent, known, NOW)
    assert list(decision.reasons) == reasons
    assert decision == decide(sent, known, NOW)
    assert (decision.outcome is Outcome.ALLOW) == (not reasons)


@given(case=CASES)
def test_no_reason_repeats_the_number_or_the_text(case: Case) -> None:
    sent, known = case
    for reason in decide(sent, known, NOW).reasons:
        assert NUMBER not in reason.message
        assert NUMBER[3:] not in reason.message
        assert sent.text == "" or sent.text not in reason.message


# -- monotonicity: nothing that speaks against a message lets it go --------------------------------


def opted_out(topic: str) -> Worsen:
    def worsen(known: Facts) -> Facts:
        before = known.recipient.opted_out if known.recipient else {}
        return field("recipient", opted_out={**before, topic: NOW})(known)

    return worsen


def each_consent(**changes: Any) -> Worsen:
    def worsen(known: Facts) -> Facts:
        ended = [replace(consent, **changes) for consent in known.consents or ()]
        return known if known.consents is None else replace(known, consents=ended)

    return worsen


def fewer(known: Facts) -> Facts:
    return known if not known.consents else replace(known, consents=known.consents[1:])


def ended_roles(known: Facts) -> Facts:
    roles = known.sender.roles if known.sender else {}
    return field("sender", roles=dict.fromkeys(roles, NOW))(known)


WORSE: dict[str, Worsen] = {
    "opt-out": opted_out(""),
    "opt-out of events": opted_out("events"),
    "opt-out of what is no longer listed": opted_out("clubs"),
    "hold": field("recipient", held_since=NOW),
    "suspicion": field("recipient", suspect_since=NOW),
    "no enquiry": field("recipient", last_inbound_at=None),
    "withdrawn consents": each_consent(withdrawn_at=NOW),
    "expired consents": each_consent(expires_at=NOW),
    "one consent fewer": fewer,
    "suspension": field("sender", active=False),
    "no acknowledgement": field("sender", acknowledged=False),
    "revoked key": field("sender", key_revoked_at=NOW),
    "expired key": field("sender", key_expires_at=NOW),
    "ended roles": ended_roles,
    "no role": field("sender", roles={}),
    "no scope": field("sender", scopes=frozenset()),
    "no purposes": field("sender", purposes=frozenset()),
    "no templates": field("sender", templates=frozenset()),
    "retired template": field("template", status="retired"),
    "expired approval": field("template", expires_at=NOW),
    "own approval": field("template", approver="ann"),
    "no approval": field("template", approver=None),
    "later review": lambda known: replace(known, settings=REVIEWED[-1]),
    **{
        f"unknown {name}": lambda known, name=name: replace(known, **{name: None})
        for name in ("number", "recipient", "consents", "sender", "template")
    },
}
MORE_REASON_TO_CONFIRM = {"opt-out", "opt-out of events", "opt-out of what is no longer listed"}


@pytest.mark.parametrize("what", WORSE)
@given(case=CASES)
def test_what_speaks_against_a_message_never_turns_a_refusal_into_a_permission(what: str, case: Case) -> None:
    sent, known = case
    if sent.kind is Kind.OPT_OUT_CONFIRMATION and what in MORE_REASON_TO_CONFIRM:
        sent = replace(sent, kind=Kind.MESSAGE)  # an opt-out is what permits its confirmation
    assert worst(sent, WORSE[what](known)) >= worst(sent, known)


@given(case=CASES, more=st.integers(0, 5000))
def test_more_recipients_or_parts_never_turn_a_refusal_into_a_permission(case: Case, more: int) -> None:
    sent, known = case
    assert worst(replace(sent, recipients=sent.recipients + more), known) >= worst(sent, known)
    longer = replace(sent, parts=max(sent.parts, 1) + more)
    assert worst(longer, known) >= worst(replace(sent, parts=max(sent.parts, 1)), known)


@given(case=CASES, consent=CONSENTS)
def test_one_more_consent_never_turns_a_permission_into_a_refusal(case: Case, consent: Consent) -> None:
    sent, known = case
    richer = replace(known, consents=[*(known.consents or ()), consent])
    assert worst(sent, richer) <= worst(sent, known)


@given(case=CASES, topic=st.sampled_from(["", "clubs"]))
def test_6_2_a_message_to_who_opted_out_of_everything_is_denied_whatever_else_is_so(
    case: Case, topic: str
) -> None:
    sent, known = case
    told = opted_out(topic)(known)
    if sent.kind is Kind.MESSAGE:
        assert decide(sent, told, NOW).outcome is Outcome.DENY


def test_a_hold_beside_a_refusal_is_a_refusal() -> None:
    both = facts(recipient={"held_since": NOW}, consents=())
    decision = decide(draft(stage=Stage.HANDOFF), both, NOW)
    assert decision.outcome is Outcome.DENY
    assert {reason.outcome for reason in decision.reasons} == {Outcome.HOLD, Outcome.DENY}

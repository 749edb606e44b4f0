"""1.1, 2.1, 7.1: what for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policy import Consent, Facts, Stage
from tests.policy.cases import CONSENT, DAY, NOW, SETTINGS, YEAR, facts, judged, settings

NOT_PERMITTED = ("PURPOSE_NOT_PERMITTED", "2.1")
PERMITTED = [
    "service_update",
    "enquiry_reply",
    "event_notice",
    "event_reminder",
    "important_info",
    "appointment",
]


def for_purpose(purpose: str, **changes: object) -> Facts:
    """Return good facts for another purpose: template and consent name it, and they wrote yesterday."""
    consent = Consent(purpose=purpose, given_at=CONSENT.given_at, expires_at=CONSENT.expires_at)
    known: dict[str, object] = {
        "template": {"purpose": purpose},
        "consents": (consent,),
        "recipient": {"last_inbound_at": NOW - DAY},
    }
    return facts(**known | changes)


@pytest.mark.parametrize("purpose", PERMITTED)
def test_2_1_the_policys_purposes_send(purpose: str) -> None:
    assert judged(for_purpose(purpose), purpose=purpose) == []


def test_1_1_the_shipped_policy_permits_what_it_lists_and_nothing_else() -> None:
    assert [name for name, purpose in SETTINGS.purposes.items() if purpose.enabled] == PERMITTED


@pytest.mark.parametrize("purpose", ["", "fundraising", "EVENT_NOTICE", "event_notice "])
def test_1_1_a_purpose_that_is_not_listed_sends_nothing(purpose: str) -> None:
    assert judged(for_purpose(purpose), purpose=purpose) == [("PURPOSE_NOT_PERMITTED", "1.1")]


def test_2_1_a_purpose_that_is_turned_off_sends_nothing() -> None:
    purposes = {name: purpose.model_dump() for name, purpose in SETTINGS.purposes.items()}
    purposes["event_notice"]["enabled"] = False
    assert judged(facts(settings=settings(purposes=purposes))) == [NOT_PERMITTED]


@pytest.mark.parametrize("stage", Stage)
def test_7_1_marketing_is_off(stage: Stage) -> None:
    known = for_purpose("marketing")
    assert judged(known, purpose="marketing", stage=stage) == [("MARKETING_DISABLED", "7.1")]


def test_7_1_marketing_that_the_policy_turns_on_still_needs_consent() -> None:
    purposes = {name: purpose.model_dump() for name, purpose in SETTINGS.purposes.items()}
    purposes["marketing"]["enabled"] = True
    allowing = settings(purposes=purposes)
    assert judged(for_purpose("marketing", settings=allowing), purpose="marketing") == []
    unasked = for_purpose("marketing", settings=allowing, consents=(CONSENT,))
    assert judged(unasked, purpose="marketing") == [("CONSENT_MISSING", "4.1")]


def test_2_1_a_template_serves_its_own_purpose_only() -> None:
    assert judged(for_purpose("event_notice", template={"purpose": "appointment"})) == [NOT_PERMITTED]


def test_2_1_a_key_limited_to_purposes_serves_only_those() -> None:
    assert judged(facts(sender={"purposes": {"appointment"}})) == [NOT_PERMITTED]
    assert judged(facts(sender={"purposes": set()})) == [NOT_PERMITTED]
    assert judged(facts(sender={"purposes": {"appointment", "event_notice"}})) == []


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(0), []),
        (timedelta(days=7), []),
        (timedelta(days=7, seconds=1), [NOT_PERMITTED]),
        (YEAR, [NOT_PERMITTED]),
        (None, [NOT_PERMITTED]),
    ],
)
def test_2_1_a_reply_needs_an_enquiry_within_seven_days(
    ago: timedelta | None, expected: list[tuple[str, str]]
) -> None:
    inbound = None if ago is None else NOW - ago
    known = for_purpose("enquiry_reply", recipient={"last_inbound_at": inbound})
    assert judged(known, purpose="enquiry_reply") == expected


def test_2_1_a_reply_to_somebody_unknown_is_refused() -> None:
    reasons = judged(for_purpose("enquiry_reply", recipient=None), purpose="enquiry_reply")
    assert NOT_PERMITTED in reasons


def test_2_1_other_purposes_need_no_enquiry() -> None:
    assert judged(for_purpose("event_notice", recipient={"last_inbound_at": None})) == []


def test_3_3_an_unknown_template_that_would_have_named_the_purpose_is_the_one_reason() -> None:
    assert judged(facts(template=None), purpose="") == [
        ("CONSENT_MISSING", "4.1"),
        ("TEMPLATE_NOT_APPROVED", "3.3"),
    ]

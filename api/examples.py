"""A body for each model that is sent, as the description of the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.schema.approvals import NewRole, Refused
from api.schema.base import Input
from api.schema.batches import NewBatch
from api.schema.consents import NewOptIn, NewWording
from api.schema.console import AtCommand
from api.schema.contacts import ContactCsv, Members, NewContact, NewGroup, NewSuspect, Verified
from api.schema.doubts import Settled
from api.schema.duties import Closing, NewIncident
from api.schema.events import NewEndpoint, Since
from api.schema.lexicon import NewLexicon
from api.schema.messages import NewMessage
from api.schema.policy import Agreed, NewPolicy, NewReview, NewTraining, Telling
from api.schema.recipients import ConsentCsv, HoldOutcome, NewConsent, NewOptOut
from api.schema.sending import Why
from api.schema.templates import NewTemplate, Values
from api.schema.violations import Judgement

_NUMBER: Final = "+447700900123"  # of those that are kept for drama
_SLOTS: Final = {"place": "the museum", "day": "Friday"}
_PROOF: Final = {
    "number": _NUMBER,
    "purposes": ["event_notice", "event_reminder"],
    "method": "paper_form",
    "wording": "2026-09",
    "evidence": "form 118, office, blue folder",
    "given_at": "2026-09-01T08:30:00Z",
}
_CONSENTS: Final = (
    "number,purposes,method,wording,evidence,given_at\n"
    '+447700900123,"event_notice event_reminder",paper_form,2026-09,form 118,2026-09-01T08:30:00Z\n'
)

EXAMPLES: Final[Mapping[type[Input], Any]] = {
    NewMessage: {"to": _NUMBER, "template": "trip", "slots": _SLOTS, "reference": "trip-2026-118"},
    NewBatch: {
        "template": "trip",
        "slots": {"place": "the museum"},
        "recipients": [
            {"to": _NUMBER, "slots": {"day": "Friday"}, "reference": "trip-2026-118"},
            {"group": "year-7", "slots": {"day": "Monday"}},
        ],
    },
    NewConsent: _PROOF,
    NewOptIn: _PROOF | {"method": "web_form", "language": "cy"},
    NewWording: {"name": "2026-09", "text": "I agree that the school texts me about events."},
    ConsentCsv: _CONSENTS,
    NewOptOut: {"number": _NUMBER},
    HoldOutcome: {"outcome": "not_an_opt_out"},
    NewContact: {"number": _NUMBER, "name": "Sam Jones", "language": "cy", "labels": ["year-7"]},
    ContactCsv: "number,name,language,labels\n+447700900123,Sam Jones,cy,year-7\n",
    NewGroup: {"name": "year-7", "label": "year-7"},
    Members: {"join": ["ctc_01k4v0c3e5f7g9h1j2k3m4n5p6"], "leave": []},
    NewSuspect: {"number": _NUMBER},
    Verified: {"evidence": "confirmed at the parents' evening"},
    NewTemplate: {
        "name": "trip",
        "purpose": "event_notice",
        "body": "The trip to {place} is on {day}.",
        "slots": {
            "place": {"type": "choice", "choices": ["the museum", "the farm"]},
            "day": {"type": "choice", "choices": ["Friday", "Monday"]},
        },
    },
    Values: {"slots": _SLOTS},
    NewEndpoint: {"url": "https://mis.school.example/sms", "types": ["message.*", "inbound.received"]},
    Since: {"since": "2026-09-01T08:30:00Z"},
    Settled: {"part": 1, "outcome": "not_sent"},
    Refused: {"reason": "The date is wrong."},
    NewRole: {"handle": "jo", "role": "approver"},
    NewLexicon: {"document": 'glossary = ["SENCo", "Ofsted"]\n'},
    Agreed: {"statement_hash": "0" * 64},
    NewPolicy: {"text": "1.1 Texts are sent only for …", "version": "2026-1", "effective": "2026-09-01"},
    NewReview: {"reviewed_on": "2026-09-01", "note": "Nothing was changed."},
    NewTraining: {"person": "jo", "course": "SMS policy", "completed_on": "2026-09-01"},
    Telling: {"template": "policy-changed", "slots": {}},
    Why: {"reason": "The wrong list was used."},
    Judgement: {"person": "jo", "outcome": "coaching", "note": "The list was out of date."},
    NewIncident: {"kind": "complaint", "note": "A parent was texted at night."},
    Closing: {"outcome": "Answered in writing."},
    AtCommand: {"modem": "sim0", "command": "AT+CSQ"},
}
"""By the model; for a list in CSV its text."""

"""Every `code` that a problem may carry, and the status that it comes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy import Code
from policy.verdict import HTTP_STATUS

POLICY: Final[Mapping[str, int]] = {code.value: status for code, status in HTTP_STATUS.items()}

KEYS: Final[Mapping[str, int]] = {
    "KEY_MISSING": 401,
    "KEY_MALFORMED": 401,
    "KEY_UNKNOWN": 401,
    "KEY_REVOKED": 401,
    "KEY_EXPIRED": 401,
    "KEY_NOT_FROM_HERE": 403,
    Code.KEY_OWNER_INACTIVE.value: 403,
    Code.SCOPE_MISSING.value: 403,
}

BODIES: Final[Mapping[str, int]] = {
    "MALFORMED_BODY": 400,
    "TOO_SLOW": 408,
    "TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
}

INVALID: Final = "INVALID"
TOO_MANY: Final = "TOO_MANY_REQUESTS"

CONFLICTS: Final[Mapping[str, int]] = {
    "IDEMPOTENCY_CONFLICT": 409,
    "REFERENCE_CONFLICT": 409,
    "NOT_CANCELLABLE": 409,
    "NOT_HELD": 409,
    "NOT_IN_DOUBT": 409,
    "MODEM_AWAY": 409,
    "INCIDENT_CLOSED": 409,
    "LEGAL_HOLD": 409,
    "NOT_SUSPENDED": 409,
    "NOTHING_TO_DECIDE": 409,
    "POLICY_VERSION_EXISTS": 409,
    "NOT_YET_EFFECTIVE": 409,
    "STATEMENT_CHANGED": 409,
    "NOT_A_DRAFT": 409,
    "SECOND_PERSON_REQUIRED": 409,
    "APPROVAL_PENDING": 409,
    "NOT_LIFTABLE": 409,
    "APPROVAL_DECIDED": 409,
    "APPROVAL_EXPIRED": 409,
    "APPROVAL_VOID": 409,
    "TEMPLATE_UNSOUND": 409,
    "TOO_MANY_ENDPOINTS": 409,
    "CONTACT_EXISTS": 409,
    "CONFIRMATION_OFF": 409,
    "CONFIRMATION_ASKED": 409,
    "GROUP_EXISTS": 409,
    "PRECONDITION_FAILED": 412,
}

SERVER: Final[Mapping[str, int]] = {
    "INTERNAL": 500,
    "STORE_UNAVAILABLE": 503,
}

STATUS: Final[Mapping[str, int]] = {
    **POLICY,
    **KEYS,
    **BODIES,
    **CONFLICTS,
    **SERVER,
    INVALID: 422,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "MALFORMED_REQUEST": 400,
    TOO_MANY: 429,
}


REMEDY: Final[Mapping[str, str]] = {
    "NOT_AUTHORISED_SENDER": "Use a key whose person has the role of a sender; the owner gives it.",
    "KEY_OWNER_INACTIVE": "The person whom the key acts for is suspended: ask the owner of the policy.",
    "SCOPE_MISSING": "Use a key with the scope that the message names; its person's roles must permit it.",
    "POLICY_NOT_ACKNOWLEDGED": "The key's person reads GET /v1/policy and agrees: POST …/acknowledgements.",
    "TRAINING_EXPIRED": "The key's person renews the training; then send again.",
    "POLICY_REVIEW_OVERDUE": "The owner of the policy reviews it and records that: POST /v1/policy/reviews.",
    "PURPOSE_NOT_PERMITTED": "Use a template for a purpose that the policy and the key permit.",
    "CONSENT_MISSING": "Record the recipient's consent for this purpose with its evidence, or do not send.",
    "CONSENT_EXPIRED": "Ask the recipient again and record the new consent, or do not send.",
    "MARKETING_DISABLED": "Promotion is not sent by text message here.",
    "TEMPLATE_NOT_APPROVED": "Have a second person approve the template, or use one that is approved.",
    "SLOT_INVALID": "Give the named slot a value that its type allows; the template says which.",
    "APPROVAL_REQUIRED": "A second person approves it.",
    "CONTENT_SENSITIVE": "Such content is not sent by text message: say it in another way.",
    "CONTENT_REVIEW_REQUIRED": "A second person reads it first; it is held until then.",
    "TONE_REJECTED": "Change the template: no shouting, no slang, no emoji.",
    "TOO_LONG": "Shorten it, or drop the characters that POST /v1/messages/check names.",
    "RECIPIENT_OPTED_OUT": "Do not send. Only the recipient, or new consent with two people, can change it.",
    "RECIPIENT_ON_HOLD": "A person reads the recipient's reply first: GET /v1/opt-outs/holds.",
    "NUMBER_INVALID": "Correct the number: a mobile of the permitted countries, best as +447….",
    "NUMBER_SUSPECT": "Confirm the number with the recipient, then have it verified.",
    "RATE_LIMITED": "Wait for as long as Retry-After says.",
    "QUIET_HOURS": "Send later, or let it be held until the quiet hours end.",
    "SENDING_SUSPENDED": "Wait until the owner lets sending go on: GET /v1/sending tells.",
    "KEY_MISSING": "Send the header Authorization: Bearer sg_….",
    "KEY_MALFORMED": "Copy the whole key: it was shown once, when it was made.",
    "KEY_UNKNOWN": "Use a key of this installation.",
    "KEY_REVOKED": "Use another key.",
    "KEY_EXPIRED": "Ask for a new key: they last a year at most.",
    "KEY_NOT_FROM_HERE": "Use the key in the networks it was made for, or have one made for yours.",
    "MALFORMED_REQUEST": "Send a request as HTTP/1.1 has it; a client library does.",
    "MALFORMED_BODY": "Send one JSON document (CSV for imports) in UTF-8; the message says where it breaks.",
    "TOO_SLOW": "Send the body at once: it was waited for in vain.",
    "TOO_LARGE": "Send less at once: 10,000 recipients or lines are the most.",
    "UNSUPPORTED_MEDIA_TYPE": "Set Content-Type as the message says.",
    "IDEMPOTENCY_CONFLICT": "Use a fresh Idempotency-Key for another request.",
    "REFERENCE_CONFLICT": "Use a fresh reference for another message.",
    "NOT_CANCELLABLE": "It has left or ended: nothing can be done.",
    "NOT_HELD": "Read the batch again: it is not waiting for approval any more.",
    "NOT_A_DRAFT": "Read the template again: only a draft can be approved.",
    "SECOND_PERSON_REQUIRED": "Ask somebody else than its author or sender.",
    "APPROVAL_PENDING": "Wait for the second person's answer, or take the question back.",
    "NOT_LIFTABLE": "Ask the recipient to send START.",
    "APPROVAL_DECIDED": "Read the approval again: somebody has decided.",
    "APPROVAL_EXPIRED": "Have it asked for again: nobody decided in time.",
    "APPROVAL_VOID": "Have it asked for again: it is not what it was when it was asked for.",
    "POLICY_VERSION_EXISTS": "Give the version another name.",
    "NOT_YET_EFFECTIVE": "Publish it when its effective date has come.",
    "STATEMENT_CHANGED": "Read GET /v1/policy again, and agree to what it says now.",
    "NOTHING_TO_DECIDE": "Read the ledger again: everything of this person is decided.",
    "NOT_SUSPENDED": "Nothing is to be done: sending goes on.",
    "LEGAL_HOLD": "Keep it until the data protection officer has lifted the legal hold on the number.",
    "INCIDENT_CLOSED": "Nothing is to be done: it was closed before.",
    "MODEM_AWAY": "Wait until the modem is back, or see what is wrong with it: GET /v1/modems.",
    "NOT_IN_DOUBT": "Read the message again: its fate is known by now.",
    "TEMPLATE_UNSOUND": "Draft a new version without the faults that the message names.",
    "TOO_MANY_ENDPOINTS": "Remove an endpoint that is not needed.",
    "CONFIRMATION_OFF": "Record the consent as the form has it, or have the policy name a template.",
    "CONFIRMATION_ASKED": "Wait for the reply: nobody is asked twice.",
    "CONTACT_EXISTS": "Change the contact that is there: the same name with the same number is one.",
    "GROUP_EXISTS": "Use the group that is there, or another name.",
    "PRECONDITION_FAILED": "Read the thing again, make the change again, and send the new ETag.",
    "INTERNAL": "Tell your administrator the request_id: the log has more.",
    "STORE_UNAVAILABLE": "Try again soon: nothing was changed. If it stays, tell your administrator.",
    "INVALID": "Correct every field in `errors`; nothing was done.",
    "NOT_FOUND": "Check the address and the id; other people's messages are not shown.",
    "METHOD_NOT_ALLOWED": "Use one of the methods in the header Allow.",
    "TOO_MANY_REQUESTS": "Wait for as long as Retry-After says; RateLimit tells what is left.",
}
"""What to do about each code."""

CLAUSE: Final[Mapping[str, str]] = {
    "NOT_AUTHORISED_SENDER": "3.1, 3.2, 8.2",
    "KEY_OWNER_INACTIVE": "3.1",
    "SCOPE_MISSING": "3.2",
    "KEY_NOT_FROM_HERE": "3.2",
    "POLICY_NOT_ACKNOWLEDGED": "9.2",
    "TRAINING_EXPIRED": "9.2",
    "POLICY_REVIEW_OVERDUE": "9.1",
    "PURPOSE_NOT_PERMITTED": "2.1, 7.1",
    "CONSENT_MISSING": "4.1, 7.2",
    "CONSENT_EXPIRED": "4.1, 7.2",
    "MARKETING_DISABLED": "7.1",
    "TEMPLATE_NOT_APPROVED": "3.3",
    "SLOT_INVALID": "3.3",
    "APPROVAL_REQUIRED": "3.3",
    "SECOND_PERSON_REQUIRED": "3.3",
    "APPROVAL_PENDING": "3.3",
    "NOT_LIFTABLE": "6.2",
    "APPROVAL_DECIDED": "3.3",
    "APPROVAL_EXPIRED": "3.3",
    "APPROVAL_VOID": "3.3",
    "CONTENT_SENSITIVE": "2.2, 7.1",
    "CONTENT_REVIEW_REQUIRED": "2.2, 7.1",
    "TONE_REJECTED": "5.2, 5.3",
    "TOO_LONG": "5.1",
    "RECIPIENT_OPTED_OUT": "6.2",
    "RECIPIENT_ON_HOLD": "6.2",
    "NUMBER_INVALID": "4.3",
    "NUMBER_SUSPECT": "4.3",
    "SENDING_SUSPENDED": "8.1",
    "RATE_LIMITED": "3.2, 5.2",
    "QUIET_HOURS": "5.2",
}
"""Of the policy, where a code rests on one; the answer itself names the one that applied."""


def title(code: str) -> str:
    """Return the code as words."""
    return code.replace("_", " ").capitalize()

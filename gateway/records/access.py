"""Who may do what: people, keys and scopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key may do. A route without a scope cannot exist."""

    PUBLIC = "public"
    SEND = "messages:send"
    FREE_TEXT = "messages:free_text"
    KANNEL = "messages:kannel"  # by the address of Kannel; only for keys that name it
    READ = "messages:read"
    APPROVE = "messages:approve"
    APPROVALS = "approvals:use"
    DECIDE = "approvals:decide"
    INBOX = "inbox:read"
    OPT_OUTS_READ = "opt-outs:read"
    OPT_OUTS_WRITE = "opt-outs:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    GROUPS_READ = "groups:read"  # their names and sizes
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    PEOPLE_WRITE = "people:write"
    TEMPLATES_APPROVE = "templates:approve"
    LEXICON = "lexicon:write"
    MODEMS = "modems:read"
    CONSOLE = "modems:console"  # speak to a modem
    EVENTS = "events:read"
    WEBHOOKS = "webhooks:write"
    DOUBTS = "doubts:write"
    REPORTS = "reports:read"
    INCIDENTS = "incidents:write"
    SENDING_SUSPEND = "sending:suspend"
    SENDING_RESUME = "sending:resume"
    VIOLATIONS_READ = "violations:read"
    VIOLATIONS_DECIDE = "violations:decide"
    POLICY_READ = "policy:read"
    POLICY_ACKNOWLEDGE = "policy:acknowledge"
    POLICY_WRITE = "policy:write"
    POLICY_PUBLISH = "policy:publish"
    PEOPLE_READ = "people:read"


class KeyKind(StrEnum):
    """`live` reaches the radio, `team` only the guest list, `test` no radio at all."""

    LIVE = "live"
    TEAM = "team"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a key that acts for a named, active person (3.1)."""

    key_id: str
    key_kind: KeyKind
    person_id: str
    handle: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person who may act through keys."""

    id: str
    handle: str
    name: str
    status: str  # active | suspended
    roles: Mapping[str, datetime]  # when each ends
    acknowledged_at: datetime | None  # of the policy version in force
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key, without its secret."""

    id: str
    handle: str
    kind: KeyKind
    label: str
    scopes: tuple[str, ...]
    purposes: tuple[str, ...] | None  # None: every permitted purpose
    templates: tuple[str, ...] | None  # None: every approved template
    networks: tuple[str, ...] | None  # None: from anywhere
    per_minute: int | None  # recipients; None: no cap of its own
    daily: int | None  # likewise
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

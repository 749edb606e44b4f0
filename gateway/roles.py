"""What each role lets a person's keys do (clause 3.2): what is not listed is denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gateway.records import Scope

_BOUND: Final = frozenset({Scope.POLICY_READ, Scope.POLICY_ACKNOWLEDGE})  # everybody keeps to it (9.2)
_TOLD: Final = _BOUND | {Scope.EVENTS, Scope.WEBHOOKS}  # of what the other scopes open, and no more
_ASKING: Final = frozenset({Scope.APPROVALS})  # for a second person, and what became of it
_SENDING: Final = (
    frozenset({Scope.SEND, Scope.KANNEL, Scope.READ, Scope.TEMPLATES_READ, Scope.GROUPS_READ, Scope.DOUBTS})
    | _TOLD
    | _ASKING
)
_DECIDING: Final = frozenset({Scope.APPROVE, Scope.DECIDE, Scope.DOUBTS}) | _ASKING
_WATCHING: Final = frozenset(
    {Scope.TEMPLATES_READ, Scope.CONSENTS_READ, Scope.OPT_OUTS_READ, Scope.MODEMS, Scope.READ}
)
_CONTACTS: Final = frozenset(
    {
        Scope.CONSENTS_READ,
        Scope.CONSENTS_WRITE,
        Scope.CONTACTS_READ,
        Scope.CONTACTS_WRITE,
        Scope.GROUPS_READ,
        Scope.OPT_OUTS_READ,
        Scope.OPT_OUTS_WRITE,
        Scope.INBOX,
        Scope.APPROVALS,
    }
)
_REPORTS: Final = frozenset({Scope.REPORTS})
_BRAKE: Final = frozenset({Scope.SENDING_SUSPEND})
_GOVERNING: Final = (
    _BRAKE
    | _REPORTS
    | {
        Scope.INCIDENTS,
        Scope.POLICY_WRITE,
        Scope.POLICY_PUBLISH,
        Scope.VIOLATIONS_READ,
        Scope.VIOLATIONS_DECIDE,
        Scope.PEOPLE_READ,
    }
)

ROLES: Final[Mapping[str, frozenset[Scope]]] = MappingProxyType(
    {
        "sender": _SENDING,
        "free_text_sender": _SENDING | {Scope.FREE_TEXT},
        "template_author": _BOUND | {Scope.TEMPLATES_READ, Scope.TEMPLATES_WRITE, Scope.LEXICON} | _ASKING,
        "approver": frozenset({Scope.TEMPLATES_READ, Scope.TEMPLATES_APPROVE}) | _DECIDING | _TOLD | _BRAKE,
        "contact_manager": _CONTACTS | _TOLD,
        "dpo": _CONTACTS | _TOLD | _GOVERNING | {Scope.DECIDE},
        "auditor": _WATCHING | _TOLD | _REPORTS | {Scope.VIOLATIONS_READ, Scope.PEOPLE_READ},
        # technical: neither sends nor reads bodies
        "admin": frozenset({Scope.MODEMS, Scope.CONSOLE, Scope.PEOPLE_READ, Scope.PEOPLE_WRITE})
        | _TOLD
        | _BRAKE
        | _ASKING,
        "owner": _WATCHING
        | _TOLD
        | _DECIDING
        | _GOVERNING
        | {Scope.INBOX, Scope.SENDING_RESUME, Scope.LEXICON, Scope.PEOPLE_WRITE},
    }
)


EVERY_SCOPE: Final = "*"
"""Among a key's scopes: whatever the roles of its person permit, now and later, but `NAMED_ONLY`."""
NAMED_ONLY: Final = frozenset({Scope.PUBLIC, Scope.KANNEL})
"""What a key has only if it was made with it by name."""


def scopes_named(stored: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes that a key was made with."""
    return _named(frozenset(stored))


@lru_cache(maxsize=64)
def _named(names: frozenset[str]) -> frozenset[Scope]:
    usual = frozenset(Scope) - NAMED_ONLY if EVERY_SCOPE in names else frozenset()
    return usual.union(scope for scope in Scope if scope.value in names)


def scopes_of(roles: Iterable[str]) -> frozenset[Scope]:
    """Return all that these roles permit together."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))

"""What each role lets a person's keys do (clause 3.2): what is not listed is denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.records import Scope

_TOLD: Final = frozenset({Scope.EVENTS, Scope.WEBHOOKS})  # of what the other scopes open, and no more
_SENDING: Final = frozenset({Scope.SEND, Scope.READ, Scope.TEMPLATES_READ, Scope.DOUBTS}) | _TOLD
_DECIDING: Final = frozenset({Scope.APPROVE, Scope.DOUBTS})
_WATCHING: Final = frozenset(
    {Scope.TEMPLATES_READ, Scope.CONSENTS_READ, Scope.OPT_OUTS_READ, Scope.MODEMS, Scope.READ}
)
_CONTACTS: Final = frozenset(
    {
        Scope.CONSENTS_READ,
        Scope.CONSENTS_WRITE,
        Scope.OPT_OUTS_READ,
        Scope.OPT_OUTS_WRITE,
        Scope.INBOX,
    }
)

ROLES: Final[Mapping[str, frozenset[Scope]]] = MappingProxyType(
    {
        "sender": _SENDING,
        "free_text_sender": _SENDING,
        "template_author": frozenset({Scope.TEMPLATES_READ, Scope.TEMPLATES_WRITE}),
        "approver": frozenset({Scope.TEMPLATES_READ, Scope.TEMPLATES_APPROVE}) | _DECIDING | _TOLD,
        "contact_manager": _CONTACTS | _TOLD,
        "dpo": _CONTACTS | _TOLD,
        "auditor": _WATCHING | _TOLD,
        "admin": frozenset({Scope.MODEMS}) | _TOLD,  # technical: neither sends nor reads bodies
        "owner": _WATCHING | _TOLD | _DECIDING | {Scope.INBOX},
    }
)


def scopes_of(roles: Iterable[str]) -> frozenset[Scope]:
    """Return all that these roles permit together."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))

"""What an entry in the register of people and keys must be like; each fault names its field."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from gateway.errors import Fault
from gateway.origins import faults as network_faults
from gateway.records import Scope
from gateway.roles import NAMED_ONLY, ROLES

_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_LONGEST_NAME: Final = 80
_MOST: Final = 1_000_000
_MOST_DAYS: Final = 366


def all_scopes() -> tuple[str, ...]:
    """Return every scope that a key may have."""
    return tuple(scope.value for scope in Scope if scope is not Scope.PUBLIC)


def usual_scopes() -> tuple[str, ...]:
    """Return what a key may have that names no scopes: all but those that must be named."""
    return tuple(scope for scope in all_scopes() if scope not in NAMED_ONLY)


def key_faults(
    label: str,
    days: int,
    *,
    scopes: Sequence[str] | None,
    purposes: Sequence[str] | None,
    networks: Sequence[str] | None,
    known: Collection[str],
) -> Iterator[Fault]:
    """Yield what is wrong with a key that is wanted; `known` are the policy's purposes."""
    if not 1 <= len(label.strip()) <= _LONGEST_NAME:
        yield Fault("label", f"say in 1 to {_LONGEST_NAME} characters what the key is for")
    if not 1 <= days <= _MOST_DAYS:
        yield Fault("days", f"must be 1 to {_MOST_DAYS}: keys last a year at most")
    for scope in sorted(set(scopes or ()) - set(all_scopes())):
        yield Fault("scopes", f"there is no scope {scope}; scopes: {', '.join(all_scopes())}")
    for purpose in sorted(set(purposes or ()) - set(known)):
        yield Fault("purposes", f"there is no purpose {purpose}; purposes: {', '.join(known)}")
    if networks is not None:
        yield from network_faults(networks)


def cap_faults(caps: Mapping[str, int | None]) -> Iterator[Fault]:
    """Yield what is wrong with the caps of a key that is wanted; None is no cap."""
    for name, most in caps.items():
        if most is not None and not 1 <= most <= _MOST:
            yield Fault(name, f"must be 1 to {_MOST} recipients; leave it out for no cap")


def person_faults(handle: str, name: str) -> Iterator[Fault]:
    """Yield what is wrong with a person's names."""
    if not _HANDLE.fullmatch(handle):
        yield Fault(
            "handle", "must be 1 to 32 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"
        )
    if not 1 <= len(name.strip()) <= _LONGEST_NAME:
        yield Fault("name", f"must have 1 to {_LONGEST_NAME} characters")


def role_faults(roles: Sequence[str]) -> Iterator[Fault]:
    """Yield which roles there are not."""
    for role in sorted(set(roles) - ROLES.keys()):
        yield Fault("roles", f"there is no role {role}; roles: {', '.join(ROLES)}")

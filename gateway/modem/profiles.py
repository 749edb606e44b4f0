"""What sets one make of modem apart from the next: data (`profiles.toml`), matched on AT+CGMI and AT+CGMM."""

from __future__ import annotations

import re
import tomllib
from functools import cache, cached_property
from importlib import resources
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.modem import answers
from gateway.modem.commands import PIN_TRIES, Command

Generation = Literal["2G", "3G", "4G"]
_UNSOURCED: Final = {"name", "match", "sources"}
_At = Annotated[str, Field(pattern=r"^AT[+^#!$][A-Z]+[\x20-\x7e]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class CardQuery(_Part):
    """A command that tells the SIM's number."""

    ask: _At
    answer: str | None = None  # the answer's prefix, where it is not the command's own name

    def command(self) -> Command[str]:
        """Return it as a command."""
        prefix = self.answer or _name(self.ask)
        return Command(self.ask, answers.card_number, prefixes=(prefix,), freeform=True)


class TriesQuery(_Part):
    """A command that tells how many PIN attempts are left, and where in the answer."""

    ask: _At
    field: Annotated[int, Field(ge=0, le=9)]

    def command(self) -> Command[int]:
        """Return it as a command."""
        return Command(self.ask, answers.tries_field(self.field), prefixes=(_name(self.ask),))


class UsbIdentity(_Part):
    """One identity on USB: the interfaces that speak AT, or what it is in place of a modem."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
    at: tuple[Annotated[int, Field(ge=0, le=31)], ...] = ()
    storage: bool = False  # a disk: the mode switch is not done
    network: bool = False  # a network card with a router in it: no mode switch makes a modem of that

    @model_validator(mode="after")
    def _one_of_these(self) -> Self:
        if (bool(self.at), self.storage, self.network).count(True) != 1:
            raise ValueError(f"{self.id}: either `at` or `storage` or `network`")
        return self


class Members(_Part):
    """Members of a family that know an older or a newer network than its usual ones."""

    match: str  # found in the model, ignoring case
    generation: Generation


class Profile(_Part):
    """The quirks of a family of modems; `profiles.toml` says what each key means, and where it is from."""

    name: str
    match: str = ""
    generation: Generation | None = None
    members: tuple[Members, ...] = ()
    prepare: tuple[_At, ...] = ()
    card: tuple[CardQuery, ...] = ()
    pin_tries: tuple[TriesQuery, ...] = ()
    keep_link: tuple[Literal[1, 2], ...] = (2, 1)
    ussd: Literal["plain", "packed"] = "plain"
    mode_tries: Annotated[int, Field(ge=1, le=120)] = 10
    usb: tuple[UsbIdentity, ...] = ()
    sources: dict[str, str] = {}

    @model_validator(mode="after")
    def _every_quirk_has_a_source(self) -> Self:
        given = self.model_fields_set - _UNSOURCED
        if given != self.sources.keys():
            odd = ", ".join(sorted(given ^ self.sources.keys()))
            raise ValueError(f"profile {self.name}: a source for each key, and for no other: {odd}")
        return self

    def newest_network(self, model: str) -> Generation | None:
        """Return the newest network that a `model` of this family knows, None where nothing says so."""
        odd = (each.generation for each in self.members if re.search(each.match, model, re.IGNORECASE))
        return next(odd, self.generation)

    def speaks_at(self, ident: str) -> frozenset[int]:
        """Return the interfaces of the USB device `ident` that speak AT; of an unknown one, those of all."""
        named = [each for each in self.usb if each.at and each.id == ident]
        return frozenset(number for each in named or self.usb for number in each.at)

    @cached_property
    def card_queries(self) -> tuple[Command[str], ...]:
        """The commands that tell the SIM's number, to be tried before the usual ones."""
        return tuple(query.command() for query in self.card)

    @cached_property
    def tries_queries(self) -> tuple[Command[int], ...]:
        """The commands that tell how many PIN attempts are left: the standard's first."""
        return (PIN_TRIES, *(query.command() for query in self.pin_tries))


class _File(_Part):
    profile: tuple[Profile, ...]


GENERIC: Final = Profile(name="generic")


def parse(text: str) -> tuple[Profile, ...]:
    """Return the profiles in a TOML text; an unknown key is a `ValueError` that names it."""
    return _File.model_validate(tomllib.loads(text)).profile


@cache
def profiles() -> tuple[Profile, ...]:
    """Return the profiles that are shipped."""
    shipped = resources.files("gateway.modem").joinpath("profiles.toml")
    return parse(shipped.read_text(encoding="utf-8"))


def profile_for(manufacturer: str, model: str, wanted: str = "auto") -> Profile:
    """Return the profile named `wanted` or, for "auto", the one that matches; else the generic one."""
    for profile in profiles():
        if profile.name == wanted:
            return profile
        if wanted == "auto" and re.search(profile.match, f"{manufacturer} {model}", re.IGNORECASE):
            return profile
    return GENERIC


def names() -> tuple[str, ...]:
    """Return what a configuration may name."""
    return ("auto", GENERIC.name, *(profile.name for profile in profiles()))


def _name(command: str) -> str:
    """Return the prefix of an answer: +ZPINPUK: after AT+ZPINPUK=?."""
    return command.removeprefix("AT").partition("=")[0].rstrip("?") + ":"

"""The organisation's policy as data: `policy.toml`. Another organisation changes this, never the code."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from policy.limits import Limits
from policy.quiet_hours import BankHolidays, Hours, QuietHours
from policy.verdict import Code

_SHIPPED = "default.toml"

# The types of slot that take values from the organisation's lists.
LISTS: Final = (
    "reference",
    "organisation_phone",
    "staff_name",
    "group",
    "event",
    "place",
    "reason",
    "route",
    "money",
    "url",
)


class PolicyFileError(Exception):
    """A policy file that cannot be used: every fault, each with the path of its key."""

    def __init__(self, path: str, problems: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(problems))
        self.path = path
        self.problems = problems


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ValueError("is not a time zone such as Europe/London") from exc
    return name


def _anniversary(day: date) -> date:
    """Return the same day next year; 1 March for 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def _list_name(name: str) -> str:
    if name not in LISTS:
        raise ValueError(f"there is no such list; lists: {', '.join(LISTS)}")
    return name


def is_one_line(text: str) -> bool:
    """Return whether an approved value is what it seems: one line, nothing hidden, no slot in it."""
    return text.isprintable() and text == text.strip() and not {"{", "}"} & set(text)


def _one_line(text: str) -> str:
    if not is_one_line(text):
        raise ValueError("must be one line, without spaces around it, hidden characters or braces")
    return text


# One part, whatever the network (6.2): no character that counts double or forces UCS-2.
OnePart = Annotated[str, Field(pattern=r"^[A-Za-z0-9 \n£$!\"#%&'()*+,./:;<=>?@_-]{1,160}$")]
WayOut = Annotated[str, Field(min_length=4, max_length=60, pattern="STOP")]  # in any language
LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Months = Annotated[int, Field(ge=1, le=120)]
Listed = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_one_line)]
ListName = Annotated[str, AfterValidator(_list_name)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Purpose(_Section):
    """One permitted use of text messages (2.1)."""

    label: Annotated[str, Field(min_length=1)]
    enabled: bool = True
    marketing: bool = False
    reply_within_days: Annotated[int, Field(ge=1)] | None = None  # only after they wrote or called
    appointment: bool = False  # a CANCEL soon after one may mean the appointment (6.2)


class Topic(_Section):
    """What "STOP EVENTS" narrows to (6.2)."""

    purposes: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    words: tuple[str, ...] = ()  # other names for it in a reply


class Review(_Section):
    """The policy's own dates (9.1)."""

    version: str
    effective: date
    last_reviewed: date
    authorised_by: str
    overdue: Literal["warn", "block_bulk", "block_all"] = "block_bulk"
    grace_days: Annotated[int, Field(ge=0)] = 30
    acknowledged_as: str = ""  # the version that people must have acknowledged (9.2); empty: this one

    @property
    def to_acknowledge(self) -> str:
        """The version that people must have acknowledged: the last that changed what they must do."""
        return self.acknowledged_as or self.version

    @property
    def due(self) -> date:
        """One year after the last review."""
        return _anniversary(self.last_reviewed)


class Retention(_Section):
    """How long what is kept is kept (1.2). Opt-outs have no end; the audit log is not shortened."""

    body_days: Annotated[int, Field(ge=7, le=3660)] = 90  # texts that were sent
    inbound_days: Annotated[int, Field(ge=30, le=3660)] = 90  # what came in
    metadata_years: Annotated[int, Field(ge=1, le=20)] = 3  # that a text went to a number, and its fate
    consent_years: Annotated[int, Field(ge=1, le=20)] = 6  # evidence, after the consent has ended
    legal_hold: bool = False  # nothing is purged or erased


class Incidents(_Section):
    """What must be answered by a day (1.2); the law sets a month for access, 72 hours for a breach."""

    complaint_days: Annotated[int, Field(ge=1, le=90)] = 30


class Training(_Section):
    """Training in the policy (9.2)."""

    required: bool = False  # before anybody sends
    months: Months = 12  # until it has to be done again


class Violations(_Section):
    """Which refusals count against the person, and when they suspend that person's sending (8.2)."""

    suspend_at: Annotated[int, Field(ge=1)] = 3  # submissions refused
    within_days: Annotated[int, Field(ge=1, le=366)] = 30
    counts: Mapping[Annotated[str, Field(pattern=r"^[1-9]\.[1-9]$")], tuple[Code, ...]] = {
        "2.2": (Code.CONTENT_SENSITIVE,),
        "4.1": (Code.CONSENT_MISSING, Code.CONSENT_EXPIRED),
        "7.1": (Code.CONTENT_SENSITIVE, Code.MARKETING_DISABLED),
    }


class Confirmation(_Section):
    """The one text to a person who asked by form to be texted (4.1)."""

    template: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_-]{0,63})?$")] = ""  # empty: there is none
    days: Annotated[int, Field(ge=1, le=60)] = 14  # that their YES counts


class BreakGlass(_Section):
    """The way past an opt-out (6.2): off, and for these urgent templates only."""

    enabled: bool = False
    templates: frozenset[str] = frozenset()


class PolicySettings(_Section):
    """All of it. A setting that is not listed here is a mistake in the file."""

    organisation: Annotated[str, Field(min_length=2, max_length=40)]
    signature: Annotated[str, Field(max_length=44)]  # put before every text that does not name it
    opt_out_text: WayOut
    stop_confirmation: OnePart
    start_confirmation: OnePart
    help_text: OnePart
    max_parts: Annotated[int, Field(ge=1, le=10)] = 2
    consent_months: Months = 24
    consent_reminder_days: Annotated[int, Field(ge=1, le=365)] = 60  # before one ends (4.1)
    suspect_after: Annotated[int, Field(ge=1, le=20)] = 3  # failures for good, in a row (4.3)
    approval_months: Months = 12
    approval_days: Annotated[int, Field(ge=1, le=90)] = 14
    role_months: Months = 12
    bulk_above: Annotated[int, Field(ge=1)] = 20
    appointment_hours: Annotated[int, Field(ge=1)] = 72  # CANCEL this soon may mean the appointment
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/London"
    allowed_regions: Annotated[tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...], Field(min_length=1)]
    sending_roles: Annotated[frozenset[str], Field(min_length=1)]
    free_text_roles: frozenset[str] = frozenset({"free_text_sender"})
    guests: frozenset[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]] = frozenset()
    url_hosts: frozenset[str] = frozenset()
    email_domains: frozenset[str] = frozenset()
    glossary: frozenset[str] = frozenset()
    review: Review
    retention: Retention = Retention()
    break_glass: BreakGlass = BreakGlass()
    confirmation: Confirmation = Confirmation()
    incidents: Incidents = Incidents()
    quiet_hours: QuietHours = QuietHours()
    limits: Limits = Limits()
    training: Training = Training()
    violations: Violations = Violations()
    purposes: Annotated[Mapping[Identifier, Purpose], Field(min_length=1)]
    topics: Mapping[Identifier, Topic] = {}
    opt_out_texts: Mapping[LanguageTag, WayOut] = {}  # by the language of the template (6.1)
    lists: Mapping[ListName, tuple[Listed, ...]] = {}

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a policy file, or the one that is shipped. Raises `PolicyFileError`."""
        source = resources.files("policy").joinpath(_SHIPPED) if path is None else path
        try:
            return cls.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
        except OSError as exc:
            raise PolicyFileError(str(source), [str(exc.strerror)]) from exc
        except UnicodeDecodeError as exc:
            raise PolicyFileError(str(source), [f"not UTF-8 at byte {exc.start}"]) from exc
        except tomllib.TOMLDecodeError as exc:
            raise PolicyFileError(str(source), [f"not TOML: {exc}"]) from exc
        except ValidationError as exc:
            raise PolicyFileError(str(source), [_sentence(error) for error in exc.errors()]) from exc

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, topic in self.topics.items():
            for purpose in topic.purposes:
                if purpose not in self.purposes:
                    raise ValueError(f"topics.{name}.purposes: there is no purpose {purpose}")
        for purpose in sorted(self.quiet_hours.term_only - self.purposes.keys()):
            raise ValueError(f"quiet_hours.term_only: there is no purpose {purpose}")
        for field in ("signature", "stop_confirmation", "start_confirmation", "help_text"):
            if not self.is_named_in(getattr(self, field)):
                raise ValueError(f"{field}: must contain the organisation's name (5.2)")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which dates and times are meant."""
        return ZoneInfo(self.time_zone)

    def hours(self, holidays: BankHolidays, purpose: str) -> Hours:
        """Return the windows in which texts for a purpose may arrive (5.2)."""
        found = self._hours.get(purpose)
        if found is None or found.holidays is not holidays or found.quiet is not self.quiet_hours:
            found = self._hours[purpose] = Hours(self.quiet_hours, self.zone, holidays, purpose)
        return found

    @cached_property
    def _hours(self) -> dict[str, Hours]:
        return {}

    def is_named_in(self, text: str) -> bool:
        """Return whether the text has the organisation's name, as words of its own (5.2)."""
        return re.search(rf"(?<!\w){re.escape(self.organisation)}(?!\w)", text, re.IGNORECASE) is not None

    def purposes_of(self, topic: str) -> frozenset[str]:
        """Return what an opt-out of `topic` covers: everything for "" and for a topic no longer listed."""
        found = self.topics.get(topic)
        return frozenset(self.purposes if found is None else found.purposes)

    def overdue_by(self, today: date) -> timedelta | None:
        """Return how long the yearly review is overdue; None while it is not (9.1)."""
        late = today - self.review.due
        return late if late > timedelta(0) else None


def _sentence(error: ErrorDetails) -> str:
    key = ".".join(str(step) for step in error["loc"] if step != "[key]")
    if error["type"] == "extra_forbidden":
        return f"{key}: there is no such setting"
    message = error["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" if key else message

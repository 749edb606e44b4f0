"""What is written to people: one letter, or one text message, for everything that is to be told at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway import sms
from gateway.alerts.alarm import Alarm, Key, Plan

_ONE_PART: Final = 1


def subject(gateway: str, told: Plan) -> str:
    """Return the letter's subject: one line."""
    return f"[Schoolgate {gateway}] {_headline(told)}"


def letter(gateway: str, told: Plan) -> str:
    """Return the letter: everything, each with its remedy."""
    lines = [f"This is the SMS gateway {gateway}.", ""]
    lines += _listed("Needs a person:", told.raised)
    lines += _listed("Still so:", told.reminded)
    if told.ended:
        lines += ["Over:", *(f"  {about}: {kind}" for kind, about in told.ended), ""]
    return "\n".join([*lines, "All of it on one screen: schoolgate status", ""])


def text(gateway: str, told: Plan) -> str:
    """Return a text message of one part."""
    whole = f"Schoolgate {gateway}: {_headline(told)}".replace("…", "...")
    while len(sms.split(whole).parts) > _ONE_PART:
        whole = whole[:-1]
    return whole


def _headline(told: Plan) -> str:
    alarms = [*told.raised, *told.reminded]
    if alarms:
        more = len(alarms) - 1
        return f"{alarms[0].about}: {alarms[0].what}" + (f" (and {more} more)" if more else "")
    return _over(told.ended)


def _over(ended: Sequence[Key]) -> str:
    kind, about = ended[0]
    more = len(ended) - 1
    return f"over: {about} {kind}" + (f" (and {more} more)" if more else "")


def _listed(title: str, alarms: Sequence[Alarm]) -> list[str]:
    if not alarms:
        return []
    return [title, *(f"  {each.about}: {each.what}\n    -> {each.remedy}" for each in alarms), ""]

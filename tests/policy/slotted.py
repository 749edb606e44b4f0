"""An organisation whose lists have something in each, and how to fill a slot there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from policy.slots import Filled, SlotError, fill
from tests.policy.cases import NOW, settings

SITE = settings(
    url_hosts=["www.example.sch.uk"],
    lists={
        "reference": ["KRS", "INV"],
        "organisation_phone": ["01632 960123"],
        "staff_name": ["Mr Hall"],
        "group": ["Breakfast club"],
        "event": ["sports day"],
        "place": ["the main hall"],
        "reason": ["the weather"],
        "route": ["route 7"],
        "money": ["£12", "£12.50"],
        "url": ["https://www.example.sch.uk/term-dates", "https://elsewhere.example/term-dates"],
    },
)
TODAY = NOW.date()  # Monday 2 June 2025
CHOICE: dict[str, Any] = {"type": "choice", "choices": ["a hat", "a coat"]}


def filled(value: str, kind: str, now: datetime = NOW, **options: Any) -> Filled:
    return fill(value, {"type": kind} | options, SITE, now)


def refused(value: str, kind: str, now: datetime = NOW, **options: Any) -> SlotError:
    with pytest.raises(SlotError) as caught:
        filled(value, kind, now, **options)
    return caught.value

"""Limits and quiet hours as callers meet them, on a real gateway with the limits as they are shipped."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from gateway.clock import utc_now
from gateway.records import KeyKind
from tests.api.conftest import CONSENTED, Answer, Api, batch, running
from tests.system.site import message, reviewed_policy

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDINGS = [
    {"place": place, "day": day} for place in ("the museum", "the farm") for day in ("Friday", "Monday")
]
SHUT = ("weekdays", "saturdays", "sundays", "bank_holidays")
NOON = 12


async def gateway(furnished: Path, directory: Path, **policy: str) -> AsyncIterator[Api]:
    """Run a gateway with some of the policy as it is told."""
    shutil.copytree(furnished, directory / "made")
    (directory / "made" / "policy.toml").write_text(reviewed_policy(**policy))
    async with running(directory / "made", directory / "run") as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strict(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    shipped = {"recipient_a_day": "3", "same_wording_minutes": "10"}
    async for made in gateway(furnished, tmp_path_factory.mktemp("strict"), **shipped):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shut(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """A gateway whose windows open for one minute of the day, some hours from now."""
    afternoon = utc_now().astimezone(ZoneInfo("Europe/London")).hour >= NOON
    late = dict.fromkeys(SHUT, '"00:00-00:01"' if afternoon else '"23:59-24:00"')
    async for made in gateway(furnished, tmp_path_factory.mktemp("shut"), **late):
        yield made


@pytest.fixture(scope="module")
def numbers() -> Iterator[str]:
    """Numbers to which nothing was sent yet."""
    return iter(CONSENTED)


async def send(api: Api, to: str, wording: int = 0, **more: Any) -> Answer:
    return await api.call("POST", "/v1/messages", message(to, slots=WORDINGS[wording]), **more)


def is_limited(answer: Answer, clause: str, *, within: timedelta) -> None:
    """Fail unless it says 429 RATE_LIMITED, and how long to wait: no longer than so."""
    answer.is_problem(429, "RATE_LIMITED")
    assert answer.body["clause"] == clause
    wait = int(answer.headers["Retry-After"])
    assert 0 < wait <= within.total_seconds()
    until = datetime.fromisoformat(answer.body["reasons"][0]["until"])
    assert abs(until - utc_now() - timedelta(seconds=wait)) < timedelta(seconds=30)


async def test_5_2_the_fourth_text_of_a_day_is_refused(strict: Api, numbers: Iterator[str]) -> None:
    to = next(numbers)
    assert [(await send(strict, to, wording)).status for wording in range(3)] == [202, 202, 202]
    is_limited(await send(strict, to, 3), "5.2", within=timedelta(days=1))


async def test_5_2_the_same_wording_is_refused_for_ten_minutes(strict: Api, numbers: Iterator[str]) -> None:
    to = next(numbers)
    assert (await send(strict, to)).status == 202
    is_limited(await send(strict, to), "5.2", within=timedelta(minutes=10))
    assert (await send(strict, to, 1)).status == 202


async def test_what_was_cancelled_does_not_count(strict: Api, numbers: Iterator[str]) -> None:
    to = next(numbers)
    for _ in range(5):
        accepted = await send(strict, to)
        assert accepted.status == 202
        assert (await strict.call("DELETE", f"/v1/messages/{accepted.body['id']}")).status in (200, 204)


async def test_of_32_at_once_three_pass(strict: Api, numbers: Iterator[str]) -> None:
    to = next(numbers)
    answers = await asyncio.gather(*(send(strict, to, turn % 4) for turn in range(32)))
    assert sum(answer.status == 202 for answer in answers) == 3
    for answer in answers:
        if answer.status != 202:
            answer.is_problem(429, "RATE_LIMITED")


async def test_a_batch_counts_a_number_as_often_as_it_names_it(strict: Api, numbers: Iterator[str]) -> None:
    to, other = next(numbers), next(numbers)
    recipients = [{"to": to, "slots": slots} for slots in WORDINGS] + [{"to": other}] * 2
    body = batch([], recipients=recipients)
    answer = await strict.call("POST", "/v1/batches", body)
    assert (answer.status, answer.body["accepted"], answer.body["refused"]) == (202, 4, 2)
    refused = {
        line["position"]: line["reasons"][0]["code"] for line in answer.body["results"] if line["reasons"]
    }
    assert refused == {3: "RATE_LIMITED", 5: "RATE_LIMITED"}


async def test_3_2_a_key_sends_so_many_a_minute_and_a_batch_counts_its_recipients(
    strict: Api, numbers: Iterator[str]
) -> None:
    access = strict.daemon.use_cases.access
    _, token = await access.create_key(
        "office", kind=KeyKind.LIVE, label="door", scopes=None, by="test", per_minute=2
    )
    strict.tokens["door"] = token
    three = batch(list(itertools.islice(numbers, 3)))
    began = utc_now()
    answer = await strict.call("POST", "/v1/batches", three, who="door")
    assert (answer.status, answer.body["accepted"], answer.body["refused"]) == (202, 2, 1)
    again = await send(strict, next(numbers), who="door")
    if utc_now().minute == began.minute:  # else a new minute has begun
        is_limited(again, "3.2", within=timedelta(minutes=1))
    assert (await send(strict, next(numbers))).status == 202  # another key of the same person


async def test_3_2_a_key_sends_so_many_a_day(strict: Api, numbers: Iterator[str]) -> None:
    access = strict.daemon.use_cases.access
    _, token = await access.create_key(
        "office", kind=KeyKind.LIVE, label="gate", scopes=None, by="test", daily=1
    )
    strict.tokens["gate"] = token
    assert (await send(strict, next(numbers), who="gate")).status == 202
    is_limited(await send(strict, next(numbers), who="gate"), "3.2", within=timedelta(hours=25))


async def test_a_dry_run_says_what_the_limits_would_and_counts_nothing(
    strict: Api, numbers: Iterator[str]
) -> None:
    body = message(next(numbers))
    for _ in range(2):
        checked = await strict.call("POST", "/v1/messages/check", body)
        assert (checked.status, checked.body["outcome"]) == (200, "ALLOW")
    assert (await strict.call("POST", "/v1/messages", body)).status == 202
    checked = await strict.call("POST", "/v1/messages/check", body)
    assert [reason["code"] for reason in checked.body["reasons"]] == ["RATE_LIMITED"]


async def test_5_2_in_quiet_hours_a_message_is_held_and_says_until_when(shut: Api) -> None:
    accepted = await send(shut, CONSENTED[0])
    assert accepted.status == 202
    assert (accepted.body["status"], accepted.body["hold_reason"]) == ("held", "quiet_hours")
    shown = (await shut.call("GET", f"/v1/messages/{accepted.body['id']}")).body
    opens, ends = (datetime.fromisoformat(shown[name]) for name in ("not_before", "expires_at"))
    assert utc_now() < opens <= utc_now() + timedelta(hours=25)
    assert ends >= opens + timedelta(hours=24)
    why = (await shut.call("GET", f"/v1/messages/{accepted.body['id']}/why")).body["items"][0]
    assert (why["outcome"], why["detail"]["codes"], why["clauses"]) == ("HOLD", ["QUIET_HOURS"], ["5.2"])


async def test_5_2_in_quiet_hours_a_batch_is_scheduled_for_the_window(shut: Api) -> None:
    answer = await shut.call("POST", "/v1/batches", batch(CONSENTED[1:4]))
    assert answer.status == 202
    assert {line["status"] for line in answer.body["results"]} == {"scheduled"}
    shown = (await shut.call("GET", f"/v1/messages/{answer.body['results'][0]['id']}")).body
    assert shown["status"] == "scheduled"
    assert datetime.fromisoformat(shown["not_before"]) > utc_now()

"""A long list that is read in slices is judged as the whole would be."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from pydantic import ValidationError

from api.faults import faults_of
from api.schema.batches import MOST, NewBatch
from api.slicing import validated
from gateway.errors import Fault, Invalid
from tests.api.conftest import CONSENTED, batch

SEED = 20261126


def sliced(body: bytes) -> NewBatch | set[Fault]:
    try:
        return validated(body, NewBatch, "recipients", MOST)
    except Invalid as exc:
        return set(exc.faults)
    except ValidationError as exc:
        return set(faults_of(exc, NewBatch))


def whole(body: bytes) -> NewBatch | set[Fault]:
    try:
        return NewBatch.model_validate_json(body)
    except ValidationError as exc:
        return set(faults_of(exc, NewBatch))


def long_batch(**more: object) -> dict[str, Any]:
    return batch(CONSENTED * 20, **more)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_good_batch_is_the_same_either_way(indent: int | None) -> None:
    body = long_batch(priority="high", not_before="2026-12-01T08:00:00Z")
    body["recipients"][7] |= {"reference": "Zoë ☃", "slots": {"day": "Monday"}}
    for each in (body, dict(reversed(body.items()))):
        data = json.dumps(each, indent=indent).encode()
        assert isinstance(sliced(data), NewBatch)
        assert sliced(data) == whole(data)


def test_faults_are_the_same_either_way_wherever_they_are() -> None:
    chance = random.Random(SEED)
    for _ in range(60):
        body = long_batch()
        for _ in range(chance.randint(1, 5)):
            spoil(body, chance)
        data = json.dumps(body).encode()
        assert sliced(data) == whole(data), (SEED, body)


def spoil(body: dict[str, Any], chance: random.Random) -> None:
    """Damage one thing, somewhere."""
    place = chance.randrange(len(body["recipients"]))
    match chance.randrange(6):
        case 0:
            body["recipients"][place] = chance.choice([None, 7, "x", [], {}])
        case 1:
            body["recipients"][place]["to"] = chance.choice([None, 7, "", "x" * 61])
        case 2:
            body["recipients"][place]["extra"] = 1
        case 3:
            body[chance.choice(["template", "language"])] = chance.choice([None, 7, "", "NO"])
        case 4:
            body["surplus"] = 1
        case 5:
            body["recipients"][place]["slots"] = {"Bad name": "x"}


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(long_batch()).encode()[:-1],
        json.dumps(long_batch()).encode() + b"x",
        json.dumps(long_batch()).encode()[:-3] + b",]}",
        b'{"recipients": []}',
        b'{"recipients": {}}',
        b'{"recipients": [1], "recipients": ' + json.dumps(long_batch()["recipients"]).encode() + b"}",
        b"[" * 100_000,
        b'{"recipients": ' + b"[" * 100_000,
        b'{"recipients": [' + b"{}," * 20_000 + b"{}]}",
        json.dumps(long_batch()).encode().replace(b"museum", b"\xff"),
        json.dumps(long_batch()).encode().replace(b"museum", b"\\ud800"),
        json.dumps(long_batch()).encode().replace(b'"the museum"', b"NaN"),
    ],
)
def test_what_is_malformed_is_judged_as_a_whole(data: bytes) -> None:
    assert sliced(data) == whole(data)
    assert not isinstance(sliced(data), NewBatch)

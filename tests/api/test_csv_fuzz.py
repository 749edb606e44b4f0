"""Lists as people and programs garble them: a report on every line or a refusal, no failure and no leak."""

from __future__ import annotations

import csv
import io
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.conftest import CONSENTED, Api, running

SEED = int(os.environ.get("SCHOOLGATE_SEED", "20261126"))
COUNT = int(os.environ.get("SCHOOLGATE_LISTS", "150"))
SECRET, DIGITS = "marmalade", "7700900123"
LISTS = {
    "/v1/consents/import": ("number", "purposes", "method", "wording", "evidence", "given_at", "expires_at"),
    "/v1/contacts/import": ("number", "name", "language", "labels", "groups"),
}
CELLS = [
    *("", " ", SECRET, f"+44{DIGITS}", f"0{DIGITS}", CONSENTED[0], "event_notice", "paper_form"),
    *("en", "cy-GB", "2026-09-01", "2026-02-30", "2026-09-01T00:00"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *("a" * 5000, "\u202e" * 40, "\x00", "=cmd|' /C calc'!A0", '"', "a\nb", "\u0660\u0661\u0662", "1e400"),
    *("event_notice;event_notice", "event_notice " * 30, "\ud7ff", "😀", "-" * 70, "NaN", "\r", "\t"),
]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with running(furnished, tmp_path_factory.mktemp("lists")) as made:
        yield made


def drawn(chance: random.Random, columns: tuple[str, ...]) -> bytes:
    """Return a list that is wrong in some way, or in none."""
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=chance.choice(",,,,;\t|"),
        lineterminator=chance.choice(["\n", "\r\n", "\r"]),
        quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    head = list(columns)
    if chance.random() < 0.3:
        chance.shuffle(head)
    if chance.random() < 0.15:
        head[chance.randrange(len(head))] = chance.choice(["", "number", SECRET])
    writer.writerow(head)
    for _ in range(chance.choice([0, 1, 3, 40])):
        width = len(head) + chance.choice([0] * 8 + [-2, 3])
        writer.writerow([chance.choice(CELLS) for _ in range(width)])
    data = bytearray(out.getvalue().encode("utf-8", "surrogatepass"))
    for _ in range(chance.choice([0, 0, 0, 1, 5])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data[: chance.choice([len(data)] * 5 + [chance.randrange(len(data) + 1)])])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", LISTS)
async def test_a_garbled_list_is_answered_line_by_line(
    site: Api, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)
    statuses: dict[int, int] = {}
    for number in range(COUNT):
        data = drawn(chance, LISTS[path])
        answer = await site.post_raw(path, data, "text/csv")
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        assert answer.status in (200, 201, 400, 413, 415, 422), (SEED, number, data, answer.raw)
        assert SECRET.encode() not in answer.raw, (SEED, number, data, answer.raw)
        assert DIGITS.encode() not in answer.raw, (SEED, number, data, answer.raw)
    assert len(statuses) > 1, statuses  # some are taken, some are not
    written = "".join(capfd.readouterr())
    assert SECRET not in written
    assert DIGITS not in written
    assert "request failed" not in written

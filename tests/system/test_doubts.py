"""Parts in doubt: settled by evidence where there is any, and by a person's word where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.system.site import Site
from tests.system.story import ANNA, BEN, long_template, stage
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


async def doubts(made: Site, who: str = "office") -> list[dict[str, Any]]:
    status, page = await made.call("GET", "/v1/doubts", who=who)
    assert status == 200, page
    found: list[dict[str, Any]] = page["items"]
    return found


async def say(made: Site, ident: str, outcome: str, *, part: int = 1, who: str = "office") -> int:
    body = {"part": part, "outcome": outcome}
    return (await made.call("POST", f"/v1/doubts/{ident}", body, who=who))[0]


async def in_doubt(made: Site, *, sent: bool, to: str = ANNA, **more: object) -> str:
    """Post a message that ends in doubt, and no report will tell."""
    made.network.handset(to).reports("silent")
    made.modems[0].fault("lose_result", sent=sent)
    ident = await made.post(to, **more)
    await made.reaches(ident, "uncertain")
    return ident


async def test_a_doubt_is_listed_with_what_a_person_must_know(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        ident = await in_doubt(made, sent=True)
        (found,) = await doubts(made)
        told = {key: found[key] for key in ("message_id", "part", "parts", "to", "modem", "on_doubt")}
        assert told == {
            "message_id": ident, "part": 1, "parts": 1, "to": ANNA, "modem": "sim0", "on_doubt": "ask"
        }  # fmt: skip
        assert "no result" in found["cause"]
        assert await doubts(made, who="head") == [found]


@pytest.mark.parametrize(
    ("sent", "word", "ends"),
    [
        (True, "sent", {"sent": 1}),
        (False, "not_sent", {"sent": 1}),
        (True, "give_up", {"uncertain": 1}),
        (False, "give_up", {"uncertain": 1}),
    ],
)
async def test_a_persons_word_settles_it_once(
    furnished_stage: Path, tmp_path: Path, sent: bool, word: str, ends: dict[str, int]
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        ident = await in_doubt(made, sent=sent)
        assert await say(made, ident, word, who="head") == 204
        assert await say(made, ident, word) == 409
        assert await doubts(made) == []
        assert await verdict(made) == ends
        _, why = await made.call("GET", f"/v1/messages/{ident}/why")
        (told,) = [entry for entry in why["items"] if entry["action"] == "doubt-resolved"]
        assert (told["actor"], told["outcome"]) == ("head", word)


async def test_what_is_given_up_takes_the_rest_of_its_message_with_it(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        await long_template(made)
        ident = await in_doubt(made, sent=True, template="long")
        assert await say(made, ident, "give_up") == 204
        assert await verdict(made) == {"uncertain": 1, "cancelled": 1}


async def test_an_opt_out_meanwhile_wins_over_a_persons_word(furnished_stage: Path, tmp_path: Path) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        ident = await in_doubt(made, sent=False)
        status, _ = await made.call("POST", "/v1/opt-outs", {"number": ANNA})
        assert status == 201
        assert await say(made, ident, "not_sent") == 204
        await made.reaches(ident, "cancelled")


async def test_others_messages_are_not_there_and_nothing_else_is_in_doubt(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        ident = await made.post(BEN)
        await made.reaches(ident, "delivered")
        assert await say(made, ident, "sent") == 409
        assert await say(made, "msg_" + "0" * 26, "sent") == 404
        assert await say(made, ident, "sent", who="author") == 403
        assert await say(made, ident, "perhaps") == 422

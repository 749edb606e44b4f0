"""Which modem takes which messages: the rules by themselves, and the claim in the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import ConfigError, load
from gateway.ids import new_id
from gateway.model import Event, Status
from gateway.routing import EVERY_PRIORITY, URGENT, Headroom, Routing, Rule, Turn, own_lane
from gateway.store import Keyring, create_key_file, lifecycle, load_key_file, outbox
from tests.blank import fresh

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
IRISH, UK, MOBILE = "+353871234567", "+442079460000", "+447700900123"
ROUTING = Routing(
    [
        Rule("uk", prefixes=("+44",)),
        Rule("ireland", prefixes=("+353",), only=True),
        Rule("spare", avoid=("+447",), reserve=0.5),
    ]
)
EVERYONE = {"uk", "ireland", "spare"}


def takes(modem: str, number: str, ready: set[str]) -> bool:
    lane = ROUTING.lane(number)
    return lane in ROUTING.course(modem, ready, ordinary=True).lanes


@pytest.mark.parametrize(
    ("number", "ready", "takers"),
    [
        (UK, EVERYONE, {"uk"}),
        (UK, EVERYONE - {"uk"}, {"uk", "spare"}),  # one that is away is asked nothing, and may come back
        (IRISH, EVERYONE, {"ireland"}),
        (IRISH, {"uk", "spare"}, {"ireland", "uk", "spare"}),
        (MOBILE, {"spare"}, {"uk", "spare"}),
        ("+33123456789", EVERYONE, {"uk", "spare"}),  # nobody's: all but those that take only theirs
    ],
)
def test_a_number_goes_where_the_rules_say(number: str, ready: set[str], takers: set[str]) -> None:
    assert {modem for modem in EVERYONE if takes(modem, number, ready)} == takers


def test_what_a_modem_avoids_it_takes_only_where_no_other_does() -> None:
    routing = Routing([Rule("cheap"), Rule("dear", avoid=("+1",))])
    lane = routing.lane("+12025550123")
    assert lane not in routing.course("dear", {"cheap", "dear"}, ordinary=True).lanes
    assert lane in routing.course("dear", {"dear"}, ordinary=True).lanes


def test_the_longest_prefix_decides() -> None:
    routing = Routing([Rule("a", prefixes=("+44",)), Rule("b", prefixes=("+447",))])
    assert routing.lane(MOBILE) == "+447"
    assert routing.lane(UK) == "+44"
    assert "+447" not in routing.course("a", {"a", "b"}, ordinary=True).lanes
    assert "+447" in routing.course("b", {"a", "b"}, ordinary=True).lanes
    assert "+447" in routing.course("a", {"a"}, ordinary=True).lanes  # it begins with +44 too


def test_without_rules_nothing_is_asked() -> None:
    assert not Routing([Rule("a"), Rule("b")]).any
    assert Routing([Rule("a"), Rule("b")]).lane(UK) == ""


def test_ordinary_messages_get_their_share_of_the_time_and_urgent_ones_all() -> None:
    clock = [0.0]
    turn = Turn(ROUTING, "spare", lambda: EVERYONE, lambda: 2.0, lambda: clock[0])
    ordinary = 0
    for tick in range(600):  # a part takes 2 s: at every second one may be drawn
        clock[0] = float(tick)
        most = turn.course().most
        assert most in (URGENT, EVERY_PRIORITY)
        if most == EVERY_PRIORITY:
            turn.took(20)
            ordinary += 1
        turn.took(URGENT)  # costs them nothing
    assert 150 <= ordinary <= 150 + 15  # half of 600 s, 2 s each, and the burst at the beginning


def test_a_modem_for_urgent_messages_takes_no_others() -> None:
    assert not Headroom(1.0).open(0.0)
    assert Headroom(0.0).open(0.0)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_key_file(tmp_path / "keys")
    return load_key_file(tmp_path / "keys")


def queued(
    keyring: Keyring, number: str, *, priority: int = 20, parts: int = 1, age: int = 0
) -> outbox.NewMessage:
    return outbox.NewMessage(
        id=new_id("msg", NOW - timedelta(seconds=age)),
        kind="message",
        number=number,
        number_index=keyring.index(number),
        purpose="event_notice",
        body="The trip is on Friday.",
        alphabet="gsm7",
        parts=parts,
        status=Status.QUEUED,
        priority=priority,
        lane=ROUTING.lane(number),
        expires_at=NOW + timedelta(days=1),
        created_at=NOW,
    )


async def test_each_modem_draws_what_it_may_in_the_order_of_the_queue(
    tmp_path: Path, keyring: Keyring
) -> None:
    news = [
        queued(keyring, UK, age=9),
        queued(keyring, IRISH),
        queued(keyring, "+33123456789", priority=URGENT),
    ]
    async with fresh(tmp_path / "store.db") as database:
        await database.write(lambda c: outbox.add(c, [outbox.seal(keyring, new) for new in news]))

        async def first(modem: str, ready: set[str], *, ordinary: bool = True) -> str | None:
            course = ROUTING.course(modem, ready, ordinary=ordinary)
            found = await database.read(lambda c: outbox.next_queued(c, keyring, modem, NOW, course))
            return found.to if found is not None else None

        assert await first("uk", EVERYONE) == "+33123456789"  # urgent, and anybody's
        assert await first("ireland", EVERYONE) == IRISH
        assert await first("spare", EVERYONE, ordinary=False) == "+33123456789"
        urgent = news[2].id
        await database.write(lambda c: lifecycle.change(c, urgent, 1, Status.QUEUED, Event.CLAIMED, NOW))
        assert await first("uk", EVERYONE) == UK
        assert await first("spare", EVERYONE) is None
        assert await first("spare", {"spare"}) == UK
        assert await first("spare", {"spare"}, ordinary=False) is None


async def test_later_parts_stay_with_their_modem_and_are_free_again_when_nothing_left(
    tmp_path: Path, keyring: Keyring
) -> None:
    new = queued(keyring, UK, parts=2)
    async with fresh(tmp_path / "store.db") as database:
        await database.write(lambda c: outbox.add(c, [outbox.seal(keyring, new)]))
        course = ROUTING.course("spare", {"spare"}, ordinary=True)
        found = await database.read(lambda c: outbox.next_queued(c, keyring, "spare", NOW, course))
        assert found is not None
        lane = own_lane("spare")
        await database.write(lambda c: outbox.claim(c, found, "main", "spare", None, 1, NOW, lane))
        await database.write(
            lambda c: lifecycle.change(c, new.id, 1, Status.SENDING, Event.ACCEPTED, NOW, mr=1)
        )

        async def second(modem: str) -> int | None:
            course = ROUTING.course(modem, EVERYONE, ordinary=True)
            found = await database.read(lambda c: outbox.next_queued(c, keyring, modem, NOW, course))
            return found.number if found is not None else None

        assert await second("uk") is None
        assert await second("spare") == 2
        await database.write(lambda c: outbox.release_modem(c, new.id))
        assert await second("uk") == 2


async def test_lanes_that_no_rule_knows_any_more_are_everybodys(tmp_path: Path, keyring: Keyring) -> None:
    async with fresh(tmp_path / "store.db") as database:
        await database.write(lambda c: outbox.add(c, [outbox.seal(keyring, queued(keyring, IRISH))]))
        assert await database.read(lambda c: outbox.next_queued(c, keyring, "uk", NOW)) is None
        await database.write(lambda c: outbox.keep_to_lanes(c, ["+353"]))
        assert await database.read(lambda c: outbox.next_queued(c, keyring, "uk", NOW)) is None
        await database.write(lambda c: outbox.keep_to_lanes(c, []))
        assert await database.read(lambda c: outbox.next_queued(c, keyring, "uk", NOW)) is not None


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        (["only = true"], "line 4: modem.only: needs prefixes"),
        (['only = true\nprefixes = ["+44"]'], "line 4: modem.only: one modem must take everything"),
        (["reserve = 1", 'only = true\nprefixes = ["+44"]'], "line 8: modem.only: one modem must take"),
        (['prefixes = ["0044"]'], "line 4: modem.0.prefixes"),
    ],
)
def test_rules_by_which_some_messages_would_wait_for_ever_are_refused(
    tmp_path: Path, sections: list[str], problem: str
) -> None:
    each = [f'[[modem]]\nname = "sim{i}"\nport = "sim{i}"\n{rules}\n' for i, rules in enumerate(sections)]
    (tmp_path / "schoolgate.toml").write_text("".join(each))
    with pytest.raises(ConfigError, match=problem):
        load(tmp_path / "schoolgate.toml")

"""Which part a late result or a report settles: its own, and none where that is not certain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from gateway import receipts
from gateway.model import Event, Status
from gateway.receipts import Report
from gateway.store import Database, Keyring, create_key_file, dialect, inbox, lifecycle, load_key_file, outbox
from gateway.store.outbox import NewMessage
from gateway.store.schema import part
from tests.blank import fresh

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
ANNA, BEN = "+447700900001", "+447700900002"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_key_file(tmp_path / "keys")
    return load_key_file(tmp_path / "keys")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh(tmp_path / "store.db") as opened:
        yield opened


class Desk:
    """Hands parts over, and lets them end as a test says."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self.connection, self.keyring = connection, keyring
        self.count = self.reports = 0

    def handed_over(self, to: str, event: Event | None, mr: int | None, *, ago: float = 10) -> str:
        """Hand a message over, some seconds ago, with this end (None: it has none yet); return its id."""
        self.count += 1
        ident, at = f"msg_{self.count:026d}", NOW - timedelta(seconds=ago)
        new = NewMessage(
            id=ident, kind="message", number=to, number_index=self.keyring.index(to), purpose="event_notice",
            body="Hello", alphabet="gsm7", parts=1, status=Status.QUEUED, priority=1,
            expires_at=NOW + timedelta(days=1), created_at=at,
        )  # fmt: skip
        outbox.add(self.connection, [outbox.seal(self.keyring, new)])
        candidate = outbox.next_queued(self.connection, self.keyring, "sim0", NOW)
        assert candidate is not None
        outbox.claim(self.connection, candidate, "main", "sim0", "00101", self.count, at)
        if event is not None:
            self.ended(ident, event, mr, at)
        return ident

    def ended(self, ident: str, event: Event, mr: int | None, at: datetime = NOW) -> None:
        """Let a message that was handed over end so, and look at the reports that wait for its number."""
        values = {"mr": mr, "sent_at": at if event is Event.ACCEPTED else None}
        assert lifecycle.change(self.connection, ident, 1, Status.SENDING, event, at, **values)
        index = self.connection.execute(select(part.c.number_index).where(part.c.message_id == ident))
        receipts.settle_parked(self.connection, index.scalar_one(), at)

    def reported(
        self, to: str, mr: int, status: int, *, stamped: datetime | None = NOW, at: datetime = NOW
    ) -> None:
        """Let a report come in `at` a time; it is `stamped` with when the SMSC took the message."""
        self.reports += 1
        ident = f"pdu_{self.reports:026d}"
        row = {
            "id": ident, "fingerprint": ident.encode(), "pdu_sealed": b"", "gateway": "main",
            "modem": "sim0", "sim": "00101", "route": "stored", "received_at": at, "kind": "pending",
        }  # fmt: skip
        report = Report(ident, "00101", mr, status, self.keyring.index(to), stamped, at)
        receipts.apply(self.connection, report, at, partial(inbox.journal, self.connection, row))

    def late(self, mr: int) -> bool:
        return receipts.late_result(self.connection, "main", "sim0", mr, NOW)

    def status(self, ident: str) -> str:
        query = select(part.c.status).where(part.c.message_id == ident)
        return str(self.connection.execute(query).scalar_one())


@pytest.fixture
async def desk(database: Database, keyring: Keyring) -> AsyncIterator[Desk]:
    url = await database.write(lambda connection: str(connection.engine.url))
    engine = dialect.engine(url, writer=True, size=1)
    with engine.connect() as connection:
        yield Desk(connection, keyring)
        connection.rollback()
    engine.dispose()


def test_a_late_result_settles_the_part_that_was_given_up_with_its_reference(desk: Desk) -> None:
    first = desk.handed_over(ANNA, Event.LOST_TRACK, 6)
    second = desk.handed_over(BEN, Event.LOST_TRACK, 7)
    assert desk.late(7)
    assert (desk.status(first), desk.status(second)) == ("uncertain", "sent")


def test_where_the_count_was_not_known_the_only_part_in_doubt_is_meant(desk: Desk) -> None:
    only = desk.handed_over(ANNA, Event.LOST_TRACK, None)
    assert desk.late(3)
    assert desk.status(only) == "sent"


def test_of_two_parts_in_doubt_without_a_reference_none_is_settled(desk: Desk) -> None:
    both = [desk.handed_over(to, Event.LOST_TRACK, None) for to in (ANNA, BEN)]
    assert not desk.late(3)
    assert {desk.status(ident) for ident in both} == {"uncertain"}


def test_a_result_whose_part_was_settled_by_its_report_settles_no_other(desk: Desk) -> None:
    """After a crash both are in doubt; the report of one comes first, and then its result."""
    older = desk.handed_over(ANNA, Event.LOST_TRACK, None, ago=60)
    own = desk.handed_over(BEN, Event.LOST_TRACK, None)
    desk.reported(BEN, 3, 0)
    assert desk.status(own) == "delivered"
    assert not desk.late(3)
    assert desk.status(older) == "uncertain"


def test_no_result_comes_a_quarter_of_an_hour_late(desk: Desk) -> None:
    old = desk.handed_over(ANNA, Event.LOST_TRACK, 3, ago=1000)
    assert not desk.late(3)
    assert desk.status(old) == "uncertain"


def test_a_second_report_about_the_same_part_settles_no_doubt(desk: Desk) -> None:
    sent = desk.handed_over(ANNA, Event.ACCEPTED, 5)
    doubtful = desk.handed_over(ANNA, Event.LOST_TRACK, 6)
    desk.reported(ANNA, 5, 0)
    desk.reported(ANNA, 5, 1)  # "forwarded": the network says more about the same part
    assert (desk.status(sent), desk.status(doubtful)) == ("delivered", "uncertain")


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("off", [HOUR, -HOUR, 400 * DAY, -3650 * DAY, None], ids=str)
@pytest.mark.parametrize(
    ("event", "mr"),
    [(Event.ACCEPTED, 5), (Event.LOST_TRACK, 5), (Event.LOST_TRACK, None)],
    ids=["sent", "in doubt", "in doubt without a reference"],
)
def test_a_report_is_its_parts_whatever_the_networks_clock_says(
    desk: Desk, off: timedelta | None, event: Event, mr: int | None
) -> None:
    own, other = (desk.handed_over(to, event, mr) for to in (ANNA, BEN))
    before = desk.status(other)
    desk.reported(ANNA, 5, 0, stamped=None if off is None else NOW + off)
    assert (desk.status(own), desk.status(other)) == ("delivered", before)


def test_the_stamp_tells_a_reference_from_its_reuse_and_where_it_cannot_the_newest_is_meant(
    desk: Desk,
) -> None:
    oldest, older, newest = (
        desk.handed_over(ANNA, Event.ACCEPTED, 5, ago=days * DAY.total_seconds()) for days in (3, 2, 1)
    )
    desk.reported(ANNA, 5, 0, stamped=NOW - 3 * DAY)
    assert [desk.status(each) for each in (oldest, older, newest)] == ["delivered", "sent", "sent"]
    desk.reported(ANNA, 5, 0, stamped=NOW + HOUR)
    assert [desk.status(each) for each in (oldest, older, newest)] == ["delivered", "sent", "delivered"]


def test_where_a_modem_began_to_count_anew_the_part_nearest_to_the_stamp_is_meant(desk: Desk) -> None:
    older, newer = (desk.handed_over(ANNA, Event.ACCEPTED, 5, ago=seconds) for seconds in (200, 20))
    desk.reported(ANNA, 5, 0, stamped=NOW - timedelta(seconds=190))
    assert [desk.status(each) for each in (older, newer)] == ["delivered", "sent"]
    desk.reported(ANNA, 5, 0x40, stamped=NOW - timedelta(seconds=15))
    assert [desk.status(each) for each in (older, newer)] == ["delivered", "undelivered"]


def test_a_report_nine_days_late_with_a_stamp_of_another_time_is_nobodys(desk: Desk) -> None:
    old = desk.handed_over(ANNA, Event.ACCEPTED, 5, ago=9 * DAY.total_seconds())
    desk.reported(ANNA, 5, 0)
    assert desk.status(old) == "sent"
    desk.reported(ANNA, 5, 0, stamped=NOW - 9 * DAY)
    assert desk.status(old) == "delivered"


@pytest.mark.parametrize("doubts", [[6], [None, None], [5, 5]])
def test_a_report_with_a_wrong_stamp_settles_no_doubt_where_it_can_be_about_another_part(
    desk: Desk, doubts: list[int | None]
) -> None:
    parts = [desk.handed_over(ANNA, Event.LOST_TRACK, mr) for mr in doubts]
    desk.reported(ANNA, 5, 0, stamped=NOW + HOUR)
    assert {desk.status(each) for each in parts} == {"uncertain"}


def test_of_two_doubts_the_one_with_the_reports_reference_is_meant(desk: Desk) -> None:
    first, second = (desk.handed_over(ANNA, Event.LOST_TRACK, mr) for mr in (5, 6))
    desk.reported(ANNA, 6, 0)
    assert (desk.status(first), desk.status(second)) == ("uncertain", "delivered")


@pytest.mark.parametrize("stamped", [NOW, NOW - HOUR])
def test_a_report_that_comes_before_the_result_settles_no_older_doubt(desk: Desk, stamped: datetime) -> None:
    older = desk.handed_over(ANNA, Event.LOST_TRACK, None, ago=60)
    own = desk.handed_over(ANNA, None, None)
    desk.reported(ANNA, 7, 0, stamped=stamped)
    assert (desk.status(older), desk.status(own)) == ("uncertain", "sending")
    desk.ended(own, Event.ACCEPTED, 7)
    assert (desk.status(older), desk.status(own)) == ("uncertain", "delivered")


def test_a_repeat_with_a_wrong_stamp_settles_no_doubt(desk: Desk) -> None:
    sent = desk.handed_over(ANNA, Event.ACCEPTED, 5)
    desk.reported(ANNA, 5, 0, stamped=NOW + HOUR)
    doubtful = desk.handed_over(ANNA, Event.LOST_TRACK, None)
    desk.reported(ANNA, 5, 1, stamped=NOW + HOUR)
    assert (desk.status(sent), desk.status(doubtful)) == ("delivered", "uncertain")


def test_a_report_that_fitted_nothing_is_not_about_what_was_handed_over_since(desk: Desk) -> None:
    desk.reported(ANNA, 5, 0, at=NOW - timedelta(minutes=5))
    later = desk.handed_over(ANNA, Event.ACCEPTED, 5)
    assert desk.status(later) == "sent"


@pytest.mark.parametrize("heard", [1, 2])
def test_a_part_whose_reference_lost_a_digit_is_found_by_the_report(desk: Desk, heard: int) -> None:
    misheard = desk.handed_over(ANNA, Event.ACCEPTED, heard)
    desk.reported(ANNA, 12, 0x30)  # still trying
    assert desk.status(misheard) == "sent"
    desk.reported(ANNA, 12, 0)
    assert desk.status(misheard) == "delivered"
    query = select(part.c.mr).where(part.c.message_id == misheard)
    assert desk.connection.execute(query).scalar_one() == 12


def test_of_two_parts_whose_references_may_have_lost_digits_none_is_meant(desk: Desk) -> None:
    both = [desk.handed_over(ANNA, Event.ACCEPTED, mr) for mr in (1, 2)]
    desk.reported(ANNA, 12, 0)
    assert {desk.status(ident) for ident in both} == {"sent"}


@pytest.mark.parametrize(
    ("event", "stamped"), [(None, NOW), (Event.LOST_TRACK, NOW), (Event.ACCEPTED, NOW - timedelta(hours=1))]
)
def test_no_digits_were_lost_where_the_report_may_be_anothers(
    desk: Desk, event: Event | None, stamped: datetime
) -> None:
    """A part without a result, one in doubt with no reference, or one handed over at another time."""
    own = desk.handed_over(ANNA, Event.ACCEPTED, 1)
    desk.handed_over(ANNA, event, 77 if event is Event.ACCEPTED else None)
    desk.reported(ANNA, 12, 0, stamped=stamped)
    assert desk.status(own) == "sent"

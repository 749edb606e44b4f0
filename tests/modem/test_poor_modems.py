"""Modems that lack something: they are used as far as they go, and what they cannot do is said in words."""

from __future__ import annotations

import pytest

from gateway.model import Accepted, ModemPhase, NotSent, Unclear
from tests.modem.fake import HELLO, STOP, FakeModem, Store, driver, framed, running, until
from tests.modem.test_modem import send


async def test_a_modem_that_takes_no_part_says_so_until_it_takes_one(fake: FakeModem, store: Store) -> None:
    fake.replies["AT+CMGS=23"] = framed("ERROR")
    modem = driver(fake.path, store)
    async with running(modem):
        for _ in range(3):
            await modem.settled()
            assert modem.state.detail == ""
            assert isinstance(await send(modem), NotSent)
        await until(lambda: modem.state.detail != "")
        assert modem.state.detail == (
            "no part was taken, 3 times in a row: the modem answered ERROR instead of a prompt"
        )
        del fake.replies["AT+CMGS=23"]
        await modem.settled()
        assert isinstance(await send(modem), Accepted)
        assert modem.state.detail == ""


@pytest.mark.parametrize("refusal", ["ERROR", "+CME ERROR: 4", "+CMS ERROR: 303", "COMMAND NOT SUPPORT"])
async def test_a_modem_that_cannot_choose_a_memory_has_its_own_read_and_freed(
    fake: FakeModem, store: Store, refusal: str
) -> None:
    refused = framed(refusal)
    fake.replies |= dict.fromkeys(("AT+CPMS=?", "AT+CPMS?", "AT+CMGR=4"), refused)
    fake.replies |= {f'AT+CPMS="{name}","{name}","{name}"': refused for name in ("SM", "ME", "MT")}
    fake.store(STOP, 4, tell=False)
    async with running(driver(fake.path, store, sweep_every=0.05)) as modem:
        await store.until(1)
        await until(lambda: not fake.stores["SM"])
        fake.store(HELLO, 0, tell=False)
        await store.until(2)
        await until(lambda: not fake.stores["SM"])
        assert modem.state.detail == ""
    assert store.pdus == [STOP, HELLO]


async def test_a_modem_whose_messages_cannot_be_read_says_so_and_sends_nothing_until_they_can(
    fake: FakeModem, store: Store
) -> None:
    """One of them may be an opt-out (policy, 6.2)."""
    fake.replies |= {"AT+CMGL=4": framed("ERROR")} | {
        f"AT+CMGR={slot}": framed("ERROR") for slot in range(21)
    }
    fake.store(STOP, 4, tell=False)
    async with running(driver(fake.path, store, sweep_every=0.05)) as modem:
        said = "what comes in cannot be read, nor an opt-out be obeyed, so nothing is sent: AT+CMGL=: ERROR"
        await until(lambda: modem.state.detail == said)
        assert not modem.is_settled
        del fake.replies["AT+CMGL=4"]
        await store.until(1)
        await until(lambda: modem.state.detail == "")
        await modem.settled()


async def test_a_modem_that_does_not_delete_says_so_and_each_message_is_committed_once(
    fake: FakeModem, store: Store
) -> None:
    fake.replies["AT+CMGD=4"] = framed("ERROR")
    fake.store(STOP, 4, tell=False)
    async with running(driver(fake.path, store, sweep_every=0.05)) as modem:
        await until(lambda: fake.commands.count("AT+CMGD=4") > 2 and modem.state.detail != "")
        assert modem.state.detail == (
            "what was read cannot be deleted: once the memory is full, nothing comes in any more"
        )
        del fake.replies["AT+CMGD=4"]
        await until(lambda: modem.state.detail == "")
    assert (store.pdus, fake.stores["SM"]) == ([STOP], {})


async def test_a_modem_that_lets_nothing_be_set_but_announces_all_the_same_is_believed(
    fake: FakeModem, store: Store
) -> None:
    fake.replies |= {
        f"AT+CNMI={m},1,0,{ds},{b}": framed("ERROR") for m in (1, 2) for ds in (0, 1, 2) for b in (0, 1)
    }
    fake.notifications = "2,1,1,1,1"
    async with running(driver(fake.path, store)) as modem:
        await modem.settled()
        assert (modem.state.notifications, modem.state.detail) == ("2,1,1,1,1", "")
        fake.store(STOP, 4)
        await store.until(1)


async def test_what_is_handed_over_and_never_stored_need_not_be_read(fake: FakeModem, store: Store) -> None:
    fake.replies |= {
        f"AT+CNMI={m},1,0,{ds},{b}": framed("ERROR") for m in (1, 2) for ds in (0, 1, 2) for b in (0, 1)
    }
    fake.replies |= {"AT+CMGL=4": framed("ERROR")} | {
        f"AT+CMGR={slot}": framed("ERROR") for slot in range(51)
    }
    fake.replies |= dict.fromkeys(("AT+CPMS=?", "AT+CPMS?"), framed("ERROR"))
    fake.notifications = "1,2,2,1,1"
    async with running(driver(fake.path, store)) as modem:
        await modem.settled()
        assert modem.state.detail == ""
        fake.say(f"+CMT: 0\r\n{STOP}\r\n")
        await store.until(1)
    assert store.pdus == [STOP]


async def test_a_modem_that_answers_to_no_at_alone_is_woken_in_another_way(
    fake: FakeModem, store: Store
) -> None:
    fake.replies["AT"] = None
    async with running(driver(fake.path, store)) as modem:
        await modem.settled()
        assert isinstance(await send(modem), Accepted)
    assert (modem.state.failures, fake.commands.count("AT")) == (0, 1)


async def test_a_modem_that_was_deaf_after_a_part_is_looked_at_before_the_next(
    fake: FakeModem, store: Store
) -> None:
    async with running(driver(fake.path, store)) as modem:
        await modem.settled()
        fake.result = lambda _: fake.replies.update({"AT": None}) or ""
        assert isinstance(await send(modem), Unclear)
        looks = fake.commands.count("AT+CMGF?")
        fake.result = None
        await until(lambda: fake.commands.count("AT+CMGF?") > looks and modem.is_settled)
        assert isinstance(await send(modem), Accepted)


async def test_memories_in_use_are_read_where_none_are_offered(fake: FakeModem, store: Store) -> None:
    fake.replies |= {
        "AT+CPMS=?": framed("ERROR"),
        "AT+CPMS?": framed('+CPMS: "ME",1,20,"SM",0,20,"SM",0,20', "OK"),
    }
    fake.stores["ME"] = {3: HELLO}
    async with running(driver(fake.path, store)):
        await store.until(1)
        await until(lambda: not fake.stores["ME"])
    assert store.pdus == [HELLO]


async def test_a_modem_without_notifications_is_polled_and_says_so(fake: FakeModem, store: Store) -> None:
    fake.replies |= {
        f"AT+CNMI={m},1,0,{ds},{b}": framed("ERROR") for m in (1, 2) for ds in (0, 1, 2) for b in (0, 1)
    }
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        assert modem.state.notifications == "poll"
        assert "announces nothing" in modem.state.detail


async def test_only_offered_notifications_are_asked_for(fake: FakeModem, store: Store) -> None:
    fake.replies["AT+CNMI=?"] = framed("+CNMI: (0,1,2),(0,1),(0,2),(0),(1)", "OK")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        assert modem.state.detail == "the modem passes on no delivery reports: what was sent stays at `sent`"
    assert [c for c in fake.commands if c.startswith("AT+CNMI=") and "?" not in c] == ["AT+CNMI=2,1,0,0,1"]


async def test_a_modem_that_says_ok_to_notifications_and_ignores_them_is_asked_for_less(
    fake: FakeModem, store: Store
) -> None:
    for values in ("2,1,0,2,0", "2,1,0,1,0", "1,1,0,1,0"):
        fake.replies[f"AT+CNMI={values}"] = framed("OK")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
        assert modem.state.notifications == "1,1,0,2,0"


@pytest.mark.parametrize("failure", [framed("+CMS ERROR: 500"), framed("ERROR"), None])
async def test_a_listing_that_fails_is_replaced_by_reading_slot_by_slot(
    fake: FakeModem, store: Store, failure: str | None
) -> None:
    fake.replies["AT+CMGL=4"] = failure
    fake.stores["SM"] = {0: HELLO, 11: STOP}
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()
    assert sorted(store.pdus) == sorted([HELLO, STOP])


async def test_a_delete_that_is_never_answered_holds_up_neither_parts_nor_what_else_is_to_be_freed(
    fake: FakeModem, store: Store
) -> None:
    fake.replies["AT+CMGD=4"] = None
    fake.stores["SM"] = {4: STOP, 9: HELLO}
    async with running(driver(fake.path, store)) as modem:
        await store.until(2)
        await until(lambda: modem.state.detail.startswith("what was read cannot be deleted"))
        assert isinstance(await send(modem), Accepted)
        assert (store.pdus, fake.stores["SM"]) == ([STOP, HELLO], {4: STOP})
        assert fake.commands.count("AT+CMGD=4") <= 3


@pytest.mark.parametrize(("command", "answer"), [("AT+CMGD=?", framed("OK")), ("AT+CMGR=12", None)])
async def test_what_is_read_slot_by_slot_is_freed_after_a_mishap_too(
    fake: FakeModem, store: Store, command: str, answer: str | None
) -> None:
    fake.replies |= {"AT+CMGL=4": framed("ERROR"), command: answer}
    fake.stores["SM"] = {4: STOP, 12: HELLO, 15: HELLO}
    async with running(driver(fake.path, store)) as modem:
        await store.until(2)
        await until(lambda: not fake.stores["SM"].keys() - {12})
        await until(lambda: modem.is_settled)
        assert isinstance(await send(modem), Accepted)
    assert fake.commands.count("AT+CMGL=4") < 5


async def test_a_message_that_could_not_be_read_and_is_gone_holds_up_nothing(
    fake: FakeModem, store: Store
) -> None:
    fake.replies |= {"AT+CMGL=4": framed("ERROR"), "AT+CMGR=4": framed("ERROR")}
    fake.store(STOP, 4, tell=False)
    async with running(driver(fake.path, store, sweep_every=0.05)) as modem:
        await until(lambda: "nothing is sent" in modem.state.detail)
        fake.stores["SM"].clear()
        fake.replies["AT+CMGL=4"] = framed("+CMS ERROR: 321")  # the memory is empty
        await until(lambda: modem.is_settled)
        assert modem.state.detail == ""


async def test_a_modem_that_took_no_part_is_told_of_after_a_restart_too(
    fake: FakeModem, store: Store
) -> None:
    fake.prompt = None
    fake.replies["AT+CFUN=1,1"] = framed("OK")
    async with running(driver(fake.path, store)) as modem:
        while "restart" not in modem.state.recoveries:
            await modem.settled()
            await send(modem)
        await until(lambda: modem.state.phase is ModemPhase.READY)
        assert modem.state.takes_nothing
        fake.prompt = "\r\n> "
        await until(lambda: modem.is_settled)
        assert isinstance(await send(modem), Accepted)
        assert not modem.state.takes_nothing

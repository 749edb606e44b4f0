"""The power goes, the machine restarts, its clock is set: what was accepted is kept, and sent once."""

from __future__ import annotations

import os
import random

import pytest

from gateway.simulator.control import SimClient
from tests.service.computer.qemu import PATIENCE, Computer
from tests.service.computer.traffic import accepted, arrived, judge, send, statuses
from tests.service.machine import MEASURED, until
from tests.service.story import modem_ready, rows, sent
from tests.system.site import number

pytestmark = pytest.mark.system

SEED = int(os.environ.get("SCHOOLGATE_TEST_SEED", "1"))


def test_a_reboot_with_the_modem_in_it_keeps_everything(computer: Computer) -> None:
    before, kernel = rows(computer), computer.says("cat /proc/sys/kernel/random/boot_id")
    computer.reboot()
    assert computer.says("cat /proc/sys/kernel/random/boot_id") != kernel
    modem_ready(computer, PATIENCE)
    assert rows(computer) == before
    assert sent(computer)["status"] in ("sent", "delivered")


def test_a_power_cut_loses_nothing_that_was_accepted_and_doubles_nothing(
    computer: Computer, network: SimClient
) -> None:
    """What was not flushed to the disk is gone, but for what chance lets survive."""
    assert computer.says("cat /sys/block/vda/queue/write_cache") == "write back"
    chance = random.Random(SEED)
    numbers = [number(index) for index in range(260, 320)]
    enough = chance.randrange(10, 40)
    send(computer, numbers)
    until(lambda: arrived(network, numbers).total() >= enough, PATIENCE, f"{enough} texts")
    kept, written = computer.cut(chance)
    MEASURED.append(
        f"seed {SEED}: cut after {enough} texts; {kept} of {written} unflushed pieces reached the disk"
    )
    told = accepted(computer, numbers)
    computer.boot()
    assert set(told.values()) <= set(statuses(computer))
    computer.plug()
    modem_ready(computer, PATIENCE)
    ended = judge(computer, network, numbers)
    MEASURED.append(f"of {len(told)} that were told as accepted: {dict(ended)}")


def test_a_clock_that_is_set_is_told_and_stops_nothing(computer: Computer) -> None:
    for how, told in (
        ("tomorrow", "the clock jumped ahead by 1 day"),
        ("yesterday", "the clock was set back by 1 day"),
    ):
        computer.run(f"date -s '{how}'")
        until(lambda told=told: told in computer.run("schoolgate status", check=False).stdout, PATIENCE, told)
        assert sent(computer)["status"] in ("sent", "delivered")

"""One life of a gateway in short: every fault at random, seeded and bounded, and the ledger at its end."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import aiohttp

from bench.hurried import FASTER  # first of all: it sets the clock
from bench.strikes import FAULTS, PIN, SECOND, STORED, Strikes
from gateway.simulator import PERSONAS, Kind, Timing
from tests.system.site import Site, furnish, message, number, own_port, revived, spawned
from tests.system.verdict import verdict
from tests.system.view import count, overtaken, read

EVERYBODY: Final = [number(index) for index in range(100, 400)]
PACE: Final = Timing(radio_first=3.2 / FASTER, radio_kept=1.2 / FASTER, report_after=8 / FASTER)
PATIENCE: Final = (
    300.0  # seconds for a start, and for coming to rest: the machine may be busy with other things
)
WARM: Final = 0.4  # of a process's life: after that its memory must stay
GROWTH: Final = 4.0  # MB by which it may differ from then on
LOOK: Final = 5.0  # seconds between two looks at the memory
TAIL: Final = 40  # lines of ledger and log that are shown where a life fails
HURRIED: Final = ("-m", "bench.hurried")
LONG: Final = 0.1  # of the messages take three parts
WORDINGS: Final = {
    "short": "The trip to {place} is on Friday. Ref {ref}",
    "long": "The trip to {place} is on Friday. Ref {ref}. " + "Please send a packed lunch and a coat. " * 7,
}
CONFIG: Final = "[sending]\nretry_seconds = [0.3, 1]\ndevice_pause_seconds = 0.5\n"
MODEM: Final = "result_seconds = 1.5\nsweep_seconds = 3\n"


@dataclass(frozen=True, slots=True)
class Pace:
    """How much happens: each second on average, and how long a process lives, in seconds from, to."""

    posts: float
    texts: float
    faults: float
    lives: tuple[float, float]


RUSH: Final = Pace(posts=12, texts=1.5, faults=0.7, lives=(8, 25))
DAY: Final = Pace(posts=2, texts=0.3, faults=0.2, lives=(20, 500))


@dataclass(slots=True)
class Life:
    """One seed's run; `say` gets the lines of its ledger."""

    seed: int
    seconds: float
    pace: Pace
    say: Callable[[str], None]
    modems: int = 2
    chance: random.Random = field(init=False)
    stored: bool = field(init=False)
    second: bool = field(init=False)
    persona: str = field(init=False)
    strikes: Strikes = field(init=False)
    faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    accepted: set[str] = field(default_factory=set)
    posted: int = 0
    texts: int = 0
    stopped: set[str] = field(default_factory=set)
    kills: int = 0
    memory: list[list[float]] = field(default_factory=list)  # MB, of each life of the process

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.stored, self.second = self.seed % 2 == 1, self.seed % 4 >= 2
        self.persona = sorted(PERSONAS)[self.seed % len(PERSONAS)]
        known = {**FAULTS, **(SECOND if self.second else {}), **(STORED if self.stored else {})}
        self.strikes = Strikes(self.chance, known)

    @property
    def setting(self) -> str:
        """Return what else stands in each modem's section: every second seed stores parts first."""
        return MODEM + ("store_first = true\n" if self.stored else "")

    async def live(self, directory: Path) -> Counter[str]:
        """Run, come to rest, and be judged; raises `AssertionError` where an invariant fails."""
        await furnish(directory, modems=self.modems, numbers=EVERYBODY, extra=CONFIG, each=self.setting)
        port = own_port(directory)
        (directory / "pin").write_text(PIN)
        (directory / "pin").chmod(0o600)
        config = directory / "schoolgate.toml"
        config.write_text(self._equipped(config.read_text()))
        fitted = {"second": True} if self.second else {}
        how = {"modems": self.modems, "timing": PACE, "persona": self.persona, "fitted": fitted}
        async with revived(directory, running=False, **how) as made:
            try:
                return await self._live(made, port)
            except (AssertionError, TimeoutError):
                explain(made, self.say)
                raise

    def _equipped(self, config: str) -> str:
        """Return a configuration in which each modem may have another name, and has its second port."""
        for index in range(self.modems):
            port = f'port = "sim{index}"\n'
            more = f'search = ["sim{index}-as-*"]\npin_file = "pin"\n'
            more += f'second_port = "sim{index}-2"\n' if self.second else ""
            config = config.replace(port, port + more, 1)
        return config

    async def _live(self, made: Site, port: int) -> Counter[str]:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            async with spawned(made, port, HURRIED) as process:
                await made.ready(PATIENCE)
                if not self.kills:
                    await wordings(made)
                until = min(end, time.monotonic() + self._span())
                await self._busy(made, until)
                process.kill()
                await process.wait()
                self.kills += 1
        self.strikes.end(made.modems)
        async with spawned(made, port, HURRIED):
            await made.ready(PATIENCE)
            ends = await verdict(made, within=PATIENCE, killed=True)
        self._print(made, ends)
        self._all_there(made.directory)
        self._foreseen(made.directory)
        self._flat()
        return ends

    def _span(self) -> float:
        """Return for how many seconds the next process lives: in some lives one does it all."""
        return self.seconds if self.seed % 4 == 3 else self.chance.uniform(*self.pace.lives)

    async def _busy(self, made: Site, until: float) -> None:
        async with asyncio.TaskGroup() as tasks:
            for work in (self._post, self._reply, self._break, self._weigh):
                tasks.create_task(work(made, until))

    async def _post(self, made: Site, until: float) -> None:
        while time.monotonic() < until:
            with contextlib.suppress(aiohttp.ClientError):
                self.posted += 1
                body = message(
                    self.chance.choice(EVERYBODY),
                    template="long" if self.chance.random() < LONG else "short",
                    slots={"place": "the museum", "ref": f"KRS-{self.posted}"},
                )
                status, answer = await made.call("POST", "/v1/messages", body)
                self.answers[status] += 1
                if status == 202:
                    self.accepted.add(answer["id"])
            await asyncio.sleep(self.chance.expovariate(self.pace.posts))

    async def _reply(self, made: Site, until: float) -> None:
        while time.monotonic() < until:
            for _ in range(self.chance.choice((1, 1, 1, 1, 35))):  # 35 are more than the memory holds
                self.texts += 1
                sender, modem = self.chance.choice(EVERYBODY), self.chance.choice(made.modems)
                # The network stamps by the second: two equal texts in one second are one and its repetition.
                stops = sender not in self.stopped and self.chance.random() < 0.1
                self.stopped |= {sender} if stops else set()
                long = "x" * self.chance.choice((0, 0, 0, 170))
                made.network.text(sender, modem, "STOP" if stops else f"Reply {self.texts} {long}".strip())
            await asyncio.sleep(self.chance.expovariate(self.pace.texts))

    async def _break(self, made: Site, until: float) -> None:
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.expovariate(self.pace.faults))
            if name := self.strikes.strike(self.chance.choice(made.modems)):
                self.faults[name] += 1

    async def _weigh(self, made: Site, until: float) -> None:
        """Look at the memory of this life of the process now and then, and at its end."""
        assert made.process is not None
        self.memory.append([resident_mb(made.process.pid)])
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(LOOK, left))
            self.memory[-1].append(resident_mb(made.process.pid))

    def _flat(self) -> None:
        """Compare the first and the last third of what a process that lived long needed, once it was warm."""
        for looks in self.memory:
            warm = looks[int(len(looks) * WARM) :]
            if (third := len(warm) // 3) >= 5:
                growth = median(warm[-third:]) - median(warm[:third])
                assert growth <= GROWTH, f"the memory grew by {growth:.1f} MB: {looks}"

    def _all_there(self, directory: Path) -> None:
        known = {ident for (ident,) in read(directory, "SELECT id FROM message")}
        lost = self.accepted - known
        assert not lost, f"accepted and not in the store: {lost}"

    def _foreseen(self, directory: Path) -> None:
        with (directory / "daemon.log").open(encoding="utf-8", errors="replace") as log:
            faults = [line for line in log if "modem.fault" in line or "Traceback" in line]
        assert not faults, f"errors that nobody foresaw: {faults[:3]}"

    def _print(self, made: Site, ends: Counter[str]) -> None:
        directory, ledger = made.directory, made.network.ledger
        causes = read(directory, "SELECT cause, count(*) FROM part WHERE status = 'failed' GROUP BY cause")
        stops = {str(e["sender"]) for e in ledger.of(Kind.HANDSET_SENT) if e["text"] == "STOP"}
        received = count(directory, "SELECT count(*) FROM inbox")
        opted_out = count(directory, "SELECT count(*) FROM suppression")
        refused = self.answers.total() - len(self.accepted)
        lines = {
            "accepted by the API": f"{len(self.accepted)}, {refused} refused",
            "parts": ", ".join(f"{n} {status}" for status, n in sorted(ends.items())),
            "failed because": "; ".join(f"{cause} ({n})" for cause, n in causes) or "-",
            "on the air": len(ledger.of(Kind.ACCEPTED)),
            "inbound": f"{received} of {len(ledger.of(Kind.HANDSET_SENT))}",
            "STOPs": f"{len(stops)} people, {opted_out} opted out",
            "hand-offs after STOP": len(list(overtaken(directory))),
            "faults": ", ".join(f"{name} {n}" for name, n in sorted(self.faults.items())),
            "kill -9": self.kills,
            "memory, first to last": ", ".join(f"{mb[0]:.0f}-{mb[-1]:.0f} MB" for mb in self.memory),
        }
        how = f" ({self.persona})"
        how += (", two ports each" if self.second else "") + (", parts stored first" if self.stored else "")
        hours = self.seconds * FASTER / 3600
        self.say(f"seed {self.seed}: {self.seconds:g} s for {hours:.3g} h, {self.modems} modems{how}")
        for name, value in lines.items():
            self.say(f"  {name:<26}{value}")


async def wordings(made: Site) -> None:
    """Have the templates approved; each message has a number of its own, so that none hides another."""
    slots = {"place": {"type": "choice", "choices": ["the museum", "the farm"]}, "ref": {"type": "reference"}}
    for name, text in WORDINGS.items():
        body = {"name": name, "purpose": "event_notice", "body": text, "slots": slots}
        status, drafted = await made.call("POST", "/v1/templates", body, who="author")
        assert status == 201, drafted
        status, answer = await made.call("POST", f"/v1/templates/{drafted['id']}/approve", who="head")
        assert status == 200, answer


def explain(made: Site, say: Callable[[str], None]) -> None:
    """Say where everything stood when a life failed: the modems, the parts, the ends of ledger and log."""
    for modem in made.modems:
        held = {memory.name: len(memory.slots) for memory in modem.storage.memories.values()}
        power = f"plugged {modem.wire.plugged}, awake {modem.awake}, registration {modem.radio.stat}"
        say(f"  {modem.name}: {power}, holds {held}, the network {made.network.centre.waiting(modem.number)}")
        say(f"    faults: {modem.faults}")
    parts = read(made.directory, "SELECT status, count(*) FROM part GROUP BY status")
    say("  parts: " + ", ".join(f"{n} {status}" for status, n in parts))
    now = made.network.ledger.clock()
    for entry in made.network.ledger.entries[-TAIL:]:
        say(f"  {entry.at - now:+8.2f} s {entry.modem} {entry.kind.value} {dict(entry.facts)}")
    lines = (made.directory / "daemon.log").read_text(encoding="utf-8", errors="replace").splitlines()
    for line in [line for line in lines if "clock_jumped" not in line][-TAIL:]:
        say(f"  log: {line}")


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB (10^6 bytes)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6

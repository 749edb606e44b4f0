"""What it costs to judge the words of a text: content, tone and clarity together (2.2, 5.x, 7.1)."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bench.sending import Row
from policy import PolicySettings
from policy.content.lexicon import shipped_lexicon
from policy.tone import shipped_manners
from policy.wording import judge_wording

_CORPORA = Path(__file__).parents[1] / "tests/policy/corpora/content"
_SETTINGS = PolicySettings.load()
_TODAY = date(2026, 11, 26)
_TWO_PARTS, _LONGEST = 306, 612  # characters
_SEED = 20241108
# Signs that a careless pattern would go over again and again.
_NASTY = [
    *(
        "1 ",
        "1-",
        "a@",
        "a.b.",
        "{",
        "<a ",
        "[a ",
        "%a",
        "AA12 ",
        "pin ",
        "password is ",
        "born 1 ",
        "x*",
        "!?",
    ),
    *(
        "_",
        "lives at 1 aa aa ",
        "passport ",
        "from 9 to ",
        "Mon 1 ",
        "1/1/",
        "nhs 123 456 7890 ",
        "é",
        "ﷺ",
        "😀",
    ),
    *(
        "a-",
        "a",
        "0o1l",
        "account ",
        "12-34-56 ",
        "moved 1 from ",
        "9:30 - ",
        "a at b ",
        "Bella's ",
        "A1 ",
        "Aa ",
    ),
]
_LOADING = """
import json, time
from policy import PolicySettings
PolicySettings.load()
def rss():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
from policy import wording
from policy.content.lexicon import shipped_lexicon
from policy.tone import shipped_manners
before, began = rss(), time.thread_time()
shipped_lexicon(), shipped_manners()
print(json.dumps([time.thread_time() - began, rss() - before]))
"""


async def judging() -> list[Row]:
    """Two-part messages made of corpus texts; then the worst texts that anybody thought of.

    A message counts with the quickest of its three turns: what else the machine does is not its cost. The raw
    runs are the p99 of each turn.
    """
    drawn = random.Random(_SEED)
    texts = [
        text
        for kind in ("allow", "deny", "hold")
        for text in (_CORPORA / "tuning" / f"{kind}.txt").read_text(encoding="utf-8").splitlines()
    ]
    messages = [" ".join(drawn.sample(texts, 9))[:_TWO_PARTS] for _ in range(2000)]
    passes = [[_seconds(message) * 1e3 for message in messages] for _ in range(3)]
    runs = [_p99(took) for took in passes]
    p99 = _p99([min(took) for took in zip(*passes, strict=True)])
    worst = max(min(_seconds(text[:-1]), _seconds(text[1:])) for text in _worst(drawn)) * 1e3
    return [
        Row("judging a text of 306 characters, p99", "<= 1 ms", f"{p99:.2f} ms", p99 <= 1, tuple(runs)),
        Row("judging any text of 612 characters, worst", "<= 10 ms", f"{worst:.1f} ms", worst <= 10),
    ]


async def loading() -> list[Row]:
    """All lists, read and compiled in a process of its own."""
    times, memory = [], []
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _LOADING, stdout=PIPE)
        seconds, kilobytes = json.loads((await process.communicate())[0])
        times.append(seconds * 1e3)
        memory.append(kilobytes * 1024 / 1e6)
    return [
        Row("lists of words: loading", "<= 50 ms", f"{min(times):.0f} ms", min(times) <= 50, tuple(times)),
        Row(
            "lists of words: memory", "<= 1.5 MB", f"{max(memory):.1f} MB", max(memory) <= 1.5, tuple(memory)
        ),
    ]


def _worst(drawn: random.Random) -> Sequence[str]:
    """Return texts of one nasty sign, of one listed word, and of listed words at random."""
    lists = (shipped_lexicon().phrases, shipped_lexicon().benign, shipped_manners().phrases)
    words = sorted({word for one in lists for word in one.words})
    mixed = [" ".join(drawn.choices(words, k=200)) for _ in range(300)]
    repeated = [f"{word} " * _LONGEST for word in words] + [nasty * _LONGEST for nasty in _NASTY]
    return [text[: _LONGEST + 1] for text in (*mixed, *repeated)]


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(0.99 * len(values))]


def _seconds(text: str) -> float:
    """Return its processor time; too many texts come between two turns of one for its answer to be kept."""
    began = time.thread_time()
    judge_wording(text, _SETTINGS, _TODAY)
    return time.thread_time() - began

"""Runs the commands of a page of documentation as it shows them, and compares what they say."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Final

from tests.cli.conftest import Ended, command

_FENCE: Final = re.compile(r"```console\n(.*?)```", re.DOTALL)
_IDENT: Final = re.compile(r"\b([a-z]{2,8})_[0-9a-z]{26}\b")
_SHORT: Final = re.compile(r"\b([a-z]{2,8})_…")
_REFUSED: Final = "# refused"


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what it must say: `…` stands for anything, spaces for any spaces."""

    words: tuple[str, ...]
    said: str
    refused: bool
    line: str
    given: str = ""  # on standard input

    def fits(self, ended: Ended) -> bool:
        """Return whether the command ended as the page says."""
        pattern = re.escape(" ".join(self.said.split())).replace("\\ ", " ")
        pattern = re.sub(r" ?… ?", lambda _: ".*?", pattern)
        told = " ".join((ended.out + " " + ended.err).split())
        return (ended.code != 0) == self.refused and re.fullmatch(pattern, told, re.DOTALL) is not None


def steps(page: str) -> list[Step]:
    """Return the commands of a page in their order."""
    found: list[Step] = []
    for block in _FENCE.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, said = part.replace("\\\n", " ").partition("\n")
            typed, refused, _ = line.partition(_REFUSED)
            given, piped, rest = typed.rpartition("|")
            words = tuple(shlex.split(rest if piped else typed))
            answer = " ".join(shlex.split(given)[1:]) + "\n" if piped else ""
            found.append(Step(words, said.strip(), bool(refused), line.strip(), answer))
    return found


@dataclass(slots=True)
class Walk:
    """Remembers the identifiers that commands printed: `msg_…` in a command is the last one of its kind."""

    seen: dict[str, str] = field(default_factory=dict)

    def run(self, step: Step) -> Ended:
        """Run a command that begins with `schoolgate`."""
        assert step.words[0] == "schoolgate", step.line
        words = [_SHORT.sub(lambda short: self.seen[short[1]], word) for word in step.words[1:]]
        ended = command(*words, given=step.given)
        for ident in _IDENT.finditer(ended.out):
            self.seen[ident[1]] = ident[0]
        return ended

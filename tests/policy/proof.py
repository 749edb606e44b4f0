"""Take each rule and each part away in turn: the tests that its clause names must fail. `make proof`.

Every removal happens in a process of its own, forked from this one, so nothing has to be put back. The
register of clauses (policy/clauses.toml) says which tests belong to which clause; only those are run.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import reduce
from multiprocessing import get_context
from multiprocessing.queues import Queue
from queue import Empty
from typing import Any, Final

import pytest
from hypothesis import Phase, settings

from policy.clauses import register
from policy.rules import RULES, Rule

_LONGEST: Final = 120.0  # seconds for the tests of one removal, which end with the first that fails
_EACH: Final = 20.0  # seconds more for each test, where all are to pass
_FORK: Final = get_context("fork")  # the child has what this process has read already


@dataclass(frozen=True, slots=True)
class Removal:
    """What is taken away, and the tests of each clause that must then fail."""

    name: str
    take_away: Callable[[], None]
    tests: dict[str, tuple[str, ...]]


class Removed(Exception):
    """The part is not there any more."""


@dataclass(slots=True, eq=False)
class Verdicts:
    """Notes which tests failed, by `file::name`."""

    red: set[str]
    passed: int = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("[")[0]
        if report.failed:
            self.red.add(name)
        elif report.when == "call" and report.passed:
            self.passed += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.red.add(report.nodeid)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What failed and how many cases passed; `trouble` where the tests did not run to an end."""

    red: frozenset[str]
    passed: int
    trouble: str


def removals(*, rules_only: bool) -> Iterator[Removal]:
    """Yield every rule, then every part."""
    clauses = {clause.number: clause for clause in register()}
    for rule in RULES:
        mine = {number: clauses[number].tests for number in rule.clauses}
        yield Removal(rule.name, lambda rule=rule: _silence(rule), mine)  # type: ignore[misc]
    parts = dict.fromkeys(part for clause in register() for part in clause.parts)
    for part in () if rules_only else parts:
        mine = {clause.number: clause.tests for clause in register() if part in clause.parts}
        yield Removal(part, lambda part=part: _break(part), mine)  # type: ignore[misc]


def _silence(rule: Rule) -> None:
    """Let the rule have nothing against anything."""

    def silent(*_: object) -> tuple[()]:
        return ()

    silent.__name__ = rule.name
    object.__setattr__(rule, "check", silent)


def _break(part: str) -> None:
    """Let every use of a class or function fail, whoever has imported it already."""
    module, path = part.split(":")
    found: Any = reduce(getattr, path.split("."), importlib.import_module(module))
    if isinstance(found, type):
        found.__init__ = _gone  # type: ignore[misc]
    else:
        found.__code__ = _gone.__code__


def _gone(*_args: object, **_more: object) -> None:
    from tests.policy.proof import Removed

    raise Removed


def run(removal: Removal | None, tests: Sequence[str]) -> Outcome:
    """Run tests in a process of their own without the part, up to the first failure."""
    queue: Queue[Outcome] = _FORK.Queue()
    child = _FORK.Process(target=_child, args=(removal, tests, queue))
    child.start()
    try:
        return queue.get(timeout=_LONGEST + (_EACH * len(tests) if removal is None else 0.0))
    except Empty:
        return Outcome(frozenset(), 0, "no end")
    finally:
        child.kill()
        child.join()


def _child(removal: Removal | None, tests: Sequence[str], queue: Queue[Outcome]) -> None:
    settings.register_profile("proof", database=None, phases=(Phase.explicit, Phase.generate), deadline=None)
    settings.load_profile("proof")
    verdicts = Verdicts(set())
    if removal is not None:
        removal.take_away()
    options = [
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--assert=plain",
        "-o",
        "addopts=--import-mode=importlib",
    ]
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):  # noqa: PTH123
        code = pytest.main([*options, *tests], plugins=[verdicts])
    known = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or verdicts.red
    queue.put(Outcome(frozenset(verdicts.red), verdicts.passed, "" if known else "not run"))


def heaps(tests: Sequence[str]) -> list[list[str]]:
    """Return the tests of the pure policy, and those that start more; no heap is empty."""
    pure = [each for each in tests if each.startswith("tests/policy/")]
    return [heap for heap in (pure, [each for each in tests if each not in pure]) if heap]


def _beyond(removal: Removal) -> bool:
    """Say whether what is taken away is none of the pure policy's: its tests cannot notice."""
    return removal.name.startswith("gateway.")


def noticed(removal: Removal, tests: Sequence[str]) -> tuple[bool, str]:
    """Return whether one of a clause's tests fails without the part, and which."""
    said = f"GREEN: none of {len(tests)} tests failed"
    likely_first = sorted(
        heaps(tests), key=lambda heap: heap[0].startswith("tests/policy/") is _beyond(removal)
    )
    for heap in likely_first:
        found = run(removal, heap)
        if failed := [test for test in heap if {test, test.partition("::")[0]} & found.red]:
            return True, failed[0]
        said = f"{found.trouble}: {', '.join(heap)}" if found.trouble else said
    return False, said


def stands(tests: Sequence[str]) -> bool:
    """Say whether these tests pass while nothing is taken away: else their failing proves nothing."""
    outcomes = [run(None, heap) for heap in heaps(tests)]
    for bad in (each for each in outcomes if each.red or each.trouble):
        sys.stdout.write(f"With everything in its place: {bad.trouble or 'fails'} {sorted(bad.red)}\n")
    cases = sum(each.passed for each in outcomes)
    sys.stdout.write(f"With everything in its place {cases} cases of these {len(tests)} tests pass.\n")
    return cases > 0 and not any(each.red or each.trouble for each in outcomes)


def main() -> int:
    """Print the table; 1 where a removal goes unnoticed, or a test fails without one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="a rule or part; else all")
    parser.add_argument("--rules", action="store_true", help="the rules alone")
    given = parser.parse_args()
    chosen = [
        each for each in removals(rules_only=given.rules) if given.only is None or each.name in given.only
    ]
    began, good = time.monotonic(), True
    noticing: set[str] = set()
    sys.stdout.write(f"{'clause':6}  {'taken away':44}  the test that notices\n")
    for removal in chosen:
        for number, tests in removal.tests.items():
            found, said = noticed(removal, tests)
            good &= found
            noticing |= {said} if found else set()
            sys.stdout.write(f"{number:6}  {removal.name:44}  {said}\n")
            sys.stdout.flush()
    sys.stdout.write("\n")
    good &= stands(sorted(noticing))
    sys.stdout.write(f"{len(chosen)} removals, {time.monotonic() - began:.0f} s: ")
    sys.stdout.write("each was noticed.\n" if good else "NOT PROVEN.\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

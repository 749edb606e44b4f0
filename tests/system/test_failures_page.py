"""The page of what can go wrong: every case is there, and every fault and every test that it names exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from bench import strikes
from gateway.simulator.faults import FAULTS
from gateway.simulator.personas import PERSONAS

ROOT = Path(__file__).parents[2]
CASES = {*map(str, range(1, 31)), *(f"A{number}" for number in range(1, 26))}


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    cases: frozenset[str]
    faults: tuple[str, ...]
    tests: tuple[str, ...]


def rows() -> Iterator[Row]:
    for line in (ROOT / "docs" / "failures.md").read_text(encoding="utf-8").splitlines():
        if re.match(r"\| A?\d", line):
            cases, _, _, fault, seen = (cell.strip() for cell in line.strip("|").split("|"))
            yield Row(frozenset(cases.split(", ")), named(fault), named(seen))


def named(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


Place = tuple[Path, str]  # a module and a name at its top


@cache
def made_in(file: Path) -> dict[str, ast.stmt]:
    """Return what a module defines or imports, by name."""
    made: dict[str, ast.stmt] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                made[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                made[name] = node
            case ast.ImportFrom(names=names):
                made |= {each.asname or each.name: node for each in names}
    return made


def said_in(place: Place, seen: set[Place]) -> Iterator[str]:
    """Yield every string in a definition, and in what it uses: of its module, and of other tests."""
    file, name = place
    node = None if place in seen else made_in(file).get(name)
    seen.add(place)
    if isinstance(node, ast.ImportFrom):
        if node.module and node.module.startswith("tests."):
            there = (ROOT / node.module.replace(".", "/")).with_suffix(".py")
            yield from said_in((there, name), seen)
        return
    for each in ast.walk(node) if node is not None else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
        elif isinstance(each, ast.Name):
            yield from said_in((file, each.id), seen)


def test_every_case_is_there() -> None:
    assert set().union(*(row.cases for row in rows())) == CASES


def test_every_fault_of_the_virtual_modem_has_its_case() -> None:
    shown = {fault for row in rows() for fault in row.faults}
    assert shown - set(PERSONAS) == set(FAULTS)


def test_every_case_has_a_test_of_the_whole_gateway_that_exists_and_brings_the_fault_about() -> None:
    for row in rows():
        places = [(ROOT / "tests" / test.partition("::")[0], test.partition("::")[2]) for test in row.tests]
        for file, name in places:
            assert name.startswith("test_"), name
            assert name in made_in(file), name
        whole = [place for place in places if place[0].parent.name == "system"]
        assert whole, row
        said = set(chain.from_iterable(said_in(place, set()) for place in whole))
        assert set(row.faults) & set(FAULTS) <= said, (set(row.faults) - said, row)


def test_every_fault_strikes_in_the_lives_at_random() -> None:
    assert {*strikes.FAULTS, *strikes.SECOND, *strikes.STORED} == set(FAULTS)

"""The page of what can go wrong: every case is there, and every fault and every test that it names exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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


@cache
def names_in(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


def test_every_case_is_there() -> None:
    assert set().union(*(row.cases for row in rows())) == CASES


def test_every_fault_of_the_virtual_modem_has_its_case() -> None:
    shown = {fault for row in rows() for fault in row.faults}
    assert shown - set(PERSONAS) == set(FAULTS)


def test_every_case_has_a_test_of_the_whole_gateway_that_exists_and_brings_the_fault_about() -> None:
    for row in rows():
        assert any(test.startswith("system/") for test in row.tests), row
        files = [ROOT / "tests" / test.partition("::")[0] for test in row.tests]
        for file, test in zip(files, row.tests, strict=True):
            assert test.partition("::")[2] in names_in(file), test
        sources = "".join(file.read_text(encoding="utf-8") for file in files)
        for fault in set(row.faults) & set(FAULTS):
            assert f'"{fault}"' in sources, (fault, row)

"""The register of clauses is held to the code: nothing in it is decoration."""

from __future__ import annotations

import importlib
from functools import reduce
from pathlib import Path

import pytest

from gateway.cli import manual
from policy.clauses import Clause, register
from policy.rules import RULES

ROOT = Path(__file__).parents[2]
# As the policy document numbers them: how many clauses each of its sections has.
SECTIONS = {1: 3, 2: 2, 3: 3, 4: 3, 5: 3, 6: 2, 7: 2, 8: 2, 9: 2}
DOCUMENT = [f"{section}.{clause}" for section, many in SECTIONS.items() for clause in range(1, many + 1)]
each_clause = pytest.mark.parametrize("clause", register(), ids=lambda clause: clause.number)


def test_every_clause_of_the_document_is_registered_once_and_in_order() -> None:
    assert [clause.number for clause in register()] == DOCUMENT


@each_clause
def test_every_clause_is_enforced_and_proven(clause: Clause) -> None:
    assert clause.rules or clause.parts, "nothing enforces it"
    assert clause.tests, "no test proves it"
    assert clause.reports, "no command shows evidence of it"


@each_clause
def test_every_clause_has_a_test_named_after_it(clause: Clause) -> None:
    name = f"::test_{clause.number.replace('.', '_')}_"
    assert any(name in test for test in clause.tests), name


def test_a_rule_that_cites_no_clause_or_that_nothing_proves_is_found() -> None:
    proven = {rule for clause in register() for rule in clause.rules if clause.tests}
    assert {rule.name for rule in RULES} == proven
    for rule in RULES:
        assert set(rule.clauses) <= set(DOCUMENT), rule.name


@each_clause
def test_every_test_that_is_named_exists(clause: Clause) -> None:
    for test in clause.tests:
        file, name = test.split("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test


@each_clause
def test_every_part_that_is_named_exists(clause: Clause) -> None:
    for part in clause.parts:
        module, path = part.split(":")
        assert callable(reduce(getattr, path.split("."), importlib.import_module(module))), part


@each_clause
def test_every_report_that_is_named_is_a_command(clause: Clause) -> None:
    commands = {" ".join(path) for path, _ in manual.leaves(manual.get_command(manual.app))}
    assert set(clause.reports) <= commands


def test_rules_and_register_name_each_other() -> None:
    registered = {(rule, clause.number) for clause in register() for rule in clause.rules}
    assert registered == {(rule.name, number) for rule in RULES for number in rule.clauses}
    assert all(rule.clauses for rule in RULES)

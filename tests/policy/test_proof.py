"""`make proof` notices what it should, and says so where a test notices nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.policy.proof import Removal, noticed

NAMED = "tests/policy/test_rules_purpose.py::test_7_1_marketing_is_off"


@pytest.mark.system
def test_a_rule_that_is_taken_away_is_noticed() -> None:
    command = [sys.executable, "-m", "tests.policy.proof", "--only", "marketing_is_on"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert NAMED in done.stdout
    assert "each was noticed" in done.stdout


@pytest.mark.system
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_removal_that_changes_nothing_is_not_called_noticed() -> None:
    nothing = Removal("nothing", lambda: None, {"7.1": (NAMED,)})
    assert noticed(nothing, (NAMED,)) == (False, "GREEN: none of 1 tests failed")
    absent = "tests/policy/test_rules_purpose.py::test_that_there_is_none_of"
    assert noticed(nothing, (absent,))[0] is False

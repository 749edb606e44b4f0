"""What is said of an error that nobody foresaw: what and where, never what it quotes."""

from __future__ import annotations

from gateway.faults import described


def thrown(exc: BaseException) -> None:
    raise exc


def caught(exc: BaseException) -> BaseException:
    try:
        thrown(exc)
    except BaseException as raised:  # noqa: BLE001 - whatever it is
        return raised
    raise AssertionError


def test_kind_and_place_are_told_and_nothing_that_is_quoted() -> None:
    said = described(caught(ValueError("PIN 1234")))
    assert said.startswith(f"ValueError at {__file__}:")
    assert "1234" not in said


def test_of_a_group_what_is_in_it_is_told() -> None:
    inner = ExceptionGroup("PIN", [caught(KeyError("1234"))])
    said = described(caught(ExceptionGroup("of tasks", [caught(OSError("5678")), inner])))
    assert [each.split(" at ")[0] for each in said.split(", ")] == ["OSError", "KeyError"]

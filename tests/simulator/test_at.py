from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.at import AtError, AtSyntaxError, Body, Command, Op, Typed, parse_line


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("", ()),
        ("E0", (Command("E", Op.SET, ("0",)),)),
        ("Z", (Command("Z"),)),
        (
            "E0V1X4&C1",
            (
                Command("E", Op.SET, ("0",)),
                Command("V", Op.SET, ("1",)),
                Command("X", Op.SET, ("4",)),
                Command("&C", Op.SET, ("1",)),
            ),
        ),
        ("+CMEE=1;+CREG=2", (Command("+CMEE", Op.SET, ("1",)), Command("+CREG", Op.SET, ("2",)))),
        ("+CMEE = 1 ; +CREG?", (Command("+CMEE", Op.SET, ("1",)), Command("+CREG", Op.READ))),
        ("e0+cmee=1", (Command("E", Op.SET, ("0",)), Command("+CMEE", Op.SET, ("1",)))),
        ("+CPMS=?", (Command("+CPMS", Op.TEST),)),
        ('+CPMS="SM","ME"', (Command("+CPMS", Op.SET, ("SM", "ME")),)),
        ('+CUSD=1,"*1;2,3#",15', (Command("+CUSD", Op.SET, ("1", "*1;2,3#", "15")),)),
        ("+CNMI=2,1,,2", (Command("+CNMI", Op.SET, ("2", "1", "", "2")),)),
        ("^CURC=0", (Command("^CURC", Op.SET, ("0",)),)),
        ("$TSSPCSW=?", (Command("$TSSPCSW", Op.TEST),)),
        ("S0=0", (Command("S0", Op.SET, ("0",)),)),
        ("S5?", (Command("S5", Op.READ, ("",)),)),
        ("D07700900123;", (Command("D", Op.SET, ("07700900123;",)),)),
    ],
)
def test_a_command_line_is_taken_apart(line: str, commands: tuple[Command, ...]) -> None:
    assert parse_line(line) == commands


@pytest.mark.parametrize("line", ["?", "1", "+", "+CMEE!"])
def test_what_is_no_command_is_an_error(line: str) -> None:
    with pytest.raises(AtSyntaxError):
        parse_line(line)


@given(st.text(max_size=60))
def test_any_line_gives_commands_or_an_at_error(line: str) -> None:
    try:
        parse_line(line)
    except AtError:
        return


def lines_of(chunks: list[bytes]) -> tuple[bytes, list[str]]:
    typed, echoed, lines = Typed(), b"", []
    for chunk in chunks:
        typed.feed(chunk)
        while True:
            echo, line = typed.take_line()
            echoed += echo
            if line is None:
                break
            lines.append(line)
    return echoed, lines


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        (b"AT\r", [""]),
        (b"at+csq\r", ["+csq"]),
        (b"\r\n\r\nAT\r\n", [""]),
        (b"\x1b\rAT\r", [""]),
        (b"AT+CM\x1bAT+CSQ\r", ["+CSQ"]),
        (b"\x1aAT\r", [""]),
        (b"AT+CSW\x08Q\r", ["+CSQ"]),
        (b"\xff\xfe\x00AT\r", [""]),
        (b"garbage\rAT\r", [""]),
        (b"no prompt hereAT+CSQ\r", ["+CSQ"]),
        (b"ATE0\rAT+CSQ\r", ["E0", "+CSQ"]),
    ],
)
def test_command_lines_begin_at_at_and_end_at_cr(typed: bytes, lines: list[str]) -> None:
    assert lines_of([typed])[1] == lines


@given(st.lists(st.binary(max_size=9), max_size=9))
def test_chunking_changes_neither_lines_nor_echo(chunks: list[bytes]) -> None:
    assert lines_of(chunks) == lines_of([b"".join(chunks)])


@pytest.mark.parametrize(
    ("chunks", "body", "echo"),
    [
        ([b"0011\x1a"], Body("0011", sent=True), b"0011"),
        ([b"00", b"11", b"\x1a"], Body("0011", sent=True), b"0011"),
        ([b"00\x1b"], Body("00", sent=False), b"00"),
        ([b"\x1b"], Body("", sent=False), b""),
    ],
)
def test_a_body_ends_at_ctrl_z_or_esc(chunks: list[bytes], body: Body, echo: bytes) -> None:
    typed, echoed, found = Typed(), b"", None
    for chunk in chunks:
        assert found is None
        typed.feed(chunk)
        more, found = typed.take_body()
        echoed += more
    assert (found, echoed) == (body, echo)


def test_what_follows_a_body_is_the_next_command() -> None:
    typed = Typed()
    typed.feed(b"00\x1aAT\r")
    typed.take_body()
    assert typed.take_line() == (b"AT\r", "")

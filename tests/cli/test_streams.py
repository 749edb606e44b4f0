"""`pdu decode` and `inbound classify`: one line in, one answer out, at once."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.conftest import command

HELLO = "0791448720003023240DD0E474D81C0EBB010000111011315214000BE474D81C0EBB5DE3771B"
STATUS = "0006000B914477009021F36270211415000062702114150000" + "00"


def answers(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_pdu_becomes_one_object() -> None:
    ended = command("pdu", "decode", "--kind", "deliver", "--json", given=HELLO + "\n")
    assert ended.code == 0
    (found,) = answers(ended.out)
    assert found["text"] == "diafaan.com"
    assert found["number"] == "diafaan"


def test_every_line_gets_an_answer_and_errors_set_the_exit_code() -> None:
    ended = command("pdu", "decode", "--json", given=f"{HELLO}\n\nzz\n{HELLO}\r\n07\r91\n{HELLO}")
    found = answers(ended.out)
    assert [("error" in each) for each in found] == [False, True, True, False, True, False]
    assert ended.code == 1
    assert ended.err == ""


def test_octets_that_are_no_text_are_an_error_of_their_line() -> None:
    ended = command("pdu", "decode", "--json", given=b"\xff\xfe\n" + HELLO.encode() + b"\n")
    assert [("error" in each) for each in answers(ended.out)] == [True, False]


def test_a_kind_that_does_not_exist_is_a_usage_error() -> None:
    ended = command("pdu", "decode", "--kind", "telex")
    assert ended.code == 2
    assert "status_report" in ended.err


def test_replies_are_classified_line_by_line() -> None:
    ended = command("inbound", "classify", "--json", given="STOP\n\nSTART\nHELP\nThank you, see you then\n")
    assert [each["tier"] for each in answers(ended.out)] == ["act", "inbox", "start", "help", "inbox"]
    assert ended.code == 0


def test_cancel_soon_after_an_appointment_may_mean_the_appointment() -> None:
    (found,) = answers(command("inbound", "classify", "--json", "--recent-appointment", given="CANCEL\n").out)
    assert (found["tier"], found["may_mean_appointment"]) == ("act", True)


@pytest.mark.system
def test_answers_come_before_the_input_ends() -> None:
    arguments = [sys.executable, "-m", "gateway.cli", "pdu", "decode", "--json"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(HELLO + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == "diafaan.com"
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.system
def test_decoding_loads_neither_database_nor_radio_nor_http() -> None:
    program = (
        "import sys\n"
        "from gateway.cli import main\n"
        "sys.argv = ['schoolgate', 'pdu', 'decode', '--json']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'sqlalchemy', 'aiohttp', 'serial', 'api', 'gateway.daemon', 'gateway.simulator'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=HELLO, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines()[-1] == "[]"

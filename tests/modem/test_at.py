"""The AT parser: no chunking, no unsolicited line and no garbage changes what a command is answered."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.modem.at import MAX_LINE, Answer, AtEvent, AtParser, Line, Noise, Prompt, Result, Urc

OK = Result(ok=True, text="OK")
PDU = "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"
REPORT = "07911326040000F006340B911326880736F4111011719551401110117195714000"


def parsed(data: str | bytes, answer: Answer | None = None) -> list[AtEvent]:
    parser = AtParser()
    if answer is not None:
        parser.expect(answer)
    return parser.feed(data if isinstance(data, bytes) else data.encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "code", "family"),
    [
        ("+CMS ERROR: 38", 38, "CMS"),
        ("+CMS ERROR:38", 38, "CMS"),
        ("+CME ERROR: SIM busy", None, "CME"),
        ("+CME ERROR: raspberry", None, "CME"),
        ("+EXT ERROR: 50", 50, "EXT"),
        ("ERROR", None, ""),
        ("ABORTED", None, ""),
        ("COMMAND NOT SUPPORT", None, ""),
        ("TOO MANY PARAMETERS", None, ""),
        ("MODEM ERROR: 5", None, ""),
        ("ERROR: Command not supported", None, ""),
        ("NA", None, ""),
    ],
)
def test_every_known_refusal_is_a_final_result(text: str, code: int | None, family: str) -> None:
    assert parsed(f"\r\n{text}\r\n") == [Result(ok=False, text=text, family=family, code=code)]


@pytest.mark.parametrize(
    "text",
    [
        "OKAY see you at 5",
        "ERROR in your bill",
        "+CME ERROR:",
        "UNKNOWN COMMAND",
        "NOT OK",
        '+CUSD: 0,"BOOK NOW",15',
    ],
)
def test_only_whole_lines_are_final_results(text: str) -> None:
    assert not any(
        isinstance(event, Result) for event in parsed(f"\r\n{text}\r\n", Answer(prefixes=("+CMGS:",)))
    )


@pytest.mark.parametrize("text", ["NO CARRIER", "RING", "BUSY", "RDY", "SMS Ready", "DST: 0", "POWERED DOWN"])
def test_news_without_a_prefix_never_answers_a_freeform_command(text: str) -> None:
    events = parsed(f"\r\n{text}\r\n\r\nhuawei\r\n\r\nOK\r\n", Answer(freeform=True))
    assert [type(event) for event in events] == [Urc, Line, Result]
    assert events[1] == Line("huawei")


def test_an_answer_and_the_same_line_later_are_told_apart_by_what_is_in_flight() -> None:
    events = parsed(
        '\r\n+CREG: 2,1,"18D8","FFFF"\r\n\r\nOK\r\n\r\n+CREG: 5\r\n\r\n+CGREG: 0\r\n',
        Answer(prefixes=("+CREG:",)),
    )
    assert events == [Line('+CREG: 2,1,"18D8","FFFF"'), OK, Urc("+CREG", "5"), Urc("+CGREG", "0")]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_every_line_end_that_modems_use_is_a_line_end(end: str) -> None:
    assert parsed(f"{end}+CMGS: 7{end}{end}OK{end}", Answer(prefixes=("+CMGS:",))) == [Line("+CMGS: 7"), OK]


@pytest.mark.parametrize(
    "prompt", [b"\r\n> ", b"\r\n>", b"\n>", b"> ", b"\r\n\x00> ", b"\r\n\xff> ", b"\r\n>\r\n"]
)
def test_every_shape_of_prompt_is_recognised_when_awaited(prompt: bytes) -> None:
    echo = "AT+CMGS=23"
    assert parsed(echo.encode() + b"\r" + prompt, Answer(prompt=True, echo=echo)) == [Prompt()]


def test_a_prompt_is_no_prompt_unless_awaited() -> None:
    assert parsed("\r\n> \r\n+CSQ: 20,99\r\n", Answer(prefixes=("+CSQ:",))) == [Line("+CSQ: 20,99")]


def test_a_greater_than_sign_inside_a_line_is_no_prompt() -> None:
    assert parsed("\r\n+CUSD: 0,a > b", Answer(prompt=True)) == []


def test_a_urc_before_the_prompt_does_not_hide_it() -> None:
    events = parsed('\r\n+CMTI: "SM",3\r\n\r\n> ', Answer(prompt=True))
    assert events == [Urc("+CMTI", '"SM",3'), Prompt()]


@pytest.mark.parametrize(
    "header", ["+CMT: ,32", '+CMT: "",32', '+CMT: "Mum, home",32', "+CMT: 32", "+CMT:,32"]
)
def test_a_direct_message_brings_its_pdu(header: str) -> None:
    (event,) = parsed(f"\r\n{header}\r\n{PDU}\r\n")
    assert isinstance(event, Urc)
    assert (event.name, event.body) == ("+CMT", PDU)


def test_the_lines_of_a_two_line_urc_may_come_apart_around_an_answer() -> None:
    parser = AtParser()
    assert parser.feed(b"\r\n+CDS: 25\r\n") == []
    parser.expect(Answer(prefixes=("+CSQ:",), echo="AT+CSQ"))
    assert parser.feed(b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n") == [Line("+CSQ: 20,99"), OK]
    assert parser.feed(f"{REPORT}\r\n".encode()) == [Urc("+CDS", "25", REPORT)]


def test_a_report_inside_a_listing_is_not_taken_for_a_stored_message() -> None:
    events = parsed(
        f"\r\n+CMGL: 1,1,,{len(PDU) // 2 - 8}\r\n\r\n+CDS: ,25\r\n{REPORT}\r\n{PDU}\r\n\r\nOK\r\n",
        Answer(prefixes=("+CMGL:",), pdu=True),
    )
    assert events == [Line(f"+CMGL: 1,1,,{len(PDU) // 2 - 8}"), Urc("+CDS", ",25", REPORT), Line(PDU), OK]


def test_the_echo_of_our_pdu_is_not_the_body_of_somebody_elses_message() -> None:
    parser = AtParser()
    parser.feed(b"\r\n+CMT: ,28\r\n")
    parser.expect(Answer(prefixes=("+CMGS:",), echo=PDU))
    events = parser.feed(f"{PDU}\x1a\r\n{REPORT}\r\n\r\n+CMGS: 7\r\n\r\nOK\r\n".encode())
    assert events == [Urc("+CMT", ",28", REPORT), Line("+CMGS: 7"), OK]


def test_a_text_mode_message_that_says_ok_ends_nothing() -> None:
    events = parsed(
        '\r\n+CMT: "+447700900123",,"26/11/24,12:00:00+00"\r\nOK\r\n', Answer(prefixes=("+CSQ:",))
    )
    assert events == [Urc("+CMT", '"+447700900123",,"26/11/24,12:00:00+00"')]


def test_a_two_line_urc_without_its_body_is_given_up_and_later_lines_are_heard() -> None:
    data = "\r\n+CDS: 25\r\n" + '\r\n+CMTI: "SM",1\r\n' * 20
    assert parsed(data) == [Urc("+CMTI", '"SM",1')] * 20
    assert parsed(data + f"\r\n{REPORT}\r\n")[-1] == Urc("", REPORT)


def test_an_overlong_line_is_dropped_and_counted_and_the_next_one_is_heard() -> None:
    parser = AtParser()
    events = [event for _ in range(10) for event in parser.feed(b"x" * MAX_LINE)]
    assert events == []
    assert parser.feed(b'\r\n+CMTI: "SM",1\r\n') == [Noise(10 * MAX_LINE), Urc("+CMTI", '"SM",1')]


DIALOGUES = [
    (b"AT+CMGS=23\r\r\n> ", Answer(prompt=True, echo="AT+CMGS=23")),
    (b"\r\n+CMGS: 7\r\n\r\nOK\r\n", Answer(prefixes=("+CMGS:",))),
    (b'\r\n+CMTI: "SM",3\r\n\r\n+CMGS: 7\r\n\r\n^RSSI:14\r\r\nOK\r\n', Answer(prefixes=("+CMGS:",))),
    (
        f"\r\n+CMGL: 1,0,,28\r\n{PDU}\r\n+CDS: 25\r\n{REPORT}\r\n"
        f"+CMGL: 2,1,,28\r\n{PDU}\r\n\r\nOK\r\n".encode(),
        Answer(prefixes=("+CMGL:",), pdu=True),
    ),
    (b"\xff\xfe\r\n\x00\r\n+CMS ERROR: 38\r\n", Answer(prefixes=("+CMGS:",))),
    (b"\r\n" + b"z" * 5000 + b"\r\nRING\r\n", Answer()),
]


def chopped(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]


@pytest.mark.parametrize(("data", "answer"), DIALOGUES)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=40))
def test_chunking_never_changes_the_events(data: bytes, answer: Answer, cuts: list[int]) -> None:
    parser = AtParser()
    parser.expect(answer)
    events = [event for chunk in chopped(data, cuts) for event in parser.feed(chunk)]
    assert events == parsed(data, answer)


@pytest.mark.parametrize(("data", "answer"), DIALOGUES[:5])
def test_one_byte_at_a_time_is_the_same_dialogue(data: bytes, answer: Answer) -> None:
    parser = AtParser()
    parser.expect(answer)
    assert [event for byte in data for event in parser.feed(bytes([byte]))] == parsed(data, answer)


@given(
    data=st.binary(max_size=300),
    cuts=st.lists(st.integers(0, 300), max_size=10),
    answer=st.sampled_from([answer for _, answer in DIALOGUES] + [Answer(freeform=True)]),
)
def test_any_bytes_at_any_chunking_give_the_same_events_and_no_error(
    data: bytes, cuts: list[int], answer: Answer
) -> None:
    parser = AtParser()
    parser.expect(answer)
    assert [event for chunk in chopped(data, cuts) for event in parser.feed(chunk)] == parsed(data, answer)


MTI = b'\r\n+CMTI: "SM",3\r\n'
CDS = f"\r\n+CDS: 25\r\n{REPORT}\r\n".encode()


@pytest.mark.parametrize("urc", [MTI, CDS, MTI + MTI, b"\r\nRING\r\n"])
@pytest.mark.parametrize("data", [DIALOGUES[1][0], DIALOGUES[3][0], b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"])
def test_a_urc_at_any_line_boundary_is_heard_and_changes_no_answer(data: bytes, urc: bytes) -> None:
    answer = Answer(prefixes=("+CMGS:", "+CMGL:", "+CSQ:"), pdu=True)
    plain = parsed(data, answer)
    ends = [0, *(i + 2 for i in range(len(data)) if data[i : i + 2] == b"\r\n")]
    body_follows = (b"+CDS: 25\r\n",)  # between a URC's own two lines there is no other URC
    for at in ends:
        if data[:at].endswith(body_follows):
            continue
        events = parsed(data[:at] + urc + data[at:], answer)
        assert [e for e in events if not isinstance(e, Urc)] == [e for e in plain if not isinstance(e, Urc)]
        extra = len([e for e in events if isinstance(e, Urc)]) - len([e for e in plain if isinstance(e, Urc)])
        assert extra == len(parsed(urc)), at


@pytest.mark.parametrize("data", [DIALOGUES[1][0], DIALOGUES[3][0], DIALOGUES[0][0]])
def test_a_urc_at_every_byte_offset_is_heard_and_never_forges_an_end(data: bytes) -> None:
    answer = Answer(prefixes=("+CMGS:", "+CMGL:"), pdu=True, prompt=data.endswith(b"> "), echo="AT+CMGS=23")
    ends = [event for event in parsed(data, answer) if isinstance(event, Result | Prompt)]
    for at in range(len(data) + 1):
        events = parsed(data[:at] + MTI + data[at:], answer)
        assert Urc("+CMTI", '"SM",3') in events, at
        # A line torn in two may be lost; a result that was not said may not appear.
        found = [event for event in events if isinstance(event, Result | Prompt)]
        assert found in ([], ends), at

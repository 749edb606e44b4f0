"""What a transcript shows: what is on the list, numbers of nobody, and `x` for all else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import sms
from gateway.modem.disguise import Disguise
from gateway.modem.pseudonyms import Pseudonyms
from gateway.modem.transcript import Exchange, Recorder, Transcript
from gateway.modem.words import WORDS
from tests.modem.replay import transcripts

PDU = "0791447758100650040C9144775821436500006290108003004004D4F29C0E"
LENGTH = 23


def answered(command: str, *lines: str) -> list[str]:
    """Return the lines of an answer as a transcript shows them."""
    return Disguise().exchanges([Exchange(command, list(lines))])[0].answer


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("+CGSN: 35-314203-000012-3", "+CGSN: 00-000000-000000-1"),
        ("353142030000123", "000000000000001"),
        ("IMEI353142030000123", "x" * 19),
        ("+CGSN: IMEI353142030000123", "+CGSN: " + "x" * 19),
        ("07785 123456", "44770 090001"),
        ("+44 7785 123456", "+44 7700 900001"),
        ("07785-123-456", "44770-090-001"),
        ("+44 (0)7785 123456", "+44 (7)7009 000001"),
        ("8944 1100 6800 0000 017", "8944 0000 0000 0000 001"),
        ("+QCCID: 8944110068000000017F", "+QCCID: 8944000000000000001F"),
        ('+CLIP: "+447785123456",145,"",0,"Bob Jones",0', '+CLIP: "+447700900001",145,"",0,"xxxxxxxxx",0'),
        ('+CLIP: "60777",129', '+CLIP: "xxxxx",129'),
        ('+CMGL: 1,1,"Mrs Alice Smith",23', '+CMGL: 1,1,"xxxxxxxxxxxxxxx",23'),
        ('+CNUM: "Alice","07785 123456",129', '+CNUM: "xxxxx","44770 090001",129'),
        ('+CNAP: "0041006C006900630065",0', '+CNAP: "xxxxxxxxxxxxxxxxxxxx",0'),
        ("0041006C0069006300650020", "000000000000000000000000"),
        ("+CUSD: 0,Dear Carol, it is 4,15", "+CUSD: 0,xxxxxxxxxxxxxxxxxxxxxx"),
        ("+CUSD: 0,07785 123456, 15", "+CUSD: 0,44770 090001, 15"),
        ('+CUSD: 2,"Your credit is 4.20",15', '+CUSD: 2,"xxxxxxxxxxxxxxxxxxx",15'),
        ('+CPIN: "1234"', '+CPIN: "xxxx"'),
        ("+CSQ: Alice at home", "+CSQ: xxxxxxxxxxxxx"),
        ("+CME ERROR: Alice", "+CME ERROR: xxxxx"),
        ('+CREG: 2,1,"1A2B","01C3D4E5",7', '+CREG: 2,1,"xxxx","xxxxxxxx",7'),
        ("$GPRMC,081836,A,3751.65,S,14507.36,E", "x" * 36),
        ("+CGSN: (07785) 123456", "+CGSN: (44770) 090001"),
        ("+CGSN: 1234) 5", "+CGSN: xxxxxxx"),
        ("+447785123456: see you at 5", "x" * 27),
        ("AT+CPIN=1234", "x" * 12),  # as a program before us may have said it
    ],
)
def test_what_may_be_somebodys_goes(line: str, shown: str) -> None:
    assert Disguise().line(line) == shown


OF_ITSELF = """\
OK
ERROR
+CMS ERROR: 321
+CME ERROR: SIM busy
COMMAND NOT SUPPORT
+CSQ: 20,99
+CPIN: READY
+CPIN: SIM PUK
+CPINR: SIM PIN,3,3
+QPINC: "SC",3,10
+CMTI: "SM",3
+CPMS: ("SM","ME"),("SM","ME"),("SM")
+CPMS: "SM",1,20,"SM",1,20,"SM",1,20
+CNMI: (0-2),(0,1)
+CMGD: (0-49),(0-4),
+CMGR: 0,,23
+CMGL: 1,1,"",22
+COPS: 0,0,"vodafone UK",2
^MODE:5,4
^HCSQ:"LTE",30,19,66,0
+QIND: SMS DONE
RDY
Call Ready
^SYSSTART
*ATREADY: 1
+SMS FULL
DST: 0
UNDER-VOLTAGE WARNNING
*PSUTTZ: 2026,9,1,8,30,0,"+4",0
"""


@pytest.mark.parametrize("line", OF_ITSELF.splitlines())
def test_what_a_modem_says_of_itself_stays(line: str) -> None:
    assert Disguise().line(line) == line


def test_names_of_equipment_stay_where_they_were_asked_for() -> None:
    assert answered("AT+CGMM", "E173", "OK") == ["E173", "OK"]
    assert answered("AT+CGMR", "21.017.09.00.314", "OK") == ["21.017.09.00.314", "OK"]
    assert answered("AT+CGMM", "E173", "Alice") == ["E173", "xxxxx"]
    assert answered("AT+CSQ", "Alice", "OK") == ["xxxxx", "OK"]
    assert answered("AT+CGMR", "11.126 IMEI 353142030000123") == ["11.126 IMEI 000000000000001"]
    assert answered("AT+CGMR", "1\x852\x1c3") == ["1x2x3"]  # these would end a line of the file


def test_commands_of_profiles_and_their_echoes_stay() -> None:
    asked = [
        Exchange(text, [text, "OK"]) for text in ('AT+QURCCFG="urcport","usbat"', "AT+CMGF=0", "AT+CPMS=?")
    ]
    assert Disguise().exchanges(asked) == asked
    (dialled,) = Disguise().exchanges([Exchange("ATD07785123456;", ["ATD07785123456;"])])
    assert "12345" not in dialled.command + dialled.answer[0]


def test_a_text_of_several_lines_is_one_until_it_ends() -> None:
    assert answered(
        "AT+CSQ",
        '+CUSD: 0,"Dear Carol, your number is',
        "+MUM: 1",  # a text could be this
        '07785 654321 and your balance 4.20",15',
        "+CSQ: 20,99",
        "OK",
    ) == ['+CUSD: 0,"' + "x" * 26, "x" * 7, "x" * 34 + '"xxx', "+CSQ: 20,99", "OK"]
    assert answered(
        "AT+CMGL=4",
        '+CMGL: 1,"REC READ","+447785123456","Alice","26/09/01,10:00:00+04"',
        "+MUM: 1",
        'of "4B"',
        '+CMGL: 2,"REC READ","+447785123456",,"26/09/01,10:00:00+04"',
        "RDY",
        "OK",
    ) == [
        '+CMGL: 1,"REC READ","+447700900001","xxxxx","' + "x" * 20 + '"',
        "x" * 7,
        'xxx"xx"',
        '+CMGL: 2,"REC READ","+447700900001",,"' + "x" * 20 + '"',
        "xxx",
        "OK",
    ]


def test_numbers_cards_texts_and_pdus_become_others_of_the_same_kind() -> None:
    said = [
        Exchange("AT+CSCA?", ['+CSCA: "+447785016005",145', "OK"]),
        Exchange("AT+CGSN", ["353142030000123", "OK"]),
        Exchange("AT+CCID", ["+CCID: 8944110068000000123", "OK"]),
        Exchange("AT+CMGR=1", ["+CMGR: 0,,23", PDU, "OK"]),
        Exchange('AT+CUSD=1,"*100#",15', ["OK"], unasked=['+CUSD: 2,"Your credit is 4.20",15']),
        Exchange("AT+CSCA?", ['+CSCA: "002B003400340037003700380035003000310036003000300035",145', "OK"]),
        Exchange("AT+CSQ", ["+CSQ: 20,99", "OK"], unasked=['+CLIP: "+447785123456",145']),
    ]
    anonymous = Disguise().exchanges(said)
    text = "\n".join(Transcript({}, anonymous).lines())
    for private in ("447785016005", "447785123456", "353142030000123", "8944110068000000123", "credit"):
        assert private not in text
    pdu = sms.decode_deliver(anonymous[3].answer[1])
    assert sms.tpdu_length(anonymous[3].answer[1]) == sms.tpdu_length(PDU)
    assert pdu.text == "xxxx"
    assert pdu.smsc is not None
    centre = anonymous[0].answer[0].split('"')[1]
    assert pdu.smsc.number == centre
    assert bytes.fromhex(anonymous[5].answer[0].split('"')[1]).decode("utf-16-be") == centre
    assert pdu.sender.number == anonymous[6].unasked[0].split('"')[1]
    assert anonymous[6].answer[0] == "+CSQ: 20,99"
    assert len(anonymous[1].answer[0]) == 15
    assert anonymous[2].answer[0].startswith("+CCID: 8944")


def test_a_header_keeps_the_numbers_of_its_parts_and_no_address() -> None:
    parts, element = "0003070201", "2206"  # of three; the reply address (3GPP TS 23.040, 9.2.3.24.12)
    data = sms.UserData(sms.Coding(4), b"Alice", bytes.fromhex(parts + element + "447785123456"))
    text = replace(sms.decode_deliver(PDU), data=data).encode().hex().upper()
    shown = sms.decode_deliver(Pseudonyms().pdu(text, sms.tpdu_length(text)))
    assert shown.data.header == bytes.fromhex(parts + element + "00" * 6)
    assert shown.data.content == bytes(5)


@pytest.mark.parametrize("length", [None, LENGTH - 1, LENGTH + 1])
def test_what_is_not_the_pdu_that_was_announced_becomes_zeros(length: int | None) -> None:
    header = [] if length is None else [f"+CMGR: 0,,{length}"]
    assert answered("AT+CMGR=1", *header, PDU)[-1] == "0" * len(PDU)


def test_a_pdu_is_found_after_news_and_on_the_line_of_its_header() -> None:
    apart = answered("AT+CMGR=1", f"+CMGR: 0,,{LENGTH}", "^RSSI:14", PDU, "OK")
    together = answered("AT+CMGR=1", f"+CMGR: 0,,{LENGTH} {PDU}", "OK")
    assert sms.decode_deliver(apart[2]).text == "xxxx"
    assert together == [f"{apart[0]} {apart[2]}", "OK"]
    assert apart[1] == "^RSSI:14"


def test_a_part_that_is_handed_over_becomes_one_of_nobody() -> None:
    submit = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37"
    (shown,) = Disguise().exchanges([Exchange("AT+CMGS=23", [], True, submit, ["+CMGS: 7", "OK"])])
    assert shown.body is not None
    part = sms.decode_submit(shown.body)
    assert (part.recipient.digits, part.data.text) == ("44770090001", "x" * 10)
    assert shown.result == ["+CMGS: 7", "OK"]


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=6))
def test_whatever_a_modem_says_can_be_recorded_and_made_anonymous(said: list[str]) -> None:
    recorder = Recorder()
    recorder.wrote(b"AT+X\r")
    for line in said:
        recorder.heard(f"{line}\r\n".encode("latin-1"))
    anonymous = Transcript({}, Disguise().exchanges(recorder.exchanges))
    lines = list(anonymous.lines())
    assert all(line.startswith(("> ", "< ", "! ")) for line in lines)
    assert list(Transcript.parse("\n".join(lines)).lines()) == lines


FORMS = (
    '+CLIP: "%s",145',
    "%s",
    '+CNUM: ,"%s",129',
    "+CGSN: %s",
    "+CUSD: 0,%s,15",
    '+CUSD: 0,"Hi %s',
    "is %s",
)
OURS = re.compile("4477009|0000000|89440000")


@given(
    st.lists(st.from_regex(r"\A[0-9]{2,4}\Z"), min_size=4, max_size=5),
    st.sampled_from(["", " ", "-", ".", "/", ") "]),
    st.sampled_from(FORMS),
)
def test_no_number_survives_however_it_is_written(groups: list[str], between: str, form: str) -> None:
    text, digits = form % between.join(groups), "".join(groups)
    shown = Disguise().line(text)
    assert len(shown) == len(text)
    assert digits not in re.sub(r"\D", "", shown) or OURS.match(digits)


WORD = st.text(st.characters(codec="latin-1", categories=["L"]), min_size=4, max_size=12)


@given(WORD.filter(lambda word: word.upper() not in WORDS | {"ERROR", "ABORTED"}), st.data())
def test_no_word_survives_in_whatever_form_it_comes(word: str, data: st.DataObject) -> None:
    spelt = word.encode("utf-16-be").hex().upper()
    written = data.draw(st.sampled_from([word, f"Mrs {word}", f"{word}: 4", spelt]))
    form = data.draw(
        st.sampled_from((*FORMS, '+CMGL: 1,1,"%s",23', '%s",15', '+CMGW: "%s"', "+CMS ERROR: %s"))
    )
    shown = Disguise().line(form % written)
    assert word not in shown or re.fullmatch("x+", word)
    assert spelt not in shown


COUNTERS = ("^DSFLOWRPT:", "+ZDONR:", "+MSTK:", "+NITZ:")  # hexadecimal, a network's name, a time: on no list


@pytest.mark.parametrize("path", transcripts(), ids=lambda path: path.stem)
def test_of_what_known_modems_say_only_numbers_change(path: Path) -> None:
    def shape(lines: list[str]) -> list[str]:
        kept = (line for line in lines if not line.startswith(COUNTERS))
        return [re.sub(r"[0-9A-F]{20,}", lambda match: "P" * len(match[0]), line) for line in kept]

    said = Transcript.parse(path.read_text()).exchanges
    for before, after in zip(said, Disguise().exchanges(said), strict=True):
        assert before.command == after.command
        for one, other in ((before.answer, after.answer), (before.unasked, after.unasked)):
            for line, made in zip(shape(one), shape(other), strict=True):
                assert re.sub(r"\d", "0", line) == re.sub(r"\d", "0", made)

"""Every answer form seen in the field (the modems' own words) has one meaning."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.modem import answers, commands, listing
from gateway.modem.answers import Carrier, Memory
from gateway.modem.errors import AnswerUnreadable
from gateway.modem.listing import Stored
from gateway.modem.profiles import profiles

PDU = "0791447758100650040C914477000910320000629010800300400453EA130A"


@pytest.mark.parametrize(
    ("line", "groups"),
    [
        (
            '+CPMS: ("ME","MT","SM","SR"),("ME","MT","SM","SR"),("ME","MT","SM","SR")',
            (("ME", "MT", "SM", "SR"),) * 3,
        ),
        ('+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")', (("SM", "ME"),) * 3),
        ('+CPMS: "SM","SM","SM"', (("SM",),) * 3),
        ('+CPMS: "ME","MT","SM"', (("ME",), ("MT",), ("SM",))),
        ('+CPMS: ("ME","MT"),"ME",("SM")', (("ME", "MT"), ("ME",), ("SM",))),
        ("+CPMS: (),(),()", ((), (), ())),
        ('+CPMS: (("SM","BM","SR"),("SM"))', (("SM", "BM", "SR"), ("SM",))),
        ('+CPMS: (ME", "SR"),("SM")', (("ME", "SR"), ("SM",))),
        ('+CPMS:( "SM" , "ME" ),( "SM" ),( "SM" )', (("SM", "ME"), ("SM",), ("SM",))),
        ("+CPMS: ", ()),
    ],
)
def test_the_memories_on_offer_are_read_in_every_form(line: str, groups: tuple[tuple[str, ...], ...]) -> None:
    assert answers.memories((line,)) == groups


@pytest.mark.parametrize(
    ("lines", "stat"),
    [
        (("+CREG: 2,1,000B,2816, B, C2816",), 1),
        (("+CREG: 2,1,  0 5, 2715",), 1),
        (('+CREG:002,001,"18d8","ffff"',), 1),
        (('+CREG: 2,6,"8B37","0A265185",7',), 6),
        (("+CREG: 0,5",), 5),
        (("+CREG: 1,3", "+CREG: 1"), 3),
        (("+CREG: 1", "+CREG: 1,3"), 3),
        (('+CREG: 2,1,"0B,"0100701",7',), 1),
        (("+CREG: 2,,",), None),
        (("+CREG: ",), None),
    ],
)
def test_registration_is_read_from_the_answer_and_not_from_news_beside_it(
    lines: tuple[str, ...], stat: int | None
) -> None:
    assert answers.registration(lines).stat == stat


def test_ok_alone_is_no_answer_about_the_registration() -> None:
    with pytest.raises(AnswerUnreadable):
        answers.registration(())


@pytest.mark.parametrize("stat", [1, 5, 6, 7, 9, 10])
def test_home_roaming_and_sms_only_are_registered(stat: int) -> None:
    assert answers.Registration(stat).usable


@pytest.mark.parametrize("stat", [None, 0, 2, 3, 4, 8, 11])
def test_everything_else_is_not_registered(stat: int | None) -> None:
    assert not answers.Registration(stat).usable


@pytest.mark.parametrize(
    ("lines", "stored"),
    [
        (("+CMGL: 0,1,,147", PDU), [Stored(0, 1, 147, PDU)]),
        (("+CMGL: 17,3,35", PDU), [Stored(17, 3, 35, PDU)]),
        (
            ('+CMGL: 1,0,"Mum, home",24', PDU, "+CMGL: 2,1,,24", PDU),
            [Stored(1, 0, 24, PDU), Stored(2, 1, 24, PDU)],
        ),
        ((f"+CMGL: 1,0,,24 {PDU}",), [Stored(1, 0, 24, PDU)]),
        (("+CMGL: 1,0,,24", PDU.lower()), [Stored(1, 0, 24, PDU)]),
        (("+CMGL: 1,0,,24", "+CMGL: 2,0,,24", PDU), [Stored(1, 0, 24, ""), Stored(2, 0, 24, PDU)]),
        (("+CMGL: 1,0,,0", "+CMGL: 2,0,,24", PDU), [Stored(2, 0, 24, PDU)]),
        ((PDU,), []),
        ((), []),
    ],
)
def test_listings_are_read_in_every_form(lines: tuple[str, ...], stored: list[Stored]) -> None:
    assert list(listing.listing(lines)) == stored


@pytest.mark.parametrize(
    ("line", "status", "length"),
    [
        ("+CMGR: 1,,147", 1, 147),
        ('+CMGR: 0,"",50', 0, 50),
        ("+CMGR: 4,1,,151", 1, 151),
        ("+CMGR: 3,,29", 3, 29),
        ("+CMGR: 0,23", 0, 23),
        ("+CMGR: ,,92", None, 92),
        ("+CMGR: 24", None, 24),
    ],
)
def test_single_messages_are_read_in_every_form(line: str, status: int | None, length: int) -> None:
    assert listing.reading((line, PDU), 5) == Stored(5, status, length, PDU)
    assert listing.reading((f"{line} {PDU}",), 5) == Stored(5, status, length, PDU)


@pytest.mark.parametrize("lines", [(), ("+CMGR: 0,,0",)])
def test_an_empty_slot_is_none(lines: tuple[str, ...]) -> None:
    assert listing.reading(lines, 5) is None


def test_what_somebody_stored_on_the_sim_for_sending_is_not_inbound() -> None:
    assert [Stored(1, status, 0, "").inbound for status in (0, 1, 2, 3, None)] == [
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("line", "sets"),
    [
        ("+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)", ({0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1})),
        ("+CNMI: (2),(0-1,3),(0,2),(0-1),(0)", ({2}, {0, 1, 3}, {0, 2}, {0, 1}, {0})),
        ("+CNMI::(0-3),(0-3),(0-3),(0,1),(0,1)", ({0, 1, 2, 3},) * 3 + ({0, 1},) * 2),
        ("+CNMI: (0,1,2),(0,1),(0,2),(0),(1)", ({0, 1, 2}, {0, 1}, {0, 2}, {0}, {1})),
    ],
)
def test_notification_ranges_are_read_in_every_form(line: str, sets: tuple[set[int], ...]) -> None:
    assert answers.ranges((line,)) == sets


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('+CSCA: "+79168999100",145', "+79168999100"),
        ('+CSCA: "002B00340034",145', "+44"),
        ("+CSCA: 002B00340034,145", "+44"),
        ('+CSCA: "6281100000",145', "6281100000"),
        ('+CSCA: "",129', ""),
    ],
)
def test_the_sms_centre_is_read_in_every_form(line: str, number: str) -> None:
    assert answers.smsc((line,)) == number


@pytest.mark.parametrize(
    "line",
    [
        "8944110068000000017F",
        "+CCID: 8944110068000000017",
        '+CCID: "8944110068000000017"',
        "^ICCID: 8944110068000000017F",
        "+QCCID: 8944110068000000017f",
        "+ICCID: 8944110068000000017",
    ],
)
def test_the_card_number_is_read_in_every_form(line: str) -> None:
    assert answers.card_number((line,)) == "8944110068000000017"


def test_of_several_counts_the_one_of_the_sim_pin_is_taken() -> None:
    assert answers.tries_cpinr(("+CPINR: SIM PIN,1,3", "+CPINR: SIM PUK,10,10")) == 1


@pytest.mark.parametrize(
    ("line", "used"),
    [
        ("+CMGD: (1,3,5),(0-4)", (1, 3, 5)),
        ("+CMGD: (1-20),(0-4)", ()),
        ("+CMGD: (),(0-4)", ()),
        ("+CMGD: ", ()),
    ],
)
def test_only_a_list_of_used_slots_counts_as_one(line: str, used: tuple[int, ...]) -> None:
    assert listing.slots((line,)) == used


def test_memory_counts_are_read_and_a_bare_ok_is_no_error() -> None:
    select = commands.select(("SM", "SM", "SM"))
    assert select.parse(("+CPMS: 3,20,4,20,5,20",)) == (
        Memory("SM", 3, 20),
        Memory("SM", 4, 20),
        Memory("SM", 5, 20),
    )
    assert select.parse(()) == (Memory("SM"),) * 3
    assert commands.select(("SM", "SM")).parse(("+CPMS: 14,50,14,50",)) == (Memory("SM", 14, 50),) * 2


def test_a_command_is_named_in_logs_without_its_values() -> None:
    assert commands.enter_pin("1234").name == "AT+CPIN="
    assert commands.MEMORIES.name == "AT+CPMS=?"
    assert commands.PIN_STATE.name == "AT+CPIN?"


PARSERS = [
    *(command.parse for command in vars(commands).values() if isinstance(command, commands.Command)),
    *(query.parse for each in profiles() for query in (*each.tries_queries, *each.card_queries)),
    commands.listed().parse,
    commands.read(1).parse,
    commands.select(("SM", "SM", "SM")).parse,
]


@given(
    parse=st.sampled_from(PARSERS),
    lines=st.lists(
        st.text() | st.from_regex(r"\+C[A-Z]{3}: [\"(),0-9A-F -]{0,40}", fullmatch=True), max_size=5
    ),
)
@settings(max_examples=500)
def test_no_answer_whatever_makes_a_parser_fail_in_another_way_than_its_own(parse, lines) -> None:
    with contextlib.suppress(AnswerUnreadable):
        parse(tuple(lines))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('+COPS: 0,0,"vodafone UK",7', Carrier("vodafone UK", "4G")),
        ('+COPS: 0,0,"TestNet",2', Carrier("TestNet", "3G")),
        ('+COPS: 0,0,"EE",0', Carrier("EE", "2G")),
        ('+COPS: 1,2,"23415",3', Carrier("23415", "2G")),
        ('+COPS: 0,0,"Three",12', Carrier("Three", "5G")),
        ('+COPS: 0,0,"Old Modem"', Carrier("Old Modem", "")),
        ('+COPS: 0,0,"New Kind",99', Carrier("New Kind", "")),
        ("+COPS: 0", Carrier("", "")),
    ],
)
def test_the_network_and_its_kind(line: str, found: Carrier) -> None:
    assert answers.network((line,)) == found


@pytest.mark.parametrize(
    ("pdu", "torn"),
    [(PDU, False), (PDU + "FF", False), (PDU[:-2], True), (PDU[:-1], True), ("", True), ("07", True)],
)
def test_a_stored_message_is_torn_where_octets_are_missing(pdu: str, torn: bool) -> None:
    assert Stored(1, 0, 23, pdu).torn == torn

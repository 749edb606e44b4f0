"""Vectors that at least two unrelated codecs agree on."""

import pytest

from gateway.sms import PduError
from gateway.sms.describe import describe
from tests.sms.shared import DECODERS, PDU

# What a description has beyond a vector that leaves a field out, as its codecs disagree or are silent on it.
BEYOND = {
    "public/dreamfabric_hellohello_deliver": {"scts"},
    "public/dreamfabric_hellohello_submit": {"srr", "rd", "vpf", "vp_octets", "vp_minutes"},
    "public/node_pdu_readme": {"smsc"},
}


@pytest.fixture(params=PDU, ids=lambda vector: vector["name"])
def vector(request):
    return request.param


def test_there_are_vectors_of_every_kind():
    assert {vector["kind"] for vector in PDU} == set(DECODERS)
    assert len(PDU) == 229


def test_the_fields_are_those_expected(vector):
    fields = describe(vector["kind"], vector["pdu"])
    beyond = set(fields) - set(vector["expected"])
    if vector["kind"] == "status_report":
        beyond.discard("smsc")
    assert beyond == BEYOND.get(vector["name"], set())
    for name, expected in vector["expected"].items():
        assert fields[name] == expected
        assert type(fields[name]) is type(expected)


def test_encoding_gives_the_same_pdu_back(vector):
    message = DECODERS[vector["kind"]](vector["pdu"])
    assert message.encode().hex().upper() == vector["pdu"]


def test_a_pdu_cut_anywhere_before_the_end_is_an_error(vector):
    for end in range(0, len(vector["pdu"]), 2):
        with pytest.raises(PduError):
            DECODERS[vector["kind"]](vector["pdu"][:end])


def test_another_kind_is_an_error(vector):
    for kind in DECODERS.keys() - {vector["kind"]}:
        with pytest.raises(PduError, match="not a"):
            describe(kind, vector["pdu"])


def test_an_unknown_kind_is_an_error_that_lists_the_known():
    with pytest.raises(PduError, match="deliver, submit, status_report"):
        describe("command", "00")

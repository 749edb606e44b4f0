"""PDUs from the field, each with one independent decode that is checked against the specification."""

import pytest

from gateway.sms import (
    Deliver,
    PduError,
    StatusReport,
    Submit,
    decode_deliver,
    decode_inbound,
    join,
    tpdu_length,
)
from gateway.sms.describe import describe
from tests.sms.shared import BY_ID, DECODERS, FIELD

KINDS = {"DELIVER": "deliver", "SUBMIT": "submit", "STATUS-REPORT": "status_report"}

# Where a vector's decode differs from ours: (vector, field) -> (ours, why ours).
DIFFERENT = {
    ("gammu at-sms/09.dump", "scts"): (
        "1999-03-29T15:16:59+02:00",
        "23.040, 9.2.3.11 has two digits of a year; 99 lies before the vector was published, not in 2099",
    ),
    ("python-messaging test_sms.py:345[0]", "scts"): (
        "2002-08-26T19:37:41+00:00",
        "sign bit on a zone of zero quarters; ISO 8601 has no negative zero",
    ),
    ("synthetic S21 scts zero", "scts"): (None, "month 0 and day 0 are no time; the message is kept"),
    ("synthetic S22 scts invalid month", "scts"): (None, "month 13 is no time; the message is kept"),
    ("synthetic S25 ESC at end", "text"): ("ab", "23.038, 6.2.1.1: a lone escape stands for nothing"),
    ("synthetic S41a esc split 1/2", "text"): ("a" * 152, "as above; `join` reads it with the next part"),
}

# Errors there, values here: vector -> why.
READABLE = {
    "synthetic S24 udl 0 with udhi": "a header flag and no user data: nothing is cut short",
}

# Bits that the standard leaves without meaning, set by some encoders; ours clears them: vector -> which.
UNUSED_BITS = {
    "gammu at-sms/02.dump": "spare bit of the last octet",
    "MM test-sms-part-3gpp.c test_pdu_multipart hexpdu1": "fill bit after the header",
    "MM test-sms-part-3gpp.c test_pdu_multipart hexpdu2": "fill bit after the header",
    "ofono unit/test-sms.c .pdu@612": "filler nibble of the address is 0, not F",
    "ofono unit/test-sms.c .pdu@668": "filler nibble of the address is 0, not F",
    "ofono unit/test-sms.c .pdu@718": "filler nibble of the address is 0, not F",
    "python-gsmmodem test_pdu.py:394": "fill bit after the header",
}

VALUES = [vector for vector in FIELD if "ERROR" not in vector["decode"]]
ERRORS = [vector for vector in FIELD if "ERROR" in vector["decode"]]


def by_id(vector):
    return vector["id"]


def decode(vector):
    return DECODERS[KINDS[vector["decode"]["type"]]](vector["pdu"])


def ours(vector):
    """Return our decode in the words of the vectors."""
    message = decode(vector)
    fields = describe(KINDS[vector["decode"]["type"]], vector["pdu"])
    smsc = message.smsc
    found = fields | {"smsc": smsc.number if smsc else None, "tpdu_len": tpdu_length(vector["pdu"])}
    found |= {
        "discharge": fields.get("dt"),
        "status": fields.get("st"),
        "data": fields.get("data", "").lower(),
    }
    for name in ("to", "from"):
        found[name] = {"number": fields["number"], "toa": 0x80 | fields["ton"] << 4 | fields["npi"]}
    octets = message.encode()
    found["fo"] = octets[1 + octets[0]]
    if not isinstance(message, StatusReport):
        found["ie"], found["udl"] = message.data.header, message.data.encode()[0]
    if isinstance(message, Submit) and message.validity:
        found["vp_rel"], found["vp_abs"] = message.validity.octets[0], message.validity.ends
        found["vp_abs"] = found["vp_abs"] and found["vp_abs"].isoformat()
    return found | {"trailing": message.trailing.hex()}


def elements(listed):
    """Return the header that a vector's list of elements stands for."""
    header = b""
    for element in listed:
        ((name, value),) = element.items()
        if name == "concat8":
            header += bytes((0x00, 3, *value))
        elif name == "concat16":
            header += bytes((0x08, 4)) + value[0].to_bytes(2, "big") + bytes(value[1:])
        elif name == "ports16":
            header += bytes((0x05, 4)) + value[0].to_bytes(2, "big") + value[1].to_bytes(2, "big")
        else:
            data = bytes.fromhex(value)
            header += bytes((int(name.removeprefix("iei"), 16), len(data))) + data
    return header


def test_the_vectors_are_all_here():
    assert len(FIELD) == 124
    named = {name for name, _ in DIFFERENT} | set(READABLE) | set(UNUSED_BITS)
    assert named <= {vector["id"] for vector in FIELD}


@pytest.mark.parametrize("vector", VALUES, ids=by_id)
def test_the_decode_is_the_independent_one_or_differs_for_a_reason(vector):
    found = ours(vector)
    for name, value in vector["decode"].items():
        if name in {"type", "dcs_note"}:  # no field: the decoder to use, and a remark
            continue
        expected = elements(value) if name == "ie" else value
        if (vector["id"], name) in DIFFERENT:
            expected, _why = DIFFERENT[vector["id"], name]
            assert expected != value, "no longer different"
        if name == "trailing" and isinstance(value, int):
            assert len(found[name]) == 2 * value
        else:
            assert found[name] == expected, name


@pytest.mark.parametrize("vector", VALUES, ids=by_id)
def test_encoding_gives_the_same_pdu_back_but_for_unused_bits(vector):
    again = decode(vector).encode().hex().upper()
    if vector["id"] in UNUSED_BITS:
        assert again != vector["pdu"].upper(), "no longer different"
        assert len(again) == len(vector["pdu"])
        assert describe(KINDS[vector["decode"]["type"]], again) == describe(
            KINDS[vector["decode"]["type"]], vector["pdu"]
        )
    else:
        assert again == vector["pdu"].upper()


@pytest.mark.parametrize("vector", ERRORS, ids=by_id)
def test_what_cannot_be_read_is_our_error(vector):
    for decoder in (*DECODERS.values(), decode_inbound):
        if vector["id"] in READABLE and decoder in (decode_deliver, decode_inbound):
            assert decoder(vector["pdu"]).encode()
        else:
            with pytest.raises(PduError, match=r"octet|hexadecimal|not a|a SUBMIT"):
                decoder(vector["pdu"])


@pytest.mark.parametrize("vector", [v for v in FIELD if "stop" in v["id"].lower()], ids=by_id)
def test_a_stop_is_read_however_it_was_written(vector):
    message = decode_inbound(vector["pdu"])
    assert isinstance(message, Deliver)
    assert (message.text, message.silent) == ("STOP", False)


def test_a_header_flag_without_data_is_an_empty_text():
    message = decode_inbound(BY_ID["synthetic S24 udl 0 with udhi"])
    assert (message.text, message.concat) == ("", None)


def test_a_silent_message_and_a_bare_indication_are_for_nobody():
    assert decode_inbound(BY_ID["synthetic S07 type0 silent"]).silent
    assert decode_inbound(BY_ID["synthetic S18 mwi discard"]).silent


def test_a_pair_that_the_sender_cut_is_whole_after_joining():
    cut = {
        "surrogate": ("synthetic S40a surrogate split 1/2", "synthetic S40b surrogate split 2/2"),
        "escape": ("synthetic S41a esc split 1/2", "synthetic S41b esc split 2/2"),
    }
    texts = {name: join([decode_inbound(BY_ID[one]) for one in reversed(ids)]) for name, ids in cut.items()}
    assert texts["surrogate"].endswith("a😀STOP")
    assert texts["escape"].endswith("a€ due")


def test_an_impossible_part_number_is_not_sound():
    concat = decode_inbound(BY_ID["synthetic S36 seq 0"]).concat
    assert concat is not None
    assert not concat.sound
    assert describe("deliver", BY_ID["synthetic S36 seq 0"])["concat"] is None


def test_a_report_with_a_malformed_number_is_kept():
    report = decode_inbound("0297F1061C0F910B487228297020F5317062419272803170624192138000")
    assert isinstance(report, StatusReport)
    assert (report.mr, report.status, report.recipient.ton) == (28, 0, 1)


def test_a_national_service_centre_has_no_plus():
    assert describe("deliver", BY_ID["ofono unit/test-sms.c unicode_deliver"])["smsc"] == "999999"

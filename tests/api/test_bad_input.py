"""Whatever is sent, the answer is a problem that says what to do and repeats nothing."""

from __future__ import annotations

import gzip
import io
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.faults import faults_of
from api.schema.batches import NewBatch
from api.schema.messages import NewMessage
from api.schema.recipients import NewConsent
from api.schema.templates import NewTemplate
from tests.api.conftest import CONSENTED, Api, batch
from tests.system.site import message

CANARY = "+447700900123 measles"


async def test_all_faulty_fields_are_told_at_once_without_their_content(api: Api) -> None:
    body = {
        "to": 447700900123,
        "slots": {CANARY: "x", "day": 5},
        "language": CANARY,
        "priority": CANARY,
        "not_before": "2026-09-01 08:00",
        "validity": 5,
        "reference": "r" * 65,
        "urgent": True,
        CANARY: CANARY,
    }
    answer = await api.call("POST", "/v1/messages", body)
    answer.is_problem(422, "INVALID")
    faults = answer.faults()
    assert faults["to"] == "must be a text"
    assert faults["template"] == "is missing: name a template, or give a text"
    assert faults["slots.day"] == "must be a text"
    assert faults["slots.?"].startswith("the name must match")
    assert faults["language"].startswith("must match")
    assert faults["priority"] == "must be one of 'high', 'normal' or 'low'"
    assert faults["not_before"] == "must be an instant with its zone, such as 2026-09-01T08:30:00Z"
    assert faults["validity"] == "must be at least 60"
    assert faults["reference"] == "must have at most 64 characters"
    assert faults["urgent"].startswith("there is no such field; fields: to, text, template, slots")
    assert "?" in faults
    assert b"measles" not in answer.raw
    assert b"7700900123" not in answer.raw


async def test_faults_in_a_batch_name_the_recipient(api: Api) -> None:
    body = batch(CONSENTED[:2])
    body["recipients"] += [{}, {"to": "", "extra": 1}]
    faults = (await api.call("POST", "/v1/batches", body)).faults()
    assert faults == {
        "recipients.2.to": "is missing",
        "recipients.3.to": "must have at least 1 characters",
        "recipients.3.extra": "there is no such field",
    }


@pytest.mark.parametrize(("count", "fault"), [(0, "must have at least 1 entries"), (10_001, "10000 entries")])
async def test_a_batch_has_1_to_10000_recipients(api: Api, count: int, fault: str) -> None:
    answer = await api.call("POST", "/v1/batches", batch(CONSENTED[:1] * count))
    answer.is_problem(422, "INVALID")
    assert fault in answer.faults()["recipients"]


async def test_thousands_of_faults_are_cut_short(api: Api) -> None:
    answer = await api.call("POST", "/v1/batches", batch([]) | {"recipients": [{}] * 5000})
    assert len(answer.body["errors"]) == 1001
    assert answer.body["errors"][-1]["message"] == "and 4000 more"


BAD_JSON = {
    "empty": (b"", "at line 1 column 0"),
    "cut off": (b'{"to":\n "+44', "at line 2"),
    "a word": (b"to=+447700900123", "at line 1 column 2"),
    "not UTF-8": (b'{"to": "\xff"}', "line 1"),
    "half a pair": (b'{"to": "\\ud800"}', "line 1"),
    "a control character": (b'{"to": "a\nb"}', "control character"),
    "too deep": (b"[" * 50_000, "recursion limit"),
    "two documents": (b"{}{}", "at line 1 column 3"),
}


@pytest.mark.parametrize("name", BAD_JSON)
async def test_what_is_no_json_is_told_where(api: Api, name: str) -> None:
    data, where = BAD_JSON[name]
    answer = await api.post_raw("/v1/messages", data)
    answer.is_problem(400, "MALFORMED_BODY")
    assert where in answer.body["detail"]
    assert b"447700900123" not in answer.raw


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "7", "NaN"])
async def test_json_that_is_no_object_is_refused(api: Api, body: str) -> None:
    answer = await api.post_raw("/v1/messages", body.encode())
    answer.is_problem(422, "INVALID")
    assert answer.faults() == {"": "must be an object"}


@pytest.mark.parametrize(
    "value", ["1e999", "-1e999", "9" * 400, "60.5", "1e2", "true", '"3600"', "NaN", "-0"]
)
async def test_a_duration_is_a_sane_whole_number(api: Api, value: str) -> None:
    body = json.dumps(message(CONSENTED[0]))[:-1] + f', "validity": {value}}}'
    answer = await api.post_raw("/v1/messages", body.encode())
    answer.is_problem(422, "INVALID")
    assert list(answer.faults()) == ["validity"]


@pytest.mark.parametrize(
    "value",
    ["", "1788249600", "2026-09-01", "2026-09-01T08:00:00", "2026-13-01T08:00:00Z",
     "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-14:00", "२०२६-09-01T08:00:00Z", "tomorrow"],
)  # fmt: skip
async def test_an_instant_has_its_zone_and_a_sane_year(api: Api, value: str) -> None:
    answer = await api.call("POST", "/v1/messages", message(CONSENTED[0], not_before=value))
    answer.is_problem(422, "INVALID")
    assert list(answer.faults()) == ["not_before"]
    query = await api.call("GET", "/v1/messages", params={"since": value})
    query.is_problem(422, "INVALID")


@pytest.mark.parametrize(
    "slots", [{"day": "x" * 201}, {"d" * 33: "x"}, {f"s{i}": "x" for i in range(21)}, {"Day": "Friday"}, []]
)
async def test_slots_are_few_and_short(api: Api, slots: object) -> None:
    (await api.call("POST", "/v1/messages", message(CONSENTED[0], slots=slots))).is_problem(422, "INVALID")


@pytest.mark.parametrize("reference", ["", "a\x00b", "a\x1b[2J", "r" * 65])
async def test_a_reference_is_short_and_printable(api: Api, reference: str) -> None:
    answer = await api.call("POST", "/v1/messages", message(CONSENTED[0], reference=reference))
    assert list(answer.faults()) == ["reference"]


async def test_a_number_that_is_none_is_refused_by_the_policy_without_repeating_it(api: Api) -> None:
    answer = await api.call("POST", "/v1/messages", message("07700 900123 (mum)"))
    answer.is_problem(422, "NUMBER_INVALID")
    assert answer.body["clause"] == "4.3"
    assert b"mum" not in answer.raw


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
async def test_another_type_of_body_is_refused(api: Api, media: str) -> None:
    (await api.post_raw("/v1/messages", b"{}", media)).is_problem(415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    (await api.post_raw("/v1/messages", b" " * (64 * 1024 + 1))).is_problem(413, "TOO_LARGE")
    (await api.post_raw("/v1/batches", io.BytesIO(b" " * (4 * 1024 * 1024 + 1)))).is_problem(413, "TOO_LARGE")


@pytest.mark.parametrize("size", [65 * 1024, 5 * 1024 * 1024])
async def test_a_body_of_unknown_length_is_cut_off_too(api: Api, size: int) -> None:
    async def pieces():
        for _ in range(size // 1024):
            yield b" " * 1024

    (await api.post_raw("/v1/messages", pieces())).is_problem(413, "TOO_LARGE")


async def test_a_body_that_unpacks_to_too_much_is_refused(api: Api) -> None:
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    assert len(bomb) < 70 * 1024
    answer = await api.post_raw("/v1/batches", bomb, headers={"Content-Encoding": "gzip"})
    answer.is_problem(413, "TOO_LARGE")


async def test_a_body_that_does_not_unpack_is_refused(api: Api) -> None:
    data = zlib.compress(b"{}")[:-3] + b"zzz"
    answer = await api.post_raw("/v1/messages", data, headers={"Content-Encoding": "gzip"})
    answer.is_problem(400, "MALFORMED_BODY")


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("limit=" + "9" * 400, "limit"),
     ("cursor=%27%3B--", "cursor"), ("status=lost", "status"), ("purpose=A", "purpose"),
     ("since=2026-09-01", "since"), ("whatever=1", "whatever"), ("limit=1&limit=2", "limit"),
     ("%2B447700900123=1", "?"), ("reference=%00", "reference")],
)  # fmt: skip
async def test_a_query_is_judged_like_a_body(api: Api, query: str, field: str) -> None:
    answer = await api.call("GET", f"/v1/messages?{query}")
    answer.is_problem(422, "INVALID")
    assert list(answer.faults()) == [field]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v2/messages", "/v1/messages/1", "/v1/messages/%00", "/v1/messages/msg_;--"]
)
async def test_an_address_without_anything_is_a_problem_too(api: Api, path: str) -> None:
    (await api.call("GET", path)).is_problem(404, "NOT_FOUND")


async def test_another_method_names_those_that_there_are(api: Api) -> None:
    answer = await api.call("PATCH", "/v1/messages")
    answer.is_problem(405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "GET,HEAD,POST"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
KNOWN = ["to", "template", "slots", "language", "purpose", "reference", "recipients", "validity",
         "not_before", "number", "purposes", "given_at", "name", "body"]  # fmt: skip


@given(st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=5), JSON | st.just(CANARY), max_size=8))
def test_any_json_is_a_request_or_faults_that_repeat_nothing(body: dict[str, object]) -> None:
    data = json.dumps(body).encode()
    for model in (NewMessage, NewBatch, NewConsent, NewTemplate):
        try:
            model.model_validate_json(data).request()
        except ValidationError as exc:
            if exc.errors()[0]["type"] == "json_invalid":
                continue
            faults = faults_of(exc, model)
            assert faults
            assert all("measles" not in fault.field + fault.message for fault in faults)

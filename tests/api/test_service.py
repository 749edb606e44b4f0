"""Health, metrics, headers and logs."""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.api.conftest import CONSENTED, STRANGER, Api, batch
from tests.system.site import message, site


def samples(text: bytes) -> dict[str, float]:
    lines = (line for line in text.decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_without_a_modem_it_is_alive_and_not_ready(api: Api) -> None:
    assert (await api.call("GET", "/healthz", who=None)).body == {"status": "ok"}
    ready = await api.call("GET", "/readyz", who=None)
    assert (ready.status, ready.body) == (
        503,
        {"ready": False, "reasons": ["no modem is registered"], "notices": []},
    )
    assert ready.headers["Retry-After"] == "5"


async def test_with_a_registered_modem_it_is_ready_and_measured(tmp_path: Path) -> None:
    async with site(tmp_path, numbers=CONSENTED[:1]) as made:
        assert await made.call("GET", "/readyz") == (200, {"ready": True, "reasons": [], "notices": []})
        _, modems = await made.call("GET", "/v1/modems")
        assert [(modem["name"], modem["phase"]) for modem in modems["items"]] == [("sim0", "ready")]
        async with made.session.get(made.url + "/metrics") as answer:
            found = samples(await answer.read())
        assert found['schoolgate_modem_phase{modem="sim0",phase="ready"}'] == 1
        assert found['schoolgate_modem_phase{modem="sim0",phase="lost"}'] == 0
        assert found['schoolgate_modem_signal_dbm{modem="sim0"}'] < 0


async def test_metrics_count_what_was_accepted_and_refused_and_what_waits(api: Api) -> None:
    await api.call("POST", "/v1/messages", message(CONSENTED[0]), headers={"Idempotency-Key": "k"})
    await api.call("POST", "/v1/messages", message(CONSENTED[0]), headers={"Idempotency-Key": "k"})
    await api.call("POST", "/v1/messages", message(STRANGER))
    await api.call("POST", "/v1/messages/check", message(STRANGER))
    await api.call("POST", "/v1/batches", batch([CONSENTED[1], STRANGER]))
    answer = await api.call("GET", "/metrics", who=None)
    assert answer.headers["Content-Type"].startswith("text/plain")
    found = samples(answer.raw)
    assert found["schoolgate_messages_accepted_total"] == 2
    assert found['schoolgate_messages_refused_total{clause="7.2",code="CONSENT_MISSING"}'] == 2
    assert found["schoolgate_queue_parts"] == 2
    assert found['schoolgate_messages{status="queued"}'] == 2
    assert found["schoolgate_store_up"] == 1
    assert not any(number[3:].encode() in answer.raw for number in (*CONSENTED, STRANGER))


async def test_head_answers_as_get_without_a_body(api: Api) -> None:
    got, head = await api.call("GET", "/v1/templates"), await api.call("HEAD", "/v1/templates")
    assert (head.status, head.raw, head.headers["Content-Length"]) == (200, b"", str(len(got.raw)))


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/v1/messages", "/metrics"])
async def test_every_answer_is_named_not_cached_and_without_a_banner(api: Api, path: str) -> None:
    first, second = await api.call("GET", path), await api.call("GET", path)
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    assert "Server" not in first.headers
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_store_that_refuses_is_503_and_metrics_still_answer(api: Api) -> None:
    with closing(sqlite3.connect(api.directory / "schoolgate.db", isolation_level=None)) as damage:
        damage.execute("ALTER TABLE message RENAME TO lost")
    damage.close()
    answer = await api.call("POST", "/v1/messages", message(CONSENTED[0]))
    answer.is_problem(503, "STORE_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "10"
    metrics = await api.call("GET", "/metrics", who=None)
    assert samples(metrics.raw)["schoolgate_store_up"] == 0


async def test_what_nobody_foresaw_is_500_with_a_number_to_quote_and_no_personal_data(api: Api) -> None:
    with closing(sqlite3.connect(api.directory / "schoolgate.db", isolation_level=None)) as damage:
        damage.execute("UPDATE consent SET number_sealed = x'00'")
    damage.close()
    with capture_logs() as logs:
        answer = await api.call("GET", "/v1/consents", params={"number": CONSENTED[0]})
    answer.is_problem(500, "INTERNAL")
    assert answer.body["request_id"] in answer.body["detail"]
    (entry,) = [each for each in logs if each["action"] == "request_failed"]
    assert (entry["request"], entry["path"]) == (answer.body["request_id"], "/v1/consents")
    assert entry["log_level"] == "error"
    assert "consents.py" in entry["error"]
    assert "900000" not in json.dumps(logs)
    assert "Traceback" not in answer.raw.decode()


async def test_logs_name_the_refusal_and_neither_number_text_nor_key(api: Api) -> None:
    with capture_logs() as logs:
        await api.call("POST", "/v1/messages", message("+447700900123", slots={"day": "Doomsday"}))
        await api.call("GET", "/v1/opt-outs?number=%2B447700900123&x=1")
        await api.call("GET", "/v1/messages", who=None, headers={"Authorization": "Bearer sg_live_topsecret"})
        await api.call("GET", "/v1/+447700900123")
    refused = [each for each in logs if each["action"] == "request_refused"]
    assert [each["status"] for each in refused][1:] == [422, 401, 404]
    assert "CONSENT_MISSING" in refused[0]["codes"]
    said = json.dumps(logs)
    assert not any(secret in said for secret in ("7700900123", "Doomsday", "topsecret"))


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: Bearer sg_live_topsecret\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_and_not_logged(
    api: Api, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await api.wire(garbage)
    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert "topsecret" not in caplog.text
    assert (await api.call("GET", "/healthz")).status == 200


async def test_a_caller_that_hangs_up_in_its_body_is_no_failure_of_ours(api: Api) -> None:
    head = (
        "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n"
        f"Authorization: Bearer {api.tokens['office']}\r\n\r\n"
    )
    with capture_logs() as logs:
        for _ in range(5):
            await api.hang_up(head.encode() + b'{"to": "+44')
            assert (await api.call("GET", "/v1/messages")).body["items"] == []
    assert [entry for entry in logs if entry["action"] == "request_failed"] == []

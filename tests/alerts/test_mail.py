"""Letters, through a real connection to a small server: sealed, with a password, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.alerts import NotSent, Postbox
from tests.alerts.smtp import certified, mail_server


def postbox(port: int, **more: object) -> Postbox:
    values = {
        "host": "localhost",
        "port": port,
        "security": "none",
        "sender": "sms@school.example",
        "recipients": ("it@school.example", "head@school.example"),
    }
    return Postbox(**(values | more))  # type: ignore[arg-type]


def sealed(port: int, password: Path, authorities: Path) -> Postbox:
    return postbox(port, security="starttls", user="sms", password_file=password, authorities=authorities)


async def test_a_letter_goes_to_everybody_sealed_and_with_the_password(tmp_path: Path) -> None:
    context, authority = certified(tmp_path)
    (tmp_path / "password").write_text("correct horse\n")
    async with mail_server(context=context, password="correct horse") as server:
        box = sealed(server.port, tmp_path / "password", authority)
        await box.send("Subject – ü", "One line.\n.\nA lone dot, and ä.\n")
    (letter,) = server.letters
    assert letter.sealed
    assert letter.user == "sms"
    assert letter.recipients == ["it@school.example", "head@school.example"]
    assert letter.message["Subject"] == "Subject – ü"
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert letter.message.get_content().replace("\r\n", "\n") == "One line.\n.\nA lone dot, and ä.\n"


async def test_no_password_is_sent_to_a_server_that_cannot_be_trusted(tmp_path: Path) -> None:
    context, _ = certified(tmp_path)
    (tmp_path / "password").write_text("secret")
    async with mail_server(context=context, password="secret") as server:
        box = postbox(server.port, security="starttls", user="sms", password_file=tmp_path / "password")
        with pytest.raises(NotSent, match="localhost"):
            await box.send("x", "y")
    assert "AUTH" not in server.heard
    assert server.letters == []


async def test_a_server_without_starttls_gets_nothing(tmp_path: Path) -> None:
    async with mail_server() as server:
        with pytest.raises(NotSent):
            await postbox(server.port, security="starttls").send("x", "y")
    assert server.letters == []


@pytest.mark.parametrize(
    ("verb", "answer", "why"),
    [
        ("MAIL", "451 later", "answered 451"),
        ("RCPT", "550 nobody", "refused every recipient"),
        ("DATA", "554 no", "answered 554"),
    ],
)
async def test_a_refusal_says_why_and_names_no_address(verb: str, answer: str, why: str) -> None:
    async with mail_server(refuse={verb: answer}) as server:
        with pytest.raises(NotSent, match=why) as caught:
            await postbox(server.port).send("x", "y")
    assert "@" not in str(caught.value)


async def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    context, authority = certified(tmp_path)
    (tmp_path / "password").write_text("wrong")
    async with mail_server(context=context, password="right") as server:
        box = sealed(server.port, tmp_path / "password", authority)
        with pytest.raises(NotSent, match="answered 535"):
            await box.send("x", "y")
        with pytest.raises(NotSent, match="No such file"):
            await replace(box, password_file=tmp_path / "gone").send("x", "y")


@pytest.mark.parametrize("password", ["p£ss".encode(), b"p\xa3ss"])
async def test_a_password_that_no_server_takes_is_said(tmp_path: Path, password: bytes) -> None:
    context, authority = certified(tmp_path)
    (tmp_path / "password").write_bytes(password)
    async with mail_server(context=context, password="pass") as server:
        box = sealed(server.port, tmp_path / "password", authority)
        with pytest.raises(NotSent, match="must be ASCII"):
            await box.send("x", "y")
    assert server.letters == []


async def test_nobody_there_is_said() -> None:
    async with mail_server() as server:
        port = server.port
    with pytest.raises(NotSent, match="refused"):
        await postbox(port).send("x", "y")


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    context, authority = certified(tmp_path)
    async with mail_server(at_once=context) as server:
        await postbox(server.port, security="tls", authorities=authority).send("x", "y")
    assert [letter.message["Subject"] for letter in server.letters] == ["x"]


async def test_one_address_that_is_refused_keeps_no_letter_from_the_others() -> None:
    async with mail_server(unknown={"it@school.example"}) as server:
        assert await postbox(server.port).send("x", "y") == 1
    assert [letter.recipients for letter in server.letters] == [["head@school.example"]]

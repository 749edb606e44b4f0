"""The page for people says what the document says, and asks nothing of anybody else."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from api.codes import REMEDY, STATUS
from api.openapi import document
from api.routes import ROUTES
from tests.api.conftest import Api

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """Collects links, ids and tags; fails where they are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(str(found["id"]))
        if "href" in found:
            self.links.append(str(found["href"]))
        assert {"src", "onclick", "style"}.isdisjoint(found)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_the_page_is_whole_and_stands_alone(api: Api) -> None:
    answer = await api.call("GET", "/docs", who=None)
    text = answer.raw.decode()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert {"script", "img", "link", "iframe"}.isdisjoint(page.tags)
    assert len(set(page.ids)) == len(page.ids)
    assert all(link == "/openapi.json" or link.removeprefix("#") in page.ids for link in page.links)
    policy = answer.headers["Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "url(" not in style[1]


async def test_the_page_has_every_route_object_and_code(api: Api) -> None:
    text = (await api.call("GET", "/docs", who=None)).raw.decode()
    for route in ROUTES:
        assert f"{route.method} {route.path}" in text
    for name in document(ROUTES)["components"]["schemas"]:
        assert f"id='{name}'" in text
    for code in STATUS:
        assert f"id='{code}'" in text


def test_every_code_has_a_remedy_and_no_other_has() -> None:
    assert REMEDY.keys() == STATUS.keys()
    assert all(sentence.endswith(".") for sentence in REMEDY.values())

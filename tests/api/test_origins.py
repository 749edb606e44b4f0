"""Where a key may be used from, and users of this machine who need none."""

from __future__ import annotations

import os
import re
import shutil
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from gateway.cli.exits import Exit
from gateway.cli.problems import explained
from gateway.config import UnixUserSection, load
from gateway.daemon import opened, started
from gateway.origins import UNIX, permitted
from gateway.peers import unseen
from gateway.store import audit
from tests.api.conftest import CONSENTED, Api, running
from tests.system.site import message

ME = os.getuid()
ONE_SITE = pytest.mark.asyncio(loop_scope="module")


def local(scopes: str = '"messages:send", "messages:read"', user: object = ME, person: str = "office") -> str:
    return f'[[unix_user]]\nuser = "{user}"\nperson = "{person}"\nscopes = [{scopes}]\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local_api(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with running(furnished, tmp_path_factory.mktemp("local"), local()) as made:
        yield made


async def over_unix(api: Api, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str]:
    connector = aiohttp.UnixConnector(str(api.directory / "api.sock"))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, "http://x" + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.parametrize(
    ("networks", "remote", "yes"),
    [
        (None, "192.0.2.1", True),
        (["10.1.0.0/16"], "10.1.255.254", True),
        (["10.1.0.0/16"], "10.2.0.1", False),
        (["10.1.0.0/16", "192.0.2.7/32"], "192.0.2.7", True),
        (["10.1.0.0/16"], "::ffff:10.1.0.1", True),
        (["10.1.0.0/16"], "2001:db8::1", False),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["127.0.0.0/8"], UNIX, True),
        (["10.1.0.0/16"], UNIX, False),
    ],
)
def test_a_network_is_compared_by_its_addresses(networks: list[str] | None, remote: str, yes: bool) -> None:
    assert permitted(networks, remote) is yes


@ONE_SITE
async def test_a_key_of_another_network_is_refused_on_every_route(local_api: Api) -> None:
    """And of the right one it is not."""
    elsewhere = await local_api.key("office", networks=["10.1.0.0/16"])
    for method, path, body in (
        ("GET", "/v1/messages", None),
        ("POST", "/v1/messages", message(CONSENTED[0])),
        ("GET", "/v1/events", None),
    ):
        answer = await local_api.call(method, path, body, who=elsewhere)
        answer.is_problem(403, "KEY_NOT_FROM_HERE")
        assert answer.body["clause"] == "3.2"
        assert (await over_unix(local_api, method, path, body, Authorization=f"Bearer {elsewhere}"))[0] == 403
    here = await local_api.key("office", networks=["10.1.0.0/16", "127.0.0.0/8"])
    assert (await local_api.call("GET", "/v1/messages", who=here)).status == 200
    assert (await over_unix(local_api, "GET", "/v1/messages", Authorization=f"Bearer {here}"))[0] == 200


@ONE_SITE
async def test_a_stranger_learns_nothing_of_a_key_s_networks(local_api: Api) -> None:
    key = await local_api.key("office", networks=["10.1.0.0/16"])
    body, _, _ = key.rpartition("_")
    forged = body[:-64] + "0" * 64
    forged = f"{forged}_{zlib.crc32(forged.encode()):08x}"
    local_api.tokens["forged"] = forged
    (await local_api.call("GET", "/v1/messages", who="forged")).is_problem(401, "KEY_UNKNOWN")


@ONE_SITE
async def test_a_user_of_this_machine_acts_for_a_person_within_its_scopes(local_api: Api) -> None:
    status, sent = await over_unix(local_api, "POST", "/v1/messages", message(CONSENTED[1]))
    assert status == 202, sent
    assert (await over_unix(local_api, "GET", "/v1/messages"))[0] == 200
    status, text = await over_unix(local_api, "GET", "/v1/inbox")
    assert status == 403
    assert "SCOPE_MISSING" in text
    (await local_api.call("GET", "/v1/messages", who=None)).is_problem(401, "KEY_MISSING")


@ONE_SITE
async def test_a_wrong_key_is_not_made_good_by_the_socket(local_api: Api) -> None:
    assert (await over_unix(local_api, "GET", "/v1/messages", Authorization="Bearer sg_live_x"))[0] == 401


def test_a_user_whom_a_namespace_hides_is_told(tmp_path: Path) -> None:
    """Inside, outside, how many (user_namespaces(7)): as systemd makes it with PrivateUsers=yes."""
    sections = [
        UnixUserSection(user=user, person="office", scopes=("messages:read",)) for user in ("7", "12")
    ]
    private = tmp_path / "uid_map"
    private.write_text("         0          0          1\n         7          7          1\n")
    assert re.match(r"\[\[unix_user\]\] 12: not let in.*PrivateUsers=no", unseen(sections, private))
    assert unseen(sections[:1], private) == ""
    private.write_text("         0          0 4294967295\n")
    assert unseen(sections, private) == ""


async def test_another_user_needs_a_key(furnished: Path, tmp_path: Path) -> None:
    async with running(furnished, tmp_path, local(user=ME + 1)) as api:
        assert (await over_unix(api, "GET", "/v1/messages"))[0] == 401


async def test_it_ends_with_the_configuration_and_is_in_the_audit_log(
    furnished: Path, tmp_path: Path
) -> None:
    async with running(furnished, tmp_path, local()) as api:
        assert (await over_unix(api, "GET", "/v1/messages"))[0] == 200
    config = tmp_path / "schoolgate.toml"
    config.write_text(config.read_text().partition("[[unix_user]]")[0])
    async with started(load(config)) as daemon:
        (key,) = [each for each in await daemon.use_cases.access.keys() if each.id == f"uid{ME}"]
        assert key.revoked_at is not None
        assert (await over_unix(Api(daemon, tmp_path, {}, api.session), "GET", "/v1/messages"))[0] == 401
    async with opened(load(config)) as store:
        rows = await store.database.read(lambda c: audit.of_target(c, f"uid{ME}"))
    assert [row["action"] for row in rows] == ["unix-user-admitted", "unix-user-ended"]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (local(person="nobody.here"), "no person nobody.here"),
        (local(user="no-such-user"), "no user no-such-user"),
        (local(user=65534), "stands for anybody"),
        (local(scopes='"messages:fly"'), "no scope messages:fly"),
    ],
)
async def test_what_cannot_be_mapped_is_refused_at_the_start(
    furnished: Path, tmp_path: Path, section: str, said: str
) -> None:
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "schoolgate.toml"
    config.write_text(config.read_text() + section)
    with pytest.raises(ExceptionGroup) as caught:
        async with started(load(config)):
            pass
    stop = explained(caught.value)
    assert stop is not None
    assert stop.code is Exit.CONFIGURATION
    assert said in stop.sentences[0]

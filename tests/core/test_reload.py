"""A changed policy is taken up by a running gateway; a faulty one changes nothing."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from gateway.config import Config, load
from gateway.daemon import started
from gateway.store import create_key_file

SHIPPED = resources.files("policy").joinpath("default.toml").read_text(encoding="utf-8")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_key_file(tmp_path / "schoolgate.keys")
    (tmp_path / "policy.toml").write_text(SHIPPED)
    config = tmp_path / "schoolgate.toml"
    config.write_text('[api]\nport = 0\n[policy]\nfile = "policy.toml"\n')
    return config


def reread(path: Path, config: str = "", policy: str = SHIPPED) -> Config:
    path.with_name("policy.toml").write_text(policy)
    path.write_text('[api]\nport = 0\n[policy]\nfile = "policy.toml"\n' + config)
    return load(path)


async def test_everything_that_acts_by_the_policy_follows_it(path: Path) -> None:
    async with started(load(path)) as daemon:
        renamed = SHIPPED.replace("KRS Education Ltd", "Hill School")
        assert await daemon.reload(lambda: reread(path, "allow_drama_numbers = true\n", renamed)) == ""
        use_cases = daemon.use_cases
        followers = (
            use_cases.access, use_cases.optouts, use_cases.consents, use_cases.templates,
            use_cases.outbound.desk, daemon.reload.replies, *daemon.reload.follow,
        )  # fmt: skip
        assert {each.settings.organisation for each in followers} == {"Hill School"}
        assert use_cases.outbound.desk.allow_drama
        assert use_cases.consents.allow_drama


@pytest.mark.parametrize(
    ("config", "policy", "said"),
    [
        ("nonsense = 1\n", SHIPPED, "policy.nonsense: no such key"),
        ("", SHIPPED + "\nnonsense = 1\n", "nonsense"),
        ("", "= not toml", "policy.toml"),
    ],
)
async def test_a_fault_is_named_and_changes_nothing(path: Path, config: str, policy: str, said: str) -> None:
    async with started(load(path)) as daemon:
        before = daemon.use_cases.outbound.desk.settings
        answer = await daemon.reload(lambda: reread(path, config, policy))
        assert answer.startswith("reload refused: ")
        assert said in answer
        assert daemon.use_cases.outbound.desk.settings is before


async def test_what_needs_a_restart_is_named(path: Path) -> None:
    async with started(load(path)) as daemon:
        modem = '[sending]\nvalidity_hours = 1\n[[modem]]\nname = "a"\nport = "/dev/x"\n'
        assert await daemon.reload(lambda: reread(path, modem)) == "needs a restart: modem, sending"
        assert await daemon.reload(lambda: reread(path, "[backup]\nkeep_days = 3\n")) == ""

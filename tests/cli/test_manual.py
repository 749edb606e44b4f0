"""What is made from the code is up to date, and can be used."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.cli import manual
from gateway.config import load

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_configuration_is_what_make_docs_makes() -> None:
    assert (ROOT / "docs/configuration.md").read_text() == manual.configuration(), "run: make docs"


def test_every_setting_has_a_meaning() -> None:
    silent = [f"{section} {name}" for section, name, _, _, meaning in manual.settings() if not meaning]
    assert silent == []


def test_the_man_page_names_every_command_and_is_taken_without_a_warning(tmp_path: Path) -> None:
    text = manual.man()
    for path, _ in manual.leaves(manual.get_command(manual.app)):
        assert " ".join(["schoolgate", *path]).replace("-", "\\-") in text
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("opt-out ", {"add", "lift", "list", "holds", "resolve"}),
        ("restore here --ver", {"--verify"}),
        ("backup --l", {"--list"}),
        ("esc", {"escrow"}),
    ],
)
def test_bash_completes(typed: str, offered: set[str]) -> None:
    script = (
        manual.bash()
        + """
    read -ra COMP_WORDS <<< "schoolgate $1"; [[ $1 == *' ' ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _schoolgate; printf '%s\\n' "${COMPREPLY[@]}"
    """
    )
    done = subprocess.run(["bash", "-c", script, "-", typed], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == offered


def test_the_configuration_of_the_service_can_be_loaded() -> None:
    config = load(ROOT / "systemd/schoolgate.toml")
    assert config.store.path == Path("/var/lib/schoolgate/schoolgate.db")
    assert config.backup.directory == Path("/var/backups/schoolgate")
    assert config.api.host == "127.0.0.1"

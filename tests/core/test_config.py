from pathlib import Path

import pytest

from gateway.config import ConfigError, load
from gateway.config_salvage import usable


def _problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "schoolgate.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert all(line.startswith(str(path)) for line in str(caught.value).splitlines())
    return list(caught.value.problems)


def test_an_empty_file_is_a_configuration_without_modems_on_loopback(tmp_path: Path) -> None:
    (tmp_path / "c.toml").touch()
    config = load(tmp_path / "c.toml")
    assert config.modem == ()
    assert (config.api.host, config.api.port) == ("127.0.0.1", 8025)


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[store]\npath = "data/x.db"\n[[modem]]\nname = "sim0"\nport = "modem0"\n')
    config = load(path)
    assert config.store.path == tmp_path / "data/x.db"
    assert config.modem[0].port == tmp_path / "modem0"


def test_an_unknown_key_names_its_line_and_what_is_known(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, '[gateway]\nname = "a"\n\n[store]\n# where\npth = "x"\n')
    assert problem.startswith("line 6: store.pth: no such key")
    assert "key_file, path" in problem


def test_every_fault_is_listed_at_once(tmp_path: Path) -> None:
    problems = _problems(tmp_path, '[gateway]\nname = "Not This"\n[api]\nport = 70000\n[colour]\n')
    assert [problem.split(": ")[1] for problem in problems] == ["gateway.name", "api.port", "colour"]


def test_the_second_of_two_modems_is_named_by_its_own_line(tmp_path: Path) -> None:
    text = '[[modem]]\nname = "a"\nport = "/dev/x"\n\n[[modem]]\nname = "b"\nport = "/dev/y"\nbaud = 12\n'
    (problem,) = _problems(tmp_path, text)
    assert problem.startswith("line 8: modem.1.baud: ")
    assert "115200" in problem


def test_two_modems_cannot_share_a_port(tmp_path: Path) -> None:
    text = '[[modem]]\nname = "a"\nport = "/dev/x"\n[[modem]]\nname = "b"\nport = "/dev/x"\n'
    (problem,) = _problems(tmp_path, text)
    assert problem == "line 6: modem.port: two modems have '/dev/x'"


def test_a_missing_key_names_the_table_that_lacks_it(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, '\n\n[[modem]]\nname = "a"\n')
    assert problem == "line 3: modem.0.port: is missing"


@pytest.mark.parametrize(("content", "said"), [(b"= 1", "not TOML"), (b"\xff\xfe", "not UTF-8 at byte 0")])
def test_what_is_not_toml_is_refused_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        load(path)


def test_a_missing_file_says_what_makes_one_and_one_that_cannot_be_read_does_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="schoolgate init"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"Is a directory$"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('[api]\nport = 99999\nhost = "::1"\n', []),
        ('[api]\nhost = "::1"\nhue = 1\n[colour]\n', []),
        ('[api]\nhost = "::1"\n[[modem]]\nname = "a"\n[[modem]]\nname = "b"\nport = "p"\nbaud = 1\n', ["b"]),
        ('modem = 5\n[api]\nhost = "::1"\n', []),
        ('[api]\nhost = "::1"\n[webhooks]\nallow = ["x", "10.0.0.0/8"]\n', []),
    ],
)
def test_what_a_faulty_file_has_that_is_not_faulty_can_be_looked_at(
    tmp_path: Path, text: str, left: list[str]
) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigError):
        load(tmp_path / "c.toml")
    config = usable(tmp_path / "c.toml")
    assert config is not None
    assert config.api.host == "::1"
    assert [(each.name, each.port) for each in config.modem] == [(name, tmp_path / "p") for name in left]
    assert usable(tmp_path / "none.toml") is None


def test_a_profile_that_there_is_none_of_is_refused_with_those_there_are(tmp_path: Path) -> None:
    text = '[[modem]]\nname = "sim0"\nport = "p"\nprofile = "nokia"\n'
    (problem,) = _problems(tmp_path, text)
    assert problem.startswith("line 4: modem.0.profile: ")
    assert "quectel" in problem
    (tmp_path / "c.toml").write_text(text.replace("nokia", "quectel"))
    assert load(tmp_path / "c.toml").modem[0].profile == "quectel"


def test_letters_need_a_server_and_a_password_is_never_sent_in_the_open(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, '[alerts]\nmail_to = ["it@school.example"]\n')
    assert "mail_to needs smtp_host" in problem
    (problem,) = _problems(tmp_path, '[alerts]\nsmtp_host = "m"\nsmtp_security = "none"\nsmtp_user = "x"\n')
    assert "smtp_security" in problem
    (problem,) = _problems(tmp_path, '[alerts]\nsms_to = ["07700900123"]\n')
    assert problem.startswith("line 2: alerts.sms_to.0")

"""One TOML file. Every error names the key, the line and what is allowed; unknown keys are errors."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class ConfigError(Exception):
    """The configuration cannot be used; `problems` has one sentence for each fault."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.problems = tuple(problems)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GatewaySection(_Section):
    """`[gateway]`: who this installation is."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "main"
    log: Literal["text", "json"] = "text"


class StoreSection(_Section):
    """`[store]`: where the data is, and the keys that seal it."""

    path: Path = Path("schoolgate.db")
    key_file: Path = Path("schoolgate.keys")


class ApiSection(_Section):
    """`[api]`: where the HTTP API listens. Loopback unless told otherwise."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8025
    unix_socket: Path | None = None


class PolicySection(_Section):
    """`[policy]`: the organisation's policy; without a file, the one that is shipped."""

    file: Path | None = None
    allow_drama_numbers: bool = False  # 07700 900000-900999, for the virtual network


class SendingSection(_Section):
    """`[sending]`: how long to try."""

    validity_hours: Annotated[float, Field(gt=0, le=24 * 7)] = 24
    doubt_minutes: Annotated[float, Field(gt=0)] = 15  # then `on_doubt` decides


class CliSection(_Section):
    """`[cli]`: the key with which the command line speaks to the daemon."""

    key_file: Path | None = None


class ModemSection(_Section):
    """`[[modem]]`: one for each SIM."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    port: Path
    baud: Literal[9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600] = 115200
    pin_file: Path | None = None
    profile: str = "auto"
    smsc: Annotated[str, Field(pattern=r"^\+\d{5,20}$")] | None = None
    result_seconds: Annotated[float, Field(gt=0, le=600)] = 125
    sweep_seconds: Annotated[float, Field(gt=0, le=600)] = 60


class Config(_Section):
    """All of it."""

    gateway: GatewaySection = GatewaySection()
    store: StoreSection = StoreSection()
    api: ApiSection = ApiSection()
    policy: PolicySection = PolicySection()
    sending: SendingSection = SendingSection()
    cli: CliSection = CliSection()
    modem: tuple[ModemSection, ...] = ()


def load(path: Path) -> Config:
    """Read and check `path`; relative paths in it are relative to it. Raises `ConfigError`."""
    try:
        text = path.read_text()
    except OSError as exc:
        raise ConfigError(path, [f"{exc.strerror}; `schoolgate init` writes one"]) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(path, [f"not UTF-8 at byte {exc.start}"]) from exc
    try:
        config = Config.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(path, [f"not TOML: {exc}"]) from exc
    except ValidationError as exc:
        raise ConfigError(path, [_sentence(error, text) for error in exc.errors()]) from exc
    _refuse_twins(path, config, text)
    return _resolved(config, path.absolute().parent)


def _refuse_twins(path: Path, config: Config, text: str) -> None:
    for key in ("name", "port"):
        values = [getattr(modem, key) for modem in config.modem]
        for number, value in enumerate(values):
            if value in values[:number]:
                line = _line(text, ("modem", number, key))
                raise ConfigError(path, [f"line {line}: modem.{key}: two modems have {str(value)!r}"])


def _resolved(config: Config, base: Path) -> Config:
    def at(path: Path | None) -> Path | None:
        return None if path is None else base / path

    credentials = os.environ.get("CREDENTIALS_DIRECTORY")  # systemd's LoadCredential=
    sealed = Path(credentials) / "schoolgate.keys" if credentials else None
    key_file = sealed if sealed is not None and sealed.exists() else base / config.store.key_file
    return config.model_copy(
        update={
            "store": StoreSection(path=base / config.store.path, key_file=key_file),
            "api": config.api.model_copy(update={"unix_socket": at(config.api.unix_socket)}),
            "policy": config.policy.model_copy(update={"file": at(config.policy.file)}),
            "cli": CliSection(key_file=at(config.cli.key_file)),
            "modem": tuple(
                modem.model_copy(update={"pin_file": at(modem.pin_file), "port": base / modem.port})
                for modem in config.modem
            ),
        }
    )


def _sentence(error: Any, text: str) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    place = tuple(error["loc"])
    key = ".".join(str(step) for step in place)
    line = _line(text, place)
    if error["type"] == "extra_forbidden":
        known = ", ".join(sorted(_known(place[:-1])))
        return f"line {line}: {key}: no such key; known here: {known}"
    if error["type"] == "missing":
        return f"line {line}: {key}: is missing"
    return f"line {line}: {key}: {error['msg']} (found {error['input']!r})"


def _known(place: tuple[int | str, ...]) -> Sequence[str]:
    if not place:
        return tuple(Config.model_fields)
    section = Config.model_fields[str(place[0])].annotation
    if place[0] == "modem":
        section = ModemSection
    return tuple(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else ()


def _line(text: str, place: tuple[int | str, ...]) -> int:
    """Return the line where the key at `place` stands, else that of its table, else 1."""
    table = str(place[0])
    nth = next((step for step in place if isinstance(step, int)), 0)
    key = place[-1]
    best, current, count = 1, "", -1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([\w.-]+)", line):
            current = header[1]
            count += current == table
            if current == table and count == nth:
                best = number
        inside = current == table and count == nth if len(place) > 1 else not current
        if inside and re.match(rf"\s*[\"']?{re.escape(str(key))}[\"']?\s*=", line):
            return number
    return best

"""The options that many commands share, and what they lead to."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.exits import Exit, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from gateway.cli.client import Client
    from gateway.config import Config

PLACES: Final = (Path("schoolgate.toml"), Path("/etc/schoolgate/schoolgate.toml"))

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="SCHOOLGATE_CONFIG",
        metavar="FILE",
        help="The configuration; else ./schoolgate.toml, else /etc/schoolgate/schoolgate.toml.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]
KeyFileOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file", metavar="FILE", help="The API key to use; else \\[cli] key_file.", show_default=False
    ),
]
IdempotencyOption = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key", metavar="KEY", help="Given again with the same command, it sends nothing twice."
    ),
]
LimitOption = Annotated[int, typer.Option(min=1, max=200, help="At most so many.")]
CursorOption = Annotated[str | None, typer.Option(help="Go on where `links.next` of the page before says.")]


def configuration(path: Path | None) -> Config:
    """Load the configuration that is meant; raise `ConfigError` or `Stop`."""
    from gateway.config import load

    return load(path or found())


def found() -> Path:
    """Return the configuration that is meant where none is named."""
    for place in PLACES:
        if os.access(place, os.F_OK):  # False, and no error, in a directory that is closed to us
            return place
    raise Stop(
        Exit.CONFIGURATION,
        f"there is no configuration: neither {PLACES[0]} here nor {PLACES[1]}.",
        "Give one with --config FILE or in SCHOOLGATE_CONFIG, or make one: schoolgate init",
    )


def connected(path: Path | None, key_file: Path | None) -> Client:
    """Return a client of the daemon that the configuration names, with the key to use."""
    return client_of(configuration(path), key_file)


def client_of(config: Config, key_file: Path | None) -> Client:
    """Return a client of the daemon that `config` names, with the key to use; raise `Stop` without one."""
    from gateway.cli.client import Client

    chosen = key_file or config.cli.key_file
    local = bool(config.unix_user) and config.api.unix_socket is not None
    if local and key_file is None and (chosen is None or not os.access(chosen, os.R_OK)):
        return Client(config.api, "", config.cli.ca_file)  # the socket knows who we are
    if chosen is None:
        raise Stop(
            Exit.CONFIGURATION,
            "no API key: set [cli] key_file in the configuration, or give --key-file FILE.",
            "A key is made with: schoolgate key create HANDLE --out FILE",
        )
    return Client(config.api, read_key(chosen), config.cli.ca_file)


def read_key(path: Path) -> str:
    """Return the API key in a file that only its owner can read."""
    try:
        mode = path.stat().st_mode
        key = path.read_text().strip()
    except OSError as exc:
        raise Stop(Exit.CONFIGURATION, f"API key file {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise Stop(Exit.CONFIGURATION, f"API key file {path} holds no key") from exc
    if mode & 0o077:
        raise Stop(Exit.CONFIGURATION, f"API key file {path} is readable by others; run: chmod 600 {path}")
    if not key.isascii() or len(key.split()) != 1:
        raise Stop(Exit.CONFIGURATION, f"API key file {path} holds no key")
    return key


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that only its owner can read; never overwrite. Where the block fails it is gone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Stop(Exit.FAILED, f"{path} exists, and is not overwritten; choose another file") from None
    except OSError as exc:
        raise Stop(Exit.FAILED, f"{path}: {exc.strerror}") from exc
    with os.fdopen(descriptor, "wb") as file:
        try:
            yield file
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def write_secret(path: Path, text: str) -> None:
    """Write `text` to a new file that only its owner can read; never overwrite."""
    with new_file(path) as file:
        file.write(f"{text}\n".encode())


def once_only(key: str | None) -> dict[str, str]:
    """Return the header that makes a repeated request harmless."""
    return {} if key is None else {"Idempotency-Key": key}


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """Return `name=value` options as a mapping."""
    made = {}
    for each in given or ():
        name, equals, value = each.partition("=")
        if not (equals and name):
            raise Stop(Exit.USAGE, f"{option} is written as name=value, not {each!r}")
        made[name] = value
    return made

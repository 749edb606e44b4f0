"""`schoolgate run` and `schoolgate check-config`."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.commands import empty
from gateway.cli.escrow import mark
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, configuration, found, read_key
from gateway.cli.output import print_json, say

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config import Config


_SELDOM: Final = 20_000  # objects more, before the collector looks through what is being loaded
_M_ARENA_MAX: Final = -8  # malloc.h: how many heaps threads have


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command("check-config")(check_config)


def alone() -> typer.Typer:
    """Return an application with these commands only."""
    app = empty()
    add_to(app)
    return app


def run(config: ConfigOption = None) -> None:
    """Run the gateway until SIGTERM or Ctrl-C."""
    _load_lean()
    from gateway import daemon
    from gateway.cli import logs

    path = config or found()
    loaded = configuration(path)
    logs.set_up(loaded.gateway.log)
    asyncio.run(daemon.run(loaded, lambda: configuration(path)))


def _load_lean() -> None:
    """Have libraries leave out what a daemon never uses, 5 MB, and the C library share one heap, 2 MB.

    What is loaded is there to stay: to look for garbage in it all the time is a seventh of the start.
    """
    import ctypes

    gc.set_threshold(_SELDOM)

    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # nor may a plug-in see what comes in
    os.environ.setdefault("FROZENLIST_NO_EXTENSIONS", "1")  # brings the C++ library with it
    sys.modules["rich"] = None  # type: ignore[assignment] # structlog would draw tracebacks with it
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]


def check_config(
    config: ConfigOption = None,
    *,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave keys and PINs out: for who may not read them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the configuration and all that it names, and change nothing."""
    from policy import PolicySettings

    loaded = configuration(config)
    settings = PolicySettings.load(loaded.policy.file)
    check_database(loaded.store.path)
    keys = [] if without_keys else _key_notes(loaded)
    notes = [*keys, *_modem_notes(loaded), *_notes(loaded)]
    if as_json:
        print_json({"ok": True, "notes": notes})
        return
    say(f"The configuration can be used; its policy is that of {settings.organisation}.")
    for note in notes:
        say(f"Note: {note}")


def _key_notes(config: Config) -> Iterator[str]:
    from gateway.store import load_key_file

    load_key_file(config.store.key_file)
    if config.cli.key_file is not None:
        read_key(config.cli.key_file)
    if not mark(config.store.key_file).exists():
        yield "the keys are not on paper; without them no backup can be read: schoolgate escrow show"
    for modem in config.modem:
        if modem.pin_file is not None and not modem.pin_file.is_file():
            yield f"modem {modem.name}: PIN file {modem.pin_file} is not there"


def check_database(path: Path) -> None:
    """Raise where the database was written by a newer release, or is none."""
    from gateway.store import dialect
    from gateway.store.schema_version import HEAD, SchemaTooNew, current, is_known

    if not path.exists():
        return
    if not os.access(path, os.R_OK, effective_ids=True):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    engine = dialect.engine(f"sqlite:///{path}", writer=False, size=1)
    try:
        present = current(engine)
    except Exception as exc:  # whatever the driver says of a file that is no database
        raise Stop(Exit.CONFIGURATION, f"{path} is not a database of Schoolgate") from exc
    finally:
        engine.dispose()
    if present is not None and not is_known(present):
        raise SchemaTooNew(
            f"{path} has schema {present}, this release knows {HEAD}: install the newer release, "
            "or put back a backup made with this one: schoolgate restore"
        )


def _modem_notes(config: Config) -> Iterator[str]:
    if not config.modem:
        yield "there is no [[modem]]: nothing can be sent or received"
    for modem in config.modem:
        if not modem.port.exists():
            yield f"modem {modem.name}: port {modem.port} is not there now"


def _notes(config: Config) -> Iterator[str]:
    from gateway.config import is_local

    if not config.store.path.exists():
        yield f"{config.store.path} is not there yet: the gateway makes it when it starts"
    if config.policy.allow_drama_numbers:
        yield "policy.allow_drama_numbers is on: that is for the virtual network only"
    if not is_local(config.api.host):
        yield f"the API listens on {config.api.host}: other machines reach it"
    yield from certificate_notes(config)


def certificate_notes(config: Config) -> list[str]:
    """Say what people must know of the certificate; raise `ConfigError` for one that cannot be used."""
    from gateway.certificates import check, expiry_warning
    from gateway.clock import utc_now

    certificate, key = config.api.tls_certificate, config.api.tls_key
    if config.api.tls == "none" or certificate is None or key is None:
        return []
    if config.api.tls == "self_signed" and not certificate.exists():
        return [f"{certificate} is not there yet: the gateway makes it when it starts"]
    check(certificate, key)
    return [said] if (said := expiry_warning(certificate, utc_now())) else []

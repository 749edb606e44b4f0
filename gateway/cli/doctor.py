"""`schoolgate doctor`: what keeps the gateway from working, in plain words, each with its remedy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.client import Client
from gateway.cli.exits import Exit, Stop
from gateway.cli.looking_config import Seen, look_at_config
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption
from gateway.cli.output import listing, print_json, say

if TYPE_CHECKING:
    from gateway.cli.looking_access import Settings
    from gateway.config import Config, ModemSection
    from gateway.doctor import Account, Finding


_OF_PEOPLE: Final = ("3.2", "8.2", "9.1", "9.2")  # roles, violations, the review, acknowledgements


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    archive: Annotated[
        Path | None,
        typer.Option(
            "--bundle", metavar="FILE", help="Write a support archive (.tar.gz) without anybody's data."
        ),
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="The log for it, in place of the journal.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look for what keeps the gateway from working. Nothing is changed. Exit code 1: something was found.

    Modems are asked through the running gateway; where it does not run, their ports are probed.
    """
    if log is not None and archive is None:
        raise Stop(Exit.USAGE, "--log goes with --bundle: it is for the archive")
    seen = look_at_config(config, key_file)
    found = [*seen.faults, *_examine(seen)]
    names = None if archive is None else _pack(archive, seen, found, log)
    _tell(found, archive, names, as_json=as_json)
    if found:
        raise typer.Exit(int(Exit.FAILED))


def _tell(found: list[Finding], archive: Path | None, names: list[str] | None, *, as_json: bool) -> None:
    if as_json:
        packed = {} if names is None else {"archive": str(archive), "files": names}
        print_json({"well": not found, "findings": found} | packed)
    elif names is not None:
        say(f"{archive}: {', '.join(names)}. Look through it before you give it away.")
    elif not found:
        say("All is well.")
    else:
        rows = ((each.level.value, each.about, each.what, each.remedy) for each in found)
        listing("Findings", ("", "about", "what is wrong", "what to do"), rows)


def _pack(target: Path, seen: Seen, findings: list[Finding], log: Path | None) -> list[str]:
    """Write the archive. A configuration with a fault stays out of it: nobody knows what is private in it."""
    from gateway.cli.bundle import bundle
    from gateway.config import Config

    config = seen.config or Config()
    try:
        client: Client | None = seen.client()
    except Stop:
        client = None if seen.config is None else Client(config.api, "", config.cli.ca_file)
    return bundle(target, config, None if seen.faults else seen.file, findings, client, log)


def _examine(seen: Seen) -> Iterator[Finding]:
    from gateway.cli.looking import look_at_host
    from gateway.cli.looking_access import account_of, unit_settings
    from gateway.cli.looking_service import look_at_units
    from gateway.doctor import account_findings, host_findings, unit_findings

    settings, config = unit_settings(), seen.config
    home = None if config is None else config.store.path.parent
    account = account_of(home or Path(), settings)
    for unit in look_at_units():
        yield from unit_findings(unit)
    yield from account_findings(account)
    if config is not None and seen.file is not None:
        yield from _gateway(seen, config, seen.file, account, settings)
    modems = () if config is None else config.modem
    yield from host_findings(look_at_host(home, account), len(modems))


def _gateway(
    seen: Seen, config: Config, file: Path, account: Account, settings: Settings
) -> Iterator[Finding]:
    from gateway.cli.looking import look_at_service
    from gateway.cli.looking_access import look_at_access
    from gateway.cli.looking_port import look_at_port
    from gateway.cli.looking_service import look_at_credentials
    from gateway.doctor import access_findings, credential_findings, port_findings, service_findings

    running, reasons = _readiness(config)
    modems, api_key = _modems(seen) if running else (None, "")
    service = look_at_service(
        config, running=running, api_key=api_key, reasons=reasons, names=tuple(modems or ())
    )
    yield from service_findings(service)
    for access in look_at_access(config, file, account, settings):
        yield from access_findings(access, account)
    for credential in look_at_credentials(config):
        yield from credential_findings(credential)
    if running:
        yield from _duties(seen)
    for section in config.modem:
        looked = list(port_findings(look_at_port(section, account), ours=running))
        yield from looked
        yield from _radio(section, modems, probe=not running and not any(f.level == "wrong" for f in looked))


def _duties(seen: Seen) -> Iterator[Finding]:
    """Yield what people have to do so that everybody can go on sending, where the key may see it."""
    from gateway.cli.problems import ApiProblem
    from gateway.doctor.finding import warning

    try:
        found = seen.client().get("/v1/compliance")["findings"]
    except (Stop, ApiProblem):  # said elsewhere, or not for this key
        return
    for each in found:
        if each["state"] != "kept" and each["clause"] in _OF_PEOPLE:
            yield warning(f"policy {each['clause']}", each["says"], each["remedy"])


def _radio(section: ModemSection, modems: dict[str, Any] | None, *, probe: bool) -> Iterator[Finding]:
    from gateway.doctor import state_findings

    if modems is not None and section.name in modems:
        state = modems[section.name]
        yield from state_findings(state, profile=section.profile, floor=section.credit_floor)
    elif probe:
        yield from _probed(section)


def _probed(section: ModemSection) -> Iterator[Finding]:
    from gateway.doctor import probe_findings
    from gateway.doctor.finding import wrong
    from gateway.modem import probe
    from gateway.modem.errors import ModemGone

    try:
        found = asyncio.run(probe(str(section.port), section.baud))
    except ModemGone as exc:
        yield wrong(
            section.name, str(exc), "try its other ports with `schoolgate modem probe PORT`, or replug it"
        )
        return
    yield from probe_findings(
        section.name,
        found,
        smsc=section.smsc,
        pin_set=section.pin_file is not None,
        profile=section.profile,
    )


def _readiness(config: Config) -> tuple[bool, list[str]]:
    """Return whether a gateway answers, and why it is not ready."""
    try:
        status, answer = Client(config.api, "", config.cli.ca_file).exchange("GET", "/readyz")
    except Stop:
        return False, []
    reasons = answer.get("reasons", ()) if isinstance(answer, dict) else ()
    return True, [] if status == HTTPStatus.OK else list(reasons)


def _modems(seen: Seen) -> tuple[dict[str, Any] | None, str]:
    """Return the running gateway's modems by name, or None and why they cannot be seen."""
    from gateway.cli.problems import ApiProblem, explained

    try:
        page = seen.client().get("/v1/modems")
    except Stop as stop:
        return None, stop.sentences[0]
    except ApiProblem as exc:
        stop_for = explained(exc)
        return None, stop_for.sentences[0] if stop_for is not None else str(exc)
    return {modem["name"]: modem for modem in page["items"]}, ""

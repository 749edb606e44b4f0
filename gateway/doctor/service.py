"""The gateway's own: configuration, keys, database, and whether it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.doctor.finding import Finding, warning, wrong
from gateway.doctor.remedies import remedy

_NO_MODEM: Final = "no modem is registered"
_OTHERS: Final = "readable by others"
_OPEN_TO_OTHERS: Final = "sudo chmod 600 that file; who could read it may have the keys"
_KEYS_BACK: Final = (
    "no store opens without them: put the file back from its backup, or from paper: "
    "sudo schoolgate escrow enter FILE"
)
_RESUME: Final = "schoolgate sending show; the owner lets it go on: schoolgate sending resume"


@dataclass(frozen=True, slots=True)
class Service:
    """What was looked at. A text says what is wrong, and is empty where nothing is."""

    keys: str
    policy: str
    database: str
    database_made: bool
    modems: int
    running: bool
    api_key: str  # why the modems of the running gateway could not be asked
    reasons: Sequence[str]  # why the running gateway is not ready
    certificate: str = ""  # why it cannot be used for TLS
    certificate_ends: str = ""  # that it does, soon
    closed: Mapping[str, str] = field(
        default_factory=dict
    )  # files that this user may not read, by what they are
    names: Sequence[str] = ()  # of the modems of which more is said


def service_findings(service: Service) -> Iterator[Finding]:
    """Yield what is wrong with the gateway itself."""
    yield from _files(service)
    if not service.modems:
        yield wrong(
            "gateway", "no [[modem]] is configured", "find one with `schoolgate modem probe PORT`, and add it"
        )
    if not service.running:
        yield wrong(
            "gateway", "it does not run", "sudo systemctl start schoolgate; then: journalctl -u schoolgate -e"
        )
        return
    if service.api_key:
        yield warning(
            "api key",
            service.api_key,
            "give --key-file FILE with a key that may see the modems (modems:read)",
        )
    yield from (_unready(reason) for reason in service.reasons if not _said_elsewhere(reason, service))


def _said_elsewhere(reason: str, service: Service) -> bool:
    """Tell a reason that is a modem's where that modem has findings of its own."""
    whole = reason == _NO_MODEM and len(service.reasons) > 1
    return bool(service.names) and (whole or reason.startswith(tuple(f"{name}: " for name in service.names)))


def _unready(reason: str) -> Finding:
    if reason.startswith("sending is suspended"):
        return wrong("gateway", reason, _RESUME)
    if reason == _NO_MODEM:
        return wrong("gateway", reason, "what is wrong with each: sudo schoolgate modem list")
    return wrong("gateway", reason, remedy(reason))


def _files(service: Service) -> Iterator[Finding]:
    for about, path in service.closed.items():
        yield wrong(about, f"you may not read {path}, so it was not looked at", "sudo schoolgate doctor")
    if service.keys:
        yield wrong("keys", service.keys, _OPEN_TO_OTHERS if _OTHERS in service.keys else _KEYS_BACK)
    if service.certificate:
        yield wrong(
            "certificate", service.certificate, "correct [api] tls_certificate and tls_key: docs/hardening.md"
        )
    elif service.certificate_ends:
        yield warning(
            "certificate",
            service.certificate_ends,
            "put the new one in its place, then: sudo systemctl reload schoolgate; "
            "one of its own is made then",
        )
    if service.policy:
        yield wrong("policy", service.policy, "correct the file; `schoolgate check-config` says more")
    if service.database:
        yield wrong("database", service.database, "stop the gateway, and restore: schoolgate restore --help")
    elif not service.database_made:
        yield warning("database", "there is none yet", "start the gateway: it makes one")


def config_findings(path: str, problems: Sequence[str], *, there: bool, closed: bool) -> Iterator[Finding]:
    """Yield the faults of the configuration; `closed`: this user may not read it."""
    if closed:
        yield wrong("configuration", f"you may not read {path}", "sudo schoolgate doctor")
    elif not there:
        yield from no_config_findings(f"{path} is not there")
    else:
        remedy = (
            f"correct it: sudoedit {path}; then: schoolgate check-config; sudo systemctl restart schoolgate"
        )
        yield from (wrong("configuration", f"{path}: {problem}", remedy) for problem in problems)


def no_config_findings(what: str) -> Iterator[Finding]:
    """Yield that there is no configuration."""
    yield wrong(
        "configuration",
        what,
        "put it back from a backup, or say where it is: schoolgate doctor --config FILE; "
        "for a new one: docs/quickstart.md",
    )

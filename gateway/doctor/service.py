"""The gateway's own: configuration, keys, database, and whether it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.doctor.finding import Finding, warning, wrong

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


def service_findings(service: Service) -> Iterator[Finding]:
    """Yield what is wrong with the gateway itself."""
    yield from _files(service)
    if not service.modems:
        yield wrong(
            "gateway", "no [[modem]] is configured", "find one with `schoolgate modem probe PORT`, and add it"
        )
    if not service.running:
        yield wrong(
            "gateway", "it does not run", "systemctl start schoolgate; then: journalctl -u schoolgate -e"
        )
        return
    if service.api_key:
        yield warning(
            "api key",
            service.api_key,
            "give --key-file FILE with a key that may see the modems (modems:read)",
        )
    for reason in service.reasons:
        switched_off = reason.startswith("sending is suspended")
        yield wrong("gateway", reason, _RESUME if switched_off else "see the findings about its modems")


def _files(service: Service) -> Iterator[Finding]:
    if service.keys:
        yield wrong("keys", service.keys, "put the key file back from its backup: no store opens without it")
    if service.certificate:
        yield wrong(
            "certificate", service.certificate, "correct [api] tls_certificate and tls_key: docs/hardening.md"
        )
    elif service.certificate_ends:
        yield warning(
            "certificate",
            service.certificate_ends,
            "put the new one in its place, then: systemctl reload schoolgate; one of its own is made then",
        )
    if service.policy:
        yield wrong("policy", service.policy, "correct the file; `schoolgate check-config` says more")
    if service.database:
        yield wrong("database", service.database, "stop the gateway, and restore: schoolgate restore --help")
    elif not service.database_made:
        yield warning("database", "there is none yet", "start the gateway: it makes one")

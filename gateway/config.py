"""One TOML file. Every error names the key, the line and what is allowed; unknown keys are errors."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from gateway.config_faults import line_of, sentence
from gateway.modem_section import ModemSection as ModemSection
from gateway.section import AlertsSection
from gateway.section import Section as _Section


class ConfigError(Exception):
    """The configuration cannot be used; `problems` has one sentence for each fault."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.problems = tuple(problems)


_Seconds = Annotated[float, Field(gt=0, le=24 * 3600)]


class GatewaySection(_Section):
    """`[gateway]`: who this installation is."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "main"
    """One word for this machine. It is part of what the store keeps: choose it once."""
    log: Literal["text", "json"] = "text"
    """How the log is written. No message bodies and no whole numbers either way."""


class StoreSection(_Section):
    """`[store]`: where the data is, and the keys that seal it."""

    path: Path = Path("schoolgate.db")
    """The SQLite database; made when the gateway starts."""
    key_file: Path = Path("schoolgate.keys")
    """The keys that open everything in the store. systemd's credential `schoolgate.keys` goes before it."""


class BackupSection(_Section):
    """`[backup]`: where backups go, and how long they stay."""

    directory: Path = Path("backups")
    """One directory in it for each backup. Better on another disk than the database."""
    own_disk: bool = False
    """It is on a disk of its own: where that is not mounted, a backup fails rather than go onto another."""
    keep_days: Annotated[int, Field(ge=1, le=366)] = 14
    """Every backup of so many days is kept."""
    keep_months: Annotated[int, Field(ge=0, le=120)] = 12
    """Then the first backup of each of so many months; the policy's retention periods set the limit."""


class ApiSection(_Section):
    """`[api]`: where the HTTP API listens. Loopback unless told otherwise."""

    host: str = "127.0.0.1"
    """An address of this machine. Beyond loopback it is refused without `tls`."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8025
    """0 takes a free one."""
    tls: Literal["none", "self_signed", "files"] = "none"
    """`self_signed`: with a certificate that Schoolgate makes; `files`: with one of yours."""
    tls_certificate: Path | None = None
    """Yours, with its chain, in PEM. One that Schoolgate makes is `api.crt` beside the database."""
    tls_key: Path | None = None
    """Its private key in PEM, without a passphrase, not readable by everybody."""
    tls_names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")], ...] = ()
    """More host names and addresses for the certificate that Schoolgate makes; it knows this machine's."""
    unix_socket: Path | None = None
    """Listen here too; the file has mode 0660."""
    requests_per_minute: Annotated[int, Field(ge=1, le=10_000_000)] = 60_000
    """How many requests one key may make in a minute; then it is asked to wait (429)."""


class PolicySection(_Section):
    """`[policy]`: the organisation's policy."""

    file: Path | None = None
    """Without it, the policy that is shipped."""
    allow_drama_numbers: bool = False  # 07700 900000-900999, for the virtual network
    """True only with the virtual network: 07700 900000 to 900999 count as numbers."""


class SendingSection(_Section):
    """`[sending]`: how long to try."""

    validity_hours: Annotated[float, Field(gt=0, le=24 * 7)] = 24
    """How long to try, where a message does not say."""
    doubt_minutes: Annotated[float, Field(gt=0)] = 15
    """How long an unclear hand-off waits for evidence; then `on_doubt` of its template decides."""
    retry_seconds: Annotated[tuple[_Seconds, ...], Field(min_length=1)] = (30, 120, 600, 1800)
    """The pause after each refusal for now; the last one from then on."""
    device_pause_seconds: _Seconds = 15
    """The pause after a refusal that is the SIM's, the modem's or the network's fault."""


class WebhooksSection(_Section):
    """`[webhooks]`: where events may be sent."""

    allow: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks of your own that endpoints may be in, such as `["10.1.0.0/16"]`. Others must be public."""
    first_retry_seconds: _Seconds = 5
    """The pause after the first failure; each later one is four times as long. Tries end after two days."""


class AuditSection(_Section):
    """`[audit]`: where the proof goes that the audit log was not cut short."""

    checkpoints: Path | None = None
    """A directory that this machine cannot rewrite, such as a share; it gets one small file a day."""
    webhook: str | None = None
    """An address that gets the same by POST, such as `https://records.example/schoolgate`."""
    sms_to: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")] | None = None
    """The owner's phone, as `+44…`: it gets a short fingerprint by text each day, at nine or later."""


class KannelSection(_Section):
    """`[kannel]`: the address `/cgi-bin/sendsms` for old programs, with Kannel's parameters and answers."""

    enabled: bool = False
    """On. A key needs the scope `messages:kannel`, which must be named when it is made."""
    key_in_url: bool = False
    """The key may be in the address: logs of proxies and histories of browsers keep those."""
    free_text_purpose: str | None = None
    """What a text is for that no approved template has; a second person reads it. Without: it is refused."""
    ignore: tuple[str, ...] = ()
    """Parameters to overlook that are refused otherwise, such as `["dlr-url"]`."""


class CliSection(_Section):
    """`[cli]`: how the command line speaks to the daemon."""

    key_file: Path | None = None
    """The API key that it uses."""
    ca_file: Path | None = None
    """Whose certificates it trusts (PEM). Without it, the very certificate that `[api]` names."""


class UnixUserSection(_Section):
    """`[[unix_user]]`: a user of this machine who needs no key on the unix socket."""

    user: str
    """Its name, or its number in quotes."""
    person: str
    """The person for whom it acts; an entry of the register."""
    scopes: Annotated[tuple[str, ...], Field(min_length=1)]
    """What it may do, within the person's roles."""


class Config(_Section):
    """All of it."""

    gateway: GatewaySection = GatewaySection()
    store: StoreSection = StoreSection()
    backup: BackupSection = BackupSection()
    api: ApiSection = ApiSection()
    policy: PolicySection = PolicySection()
    sending: SendingSection = SendingSection()
    webhooks: WebhooksSection = WebhooksSection()
    alerts: AlertsSection = AlertsSection()
    audit: AuditSection = AuditSection()
    kannel: KannelSection = KannelSection()
    cli: CliSection = CliSection()
    unix_user: tuple[UnixUserSection, ...] = ()
    modem: tuple[ModemSection, ...] = ()


def load(path: Path) -> Config:
    """Read and check `path`; relative paths in it are relative to it. Raises `ConfigError`."""
    try:
        text = path.read_text()
    except OSError as exc:
        hint = "; `schoolgate init` writes one" if isinstance(exc, FileNotFoundError) else ""
        raise ConfigError(path, [f"{exc.strerror}{hint}"]) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(path, [f"not UTF-8 at byte {exc.start}"]) from exc
    try:
        config = Config.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(path, [f"not TOML: {exc}"]) from exc
    except ValidationError as exc:
        raise ConfigError(path, [sentence(error, text, Config) for error in exc.errors()]) from exc
    _refuse_twins(path, config, text)
    _refuse_gaps(path, config, text)
    _refuse_bare(path, config.api, text)
    return resolved(config, path.absolute().parent)


def _refuse_twins(path: Path, config: Config, text: str) -> None:
    for table, key in (("modem", "name"), ("modem", "port"), ("unix_user", "user")):
        values = [getattr(each, key) for each in getattr(config, table)]
        for number, value in enumerate(values):
            if value in values[:number]:
                line = line_of(text, (table, number, key))
                raise ConfigError(path, [f"line {line}: {table}.{key}: two {table}s have {str(value)!r}"])


def _refuse_gaps(path: Path, config: Config, text: str) -> None:
    """Refuse rules by which some messages would wait for ever."""
    for number, modem in enumerate(config.modem):
        if modem.only and not modem.prefixes:
            line = line_of(text, ("modem", number, "only"))
            raise ConfigError(path, [f"line {line}: modem.only: needs prefixes, or it would take nothing"])
    if config.modem and all(modem.only or modem.reserve == 1 for modem in config.modem):
        key = "only" if config.modem[-1].only else "reserve"
        line = line_of(text, ("modem", len(config.modem) - 1, key))
        raise ConfigError(path, [f"line {line}: modem.{key}: one modem must take everything, and none does"])


def _refuse_bare(path: Path, api: ApiSection, text: str) -> None:
    """Refuse to be reached by other machines without TLS, and TLS without what it needs."""
    if api.tls == "none" and not is_local(api.host):
        problem = f'{api.host} is beyond this machine: that needs tls = "self_signed" or tls = "files"'
        raise ConfigError(path, [f"line {line_of(text, ('api', 'host'))}: api.host: {problem}"])
    if api.tls == "files" and not (api.tls_certificate and api.tls_key):
        problem = 'api.tls: "files" needs tls_certificate and tls_key'
        raise ConfigError(path, [f"line {line_of(text, ('api', 'tls'))}: {problem}"])


def is_local(host: str) -> bool:
    """Say whether only this machine reaches what listens on `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _api(api: ApiSection, base: Path, beside: Path) -> ApiSection:
    """Return the section with whole paths; what we make ourselves is beside the database."""
    certificate, key = api.tls_certificate, api.tls_key
    if api.tls == "self_signed":
        certificate, key = certificate or beside / "api.crt", key or beside / "api.key"
    paths = {"unix_socket": api.unix_socket, "tls_certificate": certificate, "tls_key": key}
    return api.model_copy(update={name: path and base / path for name, path in paths.items()})


def resolved(config: Config, base: Path) -> Config:
    """Return `config` with whole paths, those that are relative being in `base`."""

    def at(path: Path | None) -> Path | None:
        return None if path is None else base / path

    keys = _credential("schoolgate.keys") or base / config.store.key_file
    return config.model_copy(
        update={
            "store": StoreSection(path=base / config.store.path, key_file=keys),
            "backup": config.backup.model_copy(update={"directory": base / config.backup.directory}),
            "api": _api(config.api, base, (base / config.store.path).parent),
            "policy": config.policy.model_copy(update={"file": at(config.policy.file)}),
            "alerts": config.alerts.model_copy(
                update={
                    "smtp_authorities": at(config.alerts.smtp_authorities),
                    "smtp_password_file": _credential("schoolgate.smtp")
                    or at(config.alerts.smtp_password_file),
                }
            ),
            "audit": config.audit.model_copy(update={"checkpoints": at(config.audit.checkpoints)}),
            "cli": CliSection(key_file=at(config.cli.key_file), ca_file=at(config.cli.ca_file)),
            "modem": tuple(
                modem.model_copy(
                    update={
                        "pin_file": _pin_file(modem.pin_file, base),
                        "port": base / modem.port,
                        "second_port": _second_port(modem.second_port, base),
                        "search": tuple(str(base / each) for each in modem.search),
                    }
                )
                for modem in config.modem
            ),
        }
    )


def _second_port(name: str, base: Path) -> str:
    return name if name in ("auto", "none") else str(base / name)


def _pin_file(path: Path | None, base: Path) -> Path | None:
    return None if path is None else _credential(f"pins_{path.name}") or base / path


def _credential(name: str) -> Path | None:
    """Return the file of a credential that systemd loaded for us (LoadCredential=), if there is one."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(directory) / name if directory else None
    return path if path is not None and os.access(path, os.R_OK) else None

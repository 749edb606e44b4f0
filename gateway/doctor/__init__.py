"""What keeps a gateway from working: pure checks over what was looked at, each finding with its remedy."""

from gateway.doctor.access import Access, Account, Kind, access_findings, account_findings
from gateway.doctor.finding import Finding, Level
from gateway.doctor.host import Host, host_findings
from gateway.doctor.port import Port, port_findings
from gateway.doctor.radio import probe_findings, state_findings
from gateway.doctor.service import Service, config_findings, no_config_findings, service_findings
from gateway.doctor.unit import Credential, Unit, credential_findings, unit_findings

__all__ = [
    "Access",
    "Account",
    "Credential",
    "Finding",
    "Host",
    "Kind",
    "Level",
    "Port",
    "Service",
    "Unit",
    "access_findings",
    "account_findings",
    "config_findings",
    "credential_findings",
    "host_findings",
    "no_config_findings",
    "port_findings",
    "probe_findings",
    "service_findings",
    "state_findings",
    "unit_findings",
]

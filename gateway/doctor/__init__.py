"""What keeps a gateway from working: pure checks over what was looked at, each finding with its remedy."""

from gateway.doctor.finding import Finding, Level
from gateway.doctor.host import Host, host_findings
from gateway.doctor.port import Port, port_findings
from gateway.doctor.radio import probe_findings, state_findings
from gateway.doctor.service import Service, service_findings
from gateway.doctor.unit import Credential, Unit, credential_findings, unit_findings

__all__ = [
    "Credential",
    "Finding",
    "Host",
    "Level",
    "Port",
    "Service",
    "Unit",
    "credential_findings",
    "host_findings",
    "port_findings",
    "probe_findings",
    "service_findings",
    "state_findings",
    "unit_findings",
]

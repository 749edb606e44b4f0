"""Kinds of modem, as data: names, memories, notification sets, noise and habits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


def _ranges(text: str) -> tuple[frozenset[int], ...]:
    """Read the answer to `+CNMI=?`: `(0-2),(0,1)` -> two sets."""
    groups = re.findall(r"\(([^)]*)\)", text)
    return tuple(frozenset(n for part in group.split(",") for n in _span(part)) for group in groups)


def _span(part: str) -> range:
    first, _, last = part.strip().partition("-")
    return range(int(first), int(last or first) + 1)


@dataclass(frozen=True, slots=True)
class Persona:
    """How one kind of modem looks from the outside."""

    name: str
    manufacturer: str = "Schoolgate"
    model: str = "Virtual Modem"
    revision: str = "1.0"
    memories: Mapping[str, int] = field(default_factory=lambda: {"SM": 30, "ME": 100, "SR": 20})
    cpms_test: str = '("SM","ME","SR"),("SM","ME"),("SM","ME")'
    cpms_uses: int = 3
    first_index: int = 1
    cnmi_test: str = "(0-2),(0-3),(0,2),(0-2),(0,1)"
    cnmi_refused: frozenset[tuple[int, int]] = frozenset()  # (mode, ds) advertised, yet refused
    csms_test: str = "(0,1)"
    has_cmms: bool = True
    iccid_command: str = "+CCID"
    unknown_command: str = "ERROR"  # or a CME number as text
    boot_lines: tuple[str, ...] = ("RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready")
    chatter: tuple[str, ...] = ()  # lines it says by itself; the noise fault uses them
    full_line: str | None = None  # said when the memory is full
    registration: tuple[str, ...] = ("+CREG", "+CGREG", "+CEREG")  # domains it knows
    registered_in: tuple[str, ...] = ("+CREG", "+CGREG", "+CEREG")  # domains that say so
    cds_comma: bool = False  # "+CDS: ,25"
    accepted: frozenset[str] = frozenset()  # vendor settings that it takes; they change nothing here
    cpin_without_ok: bool = False
    unacknowledged_clears_cnmi: bool = False
    packed_ussd: bool = False  # takes and tells USSD as septets in hex only
    extra: Mapping[str, str] = field(default_factory=dict)  # read commands with a fixed answer

    @property
    def cnmi(self) -> tuple[frozenset[int], ...]:
        """Return the values that each of the five parameters of `+CNMI` may take."""
        return _ranges(self.cnmi_test)


_HUAWEI_CHATTER = (
    "^RSSI:14",
    "^BOOT:35323129,0,0,0,26",
    "^MODE:5,4",
    '^HCSQ:"LTE",30,19,66,0',
    "^SRVST:2",
    "^DSFLOWRPT:0000000A,00000000,00000000,0000000000000000,0000000000000000,0003E800,0003E800",
    "^STIN:7,0,0",
)

PERSONAS: Final[Mapping[str, Persona]] = {
    p.name: p
    for p in (
        Persona("generic", chatter=("^RSSI:14", "+CIEV: 7,1", "RING", '+CUSD: 0,"BOOK NOW",15')),
        Persona(
            "huawei-e173",
            manufacturer="huawei",
            model="E173",
            revision="21.017.09.00.314",
            memories={"SM": 20, "ME": 23},
            cpms_test='("ME","SM"),("ME","SM"),("ME","SM")',
            first_index=0,
            iccid_command="^ICCID",
            unknown_command="COMMAND NOT SUPPORT",
            boot_lines=("^BOOT:35323129,0,0,0,26", "^SYSSTART", "^SRVST:2", "^RSSI:14", "^MODE:5,4"),
            chatter=_HUAWEI_CHATTER,
            full_line='^SMMEMFULL:"SM"',
            registration=("+CREG", "+CGREG"),
            accepted=frozenset({"^CURC", "^PORTSEL"}),
            packed_ussd=True,
            extra={"^CPIN": "SIM PIN,,10,3,10,3"},
        ),
        Persona(
            "quectel-ec25",
            manufacturer="Quectel",
            model="EC25",
            revision="EC25EFAR06A03M4G",
            memories={"ME": 255, "SM": 50, "SR": 20},
            cpms_test='("SM","ME","SR"),("SM","ME","SR"),("SM","ME","SR")',
            first_index=0,
            cnmi_test="(0-3),(0-3),(0,2,3),(0-2),(0,1)",
            csms_test="(0,128)",
            iccid_command="+QCCID",
            boot_lines=("RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"),
            chatter=('+QIND: "csq",20,99', "+CTZV: 0", "+QGPSURC: 0"),
        ),
        Persona(
            "simcom-sim800",
            manufacturer="SIMCOM_Ltd",
            model="SIMCOM_SIM800L",
            revision="1418B05SIM800L24",
            memories={"SM": 25, "ME": 50},
            cpms_test='("SM","ME"),("SM","ME"),("SM","ME")',
            cnmi_test="(0-3),(0-3),(0,2),(0,1),(0,1)",
            unknown_command="+CME ERROR: 100",
            chatter=("UNDER-VOLTAGE WARNNING", '*PSUTTZ: 2026,9,1,8,30,0,"+4",0', "DST: 0"),
            full_line="+SMSFULL",
            registration=("+CREG", "+CGREG"),
        ),
        Persona(
            "simcom-sim7600",
            manufacturer="SIMCOM INCORPORATED",
            model="SIMCOM_SIM7600E-H",
            revision="LE11B14SIM7600M22",
            memories={"SM": 40, "ME": 23, "SR": 10},
            cpms_test='("ME","SM","SR"),("ME","SM","SR"),("ME","SM","SR")',
            iccid_command="+ICCID",
            boot_lines=("RDY", "+CPIN: READY", "SMS DONE", "PB DONE"),
            chatter=("+NITZ: 26/09/01,08:30:00+4",),
            registered_in=("+CEREG",),
        ),
        Persona(
            "zte",
            manufacturer="ZTE INCORPORATED",
            model="MF190",
            revision="BD_MF190V1.0.0B03",
            memories={"SM": 20, "ME": 100, "SR": 10},
            cpms_test='("ME","SM","SR"),("ME","SM","SR"),("ME","SM","SR")',
            boot_lines=("+ZUSIMR:2", "+ZUSIMR:2", '+ZDONR: "Virtual",001,01,"CS_PS","ROAM_OFF"'),
            chatter=("+ZUSIMR:2", '+ZPASR: "UMTS"'),
            cds_comma=True,
            accepted=frozenset({"+ZCDRUN", "+ZOPRT"}),
            registration=("+CREG", "+CGREG"),
        ),
        Persona(
            "siemens-mc35",
            manufacturer="SIEMENS",
            model="MC35",
            revision="REVISION 03.10",
            memories={"SM": 20, "ME": 25},
            cpms_test='("SM","ME"),("SM","ME"),("SM","ME")',
            cnmi_test="(0-3),(0,1),(0,2,3),(0,2),(1)",
            boot_lines=("^SYSSTART",),
            chatter=("^SMGO: 1", "+CIEV: 2,4"),
            registration=("+CREG",),
            unacknowledged_clears_cnmi=True,
        ),
        Persona(
            "wavecom",
            manufacturer=" WAVECOM MODEM",
            model="MULTIBAND  900E  1800",
            revision="641b09gg.Q2403A",
            memories={"SM": 20, "SR": 10},
            cpms_test='(("SM","SR"),("SM"))',
            cpms_uses=2,
            cnmi_test="(0-2),(0-3),(0,2),(0-2),(0,1)",
            boot_lines=("+WIND: 3", "+WIND: 4"),
            chatter=("+WIND: 4",),
            registration=("+CREG",),
            cpin_without_ok=True,
        ),
        Persona(
            "spec-strict",
            manufacturer="3GPP",
            model="TS 27.005",
            revision="17",
            boot_lines=(),
        ),
    )
}


def persona(name: str) -> Persona:
    """Return a persona by name; raise `ValueError` with the names there are."""
    try:
        return PERSONAS[name]
    except KeyError:
        raise ValueError(f"no persona {name!r}; there are {', '.join(PERSONAS)}") from None

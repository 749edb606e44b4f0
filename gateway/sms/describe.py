"""A PDU as plain fields, for people and for other programs (`schoolgate pdu decode`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.sms.address import Address
from gateway.sms.errors import PduError
from gateway.sms.messages import (
    Deliver,
    StatusReport,
    Submit,
    decode_deliver,
    decode_status_report,
    decode_submit,
)
from gateway.sms.userdata import UserData
from gateway.sms.validity import Form, Validity

_MINUTE: Final = timedelta(minutes=1)


def describe(kind: str, pdu: str) -> dict[str, Any]:
    """Return the fields of a PDU in hexadecimal, service centre octets first, ready for JSON.

    `kind` is deliver, submit or status_report. Times are ISO 8601 with the zone that was sent, None where
    the octets are no time; `smsc` is "" where the modem's setting counts; binary data is in hexadecimal.
    Raises `PduError` for another kind or for what is no such PDU.
    """
    if kind not in _KINDS:
        raise PduError(f"there is no kind {kind!r}: it is one of {', '.join(_KINDS)}")
    return _KINDS[kind](pdu)


def _deliver(pdu: str) -> dict[str, Any]:
    message: Deliver = decode_deliver(pdu)
    return {
        "smsc": _smsc(message.smsc),
        **_address(message.sender),
        "pid": message.pid,
        **_coding(message.data),
        "scts": _time(message.scts),
        **_carried(message.data),
    }


def _submit(pdu: str) -> dict[str, Any]:
    message: Submit = decode_submit(pdu)
    return {
        "smsc": _smsc(message.smsc),
        **_address(message.recipient),
        "mr": message.mr,
        "pid": message.pid,
        **_coding(message.data),
        "srr": message.status_report,
        "rd": message.reject_duplicates,
        **_validity(message.validity),
        **_carried(message.data),
    }


def _status_report(pdu: str) -> dict[str, Any]:
    report: StatusReport = decode_status_report(pdu)
    return {
        "smsc": _smsc(report.smsc),
        **_address(report.recipient),
        "mr": report.mr,
        "scts": _time(report.scts),
        "dt": _time(report.discharged),
        "st": report.status,
    }


_KINDS: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "deliver": _deliver,
    "submit": _submit,
    "status_report": _status_report,
}


def _smsc(address: Address | None) -> str:
    return "" if address is None else address.number


def _address(address: Address) -> dict[str, Any]:
    return {"number": address.number, "ton": address.ton, "npi": address.npi}


def _coding(data: UserData) -> dict[str, Any]:
    coding = data.coding
    return {"dcs": coding.octet, "alphabet": coding.alphabet.value, "class": coding.message_class}


def _carried(data: UserData) -> dict[str, Any]:
    concat, ports, text = data.concat, data.ports, data.text
    return {
        "concat": [concat.reference, concat.total, concat.number] if concat and concat.sound else None,
        "ports": [ports.destination, ports.originator] if ports else None,
        **({"data": data.content.hex().upper()} if text is None else {"text": text}),
    }


def _validity(validity: Validity | None) -> dict[str, Any]:
    """Return the form, the octets and, where it is a length of time, its minutes."""
    if validity is None:
        return {"vpf": Form.NONE.value, "vp_octets": ""}
    fields: dict[str, Any] = {"vpf": validity.form.value, "vp_octets": validity.octets.hex().upper()}
    period = validity.period
    return fields if period is None else fields | {"vp_minutes": period // _MINUTE}


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()

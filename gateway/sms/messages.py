"""DELIVER, SUBMIT and STATUS-REPORT as values (3GPP TS 23.040, 9.2.2).

Every value holds what the octets said, so that `encode` gives them back; `decode_*` raises `PduError`
and nothing else, whatever it is given. A PDU is in hexadecimal or octets, service centre octets first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.sms import timestamp
from gateway.sms.address import Address
from gateway.sms.coding import Alphabet
from gateway.sms.errors import PduError
from gateway.sms.header import Concat, Ports
from gateway.sms.octets import Reader, from_hex
from gateway.sms.userdata import UserData
from gateway.sms.validity import Form, Validity

_MTI, _REJECT, _NO_MORE, _REPORT, _HEADER, _REPLY_PATH = 0x03, 0x04, 0x04, 0x20, 0x40, 0x80
_DELIVER, _SUBMIT, _STATUS_REPORT, _RESERVED = 0, 1, 2, 3
_SILENT: Final = 0x40  # TP-PID, short message type 0 (9.2.3.9)


@dataclass(frozen=True, slots=True)
class _Carrier:
    """What carries user data."""

    data: UserData

    @property
    def text(self) -> str | None:
        """The text of this message or part, None where it is binary."""
        return self.data.text

    @property
    def concat(self) -> Concat | None:
        """Which part of a longer message this is."""
        return self.data.concat

    @property
    def ports(self) -> Ports | None:
        """The application that is addressed."""
        return self.data.ports

    @property
    def alphabet(self) -> Alphabet:
        """How the data is to be read."""
        return self.data.coding.alphabet

    @property
    def message_class(self) -> int | None:
        """0 to 3, None without."""
        return self.data.coding.message_class


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver(_Carrier):
    """A message to a mobile (9.2.2.1)."""

    sender: Address
    stamp: bytes  # when the service centre had it, as `timestamp` writes it
    pid: int = 0
    flags: int = _NO_MORE  # the first octet without its header flag
    smsc: Address | None = None
    trailing: bytes = b""  # what some modems append

    @property
    def scts(self) -> datetime | None:
        """When the service centre had it; None where the octets are no time."""
        return timestamp.decode(self.stamp)

    @property
    def silent(self) -> bool:
        """Whether it is to be acknowledged and shown to nobody: type 0, or a mere indication."""
        return self.pid == _SILENT or (self.data.coding.discardable and not self.data.content)

    def encode(self) -> bytes:
        """Return the octets, service centre octets first."""
        first = self.flags | (0 if self.data.header is None else _HEADER)
        head = _smsc(self.smsc) + bytes((first,)) + self.sender.encode()
        return (
            head + bytes((self.pid, self.data.coding.octet)) + self.stamp + self.data.encode() + self.trailing
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit(_Carrier):
    """A message from a mobile (9.2.2.2)."""

    recipient: Address
    mr: int = 0  # modems put their own
    pid: int = 0
    validity: Validity | None = None
    status_report: bool = False
    reject_duplicates: bool = False
    reply_path: bool = False
    smsc: Address | None = None  # None: the modem's own setting
    trailing: bytes = b""

    def encode(self) -> bytes:
        """Return the octets, service centre octets first."""
        form = Form.NONE if self.validity is None else self.validity.form
        first = (
            _SUBMIT
            | (_REJECT if self.reject_duplicates else 0)
            | form << 3
            | (_REPORT if self.status_report else 0)
            | (0 if self.data.header is None else _HEADER)
            | (_REPLY_PATH if self.reply_path else 0)
        )
        head = _smsc(self.smsc) + bytes((first, self.mr)) + self.recipient.encode()
        validity = b"" if self.validity is None else self.validity.octets
        return (
            head + bytes((self.pid, self.data.coding.octet)) + validity + self.data.encode() + self.trailing
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What became of a submitted message (9.2.2.3)."""

    mr: int
    recipient: Address
    stamp: bytes
    discharge: bytes
    status: int  # TP-Status, see `outcome`
    flags: int = _STATUS_REPORT | _NO_MORE  # the first octet
    smsc: Address | None = None
    trailing: bytes = b""  # optional parameters, and what some modems append

    @property
    def scts(self) -> datetime | None:
        """When the service centre had the message that this is about."""
        return timestamp.decode(self.stamp)

    @property
    def discharged(self) -> datetime | None:
        """When that happened."""
        return timestamp.decode(self.discharge)

    def encode(self) -> bytes:
        """Return the octets, service centre octets first."""
        head = _smsc(self.smsc) + bytes((self.flags, self.mr)) + self.recipient.encode()
        return head + self.stamp + self.discharge + bytes((self.status,)) + self.trailing


def decode_inbound(pdu: str | bytes) -> Deliver | StatusReport:
    """Read what a modem received; a reserved type counts as a DELIVER, as the standard asks (9.2.3.1)."""
    smsc, reader, first = _open(pdu)
    if first & _MTI == _STATUS_REPORT:
        return _status_report(smsc, reader, first)
    if first & _MTI == _SUBMIT:
        raise PduError("a SUBMIT, which is sent and not received")
    return _deliver(smsc, reader, first)


def decode_deliver(pdu: str | bytes) -> Deliver:
    """Read a DELIVER."""
    smsc, reader, first = _open(pdu)
    if first & _MTI not in (_DELIVER, _RESERVED):
        raise PduError("not a DELIVER")
    return _deliver(smsc, reader, first)


def decode_status_report(pdu: str | bytes) -> StatusReport:
    """Read a STATUS-REPORT."""
    smsc, reader, first = _open(pdu)
    if first & _MTI != _STATUS_REPORT:
        raise PduError("not a STATUS-REPORT")
    return _status_report(smsc, reader, first)


def decode_submit(pdu: str | bytes) -> Submit:
    """Read a SUBMIT."""
    smsc, reader, first = _open(pdu)
    if first & _MTI != _SUBMIT:
        raise PduError("not a SUBMIT")
    mr = reader.octet("message reference")
    recipient = Address.decode(reader, "recipient")
    pid, dcs = reader.octet("protocol identifier"), reader.octet("data coding scheme")
    validity = Validity.decode(reader, Form(first >> 3 & 3))
    return Submit(
        data=UserData.decode(reader, dcs, has_header=bool(first & _HEADER)),
        recipient=recipient,
        mr=mr,
        pid=pid,
        validity=validity,
        status_report=bool(first & _REPORT),
        reject_duplicates=bool(first & _REJECT),
        reply_path=bool(first & _REPLY_PATH),
        smsc=smsc,
        trailing=reader.rest(),
    )


def tpdu_length(pdu: str | bytes) -> int:
    """Return the octets without those of the service centre, as `AT+CMGS` and `+CMT` count them."""
    octets = from_hex(pdu)
    length = len(octets) - 1 - octets[0] if octets else 0
    if length < 1:
        raise PduError("service centre: nothing follows it")
    return length


def _open(pdu: str | bytes) -> tuple[Address | None, Reader, int]:
    reader = Reader(from_hex(pdu))
    smsc = Address.decode_smsc(reader)
    return smsc, reader, reader.octet("first octet")


def _deliver(smsc: Address | None, reader: Reader, first: int) -> Deliver:
    sender = Address.decode(reader, "sender")
    pid, dcs = reader.octet("protocol identifier"), reader.octet("data coding scheme")
    stamp = reader.take(timestamp.SIZE, "time stamp")
    return Deliver(
        data=UserData.decode(reader, dcs, has_header=bool(first & _HEADER)),
        sender=sender,
        stamp=stamp,
        pid=pid,
        flags=first & ~_HEADER,
        smsc=smsc,
        trailing=reader.rest(),
    )


def _status_report(smsc: Address | None, reader: Reader, first: int) -> StatusReport:
    return StatusReport(
        mr=reader.octet("message reference"),
        recipient=Address.decode(reader, "recipient"),
        stamp=reader.take(timestamp.SIZE, "time stamp"),
        discharge=reader.take(timestamp.SIZE, "discharge time"),
        status=reader.octet("status"),
        flags=first,
        smsc=smsc,
        trailing=reader.rest(),
    )


def _smsc(address: Address | None) -> bytes:
    return b"\0" if address is None else address.encode_smsc()

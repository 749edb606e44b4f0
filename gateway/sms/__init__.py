"""Short messages as values: alphabets, PDUs, splitting and joining, and what the codes mean. Pure.

Sources: 3GPP TS 23.038 (alphabets), 23.040 (PDUs), 24.011 (relay), 27.005 and 27.007 (error codes).
Bad input raises `PduError`, and nothing else.
"""

from gateway.sms.address import Address
from gateway.sms.causes import ErrorKind, ErrorMeaning, cme_code, cme_error, cms_error
from gateway.sms.coding import Alphabet, Coding
from gateway.sms.errors import PduError
from gateway.sms.header import Concat, Ports
from gateway.sms.messages import (
    Deliver,
    StatusReport,
    Submit,
    decode_deliver,
    decode_inbound,
    decode_status_report,
    decode_submit,
    tpdu_length,
)
from gateway.sms.outcome import TpOutcome, tp_outcome, tp_status_text
from gateway.sms.splitting import Split, join, split, submits
from gateway.sms.userdata import UserData
from gateway.sms.validity import Validity

__all__ = [
    "Address",
    "Alphabet",
    "Coding",
    "Concat",
    "Deliver",
    "ErrorKind",
    "ErrorMeaning",
    "PduError",
    "Ports",
    "Split",
    "StatusReport",
    "Submit",
    "TpOutcome",
    "UserData",
    "Validity",
    "cme_code",
    "cme_error",
    "cms_error",
    "decode_deliver",
    "decode_inbound",
    "decode_status_report",
    "decode_submit",
    "join",
    "split",
    "submits",
    "tp_outcome",
    "tp_status_text",
    "tpdu_length",
]

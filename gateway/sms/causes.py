"""Refusals: `+CMS ERROR` (3GPP TS 27.005, 3.2.5; 3GPP TS 24.011, E) and `+CME ERROR` (3GPP TS 27.007, 9.2).

A kind says what to do next. A code is only called permanent, temporary or of the device where it proves
that the network did not take the message; every other code, a vendor's own too, is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ErrorKind(StrEnum):
    """What a refusal means for the next try."""

    PERMANENT = "permanent"  # this message will never be taken
    TEMPORARY = "temporary"  # not taken; try again later
    DEVICE = "device"  # SIM, account, modem or coverage: no message is to blame
    UNKNOWN = "unknown"  # it may have been taken


@dataclass(frozen=True, slots=True)
class ErrorMeaning:
    """An error code explained."""

    code: int
    kind: ErrorKind
    text: str


_P, _T, _D, _U = ErrorKind.PERMANENT, ErrorKind.TEMPORARY, ErrorKind.DEVICE, ErrorKind.UNKNOWN

_CMS: Final[Mapping[int, tuple[ErrorKind, str]]] = {
    1: (_P, "unassigned number"),
    8: (_D, "operator determined barring"),
    10: (_D, "call barred"),
    17: (_T, "network failure"),
    21: (_P, "short message transfer rejected"),
    22: (_T, "congestion"),
    27: (_P, "destination out of order"),
    28: (_P, "unidentified subscriber"),
    29: (_P, "facility rejected"),
    30: (_P, "unknown subscriber"),
    38: (_T, "network out of order"),
    41: (_T, "temporary failure"),
    42: (_T, "congestion"),
    47: (_T, "resources unavailable"),
    50: (_P, "requested facility not subscribed"),
    69: (_P, "requested facility not implemented"),
    81: (_P, "invalid short message transfer reference value"),
    95: (_P, "invalid message"),
    96: (_P, "invalid mandatory information"),
    97: (_P, "message type not implemented"),
    98: (_P, "message not compatible with protocol state"),
    99: (_P, "information element not implemented"),
    111: (_U, "protocol error"),
    127: (_U, "interworking error"),
    128: (_P, "telematic interworking not supported"),
    129: (_P, "short message type 0 not supported"),
    130: (_P, "short message cannot be replaced"),
    143: (_P, "unspecified protocol identifier error"),
    144: (_P, "data coding scheme not supported"),
    145: (_P, "message class not supported"),
    159: (_P, "unspecified data coding scheme error"),
    160: (_P, "command cannot be acted upon"),
    161: (_P, "command not supported"),
    175: (_P, "unspecified command error"),
    176: (_P, "message format not supported"),
    192: (_T, "service centre busy"),
    193: (_D, "no service centre subscription"),
    194: (_T, "service centre system failure"),
    195: (_P, "invalid address"),
    196: (_P, "destination barred"),
    197: (_U, "rejected as a duplicate"),  # so it has one
    198: (_P, "validity period format not supported"),
    199: (_P, "validity period not supported"),
    208: (_D, "SIM storage full"),
    209: (_D, "no message storage in the SIM"),
    210: (_D, "error in the mobile station"),
    211: (_D, "memory capacity exceeded"),
    212: (_T, "SIM application toolkit busy"),
    213: (_U, "SIM data download error"),
    255: (_U, "unspecified error"),
    300: (_D, "mobile equipment failure"),
    301: (_D, "message service of the equipment reserved"),
    302: (_D, "operation not allowed"),
    303: (_D, "operation not supported"),
    304: (_P, "invalid PDU parameter"),
    305: (_P, "invalid text parameter"),
    310: (_D, "SIM not inserted"),
    311: (_D, "SIM PIN required"),
    312: (_D, "PH-SIM PIN required"),
    313: (_D, "SIM failure"),
    314: (_D, "SIM busy"),
    315: (_D, "SIM wrong"),
    316: (_D, "SIM PUK required"),
    317: (_D, "SIM PIN2 required"),
    318: (_D, "SIM PUK2 required"),
    320: (_D, "memory failure"),
    321: (_D, "invalid memory index"),
    322: (_D, "memory full"),
    330: (_D, "service centre address unknown"),
    331: (_D, "no network service"),
    332: (_U, "network timeout"),
    340: (_U, "no acknowledgement expected"),
    500: (_U, "unknown error"),
}

_CME: Final[Mapping[int, tuple[ErrorKind, str]]] = {
    0: (_D, "phone failure"),
    1: (_D, "no connection to phone"),
    2: (_D, "phone-adaptor link reserved"),
    3: (_D, "operation not allowed"),
    4: (_D, "operation not supported"),
    5: (_D, "PH-SIM PIN required"),
    6: (_D, "PH-FSIM PIN required"),
    7: (_D, "PH-FSIM PUK required"),
    10: (_D, "SIM not inserted"),
    11: (_D, "SIM PIN required"),
    12: (_D, "SIM PUK required"),
    13: (_D, "SIM failure"),
    14: (_D, "SIM busy"),
    15: (_D, "SIM wrong"),
    16: (_D, "incorrect password"),
    17: (_D, "SIM PIN2 required"),
    18: (_D, "SIM PUK2 required"),
    20: (_D, "memory full"),
    21: (_D, "invalid index"),
    22: (_D, "not found"),
    23: (_D, "memory failure"),
    24: (_P, "text string too long"),
    25: (_P, "invalid characters in text string"),
    26: (_P, "dial string too long"),
    27: (_P, "invalid characters in dial string"),
    30: (_D, "no network service"),
    31: (_U, "network timeout"),
    32: (_D, "network not allowed - emergency calls only"),
    40: (_D, "network personalization PIN required"),
    41: (_D, "network personalization PUK required"),
    42: (_D, "network subset personalization PIN required"),
    43: (_D, "network subset personalization PUK required"),
    44: (_D, "service provider personalization PIN required"),
    45: (_D, "service provider personalization PUK required"),
    46: (_D, "corporate personalization PIN required"),
    47: (_D, "corporate personalization PUK required"),
    50: (_P, "incorrect parameters"),
    100: (_U, "unknown"),
}

_CME_CODES: Final = {text.lower(): code for code, (_, text) in _CME.items()}
_OTHER: Final = (_U, "error without a standard meaning")


def cms_error(code: int) -> ErrorMeaning:
    """Explain a message service error."""
    return ErrorMeaning(code, *_CMS.get(code, _OTHER))


def cme_error(code: int) -> ErrorMeaning:
    """Explain an equipment error."""
    return ErrorMeaning(code, *_CME.get(code, _OTHER))


def cme_code(words: str) -> int | None:
    """Return the code of an equipment error given in words, None where they are no standard ones."""
    return _CME_CODES.get(words.strip().lower())

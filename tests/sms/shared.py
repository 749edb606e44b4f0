"""The shared vectors, as data."""

import json
from pathlib import Path

from gateway.sms import decode_deliver, decode_status_report, decode_submit

_HERE = Path(__file__).parent / "vectors"

PDU = json.loads((_HERE / "pdu.json").read_text(encoding="utf-8"))
FIELD = json.loads((_HERE / "field.json").read_text(encoding="utf-8"))["vectors"]
NATIONAL = json.loads((_HERE / "national.json").read_text(encoding="utf-8"))
BY_ID = {vector["id"]: vector["pdu"] for vector in FIELD}

DECODERS = {"deliver": decode_deliver, "submit": decode_submit, "status_report": decode_status_report}

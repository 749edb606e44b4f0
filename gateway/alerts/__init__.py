"""What needs a person, told to people: by webhook, e-mail and text message."""

from gateway.alerts.alarm import Alarm
from gateway.alerts.made import alerts_of, postbox_of
from gateway.alerts.mail import NotSent, Postbox
from gateway.alerts.memory import Memory
from gateway.alerts.texting import Texting
from gateway.alerts.watchman import Alerts, AlertView

__all__ = [
    "Alarm",
    "AlertView",
    "Alerts",
    "Memory",
    "NotSent",
    "Postbox",
    "Texting",
    "alerts_of",
    "postbox_of",
]

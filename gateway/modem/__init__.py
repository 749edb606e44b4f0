"""The radio: a driver for USB and serial GSM modems on asyncio (3GPP TS 27.005 and 27.007)."""

from gateway.modem.modem import Modem
from gateway.modem.probe import Probe, probe
from gateway.modem.settings import CardMemory, ModemSettings, PinMemory, Timeouts

__all__ = ["CardMemory", "Modem", "ModemSettings", "PinMemory", "Probe", "Timeouts", "probe"]

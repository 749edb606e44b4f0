"""A USB modem's serial port, described for umockdev: what udev reads of one, without the thing itself."""

from __future__ import annotations

HUB = "/devices/pci0000:00/0000:00:14.0"


def port(vendor: str, product: str, interface: int, *, kind: str = "ff/00/00", serial: str = "AB12") -> str:
    """Return the description of one port; `kind` is the interface's class/subclass/protocol in hex."""
    group, subgroup, protocol = kind.split("/")
    identity = f"A: serial={serial}\\n\n" if serial else ""
    return f"""P: {HUB}
E: SUBSYSTEM=pci
E: PCI_SLOT_NAME=0000:00:14.0

P: {HUB}/usb1/1-4
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
E: BUSNUM=001
E: DEVNUM=005
E: DEVNAME=/dev/bus/usb/001/005
N: bus/usb/001/005
A: idVendor={vendor}\\n
A: idProduct={product}\\n
A: bcdDevice=0318\\n
{identity}
P: {HUB}/usb1/1-4/1-4:1.{interface}
E: DEVTYPE=usb_interface
E: SUBSYSTEM=usb
A: bInterfaceNumber={interface:02x}\\n
A: bInterfaceClass={group}\\n
A: bInterfaceSubClass={subgroup}\\n
A: bInterfaceProtocol={protocol}\\n

P: {HUB}/usb1/1-4/1-4:1.{interface}/ttyUSB2/tty/ttyUSB2
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyUSB2
E: MAJOR=188
E: MINOR=2
N: ttyUSB2
"""

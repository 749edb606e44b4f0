"""A whole computer in QEMU: a kernel of its own, a USB bus, a disk that can lose its power."""

from __future__ import annotations

import base64
import json
import random
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.service.computer.cable import Cable
from tests.service.computer.disk import Disk
from tests.service.machine import Machine, until

PATIENCE: Final = (
    300.0  # seconds, for what a person would wait for: the processor may be emulated, on a busy machine
)
_ENVIRONMENT: Final = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
]


class Talk:
    """Commands and their answers, a line of JSON each: with QEMU (QMP) or with its agent in the guest."""

    def __init__(self, address: Path) -> None:
        """Connect."""
        self.events: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(address))
        self._read = b""

    def do(self, command: str, *, within: float = 30, **arguments: object) -> Any:
        """Return the answer; events that come before it are kept."""
        self._socket.settimeout(within)
        words = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._socket.sendall(json.dumps({"execute": command, "arguments": words}).encode() + b"\n")
        told: dict[str, Any] = {}
        while "return" not in told:
            told = self._told()
            assert "error" not in told, f"{command}: {told}"
        return told["return"]

    def find(self, ident: int, within: float) -> bool:
        """Say whether the agent answers to this number; what it still says to others is passed over."""
        self._socket.settimeout(within)
        self._socket.sendall(b'{"execute": "guest-sync", "arguments": {"id": %d}}\n' % ident)
        with suppress(TimeoutError):
            while self._told().get("return") != ident:
                pass
            return True
        return False

    def wait_for(self, event: str, within: float) -> None:
        """Wait until this event has come since it was last waited for."""
        self._socket.settimeout(within)
        while event not in self.events:
            self._told()
        self.events.remove(event)

    def close(self) -> None:
        """Be gone."""
        self._socket.close()

    def _told(self) -> dict[str, Any]:
        while b"\n" not in self._read:
            more = self._socket.recv(1 << 16)
            assert more, "it hung up"
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        if "event" in told:
            self.events.append(told["event"])
        return told


@dataclass(slots=True)
class Computer(Machine):
    """A kernel with `disk` as its root; the other end of its USB cable is the terminal `modem`."""

    folder: Path
    kernel: Path
    initrd: Path
    disk: Disk
    modem: Path
    _qemu: subprocess.Popen[bytes] | None = field(default=None)
    _monitor: Talk | None = field(default=None)
    _agent: Talk | None = field(default=None)
    _cable: Cable | None = field(default=None)

    @property
    def told(self) -> Path:
        """What the guest writes to /dev/virtio-ports/told, as it writes it."""
        return self.folder / "told"

    def boot(self) -> None:
        """Switch it on, and wait until systemd says that the start is over."""
        self.disk.serve()
        for name in ("monitor", "agent"):
            (self.folder / name).unlink(missing_ok=True)
        with (self.folder / "qemu.log").open("ab") as log:
            self._qemu = subprocess.Popen(self._words(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: (self.folder / "agent").exists() and (self.folder / "monitor").exists(), 20, "QEMU")
        self._monitor = Talk(self.folder / "monitor")
        self._monitor.do("qmp_capabilities")
        self._meet()

    def reboot(self) -> None:
        """Have it shut down in order and start again."""
        assert self._monitor is not None
        self.run("systemctl --no-block reboot")
        self._monitor.wait_for("RESET", 120)
        self._meet()

    def power_off(self) -> None:
        """Shut it down in order."""
        assert self._qemu is not None
        self.run("systemctl --no-block poweroff")
        self._qemu.wait(120)

    def cut(self, chance: random.Random) -> tuple[int, int]:
        """Take its power away while it writes; return how many of how many unflushed pieces are kept."""
        self.disk.stall(chance.randrange(1, 50), within=60)
        self._end()
        return self.disk.lose_power(chance)

    def close(self) -> None:
        """Be gone, whatever state it is in."""
        self._end()
        self.disk.close()

    def plug(self) -> None:
        """Plug the modem's cable in."""
        self._cable = Cable(self.folder / "adapter", self.modem)

    def pull(self) -> None:
        """Pull it out."""
        if self._cable is not None:
            self._cable.pull()
        self._cable = None

    def run(
        self, command: str, *, check: bool = True, timeout: float = 120, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root in it."""
        assert self._agent is not None
        given = {"path": "/bin/sh", "arg": ["-c", command], "env": _ENVIRONMENT, "capture_output": True}
        pid = self._agent.do("guest-exec", **given, input_data=base64.b64encode(stdin.encode()).decode())[
            "pid"
        ]
        end = time.monotonic() + timeout
        while not (state := self._agent.do("guest-exec-status", pid=pid))["exited"]:
            assert time.monotonic() < end, f"{command}: not done after {timeout} s"
            time.sleep(0.05)
        out, err = (base64.b64decode(state.get(f"{name}-data", "")).decode() for name in ("out", "err"))
        code = state.get("exitcode", -1)
        if check and code != 0:
            raise AssertionError(f"{command}: {code}\n{out}{err}\n{self.journal()}")
        return subprocess.CompletedProcess(command, code, out, err)

    def _meet(self) -> None:
        """Find the agent of the system that starts now, and wait for the end of the start."""
        until(self._met, PATIENCE, "the agent in the guest")
        self.run("systemctl is-system-running --wait", check=False, timeout=PATIENCE)

    def _met(self) -> bool:
        if self._agent is not None:
            self._agent.close()
        self._agent = Talk(self.folder / "agent")
        return self._agent.find(time.monotonic_ns() % 10**9, within=10)

    def _end(self) -> None:
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait(20)
        self.pull()
        for talk in (self._monitor, self._agent):
            if talk is not None:
                talk.close()
        self._qemu = self._monitor = self._agent = None

    def _words(self) -> list[str]:
        at = self.folder
        machine = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"]
        machine += ["-accel", "kvm" if virtualises() else "tcg,thread=multi", "-cpu", "max"]
        machine += ["-m", "1024", "-smp", "2", "-serial", f"file:{at / 'console.log'}"]
        machine += ["-kernel", str(self.kernel), "-initrd", str(self.initrd)]
        machine += ["-append", "root=/dev/vda rw console=ttyS0 quiet"]
        machine += ["-blockdev", f"nbd,node-name=disk,server.type=unix,server.path={self.disk.address}"]
        machine += ["-device", "virtio-blk,drive=disk", "-device", "qemu-xhci", "-device", "virtio-serial"]
        machine += ["-chardev", f"socket,id=adapter,path={at / 'adapter'},server=on,wait=off"]
        machine += ["-device", "usb-serial,chardev=adapter,serial=AB12"]
        machine += ["-qmp", f"unix:{at / 'monitor'},server=on,wait=off"]
        machine += ["-chardev", f"socket,id=agent,path={at / 'agent'},server=on,wait=off"]
        machine += ["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]
        machine += ["-chardev", f"file,id=told,path={self.told},append=on"]
        return [*machine, "-device", "virtserialport,chardev=told,name=told"]


def virtualises() -> bool:
    """Say whether the processor itself can do it: /dev/kvm alone does not tell."""
    flags = Path("/proc/cpuinfo").read_text().split()
    return Path("/dev/kvm").exists() and not {"vmx", "svm"}.isdisjoint(flags)

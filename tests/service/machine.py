"""A Debian of its own, with systemd as its first process; here in a container without a network."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

MEASURED: list[str] = []
"""What the tests measured, for the summary."""

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine(ABC):
    """What the tests boot, and run commands in from outside."""

    __slots__ = ()

    @abstractmethod
    def boot(self) -> None:
        """Start it, and wait until systemd says that the start is over."""

    @abstractmethod
    def power_off(self) -> None:
        """Shut it down in order."""

    @abstractmethod
    def close(self) -> None:
        """Be gone, whatever state it is in."""

    @abstractmethod
    def run(
        self, command: str, *, check: bool = True, timeout: float = 120, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root in it; a failure is an `AssertionError` unless `check` is off."""

    def says(self, command: str, **more: Any) -> str:
        """Return what a command prints."""
        return self.run(command, **more).stdout.strip()

    def journal(self) -> str:
        """Return the end of the service's log."""
        return self.run("journalctl -u schoolgate --no-pager -n 40 -o cat", check=False).stdout

    def shows(self, what: str, unit: str = "schoolgate.service") -> str:
        """Return a property of a unit."""
        return self.says(f"systemctl show -P {what} {shlex.quote(unit)}")

    def write(self, path: str, text: str) -> None:
        """Write a file in it."""
        self.run(f"cat > {shlex.quote(path)}", stdin=text)


@dataclass(slots=True)
class Container(Machine):
    """The container in `root`."""

    root: Path
    log: Path
    _nspawn: subprocess.Popen[bytes] | None = field(default=None)
    _leader: int = 0

    @classmethod
    def fresh(cls, folder: Path, tree: str, source: Path, wheels: str) -> Self:
        """Return a clean Debian in `folder`, with the download in it, and wheels instead of an index."""
        subprocess.run(["cp", "--archive", "--reflink=auto", tree, folder / "tree"], check=True)
        made = cls(folder / "tree", folder / "console.log")
        made.copy(source, "/root/schoolgate")
        made.copy(Path(wheels), "/opt/wheels")
        (made.root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /opt/wheels\n")
        return made

    def boot(self) -> None:
        """Start it, and wait until systemd says that the start is over."""
        beside = (
            ["--register=no"] if Path("/run/systemd/system").is_dir() else ["--register=no", "--keep-unit"]
        )
        command = ["systemd-nspawn", "--quiet", *beside, "--private-network", "--console=pipe"]
        command += ["--hostname=gatebox", "--boot", "--directory", str(self.root)]
        with self.log.open("ab") as log:
            self._nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._leader = until(self._child, 20, "the container's first process")
        until(lambda: self.run("test -S /run/systemd/private", check=False).returncode == 0, 30, "systemd")
        self.run("systemctl is-system-running --wait", check=False, timeout=60)

    def _child(self) -> int:
        assert self._nspawn is not None
        found = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        leader = int(found[0]) if found else 0
        return leader if leader and Path(f"/proc/{leader}/comm").read_text().strip() == "systemd" else 0

    def power_off(self) -> None:
        """Shut it down in order."""
        assert self._nspawn is not None
        self.run("systemctl poweroff", check=False)
        try:
            self._nspawn.wait(60)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            raise

    def close(self) -> None:
        """Be gone, whatever state it is in."""
        if self._nspawn is not None and self._nspawn.poll() is None:
            self._nspawn.terminate()
            try:
                self._nspawn.wait(20)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()

    def run(
        self, command: str, *, check: bool = True, timeout: float = 120, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root in the container."""
        within = ["nsenter", "--target", str(self._leader), "--all", "--", "env", "-i", _PATH, "HOME=/root"]
        within += ["LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command]
        done = subprocess.run(within, input=stdin, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(
                f"{command}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.journal()}"
            )
        return done

    def copy(self, source: Path, path: str) -> None:
        """Copy a folder into the container's tree."""
        shutil.copytree(source, self.root / path.lstrip("/"), symlinks=True)


def until(look: Callable[[], Any], within: float, what: str) -> Any:
    """Look from outside until there is something to see; fail after so many seconds."""
    end = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"after {within} s: {what}")
        time.sleep(0.05)

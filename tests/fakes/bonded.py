"""A server with two network cards and perhaps a bond of them, and a client that calls
it, in a simulated second.

It answers a checker's questions out of its state: kernel files on the server, and on
the client the log of a ping that runs while time passes.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit import CommandResult, Fault

ADDRESS = "192.168.1.161"
LOG = f"/run/nines-ping-{ADDRESS}"
EPOCH = 1_800_000_000
_MODES = {
    "active-backup": "fault-tolerance (active-backup)",
    "balance-rr": "load balancing (round-robin)",
}


@dataclass
class Bonded:
    """Unsolved at first; `solve()` makes it what the lab asks for."""

    mode: str = ""  # "" as long as there is no bond.
    miimon: int = 100
    primary: str = "eth0"
    ports: list[str] = field(default_factory=lambda: ["eth0", "eth1"])
    on: dict[str, list[str]] = field(
        default_factory=lambda: {"eth0": [f"{ADDRESS}/24"]}
    )
    active: str = "eth0"
    cut: set[str] = field(default_factory=set)
    late: float = 0.1  # Seconds from a cut to the use of the other card.
    forgets: bool = False  # Its bond is gone after a restart.
    clock: float = 0.0
    boots_: int = 1
    calling: bool = False
    log: str = ""
    faults: list[Fault] = field(default_factory=list)
    override: dict[str, bytes | None] = field(default_factory=dict)
    _seen: float = 0.0  # When a port was last cut or plugged.

    def solve(self, *, mode: str = "active-backup") -> "Bonded":
        self.mode = mode
        self.on = {"bond0": [f"{ADDRESS}/24"]}
        return self

    # ---- time: the test replaces time.sleep and time.monotonic by these ----

    def sleep(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.clock += 0.1
            self._switch()
            if self.calling and self.reachable:
                self.log += f"[{EPOCH + self.clock:.6f}] 64 bytes from {ADDRESS}: "
                self.log += "icmp_seq=1 ttl=64 time=0.4 ms\n"

    def now(self) -> float:
        return self.clock

    def _switch(self) -> None:
        if not self.miimon or self.clock - self._seen < self.late:
            return
        well = [port for port in self.ports if port not in self.cut]
        if self.primary in well:
            self.active = self.primary
        elif self.active not in well and well:
            self.active = well[0]

    @property
    def reachable(self) -> bool:
        used = self.active if self.mode else "eth0"
        return used not in self.cut and any(self.on.values())

    # ---- labkit's Transport ----

    def run(
        self, node: str, command: Sequence[str], *, stdin: str, timeout: float
    ) -> CommandResult:
        typed = command[2] if command[0] == "/bin/sh" else shlex.join(command)
        match list(command):
            case ["ip", "-json", "-4", "address", "show", "dev", name]:
                return self._addresses(name)
            case ["ping", "-n", *_]:
                return CommandResult(0 if self.reachable else 1)
            case ["systemctl", "reboot"]:
                self._restart()
        if "ping -D" in typed:
            self.calling, self.log = True, f"begun {EPOCH + self.clock:.6f}\n"
        elif "kill -INT" in typed and self.calling:
            self.calling = False
            self.log += f"ended {EPOCH + self.clock:.6f}\n"
        elif typed.endswith("/bonding/active_slave") and "eth0" not in self.cut:
            self.active = "eth0"
        return CommandResult(0)

    def _addresses(self, name: str) -> CommandResult:
        split = [each.partition("/") for each in self.on.get(name, [])]
        info = [
            {"family": "inet", "local": local, "prefixlen": int(length)}
            for local, _, length in split
        ]
        return CommandResult(0, json.dumps([{"ifname": name, "addr_info": info}]))

    def _restart(self) -> None:
        self.boots_ += 1
        if self.forgets:
            self.mode, self.on = "", {"eth0": [f"{ADDRESS}/24"]}

    def read_file(self, node: str, path: str, *, limit: int) -> bytes | None:
        if path in self.override:
            return self.override[path]
        if path == LOG:
            return self.log.encode()
        text = self._kernel().get(path)
        return None if text is None else text.encode()

    def _kernel(self) -> dict[str, str]:
        table = "".join(
            f"     |-- {each.partition('/')[0]}\n        /32 host LOCAL\n"
            for has in self.on.values()
            for each in has
        )
        found = {"/proc/net/fib_trie": table}
        if self.mode:
            found["/proc/net/bonding/bond0"] = self._bond()
        return found

    def _bond(self) -> str:
        head = [
            "Ethernet Channel Bonding Driver: v6.1.0\n",
            f"Bonding Mode: {_MODES[self.mode]}",
        ]
        if self.mode == "active-backup":
            primary = f"{self.primary} (primary_reselect always)"
            head += [
                f"Primary Slave: {primary if self.primary else 'None'}",
                f"Currently Active Slave: {self.active}",
            ]
        head += ["MII Status: up", f"MII Polling Interval (ms): {self.miimon}"]
        ports = [
            f"\nSlave Interface: {port}\n"
            f"MII Status: {'down' if port in self.cut and self.miimon else 'up'}\n"
            f"Link Failure Count: 0\nPermanent HW addr: 52:54:00:00:00:0{place}"
            for place, port in enumerate(self.ports)
        ]
        return "\n".join([*head, *ports]) + "\n"

    def write_file(self, node: str, path: str, data: bytes, *, mode: int) -> None: ...

    def read_disk(self, node: str, disk: str, *, offset: int, length: int) -> bytes:
        raise NotImplementedError("The machines of this lab have no data disks.")

    def inject(self, fault: Fault) -> None:
        self.faults.append(fault)
        if fault.kind == "cable.cut" and fault.nic:
            self.cut.add(fault.nic)
        elif fault.kind == "cable.plug" and fault.nic:
            self.cut.discard(fault.nic)
        self._seen = self.clock

    def wait_ready(self, node: str, *, timeout: float) -> None: ...

    def boots(self, node: str) -> int:
        return self.boots_

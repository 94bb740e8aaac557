"""Two servers that guard one address, and a client that calls, in a simulated second.

It answers a checker's questions out of its state: who holds the address, who is alive,
what each has written down, and on the client the log of a ping that runs while time
passes.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit import CommandResult, Fault, Unreachable

ADDRESS = "192.168.1.129"
LOG = f"/run/nines-ping-{ADDRESS}"
EPOCH = 1_800_000_000
OTHER = {"n1": "n2", "n2": "n1"}
HA_CF = """\
logfile /var/log/ha-log
keepalive {keepalive}
warntime {warntime}
deadtime {deadtime}
initdead {initdead}
udpport 694
ucast eth1 {peer}
auto_failback off
node n1 n2
"""
KEYS = "auth 1\n1 sha1 secret\n"


@dataclass
class Takeover:
    """Unsolved at first; `solve()` makes it what the lab asks for."""

    running: set[str] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)
    frozen: set[str] = field(default_factory=set)
    files: dict[tuple[str, str], str] = field(default_factory=dict)
    key_mode: str = "600"
    deadtime: float = 8.0  # What really happens, whatever is written down.
    start: float = 2.0  # Seconds to put the address on.
    at_boot: bool = True
    seizes: bool = False  # The preferred one takes the address back by itself.
    announces: bool = True  # By gratuitous ARP.
    warned: int = 0
    clock: float = 0.0
    calling: bool = False
    log: str = ""
    faults: list[Fault] = field(default_factory=list)
    override: dict[str, bytes | None] = field(default_factory=dict)
    _lost: dict[str, float] = field(default_factory=dict)  # Since when nobody hears it.
    _moving: float = 0.0  # Until then the address is nowhere.
    _behind: str = ""  # The node that the client's ARP table points to.

    def solve(self) -> "Takeover":
        self.running, self.holds, self._behind = {"n1", "n2"}, {"n1"}, "n1"
        for name, peer in (("n1", "10.0.0.2"), ("n2", "10.0.0.1")):
            self.write_down(name, peer=peer)
            self.files[name, "/etc/ha.d/authkeys"] = KEYS
        return self

    def write_down(self, name: str, **values: object) -> None:
        times = {"keepalive": 1, "warntime": 3, "deadtime": 8, "initdead": 20}
        text = HA_CF.format(**{"peer": "10.0.0.2", **times, **values})
        self.files[name, "/etc/ha.d/ha.cf"] = text

    # ---- time: the test replaces time.sleep and time.monotonic by these ----

    def sleep(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.clock += 0.1
            self._judge()
            if self.calling and self.reachable:
                self.log += f"[{EPOCH + self.clock:.6f}] 64 bytes from {ADDRESS}: "
                self.log += "icmp_seq=1 ttl=64 time=0.4 ms\n"

    def now(self) -> float:
        return self.clock

    def _judge(self) -> None:
        for name, since in self._lost.items():
            other = OTHER[name]
            silent = self.clock - since >= self.deadtime
            if silent and other in self.running and other not in self.holds:
                self._move(other, keep=name in self.frozen)

    def _move(self, to: str, *, keep: bool = False) -> None:
        self.holds = {to, *(self.holds if keep else ())}
        self._moving = self.clock + self.start
        if self.announces:
            self._behind = to

    def alive(self, name: str) -> bool:
        return name in self.running - self.off - self.frozen

    @property
    def reachable(self) -> bool:
        there = self._behind in self.holds - self.off - self.frozen
        return there and self.clock >= self._moving

    # ---- labkit's Transport ----

    def run(
        self, node: str, command: Sequence[str], *, stdin: str, timeout: float
    ) -> CommandResult:
        self._reach(node)
        typed = command[2] if command[0] == "/bin/sh" else shlex.join(command)
        match list(command):
            case ["cl_status", "nodestatus", name]:
                known = self.alive(name) or name not in self._lost
                state = "active" if known and name in self.running else "dead"
                ours = node in self.running
                return CommandResult(0 if ours else 1, f"{state}\n" if ours else "")
            case ["stat", *_]:
                return CommandResult(0, f"{self.key_mode}\n")
            case ["ping", "-n", *_]:
                return CommandResult(0 if self.reachable else 1)
            case ["grep", "-c", *_]:
                return CommandResult(0 if self.warned else 1, f"{self.warned}\n")
            case ["/usr/share/heartbeat/hb_standby", *_] if self.alive(OTHER[node]):
                self._move(OTHER[node])
        if "ping -D" in typed:
            self.calling, self.log = True, f"begun {EPOCH + self.clock:.6f}\n"
        elif "kill -INT" in typed and self.calling:
            self.calling = False
            self.log += f"ended {EPOCH + self.clock:.6f}\n"
        return CommandResult(0)

    def _reach(self, node: str) -> None:
        if node in self.off | self.frozen:
            raise Unreachable(f"{node} does not answer.", node=node)

    def read_file(self, node: str, path: str, *, limit: int) -> bytes | None:
        self._reach(node)
        if path in self.override:
            return self.override[path]
        text = self.files.get((node, path), self._kernel(node).get(path))
        return None if text is None else text.encode()

    def _kernel(self, node: str) -> dict[str, str]:
        own = {"n1": ["192.168.1.11"], "n2": ["192.168.1.12"]}.get(node, [])
        held = [ADDRESS] if node in self.holds else []
        found = {
            "/proc/net/fib_trie": "".join(
                f"     |-- {each}\n        /32 host LOCAL\n" for each in own + held
            ),
            "/sys/class/net/eth0/flags": "0x1003\n",
            "/sys/class/net/eth0/address": mac(node) + "\n",
            "/proc/net/arp": "IP address HW type Flags HW address Mask Device\n"
            f"{ADDRESS} 0x1 0x2 {mac(self._behind)} * eth0\n",
            LOG: self.log,
        }
        if node in self.running:
            found["/proc/net/udp"] = "   12: 00000000:02B6 00000000:0000 07\n"
        return found

    def write_file(self, node: str, path: str, data: bytes, *, mode: int) -> None: ...

    def read_disk(self, node: str, disk: str, *, offset: int, length: int) -> bytes:
        raise NotImplementedError("The machines of this lab have no data disks.")

    def inject(self, fault: Fault) -> None:
        self.faults.append(fault)
        name = fault.node or ""
        since = self._lost.setdefault(name, self.clock)
        match fault.kind:
            case "power.off":
                self.off.add(name)
                self.holds.discard(name)
            case "node.freeze":
                self.frozen.add(name)
            case "power.on":
                self.off.discard(name)
                if not self.at_boot:
                    self.running.discard(name)
                elif self.seizes:
                    self._move(name)
            case "node.thaw":
                self.frozen.discard(name)
                self.warned += self.clock - since > 3
        if fault.kind in ("power.on", "node.thaw"):
            del self._lost[name]

    def wait_ready(self, node: str, *, timeout: float) -> None: ...

    def boots(self, node: str) -> int:
        return 1


def mac(node: str) -> str:
    return f"52:54:00:00:00:0{node[1:2] if node.startswith('n') else 0}"

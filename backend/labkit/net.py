"""The network by the kernel's own word, and as another machine sees it.

What lies in /proc and /sys is read by the platform's agent, with no tool of the
student's. Which interface an IPv4 address is on, no file tells: there we ask `ip`, and
believe it only where the kernel agrees that it has the address. What counts in the end
is what another machine hears: see `Pinging`.
"""

import re
import shlex
from dataclasses import dataclass
from itertools import pairwise

from labkit.nodes import Node
from labkit.reading import as_json

_LOCAL = re.compile(r"\|-- (\d{1,3}(?:\.\d{1,3}){3})\n\s+/32 host LOCAL")
_FACT = re.compile(r"^([A-Z][^:\n]{1,60}): (.{0,120})$", re.M)
_REPLY = re.compile(r"^\[(\d{9,12}\.\d{1,9})\] \d+ bytes from [^:]+: icmp_seq=", re.M)
_MARK = re.compile(r"^(begun|ended) (\d{9,12}\.\d{1,9})$", re.M)


# ---- interfaces and addresses


@dataclass(frozen=True)
class Interface:
    name: str
    mac: str  # `52:54:00:12:34:56`
    mtu: int
    enabled: bool  # `ip link set … up` has been said.
    carrier: bool  # … and there is a cable with somebody at its other end.
    master: str | None  # The bond or bridge it belongs to.


def interface(node: Node, name: str) -> Interface | None:
    """None when the machine has no such interface."""

    def word(file: str) -> str:
        return (node.read(f"/sys/class/net/{name}/{file}") or "").strip()

    flags = word("flags")
    if not re.fullmatch(r"0x[0-9a-f]{1,8}", flags):
        return None
    master = re.search(r"^INTERFACE=(\S+)$", word("master/uevent"), re.M)
    mtu = word("mtu")
    return Interface(
        name=name,
        mac=word("address"),
        mtu=int(mtu) if re.fullmatch(r"\d{1,6}", mtu) else 0,
        enabled=bool(int(flags, 16) & 1),
        carrier=word("carrier") == "1",
        master=master[1] if master else None,
    )


def local_addresses(node: Node) -> set[str]:
    """Every IPv4 address the kernel takes for its own, whatever interface it is on."""
    table = node.read("/proc/net/fib_trie", limit=262144) or ""
    return set(_LOCAL.findall(table))


def addresses(node: Node, name: str) -> list[str]:
    """The IPv4 addresses on one interface, as `192.168.1.10/24`."""
    shown = node.run(["ip", "-json", "-4", "address", "show", "dev", name])
    if not shown.ok:
        return []
    listed = as_json(shown.stdout or "[]", what="ip address")
    known = local_addresses(node)
    return [
        f"{info['local']}/{info.get('prefixlen')}"
        for each in _objects(listed)
        if each.get("ifname") == name
        for info in _objects(each.get("addr_info"))
        if info.get("local") in known
    ]


def mac_of(node: Node, address: str) -> str | None:
    """Which hardware `node` has learnt to be behind an address: its ARP table."""
    for line in (node.read("/proc/net/arp") or "").splitlines():
        words = line.split()
        if len(words) == 6 and words[0] == address and words[2] != "0x0":
            return words[3]
    return None


def _objects(value: object) -> list[dict[str, object]]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, dict)]


# ---- bonds


@dataclass(frozen=True)
class BondPort:
    name: str  # `eth1`
    up: bool  # As the bond sees it, by whatever it watches.
    failures: int  # How often the bond has seen its link fail.
    mac: str  # Its own, not the one it has taken over.


@dataclass(frozen=True)
class Bond:
    """/proc/net/bonding/…, read."""

    name: str
    mode: str  # `fault-tolerance (active-backup)`
    up: bool
    primary: str | None
    active: str | None  # The port in use; None in a mode that uses all of them.
    miimon: int  # Milliseconds; 0 when links are not watched.
    arp_interval: int  # Milliseconds; 0 when ARP is not used to watch.
    arp_targets: tuple[str, ...]
    ports: tuple[BondPort, ...]

    def port(self, name: str) -> BondPort | None:
        return next((each for each in self.ports if each.name == name), None)


def bond(node: Node, name: str = "bond0") -> Bond | None:
    """None when the machine has no bond of this name."""
    text = node.read(f"/proc/net/bonding/{name}")
    if text is None:
        return None
    head, *rest = re.split(r"^(?=Slave Interface: )", text, flags=re.M)
    facts = dict(_FACT.findall(head))
    targets = facts.get("ARP IP target/s (n.n.n.n form)", "")
    return Bond(
        name=name,
        mode=facts.get("Bonding Mode", ""),
        up=facts.get("MII Status") == "up",
        primary=_port_name(facts.get("Primary Slave")),
        active=_port_name(facts.get("Currently Active Slave")),
        miimon=_number(facts.get("MII Polling Interval (ms)")),
        arp_interval=_number(facts.get("ARP Polling Interval (ms)")),
        arp_targets=tuple(re.findall(r"[0-9.]{7,15}", targets)),
        ports=tuple(_bond_port(dict(_FACT.findall(part))) for part in rest),
    )


def _bond_port(facts: dict[str, str]) -> BondPort:
    return BondPort(
        name=facts["Slave Interface"],
        up=facts.get("MII Status") == "up",
        failures=_number(facts.get("Link Failure Count")),
        mac=facts.get("Permanent HW addr", ""),
    )


def _port_name(said: str | None) -> str | None:
    """`eth1 (primary_reselect always)` is eth1, `None` is None."""
    word = (said or "None").split()[0]
    return None if word == "None" else word


def _number(said: str | None) -> int:
    return int(said) if said and re.fullmatch(r"[0-9]{1,9}", said) else 0


# ---- as another machine sees it


def answers(node: Node, target: str, *, within: float = 1) -> bool:
    """Whether `target`, an address, answers one of three pings from `node`."""
    said = node.run(
        ["ping", "-n", "-c", "3", "-i", "0.2", "-W", str(within), target],
        timeout=within + 10,
    )
    return said.ok


@dataclass(frozen=True)
class Pinging:
    """Pings `target`, an address, from `node` ten times a second, for two minutes at
    most. Ask it anything once it has been stopped."""

    node: Node
    target: str

    @property
    def _log(self) -> str:
        return f"/run/nines-ping-{self.target}"

    def start(self) -> None:
        ping = f"exec ping -D -n -i 0.1 -W 1 -w 120 {shlex.quote(self.target)}"
        script = f"echo $$ >{self._log}.pid; echo begun $(date +%s.%N); {ping}"
        self.node.run(
            f"setsid sh -c {shlex.quote(script)} </dev/null >{self._log} 2>/dev/null &"
        )

    def stop(self) -> None:
        """Stopping twice is fine."""
        self.node.run(
            f"if [ -e {self._log}.pid ]; then kill -INT $(cat {self._log}.pid); "
            f"rm {self._log}.pid; sleep 0.2; "
            f"echo ended $(date +%s.%N) >>{self._log}; fi"
        )

    def replies(self) -> list[float]:
        """When each answer came, in seconds of the pinging machine's clock."""
        return [float(each) for each in _REPLY.findall(self._said())]

    def longest_gap(self) -> float:
        """The longest time without an answer, in seconds; the beginning and the end
        count, so that a machine that never answered has one from end to end."""
        said = self._said()
        marks = {name: float(at) for name, at in _MARK.findall(said)}
        moments = sorted([*marks.values(), *map(float, _REPLY.findall(said))])
        return max((later - earlier for earlier, later in pairwise(moments)), default=0)

    def _said(self) -> str:
        return self.node.read(self._log, limit=262144) or ""

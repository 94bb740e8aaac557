"""Kernel files of a Debian 12 machine, read; and a ping's log."""

import json

import pytest

from labkit import CommandResult, NotYet
from labkit.net import (
    BondPort,
    Pinging,
    addresses,
    answers,
    bond,
    interface,
    local_addresses,
    mac_of,
)
from labkit.nodes import Node
from labkit.testing import FakeLab, FakeNode

FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 192.168.1.0
        /24 link UNICAST
        |-- 192.168.1.161
           /32 host LOCAL
        |-- 192.168.1.255
           /32 link BROADCAST
"""
BOND = """\
Ethernet Channel Bonding Driver: v6.1.0-28-amd64

Bonding Mode: fault-tolerance (active-backup)
Primary Slave: eth1 (primary_reselect always)
Currently Active Slave: eth2
MII Status: up
MII Polling Interval (ms): 100
Up Delay (ms): 0
Down Delay (ms): 0
Peer Notification Delay (ms): 0
ARP Polling Interval (ms): 500
ARP IP target/s (n.n.n.n form): 192.168.1.1, 192.168.1.2

Slave Interface: eth1
MII Status: down
Speed: Unknown
Duplex: Unknown
Link Failure Count: 2
Permanent HW addr: 52:54:00:aa:bb:01
Slave queue ID: 0

Slave Interface: eth2
MII Status: up
Speed: Unknown
Duplex: Unknown
Link Failure Count: 0
Permanent HW addr: 52:54:00:aa:bb:02
Slave queue ID: 0
"""
ARP = """\
IP address       HW type     Flags       HW address            Mask     Device
192.168.1.161    0x1         0x2         52:54:00:aa:bb:01     *        eth0
192.168.1.9      0x1         0x0         00:00:00:00:00:00     *        eth0
"""
SYS = "/sys/class/net/eth1"


def machine(fake: FakeNode) -> Node:
    return FakeLab({"sv1": fake}).node("sv1")


def test_an_interface_is_what_the_kernel_says() -> None:
    files: dict[str, str | bytes] = {
        f"{SYS}/flags": "0x1803\n",
        f"{SYS}/mtu": "9000\n",
        f"{SYS}/address": "52:54:00:aa:bb:01\n",
        f"{SYS}/carrier": "1\n",
        f"{SYS}/master/uevent": "DEVTYPE=bond\nINTERFACE=bond0\nIFINDEX=5\n",
    }

    found = interface(machine(FakeNode(files=files)), "eth1")

    assert found
    assert (found.mac, found.mtu) == ("52:54:00:aa:bb:01", 9000)
    assert (found.enabled, found.carrier, found.master) == (True, True, "bond0")
    assert interface(machine(FakeNode()), "eth1") is None


def test_an_interface_that_is_down_has_no_carrier_to_read() -> None:
    found = interface(machine(FakeNode(files={f"{SYS}/flags": "0x1002\n"})), "eth1")

    assert found
    assert (found.enabled, found.carrier, found.master) == (False, False, None)


def shown(*found: tuple[str, int]) -> str:
    info = [{"family": "inet", "local": at, "prefixlen": size} for at, size in found]
    return json.dumps([{"ifname": "bond0", "addr_info": info}])


ASKED = "ip -json -4 address show dev bond0"


def test_an_address_counts_where_the_kernel_agrees() -> None:
    told = shown(("192.168.1.161", 24), ("192.168.1.77", 24))
    node = machine(FakeNode({ASKED: told}, files={"/proc/net/fib_trie": FIB_TRIE}))

    assert local_addresses(node) == {"127.0.0.1", "192.168.1.161"}
    assert addresses(node, "bond0") == ["192.168.1.161/24"]
    assert addresses(node, "eth9") == []


@pytest.mark.parametrize("told", ["[{}]", "{}", "[1]", '[{"ifname": "bond0"}]', "5"])
def test_an_odd_answer_is_no_address(told: str) -> None:
    assert addresses(machine(FakeNode({ASKED: told})), "bond0") == []


def test_an_answer_that_is_no_json_is_not_understood() -> None:
    with pytest.raises(NotYet):
        addresses(machine(FakeNode({ASKED: "Usage: ip"})), "bond0")


def test_a_bond_is_read() -> None:
    found = bond(machine(FakeNode(files={"/proc/net/bonding/bond0": BOND})))

    assert found
    assert found.mode == "fault-tolerance (active-backup)"
    assert (found.up, found.primary, found.active) == (True, "eth1", "eth2")
    assert (found.miimon, found.arp_interval) == (100, 500)
    assert found.arp_targets == ("192.168.1.1", "192.168.1.2")
    assert found.port("eth1") == BondPort("eth1", False, 2, "52:54:00:aa:bb:01")
    assert found.port("eth0") is None
    assert bond(machine(FakeNode()), "bond1") is None


def test_a_bond_without_a_port_has_none_in_use() -> None:
    text = "Bonding Mode: load balancing (round-robin)\nMII Status: down\n"

    found = bond(machine(FakeNode(files={"/proc/net/bonding/bond0": text})))

    assert found
    assert (found.up, found.primary, found.active, found.ports) == (
        False,
        None,
        None,
        (),
    )


def test_another_machine_learns_whose_an_address_is() -> None:
    client = machine(FakeNode(files={"/proc/net/arp": ARP}))

    assert mac_of(client, "192.168.1.161") == "52:54:00:aa:bb:01"
    assert mac_of(client, "192.168.1.9") is None
    assert mac_of(machine(FakeNode()), "192.168.1.161") is None


def test_a_ping_is_answered_or_not() -> None:
    ping = "ping -n -c 3 -i 0.2 -W 1 192.168.1.161"

    assert answers(machine(FakeNode({ping: "3 received"})), "192.168.1.161")
    silent = FakeNode({ping: CommandResult(1, "0 received")})
    assert not answers(machine(silent), "192.168.1.161")


def reply(at: float) -> str:
    return f"[{at:.6f}] 64 bytes from 192.168.1.161: icmp_seq=1 ttl=64 time=0.4 ms\n"


def test_the_longest_gap_counts_the_beginning_and_the_end() -> None:
    times = [1700000000.1, 1700000000.2, 1700000001.7, 1700000001.8]
    log = "begun 1700000000.0\nPING 192.168.1.161 56(84) bytes of data.\n"
    log += "".join(map(reply, times)) + "ended 1700000004.0\n"
    client = machine(FakeNode(files={"/run/nines-ping-192.168.1.161": log}))
    pinging = Pinging(client, "192.168.1.161")

    assert pinging.replies() == times
    assert pinging.longest_gap() == pytest.approx(2.2)


def test_a_machine_that_never_answers_has_a_gap_from_end_to_end() -> None:
    log = "begun 1700000000.0\nended 1700000009.5\n"
    client = machine(FakeNode(files={"/run/nines-ping-192.168.1.161": log}))

    assert Pinging(client, "192.168.1.161").longest_gap() == 9.5

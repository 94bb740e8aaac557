"""A lab's segments and addresses: what is wrong with them, what files they become."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv4Network

from labkit.problems import Problem, problem
from labkit.schema import Manifest, Node, Segment

ORDINARY_MTU = 1500


def hosts_text(manifest: Manifest) -> str:
    """/etc/hosts: every machine by its first address."""
    firsts = (
        (next(iter(manifest.addresses_of(node.name).values()), None), node.name)
        for node in manifest.nodes
    )
    lines = [
        f"{address.partition('/')[0]} {name}" for address, name in firsts if address
    ]
    return "\n".join(["127.0.0.1 localhost", *lines, ""])


def interfaces_text(manifest: Manifest, node: Node) -> str:
    """/etc/network/interfaces: what ifupdown brings up at a cold boot."""
    stanzas = ["auto lo\niface lo inet loopback\n"]
    for place, nic in enumerate(node.nics):
        if nic.address is not None:
            stanza = (
                f"auto eth{place}\niface eth{place} inet static\n"
                f"    address {nic.address}\n"
            )
            mtu = manifest.segment(nic.segment).mtu
            stanzas.append(stanza + (f"    mtu {mtu}\n" if mtu != ORDINARY_MTU else ""))
    return "\n".join(stanzas)


def lint_network(manifest: Manifest) -> Iterator[Problem]:
    segments = {each.name: each for each in manifest.segments}
    used = {nic.segment for node in manifest.nodes for nic in node.nics}
    for number, segment in enumerate(manifest.segments):
        yield from _subnet(f"segments.{number}.subnet", segment)
        if segment.name not in used:
            yield problem(
                "lab.toml",
                f"segments.{number}.name",
                ja=f"セグメント {segment.name!r} につながるNICがありません。",
                en=f"No node is on the segment {segment.name!r}.",
            )
    taken: Counter[tuple[str, str]] = Counter()
    for number, node in enumerate(manifest.machines):
        for place, nic in enumerate(node.nics):
            is_node = number < len(manifest.nodes)
            field = f"nodes.{number}.nics.{place}" if is_node else "meter"
            if nic.segment not in segments:
                yield problem(
                    "lab.toml",
                    f"{field}.segment",
                    ja=f"セグメント {nic.segment!r} はありません。",
                    en=f"There is no segment {nic.segment!r}.",
                )
            elif nic.address is not None:
                yield from _address(
                    f"{field}.address", nic.address, segments[nic.segment], taken
                )


def _subnet(field: str, segment: Segment) -> Iterator[Problem]:
    if segment.subnet is None:
        return
    try:
        IPv4Network(segment.subnet)
    except ValueError:
        yield problem(
            "lab.toml",
            field,
            ja=f"{segment.subnet!r} はIPv4ネットワークのアドレスではありません"
            "（ホスト部は0にします）。",
            en=f"{segment.subnet!r} is no IPv4 network; the host's bits must be 0.",
        )


def _address(
    field: str, text: str, segment: Segment, taken: Counter[tuple[str, str]]
) -> Iterator[Problem]:
    def wrong(ja: str, en: str) -> Problem:
        return problem("lab.toml", field, ja=f"{text} は{ja}", en=f"{text} {en}")

    try:
        address = IPv4Interface(text)
        subnet = IPv4Network(segment.subnet) if segment.subnet else address.network
    except ValueError:
        if _is_address(text):  # The subnet is at fault, and has been told.
            return
        yield wrong("IPv4アドレスではありません。", "is no IPv4 address.")
        return
    if address.network != subnet:
        yield wrong(
            f"{segment.name} のサブネット {subnet} に入っていません。",
            f"does not lie in {subnet}, the subnet of {segment.name}.",
        )
    elif subnet.prefixlen < 31 and address.ip in (
        subnet.network_address,
        subnet.broadcast_address,
    ):
        yield wrong(
            "ネットワーク自体かブロードキャストのアドレスです。",
            "is the address of the network itself, or its broadcast address.",
        )
    taken[segment.name, str(address.ip)] += 1
    if taken[segment.name, str(address.ip)] == 2:
        yield wrong(
            f"{segment.name} に二度出てきます。", f"is on {segment.name} twice."
        )


def _is_address(text: str) -> bool:
    try:
        IPv4Interface(text)
    except ValueError:
        return False
    return True

"""Segments and addresses: what they become, and what an author is told about them."""

from pathlib import Path

import pytest

from labkit.manifest import LabFolder, LabProblems, read_lab
from labkit.new import write_new_lab

NODES = """\
[[segments]]
name = "lan"
subnet = "192.168.1.0/24"

[[segments]]
name = "hb"
mtu = 9000

[[nodes]]
name = "n1"
disks = [{ name = "vdb", size_mb = 16 }]
nics = [
  { segment = "lan", address = "192.168.1.10/24" },
  { segment = "hb", address = "10.0.0.1/24" },
]

[[nodes]]
name = "n2"
nics = [{ segment = "hb" }, { segment = "lan", address = "192.168.1.20/24" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lab of two machines on two segments."""
    lab = tmp_path / "ch03" / "pair"
    write_new_lab(lab)
    change(lab, "lab.toml", '[[nodes]]\nname = "st1"\n', NODES)
    change(lab, "checks.py", '"st1"', '"n1"')
    (lab / "solution/st1.sh").rename(lab / "solution/n1.sh")
    change(lab, "wrong/misspelt.sh", "set -eu", "# node: n1\nset -eu")
    return lab


def change(lab: Path, file: str, old: str, new: str) -> None:
    text = (lab / file).read_text()
    assert old in text
    (lab / file).write_text(text.replace(old, new))


def texts(lab: LabFolder, node: int) -> dict[str, str]:
    files = lab.files_of(lab.manifest.nodes[node])
    assert {mode for _, mode in files.values()} == {0o644}
    return {path: text for path, (text, _) in files.items()}


def test_every_machine_knows_the_others_and_itself(folder: Path) -> None:
    lab = read_lab(folder)

    first, second = texts(lab, 0), texts(lab, 1)

    hosts = "127.0.0.1 localhost\n192.168.1.10 n1\n192.168.1.20 n2\n"
    assert first["/etc/hosts"] == second["/etc/hosts"] == hosts
    assert first["/etc/network/interfaces"] == (
        "auto lo\n"
        "iface lo inet loopback\n"
        "\n"
        "auto eth0\n"
        "iface eth0 inet static\n"
        "    address 192.168.1.10/24\n"
        "\n"
        "auto eth1\n"
        "iface eth1 inet static\n"
        "    address 10.0.0.1/24\n"
        "    mtu 9000\n"
    )
    # An interface without an address is the student's to set up.
    assert "eth0" not in second["/etc/network/interfaces"]
    assert "auto eth1\n" in second["/etc/network/interfaces"]


def test_a_labs_own_files_win(folder: Path) -> None:
    (folder / "files").mkdir()
    (folder / "files/hosts").write_text("127.0.0.1 localhost\n")
    change(folder, "lab.toml", 'name = "n2"', 'name = "n2"\nfiles."/etc/hosts"="hosts"')

    assert texts(read_lab(folder), 1)["/etc/hosts"] == "127.0.0.1 localhost\n"


def test_a_lab_without_segments_is_given_no_files(tmp_path: Path) -> None:
    write_new_lab(tmp_path / "ch03" / "alone")

    lab = read_lab(tmp_path / "ch03" / "alone")

    assert lab.files_of(lab.manifest.nodes[0]) == {}


MISTAKES = {
    "an unknown segment": (
        '{ segment = "hb" }',
        '{ segment = "wan" }',
        "nodes.1.nics.0.segment: There is no segment 'wan'",
    ),
    "a segment nobody uses": (
        'name = "hb"\nmtu = 9000',
        'name = "hb"\n[[segments]]\nname = "spare"',
        "segments.2.name: No node is on the segment 'spare'",
    ),
    "a segment twice": (
        'name = "hb"\nmtu = 9000',
        'name = "hb"\n[[segments]]\nname = "hb"',
        "lab.toml: segments: 'hb' is there twice",
    ),
    "an address outside": (
        "192.168.1.20/24",
        "192.168.2.20/24",
        "nodes.1.nics.1.address: 192.168.2.20/24 does not lie in 192.168.1.0/24",
    ),
    "another mask": (
        "192.168.1.20/24",
        "192.168.1.20/25",
        "192.168.1.20/25 does not lie in 192.168.1.0/24",
    ),
    "an address twice": (
        "192.168.1.20/24",
        "192.168.1.10/24",
        "nodes.1.nics.1.address: 192.168.1.10/24 is on lan twice",
    ),
    "the network's address": (
        "192.168.1.20/24",
        "192.168.1.0/24",
        "is the address of the network itself, or its broadcast",
    ),
    "the broadcast address": (
        "192.168.1.20/24",
        "192.168.1.255/24",
        "is the address of the network itself, or its broadcast",
    ),
    "no address at all": ("192.168.1.20/24", "192.168.1.256/24", "is no IPv4 address"),
    "no mask": ("192.168.1.20/24", "192.168.1.20", "does not have the form"),
    "a host for a subnet": (
        '"192.168.1.0/24"',
        '"192.168.1.1/24"',
        "segments.0.subnet: '192.168.1.1/24' is no IPv4 network",
    ),
    "a huge frame": ("mtu = 9000", "mtu = 9001", "9001 is too large; the most is 9000"),
    "five interfaces": (
        '{ segment = "hb" }, ',
        '{ segment = "hb" }, ' * 4,
        "nodes.1.nics: There are too many; at most 4",
    ),
    "two machines of one name": (
        'name = "n2"',
        'name = "n1"',
        "lab.toml: nodes: 'n1' is there twice",
    ),
}


def problems(folder: Path) -> str:
    with pytest.raises(LabProblems) as caught:
        read_lab(folder)
    assert all(each.reason.ja for each in caught.value.problems)
    return str(caught.value)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(mistake: str, folder: Path) -> None:
    old, new, sentence = MISTAKES[mistake]
    change(folder, "lab.toml", old, new)

    assert sentence in problems(folder)


def allow(folder: Path, kind: str) -> None:
    change(folder, "lab.toml", "allowed = []", f'allowed = ["{kind}"]')


def test_a_pair_may_be_broken_in_every_way(folder: Path) -> None:
    kinds = '["disk.fail", "cable.cut", "segment.off", "net.partition", "net.shape"]'
    change(folder, "lab.toml", "allowed = []", f"allowed = {kinds}")

    assert len(read_lab(folder).manifest.faults.allowed) == 5


@pytest.mark.parametrize(
    ("kind", "lacks"),
    [
        ("disk.fail", "disk"),
        ("cable.cut", "NIC"),
        ("segment.off", "segment"),
        ("net.shape", "segment"),
        ("net.partition", "segment that joins two nodes"),
    ],
)
def test_an_allowed_fault_needs_something_to_act_on(
    kind: str, lacks: str, tmp_path: Path
) -> None:
    lab = tmp_path / "ch03" / "alone"
    write_new_lab(lab)
    allow(lab, kind)

    said = f"faults.allowed.0: {kind} is allowed, but there is no {lacks}."
    assert said in problems(lab)


FAULTS = [
    (
        'kind = "cable.cut", node = "n1", nic = "eth2"',
        ".nic: Node n1 has no NIC 'eth2'",
    ),
    ('kind = "cable.cut", node = "n1"', ".nic: cable.cut needs it"),
    (
        'kind = "segment.off", segment = "wan"',
        ".segment: This lab has no segment 'wan'",
    ),
    ('kind = "net.partition", node = "n1", peer = "n9"', ".peer: This lab has no node"),
    ('kind = "disk.pull", node = "n2", disk = "vdb"', ".disk: Node n2 has no disk"),
    ('kind = "net.shape", segment = "lan"', ": It needs one of delay_ms"),
    ('kind = "node.freeze", node = "n1", disk = "vdb"', ".disk: node.freeze does not"),
]


@pytest.mark.parametrize(("fault", "sentence"), FAULTS)
def test_a_plans_faults_must_fit_the_machines(
    fault: str, sentence: str, folder: Path
) -> None:
    (folder / "solution/n1.sh").rename(folder / "solution/build.sh")
    (folder / "solution/plan.toml").write_text(
        f'[[do]]\nrun = "n1: build.sh"\n[[do]]\nfault = {{ {fault} }}\n'
    )

    assert f"solution/plan.toml: do.1.fault{sentence}" in problems(folder)


def test_machines_that_share_no_segment_cannot_be_parted(folder: Path) -> None:
    change(folder, "lab.toml", '[{ segment = "hb" }, ', "[")
    (folder / "solution/n1.sh").rename(folder / "solution/build.sh")
    (folder / "solution/plan.toml").write_text(
        '[[do]]\nrun = "n1: build.sh"\n[[do]]\nfault = '
        '{ kind = "net.partition", node = "n1", peer = "n2", segment = "hb" }\n'
    )

    assert "do.1.fault.segment: Not on hb: n1 and n2." in problems(folder)


def test_a_checks_fault_must_fit_the_machines(folder: Path) -> None:
    under = '__import__("labkit").UnderFault(__import__("labkit").Fault({}))'
    fault = '"net.partition", "n1", peer="n3"'
    change(folder, "checks.py", "points=4)", f"points=4, mode={under.format(fault)})")

    assert "greeting_is_there.peer: This lab has no node 'n3'" in problems(folder)


def test_a_panic_needs_somebody_who_waits_for_the_machine(folder: Path) -> None:
    under = '__import__("labkit").UnderFault(__import__("labkit").Fault({}))'
    panic = under.format('"node.panic", "n1"')
    change(folder, "checks.py", "points=4)", f"points=4, mode={panic})")

    assert "Nothing undoes node.panic" in problems(folder)

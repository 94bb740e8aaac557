"""QEMU's command line. Bake and restore must build the very same machine."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .config import Shape

BINARY = "qemu-system-x86_64"
PROFILES = "/profiles"
FIRST_NIC_SLOT = 0x08
FIRST_DISK_SLOT = 0x14
CONSOLE_SIZE = 65536
EIO = 5
FAILING = {"read": ["read"], "write": ["write", "write-zeroes", "discard", "flush"]}
# preempt=none: without it a terminal's output changes tasks at every line, and under
# TCG that is most of the work (measured: 7 s of processor for 8 MB, 2 s with it).
KERNEL_ARGUMENTS = (
    "console=ttyS0 quiet loglevel=3 root=/dev/vda ro no_timer_check tsc=reliable "
    "mitigations=off random.trust_cpu=on net.ifnames=0 panic=5 watchdog_thresh=60 "
    "preempt=none"
)
# Without a limit, translated code grows to many times what a lab uses.
ACCELERATORS = {
    "tcg": ["-accel", "tcg,thread=multi,tb-size=64", "-cpu", "qemu64"],
    "kvm": ["-accel", "kvm", "-cpu", "host"],
}
SECCOMP = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


def command(
    shape: Shape,
    ram: str,
    root: str,
    disks: dict[int, str],
    nics: dict[str, int],
    qmp_fd: int,
    agent_fd: int,
    incoming: bool = False,
) -> list[str]:
    """`ram` is a memory backend of the id `ram`; `disks` are images by their place,
    `nics` datagram sockets by the MAC address of eth0, eth1, …"""
    argv = [
        *(BINARY, "-name", "node,process=nines-machine"),
        *("-M", "pc,usb=off,memory-backend=ram", "-object", ram),
        *ACCELERATORS[shape.accel],
        *("-m", str(shape.memory_mb), "-smp", str(shape.cpus)),
        *("-nodefaults", "-no-user-config", "-display", "none", "-sandbox", SECCOMP),
        *boot(shape.profile, KERNEL_ARGUMENTS),
        *("-chardev", f"ringbuf,id=console,size={CONSOLE_SIZE}"),
        *("-device", "isa-serial,chardev=console"),
        *("-blockdev", json.dumps(root_backend(root))),
        *("-device", "virtio-blk-pci,drive=root,addr=3"),
        *("-device", "virtio-serial-pci,addr=4"),
        *("-chardev", f"socket,id=agent,fd={agent_fd}"),
        *("-device", "virtserialport,chardev=agent,name=org.nines.agent,id=agent"),
        *("-device", "virtio-scsi-pci,id=scsi,addr=5"),
        *("-device", "virtio-rng-pci,addr=6"),
        *("-device", "i6300esb,addr=7"),
    ]
    for place, path in disks.items():
        argv += ["-blockdev", json.dumps(disk_backend(place, path))]
        argv += ["-device", json.dumps(disk_device(place))]
    for nic, (mac, fd) in enumerate(nics.items()):
        argv += nic_arguments(nic, mac, fd)
    argv += ["-chardev", f"socket,id=qmp,fd={qmp_fd}", "-mon", "qmp,mode=control"]
    if incoming:
        argv += ["-incoming", "defer"]
    return argv


def boot(profile: str, arguments: str) -> list[str]:
    return [
        *("-kernel", f"{PROFILES}/{profile}/vmlinux"),
        *("-initrd", f"{PROFILES}/{profile}/initrd.cpio"),
        *("-append", arguments),
    ]


def private_ram(memory_mb: int) -> str:
    return f"memory-backend-ram,id=ram,size={memory_mb}M"


def saved_ram(memory_mb: int, path: str) -> str:
    """The guest's memory is this file: what is written stays in it."""
    return f"memory-backend-file,id=ram,size={memory_mb}M,mem-path={path},share=on"


def template_ram(memory_mb: int, path: str) -> str:
    """Read from the file until written: machines share what they do not change."""
    return (
        f"memory-backend-file,id=ram,size={memory_mb}M,mem-path={path},"
        "share=off,readonly=on,rom=off"
    )


def root_backend(path: str) -> dict[str, Any]:
    image = {"driver": "file", "filename": path}
    return {"driver": "qcow2", "node-name": "root", "file": image, "discard": "unmap"}


def disk_backend(place: int, path: str) -> dict[str, Any]:
    image = {"driver": "file", "filename": path, "discard": "unmap"}
    return {"driver": "raw", "node-name": f"data{place}", "file": image}


def failing_backend(
    name: str, image: str, access: str, sectors: range | None
) -> dict[str, Any]:
    """A layer on `image` where accesses fail: all of a kind, or those of `sectors`."""
    kinds = [kind for way in ([access] if access else FAILING) for kind in FAILING[way]]
    places = [{}] if sectors is None else [{"sector": sector} for sector in sectors]
    rules = [
        {"event": "none", "iotype": kind, "errno": EIO, **place}
        for kind in kinds
        for place in places
        if sectors is None or kind != "flush"
    ]
    return {
        "driver": "blkdebug",
        "node-name": name,
        "image": image,
        "inject-error": rules,
    }


def disk_device(place: int) -> dict[str, Any]:
    """virtio-blk and not SCSI, whose names depend on which probe is done first."""
    return {
        "driver": "virtio-blk-pci",
        "id": f"disk{place}",
        "drive": f"data{place}",
        "addr": f"{FIRST_DISK_SLOT + place:x}",
        "serial": f"nines-disk{place}",
        "werror": "report",
        "rerror": "report",
    }


def nic_arguments(nic: int, mac: str, fd: int) -> list[str]:
    slot = FIRST_NIC_SLOT + nic
    device = f"virtio-net-pci,id=nic{nic},netdev=net{nic},mac={mac},addr={slot:x}"
    return [
        *("-netdev", f"dgram,id=net{nic},local.type=fd,local.str={fd}"),
        *("-device", f"{device},romfile="),
    ]

"""What a student types to solve the lab, step by step."""

from tests.e2e.shell import Shell

PARTITION = "parted -s /dev/{} mklabel gpt mkpart raid 1MiB 100% set 1 raid on"


def create_mirror(shell: Shell) -> None:
    for disk in ("vdb", "vdc"):
        shell.run(PARTITION.format(disk))
    shell.start(
        "mdadm --create /dev/md0 --level=1 --raid-devices=2 /dev/vdb1 /dev/vdc1"
    )
    shell.wait_for(r"Continue creating array.*\?")
    shell.type("y")
    shell.press("Enter")
    shell.wait_for(r"array /dev/md0 started")
    wait_for_copy(shell)


def wait_for_copy(shell: Shell) -> None:
    shell.run("mdadm --wait /dev/md0", within=60)
    shell.run("clear; cat /proc/mdstat")
    shell.wait_for(r"\[2/2\] \[UU\]")


def mount(shell: Shell) -> None:
    shell.run("mkfs.ext4 -q /dev/md0 && mkdir -p /data")
    shell.run("uuid=$(blkid -s UUID -o value /dev/md0); clear")
    shell.run('echo "UUID=$uuid /data ext4 defaults,nofail 0 2" >> /etc/fstab')
    shell.run("systemctl daemon-reload && mount /data && cp -a /root/tokens /data/")
    shell.run("clear; findmnt /data")
    shell.wait_for(r"/data\s+/dev/md0\s+ext4")


def record(shell: Shell) -> None:
    shell.run("mdadm --detail --scan >> /etc/mdadm/mdadm.conf")


def notice_loss(shell: Shell) -> None:
    """md notices a pulled disk with the next write."""
    shell.run("date >> /data/diary && sync")
    shell.run("clear; cat /proc/mdstat")
    shell.wait_for(r"\[2/1\] \[_U\]")


def forget_lost_disk(shell: Shell) -> None:
    shell.run("mdadm /dev/md0 --fail detached --remove detached")
    # Faster than anybody types, the disk would be back before udev has dealt with its
    # loss, and udev would then throw the new one out of the array.
    shell.run("udevadm settle")


def take_back(shell: Shell) -> None:
    shell.run("until [ -b /dev/vdb1 ]; do sleep 0.2; done")
    shell.run("clear; mdadm /dev/md0 --add /dev/vdb1")
    shell.wait_for(r"added /dev/vdb1")
    wait_for_copy(shell)


def everything(shell: Shell) -> None:
    """The whole lab but for the lost disk."""
    create_mirror(shell)
    mount(shell)
    record(shell)

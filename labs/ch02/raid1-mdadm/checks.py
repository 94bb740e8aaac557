"""Is there a RAID1 that keeps its data when a disk goes?

The inside is read from kernel files by the platform's agent. What it says must agree
with what the two disks hold, read from outside the machine: superblocks, the file
system's UUID, and bytes that we planted ourselves.
"""

import hashlib
import re
import time

from labkit import AfterReboot, Fault, Lab, Node, Text, UnderFault, check, require
from labkit.arrays import (
    Array,
    active_disks,
    freshest,
    recorded_arrays,
    require_mirror,
)
from labkit.mounts import ext_uuid, fstab_source, require_mounted, uuid_in
from labkit.reading import as_int, mdstat
from labkit.witness import Planted, Writer, holds_within, longest_pause, plant

PULL = Fault("disk.pull", "st1", "vdb")
INSERT = Fault("disk.insert", "st1", "vdb")
LONGEST_PAUSE = 15.0
BEING_WRITTEN = ("active", "active-idle", "write-pending")


def md0(lab: Lab) -> Array:
    return Array(lab.node("st1"), "md0", ("vdb", "vdc"))


@check(
    ja="md0 は RAID1 で、2台とも動いている",
    en="md0 is a RAID1 with both members active",
    points=2,
)
def array_is_raid1(lab: Lab) -> None:
    array = md0(lab)
    level = array.sysfs("level")
    require(
        level,
        ja="/dev/md0 というアレイがありません。",
        en="There is no array /dev/md0.",
        hint=Text(
            ja="/proc/mdstat に、どんなアレイが、どんな名前で載っていますか。",
            en="Which arrays does /proc/mdstat list, and under which names?",
        ),
    )
    require(
        level == "raid1",
        ja=f"md0 のレベルは {level} です。RAID1 ではありません。",
        en=f"md0 is {level}, not raid1.",
        hint=Text(
            ja="レベルは作るときに決まります。教科書 2.1.1 の表2-1を見てください。",
            en="The level is fixed at creation. See table 2-1 in textbook 2.1.1.",
        ),
    )
    hint = Text(
        ja="/proc/mdstat の角括弧と、アレイの詳細表示を見てください。",
        en="Look at the brackets in /proc/mdstat and at the array's details.",
    )
    wanted = as_int(array.sysfs("raid_disks") or "", what="raid_disks")
    require(
        wanted == 2,
        ja=f"md0 は {wanted} 台構成です。2台で作ります。",
        en=f"md0 is made for {wanted} members; it should be 2.",
        hint=hint,
    )
    working = 2 - as_int(array.sysfs("degraded") or "", what="degraded")
    absent_ja, absent_en = absent(array)
    action_ja, action_en = progress(array)
    require(
        working == 2,
        ja=f"2台中 {working} 台だけが動いている縮退状態です。{absent_ja}{action_ja}",
        en=f"Degraded: {working} of 2 members active.{absent_en}{action_en}",
        hint=hint,
    )
    lost = [str(n) for n in (0, 1) if array.sysfs(f"rd{n}/block/dev") is None]
    require(
        not lost,
        ja=f"表示は [UU] でも、番号 {'・'.join(lost)} のディスクはもうありません。"
        f"{absent_ja}md が気づくのは、次に書き込んだときです。",
        en=f"It may say [UU], but the disk of member {' and '.join(lost)} has gone."
        f"{absent_en} md notices when it next writes.",
        hint=hint,
    )
    require_mirror(array)


def absent(array: Array) -> tuple[str, str]:
    """A sentence that names the disks which are not in the machine, if any."""
    disks = array.absent_disks()
    if not disks:
        return "", ""
    ja, en = "・".join(disks), " and ".join(disks)
    return f"{ja} がマシンに入っていません。", f" Not in the machine: {en}."


def progress(array: Array) -> tuple[str, str]:
    """A sentence on what is being copied, if anything is."""
    action, percent = array.progress()
    if action == "idle":
        return "", ""
    ja = "" if percent is None else f"（{percent} % まで）"
    en = "" if percent is None else f" ({percent} % done)"
    return f"いま {action} の途中です{ja}。", f" In progress: {action}{en}."


@check(
    ja="2台の中身がそろっている（再同期が終わっている）",
    en="Both members hold the same (the resync has finished)",
    after=array_is_raid1,
)
def resync_finished(lab: Lab) -> None:
    array = md0(lab)
    action_ja, action_en = progress(array)
    hint = Text(
        ja="/proc/mdstat で進み具合を見て、終わるまで待ちます。",
        en="Follow the progress in /proc/mdstat and wait for its end.",
    )
    require(
        not action_en,
        ja=f"まだ2台の中身はそろっていません。{action_ja}",
        en=f"The members are not yet the same.{action_en}",
        hint=hint,
    )

    def look() -> None:
        busy = array.sysfs("array_state") in BEING_WRITTEN
        late = [
            each.name
            for each in array.members().values()
            if not (each.md.in_sync or (busy and each.md.in_use))
        ]
        require(
            not late,
            ja=f"{'・'.join(late)} の管理情報では、まだ同期が終わっていません。",
            en=f"By the superblock of {', '.join(late)} the copying is not finished.",
            hint=hint,
        )

    holds_within(5, look)


@check(
    ja="md0 の ext4 が UUID 指定で /data にマウントされ、ファイルが置かれている",
    en="md0's ext4 is mounted at /data by UUID, and the files are there",
    points=2,
)
def data_is_mounted(lab: Lab) -> None:
    array = md0(lab)
    require_mounted(array.node, "/data", device="md0", kind="ext4")
    hint = Text(
        ja="/etc/fstab の1列目と、ファイルシステムのUUIDを見比べてください。",
        en="Compare the first column of /etc/fstab with the file system's UUID.",
    )
    source = fstab_source(array.node, "/data")
    require(
        source,
        ja="/etc/fstab に /data の行がありません。いまのマウントは再起動で消えます。",
        en="/etc/fstab has no line for /data: the mount will be gone after a restart.",
        hint=hint,
    )
    named = uuid_in(source or "")
    require(
        named,
        ja=f"/etc/fstab は /data を {source} と指定しています。UUID ではありません。",
        en=f"/etc/fstab says {source} for /data, which is not a UUID.",
        hint=hint,
    )
    real = {
        ext_uuid(array.node.disk(each.disk), each.data)
        for each in array.members().values()
    }
    require(
        named in real,
        ja=f"/etc/fstab の UUID は {named} ですが、ディスクを外から読むと、md0 の"
        f"ファイルシステムは {' '.join(filter(None, real)) or '見つかりません'} です。",
        en=f"/etc/fstab says {named}; read from outside, the file system in md0 is "
        f"{' '.join(filter(None, real)) or 'not to be found'}.",
        hint=hint,
    )
    require_files(array.node)


def require_files(node: Node) -> None:
    """The given files are at /data/tokens and their sums are right."""
    listed = node.read("/data/tokens/SHA256SUMS") or ""
    sums = re.findall(r"^([0-9a-f]{64})  (?:\./)?(\w+\.txt)$", listed, re.M)
    right = sum(
        hashlib.sha256((node.read(f"/data/tokens/{name}") or "").encode()).hexdigest()
        == digest
        for digest, name in sums
    )
    given = max(len(sums), 3)
    require(
        right == given,
        ja=f"渡されたファイル {given} 個のうち、/data/tokens で内容が正しいのは "
        f"{right} 個です。",
        en=f"Of the {given} files you were given, {right} are in /data/tokens with "
        "the right contents.",
        hint=Text(
            ja="/root/tokens をフォルダーごと、SHA256SUMS も含めて /data に置きます。",
            en="The whole folder /root/tokens belongs in /data, SHA256SUMS included.",
        ),
    )


@check(
    ja="形式は 1.2 で、mdadm.conf の ARRAY 行がアレイの UUID を指している",
    en="Metadata 1.2, and an ARRAY line in mdadm.conf names the array's UUID",
)
def array_is_recorded(lab: Lab) -> None:
    array = md0(lab)
    version = array.sysfs("metadata_version")
    require(
        version,
        ja="/dev/md0 がないので、記録するアレイがありません。",
        en="There is no /dev/md0 yet, so there is no array to record.",
    )
    require(
        version == "1.2",
        ja=f"管理情報の形式は {version} です。1.2 で作ります。",
        en=f"The metadata format is {version}; it should be 1.2.",
    )
    found = array.members()
    require(
        found,
        ja="外からディスクを読むと、md0 の管理情報がどこにもありません。",
        en="Read from outside, no disk carries a superblock of md0.",
    )
    hint = Text(
        ja="/etc/mdadm/mdadm.conf と、mdadm が報告する ARRAY 行を見比べてください。"
        "ファイルシステムのUUIDとは別のものです。",
        en="Compare /etc/mdadm/mdadm.conf with the ARRAY line that mdadm reports. "
        "This UUID is not the file system's.",
    )
    lines = recorded_arrays(array.node.read("/etc/mdadm/mdadm.conf") or "")
    require(
        lines,
        ja="/etc/mdadm/mdadm.conf に ARRAY 行がありません。",
        en="/etc/mdadm/mdadm.conf has no ARRAY line.",
        hint=hint,
    )
    ours = [device for device, uuid in lines if uuid == array.uuid]
    require(
        ours,
        ja=f"ARRAY 行は {len(lines)} 行ありますが、md0 の UUID "
        f"{freshest(found).md.array_uuid} を指す行がありません。",
        en=f"Of {len(lines)} ARRAY line(s), none names md0's UUID "
        f"{freshest(found).md.array_uuid}.",
        hint=hint,
    )
    require(
        re.fullmatch(r"(/dev/)?md/?0|0", ours[-1]),
        ja=f"ARRAY 行はこのアレイを {ours[-1]} と名付けています。md0 ではありません。",
        en=f"The ARRAY line calls this array {ours[-1]}, not md0.",
        hint=hint,
    )


class Plot:
    """What was planted before the fault, kept until after it."""

    before: Planted | None = None
    events: int = 0


plot = Plot()


def plant_and_write(lab: Lab) -> None:
    """While the array is whole: bytes of ours on both disks, and a writer."""
    array = md0(lab)
    require_mounted(array.node, "/data", device="md0", kind="ext4")
    require_files(array.node)
    found = require_mirror(array)
    plot.before = plant(array.node, "/data/.nines-before")
    for each in found.values():
        plot.before.require_on(array.node.disk(each.disk), data=each.data)
    plot.events = freshest(array.members()).md.events
    Writer(array.node, "/data/.nines-writes").start()


def put_back(lab: Lab) -> None:
    """Take the disk into the mirror again and wait until it holds everything.

    What to take back is read from the disk: this may be another process than the one
    that planted and looked.
    """
    array = md0(lab)
    tidy(array)
    ours = array.members().get("vdb")
    if not ours:
        return
    until = time.monotonic() + 10
    while array.absent_disks() and time.monotonic() < until:
        time.sleep(0.5)
    if array.absent_disks():  # md held on to the old one: it came back as vdd.
        lab.inject(PULL)
        let_go(array)
        lab.inject(INSERT)
    until, said = time.monotonic() + 40, ""
    while time.monotonic() < until:
        if array.progress()[0] == "idle":
            if array.sysfs("degraded") == "0":
                return
            array.node.run(["mdadm", "/dev/md0", "--remove", "failed"])
            add = ["mdadm", "/dev/md0", "--add", f"/dev/{ours.name}"]
            said = array.node.run(add).stderr
        time.sleep(0.5)
    raise TimeoutError(
        f"{ours.name} did not become part of md0 again: {said.strip()[:200]}\n"
        f"{array.node.read('/proc/mdstat')}\n{array.node.run(['lsblk']).stdout}"
    )


def tidy(array: Array) -> None:
    Writer(array.node, "/data/.nines-writes").stop()
    array.node.run("rm -f /data/.nines-before /data/.nines-after")


def let_go(array: Array) -> None:
    """Make md forget the disk that has gone: only then its name is free again.

    udev fails it, too (`mdadm -If vdb1`), and may be so late that it would hit the disk
    after its return.
    """
    array.node.run(["udevadm", "settle", "--timeout=20"], timeout=30)
    command = ["mdadm", "/dev/md0", "--fail", "detached", "--remove", "detached"]
    for _ in range(10):
        array.node.run(command)
        state = mdstat(array.node.read("/proc/mdstat") or "").get("md0")
        if state and not any(member.faulty for member in state.members):
            return
        time.sleep(0.5)


@check(
    ja="vdb を抜いても、データが残り、書き込みが続く",
    en="With vdb pulled out the data stay and writing goes on",
    points=2,
    after=resync_finished,
    mode=UnderFault(PULL, before=plant_and_write, repair=put_back),
    time_limit=120,
)
def survives_disk_loss(lab: Lab) -> None:
    array = md0(lab)
    try:
        look_without_vdb(array)
    finally:
        tidy(array)
        let_go(array)


def look_without_vdb(array: Array) -> None:
    node, writer = array.node, Writer(array.node, "/data/.nines-writes")
    assert plot.before

    def degraded() -> None:
        require(
            array.sysfs("degraded") == "1",
            ja="vdb を抜いて15秒たっても、md0 は縮退状態になりません。",
            en="15 seconds after vdb was pulled md0 is not degraded.",
        )

    holds_within(15, degraded)
    seen = len(writer.times())
    time.sleep(2)
    times, errors = writer.times(), writer.errors()
    pause = longest_pause(times)
    require(
        errors == 0 and len(times) > seen,
        ja=f"vdb を抜いたあと、書き込みが続きません（失敗 {errors} 回、"
        f"この2秒で {len(times) - seen} 件）。",
        en=f"With vdb pulled, writing does not go on ({errors} failures, "
        f"{len(times) - seen} lines in the last 2 seconds).",
    )
    require(
        pause <= LONGEST_PAUSE,
        ja=f"書き込みが {pause:.1f} 秒止まりました（{LONGEST_PAUSE:.0f} 秒まで）。",
        en=f"Writing stood still for {pause:.1f} s (at most {LONGEST_PAUSE:.0f}).",
    )
    # From the disk again, not from memory.
    node.run("sync; echo 3 >/proc/sys/vm/drop_caches")
    require_files(node)
    require(
        plot.before.is_in_file(node),
        ja="抜く前に /data に書いた目印が、読み戻せません。",
        en="The mark written to /data before the pull cannot be read back.",
    )
    later = plant(node, "/data/.nines-after")
    found = array.members()
    left = found.get("vdc")
    require(
        left and active_disks(found) == ["vdc"] and left.md.events > plot.events,
        ja="残った vdc の管理情報に、vdb がいなくなったことが記録されていません。",
        en="The superblock of vdc, which is left, does not record that vdb has gone.",
    )
    assert left
    for planted in (plot.before, later):
        planted.require_on(array.node.disk("vdc"), data=left.data)


@check(
    ja="再起動しても md0 として組み上がり、/data にマウントされる",
    en="After a restart md0 is assembled under its name and mounted at /data",
    points=2,
    after=data_is_mounted,
    mode=AfterReboot("st1"),
    time_limit=90,
)
def survives_reboot(lab: Lab) -> None:
    array = md0(lab)
    wait_for_boot(array)

    def look() -> None:
        state = array.sysfs("array_state")
        other = array.node.read("/sys/block/md127/md/array_state") is not None
        require(
            state not in (None, "inactive", "clear"),
            ja="再起動すると、アレイは md127 という名前になりました。"
            if other
            else f"再起動後、md0 は組み上がっていません（{state or '状態なし'}）。",
            en="After the restart the array is called md127."
            if other
            else f"After the restart md0 is not assembled (state {state or 'none'}).",
            hint=Text(
                ja="起動時にアレイの名前を決めるのは何でしたか。",
                en="What decides an array's name at boot?",
            ),
        )
        require(
            array.members(),
            ja="再起動後の md0 の管理情報が、外から読んだディスクにありません。",
            en="Read from outside, no disk carries a superblock of the md0 that "
            "came up.",
        )
        require_mounted(array.node, "/data", device="md0", kind="ext4")
        require_files(array.node)

    holds_within(5, look)


def wait_for_boot(array: Array) -> None:
    """Until the system has started all it will; an array that lacks a member is
    started half a minute later, so it gets a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        system = array.node.run(["systemctl", "is-system-running"]).stdout.strip()
        is_up = system in ("running", "degraded", "maintenance")
        if is_up and array.sysfs("array_state") != "inactive":
            return
        time.sleep(1)

"""Is vdb empty, out of its group and really gone, and did nobody have to stop?

LVM's own records are read from the disks, outside the machine. They must agree with
what the kernel does inside, and with where the bytes are: the file system must begin,
and what we write must arrive, at the place where the records say.
"""

import time

from labkit import Fault, Lab, Node, Text, UnderFault, check, require
from labkit.lvm import VolumeGroup
from labkit.mounts import fstab_source, uuid_in
from labkit.volumes import (
    Group,
    mapped_at,
    require_arrived,
    require_begins,
    users_of,
)
from labkit.witness import (
    Planted,
    Writer,
    files_with_right_sums,
    holds_within,
    longest_pause,
    plant,
    uptimes,
)

PULL = Fault("disk.pull", "st1", "vdb")
LONGEST_PAUSE = 5.0
DIARY = 256 * 1024  # Bytes; three hours of it are 200 kB.


def vg01(lab: Lab) -> Group:
    return Group(lab.node("st1"), "vg01", ("vdb", "vdc", "vdd"))


def require_group(group: Group) -> VolumeGroup:
    recorded = group.recorded()
    require(
        recorded and "lv01" in recorded.logical,
        ja="外から読むと、lv01 を持つ vg01 の記録がどのディスクにもありません。",
        en="Read from outside, no disk has a record of a vg01 with lv01 in it.",
        hint=Text(
            ja="ボリュームグループと論理ボリュームの一覧を見てください。",
            en="Look at the lists of volume groups and logical volumes.",
        ),
    )
    assert recorded
    return recorded


@check(
    ja="lv01 は /data で使われたまま、vdb には1エクステントも残っていない",
    en="lv01 is in use at /data, and not one extent of it is left on vdb",
    points=3,
)
def nothing_left_on_vdb(lab: Lab) -> None:
    group = vg01(lab)
    holds_within(3, lambda: require_moved(group))
    device = mapped_at(group.node, "/data")
    require(
        device == "vg01-lv01",
        ja=f"/data で使われているのは {device or '論理ボリュームではないもの'} です。"
        "vg01-lv01 のはずです。",
        en=f"What is in use at /data is {device or 'no logical volume'}; "
        "it should be vg01-lv01.",
        hint=Text(
            ja="/data に何がマウントされているかを見てください。",
            en="See what is mounted at /data.",
        ),
    )
    fstab = fstab_source(group.node, "/data") or ""
    require_begins(group, "lv01", uuid_in(fstab))


def require_moved(group: Group) -> None:
    recorded = require_group(group)
    hint = Text(
        ja="論理ボリュームの一覧に、どのデバイスに載っているかの列を足して見ます。",
        en="List the logical volumes with a column for the devices they lie on.",
    )
    moving = sum(
        segment.count
        for name, volume in recorded.logical.items()
        for segment in volume.segments
        if name.startswith("pvmove") or segment.kind == "mirror"
    )
    require(
        not moving,
        ja=f"引っ越しがまだ終わっていません（{moving} エクステントが移動中）。",
        en=f"The move has not ended ({moving} extents are on their way).",
        hint=Text(
            ja="途中で切れた引っ越しは、続きから再開できます。隠れた論理ボリュームも"
            "一覧に出してみてください。",
            en="A move that was cut off can be resumed. List the hidden logical "
            "volumes, too.",
        ),
    )
    left = sum(map(recorded.extents_on, group.labels_on("vdb")))
    size = left * recorded.extent // 2**20
    require(
        not left,
        ja=f"vdb には、使用中のエクステントがまだ {left} 個（{size} MiB）あります。",
        en=f"{left} extents on vdb ({size} MiB) are still in use.",
        hint=hint,
    )
    users = users_of(group.node, "vdb")
    require(
        not users,
        ja=f"LVM の記録では空でも、カーネルはまだ {'・'.join(users)} のために vdb を"
        "使っています。",
        en="By LVM's records it is empty, but the kernel still uses vdb for "
        f"{', '.join(users)}.",
        hint=hint,
    )


@check(
    ja="その間も書き込みは途切れず、ファイルは壊れていない",
    en="Writing never stopped meanwhile, and the files are unharmed",
    points=3,
    after=nothing_left_on_vdb,
)
def writing_went_on(lab: Lab) -> None:
    node = lab.node("st1")
    times = uptimes(node.read("/data/diary", limit=DIARY) or "")
    now = (uptimes((node.read("/proc/uptime") or "").split(" ")[0]) or [0.0])[0]
    hint = Text(
        ja="/data/diary の数字は、書いたときの稼働秒数です。飛んでいる所はどこで、その"
        "とき何をしましたか。やり直すなら、新しいセッションを始めてください。",
        en="The figures in /data/diary are uptimes in seconds. Where is the gap, and "
        "what did you do then? For another go, start a new session.",
    )
    require(
        times and 0 <= now - times[-1] <= LONGEST_PAUSE,
        ja=f"/data/diary への書き込みが止まっています（{len(times)} 行。最後は稼働 "
        f"{times[-1] if times else 0:.0f} 秒、いまは {now:.0f} 秒）。",
        en=f"Nobody writes to /data/diary ({len(times)} lines, the last at uptime "
        f"{times[-1] if times else 0:.0f} s; now it is {now:.0f} s).",
        hint=Text(
            ja="日記を書くサービスと、/data のマウントを見てください。",
            en="Look at the service that keeps the diary, and at the mount of /data.",
        ),
    )
    pause = longest_pause(times)
    require(
        pause <= LONGEST_PAUSE,
        ja=f"日記が {pause:.1f} 秒途切れた所があります（{LONGEST_PAUSE:.0f} 秒まで）。",
        en=f"The diary has a gap of {pause:.1f} s (at most {LONGEST_PAUSE:.0f}).",
        hint=hint,
    )
    require_files(node)


def require_files(node: Node) -> None:
    right, given = files_with_right_sums(node, "/data/tokens")
    require(
        right == given and given >= 3,
        ja=f"/data/tokens のファイルのうち、内容が正しいのは {max(given, 3)} 個中 "
        f"{right} 個です。",
        en=f"Of the files in /data/tokens {right} of {max(given, 3)} have the right "
        "contents.",
        hint=Text(
            ja="検算表（SHA256SUMS）と照らし合わせてください。",
            en="Compare them with their sums in SHA256SUMS.",
        ),
    )


@check(
    ja="vdb は vg01 から外れ、LVM のラベルも消えている",
    en="vdb is out of vg01, and LVM's label is off it",
    points=2,
    after=nothing_left_on_vdb,
)
def vdb_is_retired(lab: Lab) -> None:
    group = vg01(lab)
    recorded, physical = require_group(group), group.physical()
    disks = [physical.get(each.uuid, ("?", 0))[0] for each in recorded.physical]
    require(
        "vdb" not in disks,
        ja=f"vg01 はまだ vdb を仲間に数えています（{'・'.join(disks)}）。",
        en=f"vg01 still counts vdb among its disks ({', '.join(disks)}).",
        hint=Text(
            ja="物理ボリュームの一覧で、vdb の VG の列を見てください。",
            en="Look at vdb's VG column in the list of physical volumes.",
        ),
    )
    require(
        "?" not in disks,
        ja=f"vg01 は、見つからないディスクを {disks.count('?')} 台、数えています。",
        en=f"vg01 counts {disks.count('?')} disk(s) that cannot be found anywhere.",
        hint=Text(
            ja="外す前にラベルを消しませんでしたか。記録のほうも片付けが要ります。",
            en="Was the label wiped before the disk was taken out? The records need "
            "tidying, too.",
        ),
    )
    require(
        not group.labels_on("vdb"),
        ja="vg01 からは外れましたが、外から読むと、vdb にまだ LVM のラベルがあります。",
        en="It is out of vg01, but read from outside vdb still carries LVM's label.",
        hint=Text(
            ja="物理ボリュームの一覧から vdb は消えましたか。",
            en="Has vdb gone from the list of physical volumes?",
        ),
    )


class Plot:
    """What was planted before the fault, kept until after it."""

    before: Planted | None = None


plot = Plot()


def plant_and_write(lab: Lab) -> None:
    group = vg01(lab)
    plot.before = plant(group.node, "/data/.nines-before")
    require_arrived(group, "lv01", plot.before)
    Writer(group.node, "/data/.nines-writes").start()


def tidy(lab: Lab) -> None:
    node = lab.node("st1")
    Writer(node, "/data/.nines-writes").stop()
    node.run("rm -f /data/.nines-before /data/.nines-after")


@check(
    ja="vdb を抜いても何も起きない",
    en="With vdb pulled out nothing happens",
    points=2,
    after=vdb_is_retired,
    mode=UnderFault(PULL, before=plant_and_write, repair=tidy),
    time_limit=60,
)
def survives_the_pull(lab: Lab) -> None:
    group = vg01(lab)
    node, writer = group.node, Writer(group.node, "/data/.nines-writes")
    assert plot.before
    seen = len(writer.times())
    time.sleep(2)
    times, errors = writer.times(), writer.errors()
    pause = longest_pause(times)
    require(
        errors == 0 and len(times) > seen and pause <= LONGEST_PAUSE,
        ja=f"vdb を抜くと、書き込みに影響が出ます（失敗 {errors} 回、この2秒で "
        f"{len(times) - seen} 件、最長の途切れ {pause:.1f} 秒）。",
        en=f"Pulling vdb disturbs the writing ({errors} failures, "
        f"{len(times) - seen} lines in 2 seconds, longest gap {pause:.1f} s).",
    )
    # From the disks again, not from memory.
    node.run("sync; echo 3 >/proc/sys/vm/drop_caches")
    require_files(node)
    require(
        plot.before.is_in_file(node),
        ja="抜く前に /data に書いた目印が、読み戻せません。",
        en="The mark written to /data before the pull cannot be read back.",
    )
    for planted in (plot.before, plant(node, "/data/.nines-after")):
        require_arrived(group, "lv01", planted)

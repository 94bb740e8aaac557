"""The mirror lab's checks against a simulated machine: honest, degraded and lying."""

import time
from pathlib import Path

import pytest

from labkit import Lab, Outcome
from labkit.testing import Result, load_checks, run_checks
from tests.fakes.mirror import ARRAY, SYSTEM, Mirror, Superblock, colons

LAB = Path(__file__).parents[2] / "labs/ch02/raid1-mdadm"
MD = "/sys/block/md0/md"
QUIET = ("array_is_raid1", "resync_finished", "data_is_mounted", "array_is_recorded")


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Mirror:
    machine = Mirror()
    monkeypatch.setattr(time, "sleep", machine.sleep)
    monkeypatch.setattr(time, "monotonic", machine.now)
    return machine


def graded(machine: Mirror) -> dict[str, Result]:
    return run_checks(load_checks(LAB), Lab(machine, ("st1",)))


def passed(results: dict[str, Result]) -> set[str]:
    return {name for name, each in results.items() if each.outcome is Outcome.PASSED}


def said(result: Result) -> str:
    assert result.outcome is Outcome.FAILED
    assert result.message
    assert result.message.ja != result.message.en
    return result.message.en


def test_an_untouched_machine_passes_nothing(mirror: Mirror) -> None:
    results = graded(mirror)

    assert passed(results) == set()
    assert said(results["array_is_raid1"]) == "There is no array /dev/md0."
    assert mirror.faults == []


def test_a_solved_machine_passes_everything_twice(mirror: Mirror) -> None:
    mirror.solve()

    first, second = graded(mirror), graded(mirror)

    assert passed(first) == passed(second) == set(first)


def test_the_check_leaves_the_machine_as_it_was(mirror: Mirror) -> None:
    mirror.solve()
    files = dict(mirror.files)

    graded(mirror)

    assert mirror.files == files
    assert mirror.inside == ["vdb", "vdc"]
    assert [fault.kind for fault in mirror.faults] == ["disk.pull", "disk.insert"]


def test_a_striped_array_is_named_for_what_it_is(mirror: Mirror) -> None:
    mirror.solve(level="raid0")

    results = graded(mirror)

    assert said(results["array_is_raid1"]) == "md0 is raid0, not raid1."
    assert passed(results) == {
        "data_is_mounted",
        "array_is_recorded",
        "survives_reboot",
    }


def test_a_pulled_disk_is_named_and_the_rest_still_counts(mirror: Mirror) -> None:
    mirror.solve()
    mirror.present.discard("vdb")
    mirror._notice()

    results = graded(mirror)

    message = said(results["array_is_raid1"])
    assert message == "Degraded: 1 of 2 members active. Not in the machine: vdb."
    assert {"data_is_mounted", "array_is_recorded"} <= passed(results)
    assert mirror.faults == []


def test_a_pull_that_md_has_not_noticed_is_seen(mirror: Mirror) -> None:
    mirror.solve()
    mirror.present.discard("vdb")

    message = said(graded(mirror)["array_is_raid1"])

    assert "the disk of member 0 has gone" in message


def test_a_rebuild_shows_how_far_it_is(mirror: Mirror) -> None:
    mirror.solve()
    mirror.inside, mirror.action = ["vdc"], "recover"

    message = said(graded(mirror)["array_is_raid1"])

    assert message.endswith("In progress: recover (25 % done).")


def test_no_disk_is_pulled_while_the_mirror_is_copying(mirror: Mirror) -> None:
    mirror.solve()
    mirror.action = "resync"

    results = graded(mirror)

    assert "resync (25 % done)" in said(results["resync_finished"])
    assert results["survives_disk_loss"].outcome is Outcome.SKIPPED
    assert mirror.faults == []


def test_kernel_files_that_lie_are_caught_by_the_disks(mirror: Mirror) -> None:
    mirror.solve()
    mirror.blocks["vdb"].events += 6
    mirror.blocks["vdb"].roles = (0, 0xFFFF)

    message = said(graded(mirror)["array_is_raid1"])

    assert message == "By the superblocks only vdb is active (vdb1, 26 events)."


def test_an_array_that_is_on_no_disk_is_no_array(mirror: Mirror) -> None:
    mirror.solve()
    mirror.blocks.clear()

    results = graded(mirror)

    assert "vdb and vdc carries no superblock" in said(results["array_is_raid1"])
    assert "no disk carries" in said(results["array_is_recorded"])
    assert "not to be found" in said(results["data_is_mounted"])
    assert passed(results) == set()


def test_a_resync_the_disks_know_nothing_of_the_end_of_is_unfinished(
    mirror: Mirror,
) -> None:
    mirror.solve()
    mirror.blocks["vdc"] = Superblock(1, 20, (0, 1), in_sync=False)

    assert "vdc1" in said(graded(mirror)["resync_finished"])


def test_a_mirror_that_is_being_written_to_is_no_less_in_sync(mirror: Mirror) -> None:
    mirror.solve()
    for block in mirror.blocks.values():
        block.in_use = True

    assert "vdb1, vdc1" in said(graded(mirror)["resync_finished"])
    mirror.state = "active"
    assert "resync_finished" in passed(graded(mirror))


def test_writes_that_reach_no_disk_are_noticed_before_one_is_pulled(
    mirror: Mirror,
) -> None:
    mirror.solve()
    mirror.loses = True

    message = said(graded(mirror)["survives_disk_loss"])

    assert message.startswith("The mark written to /data/.nines-before is not on vdb")
    assert "disk.pull" not in [fault.kind for fault in mirror.faults]


def test_writing_must_go_on_while_a_disk_is_out(mirror: Mirror) -> None:
    mirror.solve()
    mirror.gives_up = True

    results = graded(mirror)

    assert "writing does not go on" in said(results["survives_disk_loss"])
    assert mirror.inside == ["vdb", "vdc"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "no line for /data"),
        ("/dev/md0 /data ext4 defaults 0 2", "/dev/md0 for /data, which is not"),
        (f"UUID={ARRAY} /data ext4 defaults 0 2", f"file system in md0 is {SYSTEM}"),
        (f"#UUID={SYSTEM} /data ext4 defaults 0 2", "no line for /data"),
    ],
)
def test_fstab_must_name_the_file_system(
    mirror: Mirror, line: str, message: str
) -> None:
    mirror.solve().files["/etc/fstab"] = line.encode()

    assert message in said(graded(mirror)["data_is_mounted"])


@pytest.mark.parametrize(
    "line", [f'UUID="{SYSTEM}" /data/ ext4', f"/dev/disk/by-uuid/{SYSTEM} /data ext4"]
)
def test_fstab_may_name_the_file_system_in_any_way_by_uuid(
    mirror: Mirror, line: str
) -> None:
    mirror.solve().files["/etc/fstab"] = line.encode()

    assert "data_is_mounted" in passed(graded(mirror))


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ("HOMEHOST <system>", "no ARRAY line"),
        (f"ARRAY /dev/md0 UUID={SYSTEM}", "none names md0's UUID"),
        (f"ARRAY /dev/md7 UUID={colons(ARRAY)}", "calls this array /dev/md7"),
        (f"# ARRAY /dev/md0 UUID={colons(ARRAY)}", "no ARRAY line"),
    ],
)
def test_the_array_line_must_name_this_array(
    mirror: Mirror, conf: str, message: str
) -> None:
    mirror.solve().files["/etc/mdadm/mdadm.conf"] = conf.encode()

    assert message in said(graded(mirror)["array_is_recorded"])


@pytest.mark.parametrize("device", ["/dev/md0", "/dev/md/0", "md0", "0"])
def test_the_array_line_may_say_md0_in_any_way(mirror: Mirror, device: str) -> None:
    conf = f"array {device} uuid={colons(ARRAY).upper()}"
    mirror.solve().files["/etc/mdadm/mdadm.conf"] = conf.encode()

    assert "array_is_recorded" in passed(graded(mirror))


def test_a_file_that_was_changed_does_not_count(mirror: Mirror) -> None:
    mirror.solve().files["/data/tokens/b.txt"] = b"something else\n"

    message = said(graded(mirror)["data_is_mounted"])

    assert message.startswith("Of the 3 files you were given, 2 are in /data/tokens")


def test_an_array_under_another_name_after_a_restart_is_told(mirror: Mirror) -> None:
    mirror.solve()
    results = graded(mirror)
    assert "survives_reboot" in passed(results)

    mirror.override[f"{MD}/array_state"] = None
    mirror.override["/sys/block/md127/md/array_state"] = b"clean\n"

    message = said(graded(mirror)["survives_reboot"])
    assert message == "After the restart the array is called md127."


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe\x00", b"9" * 5000, b"{}\n- - -"])
def test_garbage_is_a_failure_and_never_a_broken_check(
    mirror: Mirror, garbage: bytes
) -> None:
    mirror.solve()
    paths = [*mirror._kernel(), "/etc/fstab", "/etc/mdadm/mdadm.conf"]
    for path in paths:
        mirror.override = {path: garbage}
        graded(mirror)
    mirror.override = dict.fromkeys(paths, garbage)

    assert passed(graded(mirror)) == set()

"""The evacuation lab's checks against a simulated machine: honest, half done, lying."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit import Lab, Outcome
from labkit.testing import Result, load_checks, run_checks
from tests.fakes.volumes import SYSTEM, Volumes

LAB = Path(__file__).parents[2] / "labs/ch02/lvm-pvmove"
ALL = {
    "nothing_left_on_vdb",
    "writing_went_on",
    "vdb_is_retired",
    "survives_the_pull",
}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Volumes:
    found = Volumes()
    monkeypatch.setattr(time, "sleep", found.sleep)
    monkeypatch.setattr(time, "monotonic", found.now)
    return found


def graded(machine: Volumes) -> dict[str, Result]:
    return run_checks(load_checks(LAB), Lab(machine, ("st1",)))


def passed(results: dict[str, Result]) -> set[str]:
    return {name for name, each in results.items() if each.outcome is Outcome.PASSED}


def said(result: Result) -> str:
    assert result.outcome is Outcome.FAILED
    assert result.message
    assert result.message.ja != result.message.en
    return result.message.en


def test_an_untouched_machine_passes_nothing(machine: Volumes) -> None:
    results = graded(machine)

    assert passed(results) == set()
    message = said(results["nothing_left_on_vdb"])
    assert message == "4 extents on vdb (16 MiB) are still in use."
    assert machine.faults == []


def test_a_solved_machine_passes_everything_twice(machine: Volumes) -> None:
    machine.evacuate().retire()

    assert passed(graded(machine)) == passed(graded(machine)) == ALL


def test_the_check_leaves_the_machine_as_it_was(machine: Volumes) -> None:
    machine.evacuate().retire()
    files = set(machine.files)

    graded(machine)

    assert set(machine.files) == files
    assert machine.present == {"vdb", "vdc", "vdd"}
    assert [fault.kind for fault in machine.faults] == ["disk.pull", "disk.insert"]


def test_a_disk_that_was_pulled_by_the_student_stays_retired(machine: Volumes) -> None:
    machine.evacuate().retire().present.discard("vdb")

    assert {"nothing_left_on_vdb", "vdb_is_retired"} <= passed(graded(machine))


def test_a_move_that_was_broken_off_is_no_move(machine: Volumes) -> None:
    machine.evacuate().moving = True

    message = said(graded(machine)["nothing_left_on_vdb"])

    assert message == "The move has not ended (4 extents are on their way)."


def test_an_evacuated_disk_has_to_leave_the_group(machine: Volumes) -> None:
    machine.evacuate()

    results = graded(machine)

    assert passed(results) == {"nothing_left_on_vdb", "writing_went_on"}
    message = said(results["vdb_is_retired"])
    assert message == "vg01 still counts vdb among its disks (vdb, vdc, vdd)."
    assert machine.faults == []


def test_the_label_has_to_go(machine: Volumes) -> None:
    machine.evacuate().retire().labels.add("vdb")

    assert "still carries LVM's label" in said(graded(machine)["vdb_is_retired"])


def test_a_label_wiped_too_early_leaves_a_hole_in_the_group(machine: Volumes) -> None:
    machine.evacuate().labels.discard("vdb")

    message = said(graded(machine)["vdb_is_retired"])

    assert message == "vg01 counts 1 disk(s) that cannot be found anywhere."


def test_records_alone_do_not_move_what_the_kernel_uses(machine: Volumes) -> None:
    real = machine.real
    machine.evacuate().retire().real = real

    message = said(graded(machine)["nothing_left_on_vdb"])

    assert message.endswith("the kernel still uses vdb for vg01-lv01.")


def test_bytes_show_what_kernel_files_hide(machine: Volumes) -> None:
    real = machine.real
    machine.evacuate().retire().real = real
    machine.hidden = True

    message = said(graded(machine)["nothing_left_on_vdb"])

    assert message.startswith("By the records lv01 begins at byte 1048576 of vdd;")
    assert str(SYSTEM) in message


def test_a_disk_without_any_record_is_no_solution(machine: Volumes) -> None:
    machine.labels.clear()

    assert "no disk has a record" in said(graded(machine)["nothing_left_on_vdb"])


def test_another_file_system_at_data_is_no_solution(machine: Volumes) -> None:
    machine.evacuate().retire().mapped = "vg01-lv02"

    assert "is vg01-lv02" in said(graded(machine)["nothing_left_on_vdb"])


@pytest.mark.parametrize("fstab", ["", "/dev/vg01/lv01 /data ext4", "UUID=1 /data x"])
def test_the_file_system_is_the_one_of_fstab(machine: Volumes, fstab: str) -> None:
    machine.evacuate().retire().files["/etc/fstab"] = fstab.encode()

    assert "no UUID is given" in said(graded(machine)["nothing_left_on_vdb"])


def test_a_gap_in_the_diary_is_measured(machine: Volumes) -> None:
    machine.evacuate().retire().files["/data/diary"] = b"50.00\n92.30\n99.90\n"

    results = graded(machine)

    message = said(results["writing_went_on"])
    assert message == "The diary has a gap of 42.3 s (at most 5)."
    assert passed(results) == ALL - {"writing_went_on"}


def test_a_restart_is_no_gap(machine: Volumes) -> None:
    lines = b"5000.00\n5000.50\nx\n7.00\n" + b"".join(
        b"%d.50\n" % n for n in range(8, 100)
    )
    machine.evacuate().retire().files["/data/diary"] = lines

    assert passed(graded(machine)) == ALL


@pytest.mark.parametrize("diary", [b"", b"50.00\n60.00\n", b"400.00\n400.50\n"])
def test_a_diary_that_nobody_keeps_any_more(machine: Volumes, diary: bytes) -> None:
    machine.evacuate().retire().files["/data/diary"] = diary

    assert "Nobody writes" in said(graded(machine)["writing_went_on"])


def test_a_file_that_was_changed_is_counted(machine: Volumes) -> None:
    machine.evacuate().retire().files["/data/tokens/b.txt"] = b"something else\n"

    message = said(graded(machine)["writing_went_on"])

    assert message == "Of the files in /data/tokens 2 of 3 have the right contents."


def test_writing_must_go_on_while_the_disk_is_out(machine: Volumes) -> None:
    machine.evacuate().retire().gives_up = True

    results = graded(machine)

    assert said(results["survives_the_pull"]).startswith("Pulling vdb disturbs the")
    assert machine.present == {"vdb", "vdc", "vdd"}


def test_a_mark_that_is_not_where_the_records_say(machine: Volumes) -> None:
    """The volume begins where it should, and lies elsewhere from its second extent."""
    machine.evacuate().retire().real = [("vdd", 0, 1), ("vdb", 1, 3), ("vdc", 0, 1)]
    machine.hidden = True

    message = said(graded(machine)["survives_the_pull"])

    assert message.startswith("The mark written to /data/.nines-before is not on vdd")
    assert "disk.pull" not in [fault.kind for fault in machine.faults]


def spoil_files(machine: Volumes, garbage: bytes) -> None:
    paths = [*machine.kernel(), "/etc/fstab", "/data/diary", "/data/tokens/SHA256SUMS"]
    machine.override = dict.fromkeys(paths, garbage)


def spoil_disks(machine: Volumes, garbage: bytes) -> None:
    machine.text = lambda: garbage.decode(errors="replace")  # type: ignore[method-assign]


@pytest.mark.parametrize("spoil", [spoil_files, spoil_disks])
@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe\x00", b"9" * 5000, b"{}\n- - -"])
def test_garbage_is_a_failure_and_never_a_broken_check(
    machine: Volumes, spoil: Callable[[Volumes, bytes], None], garbage: bytes
) -> None:
    spoil(machine.evacuate().retire(), garbage)

    assert passed(graded(machine)) == set()

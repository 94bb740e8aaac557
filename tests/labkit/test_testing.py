"""What lab authors test their checks with behaves as the platform does."""

from pathlib import Path

import pytest

from labkit import (
    AfterReboot,
    CommandResult,
    Fault,
    Lab,
    Outcome,
    UnderFault,
    check,
    require,
)
from labkit.new import write_new_lab
from labkit.testing import FakeLab, FakeNode, load_checks, run_checks


def test_a_labs_checks_run_against_a_dict_of_answers(tmp_path: Path) -> None:
    write_new_lab(tmp_path / "lab")
    checks = load_checks(tmp_path / "lab")

    right = run_checks(
        checks, FakeLab({"st1": FakeNode(files={"/root/greeting": "hello\n"})})
    )
    wrong = run_checks(
        checks, FakeLab({"st1": FakeNode(files={"/root/greeting": "helo"})})
    )
    empty = run_checks(checks, FakeLab({"st1": FakeNode()}))

    assert [each.outcome for each in right.values()] == ["passed", "passed"]
    assert [each.outcome for each in wrong.values()] == ["passed", "failed"]
    assert wrong["greeting_is_right"].message
    assert [each.outcome for each in empty.values()] == ["failed", "skipped"]


def test_a_machine_that_is_off_fails_the_check() -> None:
    @check(ja="あ", en="a")
    def asks(lab: Lab) -> None:
        lab.node("st1").run("true")

    results = run_checks([asks], FakeLab({"st1": FakeNode(on=False)}))

    assert results["asks"].outcome is Outcome.FAILED


def test_a_fault_is_made_undone_and_repaired() -> None:
    pull = Fault("disk.pull", "st1", "vdb")
    happened: list[str] = []

    @check(
        ja="あ",
        en="a",
        mode=UnderFault(
            pull,
            before=lambda lab: happened.append("before"),
            repair=lambda lab: happened.append("repair"),
        ),
    )
    def survives(lab: Lab) -> None:
        happened.append("inspect")

    lab = FakeLab({"st1": FakeNode()})
    results = run_checks([survives], lab)

    assert results["survives"].outcome is Outcome.PASSED
    assert happened == ["before", "inspect", "repair"]
    assert lab.faults == [pull, Fault("disk.insert", "st1", "vdb")]


def test_a_check_after_a_reboot_sees_one() -> None:
    node = FakeNode({"uptime": lambda: CommandResult(0, str(node.boots))})

    @check(ja="あ", en="a", mode=AfterReboot("st1"))
    def again(lab: Lab) -> None:
        require(lab.node("st1").output("uptime") == "2", ja="あ", en="a")

    assert run_checks([again], FakeLab({"st1": node}))["again"].outcome == "passed"


def test_a_broken_check_shows_its_traceback_to_the_author() -> None:
    @check(ja="あ", en="a")
    def bad(lab: Lab) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_checks([bad], FakeLab({"st1": FakeNode()}))


def test_a_frozen_machine_answers_nobody_and_a_segment_is_of_no_machine() -> None:
    nodes = {"n1": FakeNode({"true": ""}), "n2": FakeNode({"true": ""})}
    frozen = UnderFault(Fault("node.freeze", "n1"))
    dark = UnderFault(Fault("segment.off", segment="lan"))

    @check(ja="あ", en="a", mode=frozen)
    def asks_the_frozen(lab: Lab) -> None:
        lab.node("n1").run("true")

    @check(ja="い", en="b", mode=dark)
    def asks_in_the_dark(lab: Lab) -> None:
        require(lab.node("n2").succeeds("true"), ja="い", en="b")

    lab = FakeLab(nodes)
    results = run_checks([asks_the_frozen, asks_in_the_dark], lab)

    assert results["asks_the_frozen"].outcome is Outcome.FAILED
    assert results["asks_in_the_dark"].outcome is Outcome.PASSED
    assert lab.faults[-1] == Fault("segment.on", segment="lan")
    assert lab.node("n1").succeeds("true")

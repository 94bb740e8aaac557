"""The bond lab's checks against simulated machines: honest, half-made and lying."""

import time
from pathlib import Path

import pytest

from labkit import Lab, Outcome
from labkit.testing import Result, load_checks, run_checks
from tests.fakes.bonded import ADDRESS, LOG, Bonded

LAB = Path(__file__).parents[2] / "labs/ch02/bond-active-backup"
STATUS = "/proc/net/bonding/bond0"


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Bonded:
    machines = Bonded()
    monkeypatch.setattr(time, "sleep", machines.sleep)
    monkeypatch.setattr(time, "monotonic", machines.now)
    return machines


def graded(machines: Bonded) -> dict[str, Result]:
    return run_checks(load_checks(LAB), Lab(machines, ("sv1", "client")))


def passed(results: dict[str, Result]) -> set[str]:
    return {name for name, each in results.items() if each.outcome is Outcome.PASSED}


def said(result: Result) -> str:
    assert result.outcome is Outcome.FAILED
    assert result.message
    assert result.message.ja != result.message.en
    return result.message.en


def test_an_untouched_machine_passes_nothing(pair: Bonded) -> None:
    results = graded(pair)

    assert passed(results) == set()
    assert said(results["bond_is_active_backup"]) == "There is no bond called bond0."
    assert pair.faults == []


def test_a_solved_machine_passes_everything_twice(pair: Bonded) -> None:
    pair.solve()

    first, second = graded(pair), graded(pair)

    assert passed(first) == passed(second) == set(first)


def test_the_checks_leave_the_machines_as_they_were(pair: Bonded) -> None:
    pair.solve()

    graded(pair)

    assert pair.cut == set()
    assert pair.active == "eth0"
    assert not pair.calling


def test_another_mode_is_named_and_no_cable_is_cut(pair: Bonded) -> None:
    pair.solve(mode="balance-rr")

    results = graded(pair)

    message = said(results["bond_is_active_backup"])
    assert message == (
        "The mode of bond0 is load balancing (round-robin), not active-backup."
    )
    assert passed(results) == set()
    assert pair.faults == []


def test_a_bond_of_one_card_is_not_enough(pair: Bonded) -> None:
    pair.solve().ports = ["eth0"]

    message = said(graded(pair)["bond_is_active_backup"])

    assert message == "The cards in bond0 are: eth0. It should have eth0 and eth1."


def test_a_cable_left_out_is_told(pair: Bonded) -> None:
    pair.solve().cut = {"eth1"}

    assert said(graded(pair)["bond_is_active_backup"]) == "Not up in bond0: eth1."


def test_links_nobody_looks_at_are_told_before_a_cable_is_cut(pair: Bonded) -> None:
    pair.solve().miimon = 0

    results = graded(pair)

    assert "nobody looks" in said(results["link_is_watched"])
    assert results["survives_cable_cut"].outcome is Outcome.SKIPPED
    assert pair.faults == []


def test_an_interval_other_than_asked_for_is_told(pair: Bonded) -> None:
    pair.solve().miimon = 1000

    assert "every 1000 ms" in said(graded(pair)["link_is_watched"])


def test_an_address_on_a_card_is_named(pair: Bonded) -> None:
    pair.solve().on["eth0"] = ["192.168.1.162/24"]

    message = said(graded(pair)["address_is_on_the_bond"])

    assert message == "Cards have addresses of their own: eth0 192.168.1.162/24."


def test_a_bond_without_its_address_is_told(pair: Bonded) -> None:
    pair.solve().on = {"bond0": [f"{ADDRESS}/16"]}

    message = said(graded(pair)["address_is_on_the_bond"])

    assert message.startswith(f"The addresses of bond0 are: {ADDRESS}/16.")


def test_a_gap_longer_than_allowed_is_measured_by_the_client(pair: Bonded) -> None:
    pair.solve().late = 3.0

    results = graded(pair)

    assert said(results["survives_cable_cut"]).startswith("Client was cut off for 3.")
    assert pair.cut == set()


def test_a_bond_that_never_switches_is_told(pair: Bonded) -> None:
    pair.solve().late = 1000.0

    message = said(graded(pair)["survives_cable_cut"])

    assert message == ("After 5 seconds the card in use is eth0; it should be eth1.")


def test_without_a_primary_traffic_does_not_return(pair: Bonded) -> None:
    pair.solve().primary = ""

    results = graded(pair)

    assert "survives_cable_cut" in passed(results)
    assert said(results["returns_to_primary"]) == (
        "After 5 seconds the card in use is eth1; it should be eth0."
    )


def test_a_bond_that_only_says_it_switched_is_found_out_by_the_client(
    pair: Bonded,
) -> None:
    """What the server tells never changes what another machine hears."""
    pair.solve().override[LOG] = (
        f"begun 1800000000.0\n[1800000000.5] 64 bytes from {ADDRESS}: icmp_seq=1\n"
        "ended 1800000008.0\n"
    ).encode()

    assert said(graded(pair)["survives_cable_cut"]) == (
        "Client was cut off for 7.5 s (at most 2)."
    )


def test_a_client_that_hears_nothing_beforehand_stops_the_check(pair: Bonded) -> None:
    pair.solve().on = {}

    results = graded(pair)

    assert "with no cable pulled yet" in said(results["survives_cable_cut"])
    assert pair.faults == []


def test_a_bond_that_is_gone_after_a_restart_is_told(pair: Bonded) -> None:
    pair.solve().forgets = True

    results = graded(pair)

    assert said(results["survives_reboot"]) == "There is no bond called bond0."
    assert passed(results) == set(results) - {"survives_reboot"}


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe\x00", b"9" * 5000, b"{}\n- - -"])
def test_garbage_is_a_failure_and_never_a_broken_check(
    pair: Bonded, garbage: bytes
) -> None:
    pair.solve()
    paths = [STATUS, "/proc/net/fib_trie", LOG]
    for path in paths:
        pair.override = {path: garbage}
        assert passed(graded(pair)) != set(graded(pair))
    pair.override = dict.fromkeys(paths, garbage)

    assert passed(graded(pair)) == set()

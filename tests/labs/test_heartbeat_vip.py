"""The heartbeat lab's checks against simulated machines: honest, half-made, lying."""

import time
from pathlib import Path

import pytest

from labkit import Lab, Outcome
from labkit.testing import Result, load_checks, run_checks
from tests.fakes.takeover import ADDRESS, KEYS, LOG, Takeover

LAB = Path(__file__).parents[2] / "labs/ch03/heartbeat-vip"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Takeover:
    machines = Takeover()
    monkeypatch.setattr(time, "sleep", machines.sleep)
    monkeypatch.setattr(time, "monotonic", machines.now)
    return machines


def graded(machines: Takeover) -> dict[str, Result]:
    return run_checks(load_checks(LAB), Lab(machines, ("n1", "n2", "client")))


def passed(results: dict[str, Result]) -> set[str]:
    return {name for name, each in results.items() if each.outcome is Outcome.PASSED}


def said(result: Result) -> str:
    assert result.outcome is Outcome.FAILED
    assert result.message
    assert result.message.ja != result.message.en
    return result.message.en


def test_an_untouched_machine_passes_nothing(cluster: Takeover) -> None:
    results = graded(cluster)

    assert passed(results) == set()
    assert said(results["keys_are_shared"]) == "n1 has no /etc/ha.d/authkeys."
    assert said(results["timers_are_ordered"]) == "n1 has no /etc/ha.d/ha.cf."
    assert "nobody listens" in said(results["one_holds_the_address"])
    assert cluster.faults == []


def test_a_solved_cluster_passes_everything_twice(cluster: Takeover) -> None:
    cluster.solve()

    first, second = graded(cluster), graded(cluster)

    assert passed(first) == passed(second) == set(first)


def test_the_address_is_on_n1_again_afterwards(cluster: Takeover) -> None:
    cluster.solve()

    graded(cluster)

    assert cluster.holds == {"n1"}
    assert cluster.off == cluster.frozen == set()
    assert not cluster.calling


def test_an_address_left_on_n2_is_no_mistake(cluster: Takeover) -> None:
    cluster.solve()
    cluster.holds, cluster._behind = {"n2"}, "n2"

    results = graded(cluster)

    assert passed(results) == set(results)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("auth 2\n1 sha1 secret\n", "the line `auth` points to no key"),
        ("auth 1\n1 crc\n", "The method on n2 is crc"),
        ("auth 1\n1 sha1\n", "The method on n2 is sha1"),
        ("auth 1\n1 sha1 other\n", "differs between n1 and n2"),
        ("", "the line `auth` points to no key"),
    ],
)
def test_the_key_must_be_a_secret_that_both_share(
    cluster: Takeover, keys: str, message: str
) -> None:
    cluster.solve().files["n2", "/etc/ha.d/authkeys"] = keys

    assert message in said(graded(cluster)["keys_are_shared"])


def test_only_root_may_read_the_key(cluster: Takeover) -> None:
    cluster.solve().key_mode = "644"

    assert "mode of authkeys on n1 is 644" in said(graded(cluster)["keys_are_shared"])


def test_comments_and_other_keys_do_not_count(cluster: Takeover) -> None:
    cluster.solve()
    for name in ("n1", "n2"):
        keys = f"# auth 2\nauth 1\n2 crc\n{KEYS.splitlines()[1]}\n"
        cluster.files[name, "/etc/ha.d/authkeys"] = keys

    assert "keys_are_shared" in passed(graded(cluster))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"warntime": 9}, "each should be greater than the one before"),
        ({"initdead": 15}, "less than twice the deadtime of 8 s"),
        ({"deadtime": 30, "initdead": 120}, "deadtime on n2 is 30 s"),
        ({"warntime": "soon"}, "lacks warntime"),
        ({"warntime": "2500ms"}, "differ between n1 and n2"),
    ],
)
def test_the_times_must_be_in_order(
    cluster: Takeover, times: dict[str, object], message: str
) -> None:
    cluster.solve().write_down("n2", **times)

    assert message in said(graded(cluster)["timers_are_ordered"])


def test_an_address_on_both_is_told_and_nothing_is_broken(cluster: Takeover) -> None:
    cluster.solve().holds = {"n1", "n2"}

    message = said(graded(cluster)["one_holds_the_address"])

    assert message == (
        f"{ADDRESS} is held by n1 and n2; it should be held by one of them alone."
    )
    assert cluster.faults == []


def test_a_client_with_a_stale_arp_table_is_noticed(cluster: Takeover) -> None:
    cluster.solve().announces = False

    results = graded(cluster)

    assert "client cannot reach it" in said(results["moves_when_power_is_lost"])


def test_a_takeover_that_takes_too_long_is_measured(cluster: Takeover) -> None:
    cluster.solve().deadtime = 20.5

    message = said(graded(cluster)["moves_when_power_is_lost"])

    assert message.startswith("Client was cut off for 2")


def test_a_takeover_quicker_than_ha_cf_allows_is_not_heartbeats(
    cluster: Takeover,
) -> None:
    cluster.solve().deadtime = 1.0

    message = said(graded(cluster)["moves_when_power_is_lost"])

    assert message.startswith("Client was cut off for 3.")
    assert "does not allow less than 6" in message


def test_no_takeover_at_all_is_told(cluster: Takeover) -> None:
    cluster.solve().deadtime = 1000.0

    message = said(graded(cluster)["moves_when_power_is_lost"])

    assert message.endswith("n2 does not have the address.")
    assert cluster.off == set()


def test_a_server_that_seizes_the_address_back_is_told(cluster: Takeover) -> None:
    cluster.solve().seizes = True

    results = graded(cluster)

    assert "the address left n2" in said(results["stays_until_handed_back"])
    assert passed(results) == set(results) - {"stays_until_handed_back"}


def test_a_server_that_does_not_rejoin_is_told(cluster: Takeover) -> None:
    cluster.solve().at_boot = False

    results = graded(cluster)

    assert "On n1 nobody listens" in said(results["stays_until_handed_back"])
    assert "On n1 nobody listens" in said(results["late_is_not_dead"])


def test_a_hang_that_leaves_no_warning_is_told(
    cluster: Takeover, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.solve().write_down("n2", warntime=2)
    cluster.write_down("n1", warntime=2, peer="10.0.0.2")

    assert "no new warning" in said(graded(cluster)["late_is_not_dead"])


def test_two_holders_after_a_hang_are_told(cluster: Takeover) -> None:
    cluster.solve().deadtime = 2.0

    assert "held by n1 and n2" in said(graded(cluster)["late_is_not_dead"])


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe\x00", b"9" * 5000, b"{}\n- - -"])
def test_garbage_is_a_failure_and_never_a_broken_check(
    cluster: Takeover, garbage: bytes
) -> None:
    paths = [*cluster.solve()._kernel("n1"), "/etc/ha.d/ha.cf", "/etc/ha.d/authkeys"]
    for path in paths:
        cluster.solve().override = {path: garbage}
        graded(cluster)
    cluster.solve().override = dict.fromkeys(paths, garbage)

    assert passed(graded(cluster)) == set()
    assert LOG in paths

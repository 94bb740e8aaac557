"""Terminals through the real supervisor: scrollback, resume, readers, back-pressure."""

import time

import pytest
from containers.sandbox.supervisor.terminals import SCROLLBACK, Ring
from hypothesis import given
from hypothesis import strategies as st

from tests.containers.supervisor.conftest import FakeSession
from tests.containers.supervisor.server import AttachedTerminal, Server

WINDOW = 262144


def attach(
    server: Server, name: str = "t1", after: int | None = None
) -> AttachedTerminal:
    return server.attach("n1", name, after)


def test_a_shell_answers(server: Server) -> None:
    terminal = attach(server)
    assert terminal.answer == {"offset": 0, "opened": True, "gap": False}
    terminal.type(b"echo ma''de; stty size\n")
    terminal.until(b"made")
    terminal.until(b"24 80")


def test_two_readers_see_the_same_and_both_may_type(server: Server) -> None:
    first = attach(server)
    first.type(b"echo o''ne\n")
    first.until(b"one\r\n")
    second = attach(server)
    assert not second.answer["opened"]
    second.until(b"one\r\n")
    second.type(b"echo t''wo\n")
    first.until(b"two\r\n")
    second.until(b"two\r\n")


def test_a_terminal_outlives_the_connection(session: FakeSession) -> None:
    server = session.server
    terminal = attach(server)
    terminal.type(b"X=kept; echo re''ady\n")
    seen = len(terminal.until(b"ready\r\n"))
    terminal.type(b"sleep 0.3; echo la''ter\n")
    server.hang_up()
    server.accept()
    time.sleep(0.5)
    again = attach(server, after=seen)
    assert again.answer == {"offset": seen, "opened": False, "gap": False}
    again.until(b"later\r\n")
    again.type(b"echo $X\n")
    again.until(b"kept\r\n")
    status = server.request("status")["terminals"]["t1"]
    assert (status["node"], status["ended"]) == ("n1", False)
    assert status["offset"] > seen


def test_what_fell_out_of_the_scrollback_is_a_gap(server: Server) -> None:
    terminal = attach(server)
    terminal.detach()  # It is read on, with nobody there.
    terminal.type(b"never arrives\n")
    again = attach(server)
    again.type(b"head -c 600000 /dev/zero | tr '\\0' x; echo e''nd\n")
    again.until(b"end\r\n", timeout=20)
    again.detach()
    late = attach(server, after=10)
    end = server.request("status")["terminals"]["t1"]["offset"]
    assert late.answer["gap"]
    assert late.answer["offset"] == end - SCROLLBACK
    total = 0
    while total < SCROLLBACK:
        total += len(late.read())
    assert total == SCROLLBACK


def test_a_reader_that_stops_stops_the_program(server: Server) -> None:
    terminal = attach(server)
    terminal.type(b"yes | head -c 3000000; echo e''nd\n")
    got = 0
    while got < WINDOW:
        got += len(terminal.read(grant=False))
    assert got == WINDOW
    assert server.quiet(terminal.channel, 0.3)
    ahead = server.request("status")["terminals"]["t1"]["offset"] - got
    assert 0 <= ahead <= SCROLLBACK  # No byte the reader is owed has been lost.
    server.grant(terminal.channel, got)
    terminal.until(b"end\r\n", timeout=20)


def test_a_reader_that_stopped_goes_when_others_wait(server: Server) -> None:
    stopped = attach(server)
    stopped.type(b"yes | head -c 1000000; echo e''nd\n")
    while len(stopped.output) < WINDOW:
        stopped.read(grant=False)
    waiting = attach(server)
    waiting.until(b"end\r\n", timeout=20)
    assert stopped.read() == b""
    assert stopped.end == {"code": 255, "timed_out": False, "error": "timed_out"}


def test_without_readers_a_program_is_not_held_up(server: Server) -> None:
    terminal = attach(server)
    terminal.type(b"yes | head -c 2000000; echo e''nd > /dev/null; exit\n")
    terminal.detach()
    deadline = time.monotonic() + 15
    while not server.request("status")["terminals"]["t1"]["ended"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_ended_terminal_gives_its_scrollback_and_its_end(server: Server) -> None:
    terminal = attach(server)
    terminal.type(b"echo la''st; exit 3\n")
    terminal.until(b"last\r\n")
    while terminal.read():
        pass
    assert terminal.end == {"code": 3, "timed_out": False}
    again = attach(server)
    assert not again.answer["opened"]
    again.until(b"last\r\n")
    while again.read():
        pass
    assert again.end == {"code": 3, "timed_out": False}
    assert [e["terminal"] for e in server.events if e["kind"] == "terminal.ended"] == [
        "t1"
    ]


def test_a_terminal_is_closed(server: Server) -> None:
    terminal = attach(server)
    terminal.type(b"echo $$; trap '' HUP\n")
    server.request("close_terminal", terminal="t1")
    while terminal.read():
        pass
    assert terminal.end is not None
    assert server.request("status")["terminals"] == {}


def test_power_off_ends_the_terminals_of_a_node(server: Server) -> None:
    terminal = attach(server)
    server.request("power_off", node="n1")
    while terminal.read():
        pass
    assert terminal.end == {"code": 255, "timed_out": False, "error": "not_running"}
    refused = attach(server, "t2")
    assert refused.refused
    assert refused.answer["error"] == "not_running"


def test_a_terminal_belongs_to_one_node(server: Server) -> None:
    attach(server)
    refused = server.attach("n2", "t1")
    assert (refused.refused, refused.answer["error"]) == (True, "bad_request")
    assert server.attach("n9", "t2").answer["error"] == "no_such_node"


def test_sixteen_terminals_and_the_ended_make_room(server: Server) -> None:
    terminals = [attach(server, f"t{n}") for n in range(16)]
    assert attach(server, "more").answer["error"] == "too_many"
    terminals[3].type(b"exit\n")
    while terminals[3].read():
        pass
    assert attach(server, "more").answer["opened"]
    assert "t3" not in server.request("status")["terminals"]


def test_eight_readers_of_one_terminal(server: Server) -> None:
    for _ in range(8):
        assert not attach(server).refused
    assert attach(server).answer["error"] == "too_many"


@given(st.lists(st.binary(max_size=SCROLLBACK // 3), max_size=12), st.data())
def test_the_ring_holds_the_last_bytes(parts: list[bytes], data: st.DataObject) -> None:
    ring, everything = Ring(), b""
    for part in parts:
        ring.append(part * 7)
        everything += part * 7
        assert ring.end == len(everything)
        assert ring.start == max(0, len(everything) - SCROLLBACK)
    offset = data.draw(st.integers(ring.start, ring.end))
    count = data.draw(st.integers(0, SCROLLBACK))
    assert ring.read(offset, count) == everything[offset : offset + count]


@pytest.mark.parametrize("size", [SCROLLBACK - 1, SCROLLBACK, SCROLLBACK + 1])
def test_the_ring_at_its_edge(size: int) -> None:
    ring, content = Ring(), bytes(range(256)) * 2000
    ring.append(content[:size])
    ring.append(b"end")
    assert ring.read(ring.start, SCROLLBACK) == (content[:size] + b"end")[-SCROLLBACK:]

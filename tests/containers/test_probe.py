"""The observer's probe, against services of this host that come and go."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SANITIZED = os.environ.get("NINES_SANITIZE") == "1"
EVERY = 0.1


@dataclass(frozen=True)
class Result:
    probe: str
    sent: float
    up: bool
    rtt: float
    why: str


@dataclass(frozen=True)
class Reading:
    run: str
    clock: float
    first: int
    next: int
    results: list[Result]


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binary = tmp_path_factory.mktemp("probe") / "nines-probe"
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"]
    if SANITIZED:
        flags += ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    source = ROOT / "containers/guest/probe.c"
    subprocess.run(["gcc", *flags, "-o", binary, source], check=True)
    return binary


class Observer:
    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary = binary
        self.ring = folder / "ring"

    @contextmanager
    def watching(self, *probes: str) -> Iterator[subprocess.Popen[bytes]]:
        """Each is NAME KIND TARGET PORT EVERY TIMEOUT PATH BODY, split at `|`."""
        words = [word for probe in probes for word in probe.split("|")]
        process = subprocess.Popen([self.binary, "run", self.ring, *words])
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(5) == -signal.SIGTERM, "a sanitizer, or a crash"

    def read(self, run: str = "0", first: int = 0) -> Reading:
        command = [str(self.binary), "read", str(self.ring), run, str(first)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        head, *lines = done.stdout.splitlines()
        words = head.split()
        assert words[::2] == ["run", "clock", "first", "next"]
        return Reading(
            words[1],
            float(words[3]),
            int(words[5]),
            int(words[7]),
            [result_of(line) for line in lines],
        )

    def until(self, holds: Callable[[list[Result]], bool]) -> list[Result]:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                found = self.read().results
            except subprocess.CalledProcessError:  # It has only just been started.
                found = []
            if found and holds(found):
                return found
            time.sleep(0.02)
        raise TimeoutError


def result_of(line: str) -> Result:
    name, sent, state, rtt, why = line.split()
    assert state in ("up", "down")
    return Result(name, float(sent), state == "up", float(rtt), why)


@pytest.fixture
def observer(binary: Path, tmp_path: Path) -> Observer:
    return Observer(binary, tmp_path)


@contextmanager
def listening(port: int = 0) -> Iterator[int]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        yield int(listener.getsockname()[1])


@contextmanager
def website(status: int, body: bytes, delay: float = 0) -> Iterator[int]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(delay)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if self.path == "/health" else b"elsewhere")

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def tcp(port: int) -> str:
    return f"db|tcp|127.0.0.1|{port}|100|300||"


def http(port: int, body: str = "") -> str:
    return f"web|http|127.0.0.1|{port}|100|300|/health|{body}"


def test_it_asks_as_often_as_told(observer: Observer) -> None:
    with listening() as port, observer.watching(tcp(port)):
        found = observer.until(lambda results: len(results) >= 20)

    assert all(each.up and each.why == "ok" for each in found)
    assert found[19].sent - found[0].sent == pytest.approx(19 * EVERY, abs=0.05)


def test_an_outage_is_seen_from_its_first_to_its_last_moment(
    observer: Observer,
) -> None:
    with listening() as port, observer.watching(tcp(port)):
        observer.until(lambda results: len(results) >= 3)
        port_of_before = port
    with observer.watching(tcp(port_of_before)):
        down_at = time.monotonic()
        time.sleep(0.5)
        with listening(port_of_before):
            up_at = time.monotonic()
            found = observer.until(lambda r: r[-1].up and r[-1].sent > up_at)
    failed = [each for each in found if not each.up]

    assert {each.why for each in failed} == {"refused"}
    assert failed[0].sent - down_at < EVERY + 0.05
    first_again = next(each for each in found if each.sent > failed[-1].sent)
    assert 0 <= first_again.sent + first_again.rtt / 1000 - up_at < EVERY + 0.05


@pytest.mark.parametrize(
    ("status", "body", "expected", "why"),
    [
        (200, b"all is well", "well", "ok"),
        (204, b"", "", "ok"),
        (200, b"x" * 4000 + b"well", "well", "ok"),
        (200, b"maintenance", "well", "body"),
        (503, b"well", "well", "status"),
        (200, b"x" * 20000, "well", "body"),
    ],
)
def test_a_page_must_say_what_is_expected(
    observer: Observer, status: int, body: bytes, expected: str, why: str
) -> None:
    with website(status, body) as port, observer.watching(http(port, expected)):
        found = observer.until(lambda results: len(results) >= 3)

    assert {each.why for each in found} == {why}
    assert all(each.up == (why == "ok") for each in found)


def test_a_page_that_comes_too_late_is_down_and_holds_nobody_up(
    observer: Observer,
) -> None:
    with (
        website(200, b"well", delay=0.6) as slow,
        listening() as quick,
        observer.watching(http(slow, "well"), tcp(quick)),
    ):
        found = observer.until(lambda results: len(results) >= 20)

    assert {each.why for each in found if each.probe == "web"} == {"timeout"}
    beside = [each.sent for each in found if each.probe == "db"]
    assert max(b - a for a, b in pairwise(beside)) < EVERY + 0.05


def test_a_service_that_hangs_up_without_a_word_is_down(observer: Observer) -> None:
    with listening() as port, observer.watching(http(port)):
        found = observer.until(lambda results: len(results) >= 2)
    assert {each.why for each in found} == {"timeout"}  # It never accepts.


def test_results_come_in_the_order_of_sending(observer: Observer) -> None:
    with (
        website(200, b"well", delay=0.25) as port,
        observer.watching(http(port, "well")),
    ):
        found = observer.until(lambda results: len(results) >= 10)
    sent = [each.sent for each in found]
    assert sent == sorted(sent)


def test_a_second_one_ends_at_once(observer: Observer) -> None:
    with listening() as port, observer.watching(tcp(port)) as first:
        observer.until(lambda results: len(results) >= 2)
        words = [str(observer.binary), "run", str(observer.ring)]
        words += tcp(port).split("|")
        assert subprocess.run(words, timeout=5).returncode == 0
        assert first.poll() is None


def test_whoever_reads_goes_on_where_they_stopped(observer: Observer) -> None:
    with listening() as port:
        with observer.watching(tcp(port)):
            observer.until(lambda results: len(results) >= 3)
            before = observer.read()
            time.sleep(0.3)
            after = observer.read(before.run, before.next)
        # Killed and started again: the ring is still there, and its numbers go on.
        with observer.watching(tcp(port)):
            time.sleep(0.3)
            later = observer.read(after.run, after.next)

    assert after.first == before.next
    assert after.results[0].sent > before.results[-1].sent
    assert (later.run, later.first) == (after.run, after.next)
    assert later.results


def test_an_unknown_run_is_read_from_its_beginning(observer: Observer) -> None:
    with listening() as port, observer.watching(tcp(port)):
        observer.until(lambda results: len(results) >= 3)
        assert observer.read("deadbeef", 2).first == 0
        assert observer.read("deadbeef", 2).run != "deadbeef"


def test_the_clock_is_read_when_the_answer_is_given(observer: Observer) -> None:
    with listening() as port, observer.watching(tcp(port)):
        observer.until(lambda results: len(results) >= 1)
        before = time.monotonic()
        clock = observer.read().clock
        assert before < clock < time.monotonic()


NETWORK = """
set -e
ip link set lo up
ip link add lan type veth peer name far
ip addr add 10.9.9.1/24 dev lan
ip link set lan up
ip link set far up
"$0" run "$1" here icmp 127.0.0.1 0 100 200 '' '' there icmp 10.9.9.2 0 100 200 '' '' &
sleep 1
ip link set lo down
sleep 0.5
ip link set lo up
sleep 0.6
kill $!
"""


def test_echoes_are_missed_while_the_network_is_away(observer: Observer) -> None:
    """In a network of its own: loopback goes away; nobody is on the other segment."""
    script = ["unshare", "--map-root-user", "--net", "sh", "-c", NETWORK]
    subprocess.run([*script, observer.binary, observer.ring], check=True, timeout=20)
    found = observer.read().results

    here = [each for each in found if each.probe == "here"]
    changes = [b.up for a, b in pairwise(here) if a.up != b.up]
    assert here[0].up
    assert changes == [False, True]
    assert sum(not each.up for each in here) == pytest.approx(5, abs=2)
    there = [each for each in found if each.probe == "there"]
    assert {each.why for each in there} <= {"timeout", "unreachable"}


@pytest.mark.parametrize(
    "probe",
    [
        "x|icmp|example.org|0|100|200||",
        "x|udp|127.0.0.1|0|100|200||",
        "x|tcp|127.0.0.1|80|1|200||",
        "x|tcp|127.0.0.1|80|100|60000||",
        "x" * 40 + "|tcp|127.0.0.1|80|100|200||",
        "x|http|127.0.0.1|80|100|200|/" + "x" * 600 + "|",
        "x|tcp|127.0.0.1|80",
    ],
)
def test_what_makes_no_sense_is_refused(observer: Observer, probe: str) -> None:
    words = [str(observer.binary), "run", str(observer.ring), *probe.split("|")]
    refused = subprocess.run(words, capture_output=True, text=True, timeout=5)
    assert refused.returncode == 1
    assert refused.stderr.startswith("nines-probe: ")

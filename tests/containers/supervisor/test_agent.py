"""The agent on this host, over a Unix socket."""

import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.containers.supervisor.raw_agent import HEADER, MAGIC, RawAgent


def test_a_command_says_what_it_says_where_it_says_it(agent: RawAgent) -> None:
    script = "echo out; echo err >&2; exit 7"
    done = agent.finish(agent.command("sh", "-c", script))
    assert (done.code, done.stdout, done.stderr) == (7, b"out\n", b"err\n")


def test_binary_input_comes_back_equal(agent: RawAgent) -> None:
    data = os.urandom(3 << 20)
    assert agent.finish(agent.command("cat"), data).stdout == data


def test_a_signal_is_an_exit_code(agent: RawAgent) -> None:
    assert agent.finish(agent.command("sh", "-c", "kill -9 $$")).code == 137


def test_a_program_that_is_not_there(agent: RawAgent) -> None:
    done = agent.finish(agent.command("no-such-program"))
    assert done.code == 127
    assert b"no-such-program" in done.stderr
    assert agent.finish(agent.command("/etc/passwd")).code == 126


def test_a_timeout_ends_the_whole_group(agent: RawAgent) -> None:
    began = time.monotonic()
    channel = agent.command("sh", "-c", "sleep 60 & sleep 60", timeout_ms=200)
    done = agent.finish(channel)
    assert (done.code, done.timed_out) == (124, True)
    assert time.monotonic() - began < 3


def test_what_is_left_in_the_background_does_not_hold_the_end(agent: RawAgent) -> None:
    done = agent.finish(agent.command("sh", "-c", "sleep 5 & echo started"))
    assert (done.code, done.stdout) == (0, b"started\n")


def test_the_environment_is_small_and_can_be_added_to(agent: RawAgent) -> None:
    fields = ("command", "0", "/tmp", "1", "env", "LANG=en_US", "NEW=x y")
    lines = agent.finish(agent.open(*fields)).stdout.decode().splitlines()
    assert "HOME=/root" in lines
    assert "TERM=xterm-256color" in lines
    assert "NEW=x y" in lines
    assert [line for line in lines if line.startswith("LANG=")] == ["LANG=en_US"]


def test_children_have_no_file_of_the_agent(agent: RawAgent) -> None:
    listing = agent.finish(agent.command("ls", "/proc/self/fd")).stdout.split()
    assert set(listing) == {b"0", b"1", b"2", b"3"}  # The last is what ls reads.


def test_a_child_has_its_own_session(agent: RawAgent) -> None:
    done = agent.finish(agent.command("sh", "-c", "ps -o sid= -p $$; echo $$"))
    session, pid = done.stdout.split()
    assert session == pid


def terminal(agent: RawAgent, *argv: str, credit: int = 1 << 20) -> int:
    head = ("terminal", "30", "100", "/", str(len(argv)))
    return agent.open(*head, *argv, credit=credit)


def test_a_terminal_has_a_size_that_changes(agent: RawAgent) -> None:
    channel = terminal(agent, "sh", "-c", "stty size; read x; stty size; tty")
    kind, _, first = agent.frame()
    assert (kind, first) == (b"1", b"30 100\r\n")
    agent.send(b"W", channel, bytes([0, 41, 0, 141]))
    agent.send(b"I", channel, b"\n")
    done = agent.finish(channel, eof=False)
    assert b"41 141\r\n/dev/pts/" in done.stdout
    assert done.code == 0


def test_keys_are_typed_into_a_terminal(agent: RawAgent) -> None:
    done = agent.finish(terminal(agent, "cat"), b"hello\n\x04", eof=False)
    assert done.stdout == b"hello\r\nhello\r\n"


def test_a_program_is_killed_by_the_number_asked_for(agent: RawAgent) -> None:
    channel = agent.command("sleep", "60")
    agent.send(b"K", channel, bytes([signal.SIGTERM]))
    assert agent.finish(channel).code == 128 + signal.SIGTERM


@pytest.mark.parametrize("kind", ["command", "terminal"])
def test_without_credit_nothing_is_read(agent: RawAgent, kind: str) -> None:
    script = "yes 0123456789 | head -c 1000000; echo end >&2"
    size = ("0",) if kind == "command" else ("24", "80")
    channel = agent.open(kind, *size, "/", "3", "sh", "-c", script, credit=1000)
    got = what_comes(agent, 0.4)
    assert got == 1000
    agent.send(b"?", 99, b"still here")
    assert agent.frame() == (b"!", 99, b"still here")
    agent.grant(channel, 1 << 22)
    done = agent.finish(channel)
    assert got + len(done.stdout) >= 1000000  # A terminal adds carriage returns.
    assert done.code == 0


def what_comes(agent: RawAgent, seconds: float) -> int:
    """How many bytes of payload come before so long a silence."""
    total = 0
    while True:
        try:
            total += len(agent.frame(seconds)[2])
        except TimeoutError:
            return total


def test_no_byte_is_lost_after_the_end(agent: RawAgent) -> None:
    """The program is long gone when its reader at last has room."""
    channel = agent.command("sh", "-c", "head -c 50000 /dev/zero", credit=10)
    assert len(agent.frame()[2]) == 10
    time.sleep(1)
    agent.grant(channel, 1 << 20)
    assert len(agent.finish(channel).stdout) == 49990


def test_input_that_nobody_reads_is_bounded(agent: RawAgent) -> None:
    channel = agent.command("sleep", "60")
    for _ in range(4):
        agent.send(b"I", channel, bytes(16384))
    taken = 0
    while taken < 65536:  # By the pipe, whose other end nobody reads.
        taken += int.from_bytes(agent.frame()[2], "big")
    for _ in range(5):
        agent.send(b"I", channel, bytes(16384))
    assert agent.frame()[0] == b"H"  # Beyond the window: it starts again.


def test_files_are_read_with_no_tool(agent: RawAgent, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    assert agent.finish(agent.open("read", str(tmp_path / "f"), "4")).stdout == b"0123"
    version = Path("/proc/version").read_bytes()
    assert agent.finish(agent.open("read", "/proc/version", "4096")).stdout == version
    assert agent.finish(agent.open("read", str(tmp_path / "none"), "4")).code == 2
    assert agent.finish(agent.open("read", str(tmp_path), "4")).code == 21
    os.mkfifo(tmp_path / "fifo")
    assert agent.finish(agent.open("read", str(tmp_path / "fifo"), "4")).code == 22


def test_files_are_written_with_their_folders(agent: RawAgent, tmp_path: Path) -> None:
    path, data = tmp_path / "a/b/file", os.urandom(200_000)
    done = agent.finish(agent.open("write", str(path), str(0o640)), data)
    assert done.code == 0
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o7777 == 0o640
    assert agent.finish(agent.open("write", "/proc/none/f", "0"), b"x").code != 0


def test_the_root_can_be_flushed(agent: RawAgent) -> None:
    assert agent.finish(agent.open("sync")).code == 0


def test_the_table_is_full_at_64(agent: RawAgent) -> None:
    for _ in range(64):
        agent.command("sleep", "60")
    assert agent.finish(agent.command("true")).error == b"too_many"


def test_synchronising_forgets_everything(agent: RawAgent) -> None:
    channel = agent.command("sh", "-c", "echo $$; sleep 60")
    pid = int(agent.frame()[2])
    boot, version, reason, _ = agent.synchronise()
    assert boot.decode() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert (version, reason) == (b"1", b"asked")
    agent.send(b"I", channel, b"to nobody")
    assert agent.finish(agent.command("true")).code == 0
    deadline = time.monotonic() + 10  # Killed at once; gone when the kernel gets to it.
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_finds_its_feet_in_the_middle_of_a_frame(agent: RawAgent) -> None:
    agent.send(b"nonsense"[:1], 1, b"")
    assert agent.frame()[0] == b"H"
    agent.sock.sendall(os.urandom(100_000) + b"Z\0\0\0\0\0\0\0\x18" + MAGIC[:7])
    agent.synchronise()
    assert agent.finish(agent.command("true")).code == 0


def test_a_person_is_checked(agent: RawAgent) -> None:
    """On a host it is only checked; the machine's own tests carry it out."""
    good = b"1700000000\x00123\0" + b"ab" * 64 + b"\0n1\0" + b"0" * 32 + b"\0"
    agent.send(b"P", 5, good)
    assert agent.frame() == (b"x", 5, b"0\x000\0\0")
    agent.send(b"P", 6, b"now\0\0\0\0\0")
    assert agent.frame()[0] == b"H"


def frames() -> st.SearchStrategy[bytes]:
    """Anything but an O that would run or write something on this host."""
    kinds = st.sampled_from([b"Z", b"I", b"E", b"W", b"K", b"A", b"P", b"?", b"\xff"])
    small = st.binary(max_size=300)
    whole = st.builds(
        lambda kind, channel, payload: (
            HEADER.pack(kind, channel, len(payload)) + payload
        ),
        kinds,
        st.integers(0, 5),
        small,
    )
    long = st.builds(
        lambda kind, length: HEADER.pack(kind, 1, length),
        kinds,
        st.integers(60000, (1 << 32) - 1),
    )
    opening = st.builds(
        lambda fields: HEADER.pack(b"O", 1, len(fields)) + fields,
        st.sampled_from(
            [
                b"",
                b"\0",
                b"command\0",
                b"command\x000\0/\x001\0",
                b"command\x000\0/\x002\0true\0",
                b"command\0x\0/\x001\0true\0",
                b"command\x000\0/\x001\0true\0NOT-A-VARIABLE\0",
                b"terminal\x000\x000\0/\x001\0true\0",
                b"read\0relative\x001\0",
                b"read\0/\0-1\0",
                b"write\0/\x0099999\0",
                b"command\x000\0/\x001\0true",
                b"x\0" * 600,
                b"sync\0sync\0",
            ]
        ),
    )
    return st.one_of(small, whole, long, opening)


@given(st.lists(frames(), max_size=20))
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nothing_malformed_hangs_it(agent: RawAgent, said: list[bytes]) -> None:
    """After any nonsense, at most one frame's worth of bytes brings it back."""
    agent.sock.sendall(b"".join(said))
    agent.sock.sendall(bytes(65536 + HEADER.size))
    agent.synchronise()
    assert agent.finish(agent.command("echo", "here")).stdout == b"here\n"

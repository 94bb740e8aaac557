"""A guest that says anything: our end keeps little of it and gets back in step."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from containers.sandbox.supervisor.agent import MAGIC, Agent, Channel, End
from containers.sandbox.supervisor.errors import Refused
from containers.sandbox.supervisor.frames import HEADER, pack
from containers.sandbox.supervisor.loop import Future, Loop
from hypothesis import given, settings
from hypothesis import strategies as st


class Guest:
    """The guest's end of the port, and what the supervisor's end told its owner."""

    def __init__(self) -> None:
        self.loop = Loop()
        ours, self.port = socket.socketpair()
        self.port.setblocking(False)
        self.hellos: list[str] = []
        self.lost = 0
        self.agent = Agent(self.loop, ours, self.hellos.append, self._note_loss)
        self._said = b""

    def _note_loss(self) -> None:
        self.lost += 1

    def turn(self, seconds: float = 0.01) -> None:
        async def wait() -> None:
            await self.loop.sleep(seconds)

        self.loop.complete(wait())

    def say(self, data: bytes) -> None:
        while data:
            try:
                data = data[self.port.send(data) :]
            except BlockingIOError:
                self.turn(0)
        self.turn()

    def heard(self) -> bytes:
        self.turn()
        with suppress(BlockingIOError):
            self._said += self.port.recv(1 << 20)
        return self._said

    def answer(self) -> None:
        """Be a good agent again: answer the last Z."""
        start = self.heard().rfind(MAGIC)
        token = self._said[start + 16 : start + 24]
        self.say(pack(b"H", 0, MAGIC + token + b"boot\0" + b"1\0asked\0"))

    def open(self) -> tuple[Channel, Future]:
        channel, ended = self.agent.open(["command", "0", "/", "1", "true"]), Future()
        channel.on_end = ended.set
        channel.grant(1000)
        self.turn()
        return channel, ended


@contextmanager
def greeted() -> Iterator[Guest]:
    guest = Guest()
    guest.agent.synchronise()
    guest.answer()
    assert guest.hellos == ["boot"]
    yield guest
    guest.agent.close()
    guest.port.close()
    guest.loop.close()


@pytest.fixture
def guest() -> Iterator[Guest]:
    with greeted() as guest:
        yield guest


@pytest.mark.parametrize(
    "said",
    [
        HEADER.pack(b"1", 1, 0xFFFFFFFF),
        pack(b"1", 1, bytes(1001)),  # More than there was credit for.
        pack(b"A", 1, struct.pack(">I", 1)),  # More than the window.
        pack(b"A", 1, b"?"),
        pack(b"x", 1, b"not a number\x000\0\0"),
        pack(b"x", 1, b""),
        pack(b"H", 0, b"hello?"),
    ],
)
def test_what_makes_no_sense_ends_the_channels(guest: Guest, said: bytes) -> None:
    _, ended = guest.open()
    guest.say(said)
    end: End = ended.result()
    assert (ended.done(), end.error) == (True, "agent_gone")
    assert guest.lost == 1
    with pytest.raises(Refused):
        guest.agent.open(["sync"])
    guest.answer()
    assert guest.hellos == ["boot", "boot"]
    assert guest.agent.in_step


def test_unknown_channels_and_kinds_are_nothing(guest: Guest) -> None:
    _, ended = guest.open()
    for number in (0, 7, 0xFFFFFFFF):
        for kind in (b"1", b"2", b"A", b"x", b"!", b"\0"):
            guest.say(pack(kind, number, b"anything"))
    assert not ended.done()
    guest.say(pack(b"x", 1, b"5\x000\0\0"))
    assert ended.result().code == 5


def test_an_old_token_is_not_believed(guest: Guest) -> None:
    guest.agent.synchronise()
    guest.say(pack(b"H", 0, MAGIC + b"12345678" + b"boot\0" + b"1\0asked\0"))
    assert not guest.agent.in_step
    guest.answer()
    assert guest.agent.in_step


def test_greetings_without_end_are_answered_seldom(guest: Guest) -> None:
    hello = pack(b"H", 0, MAGIC + bytes(8) + b"boot\0" + b"1\0started\0")
    for _ in range(50):
        guest.say(hello * 20)
    assert guest.heard().count(MAGIC) < 30


@given(st.lists(st.one_of(st.binary(max_size=500), st.just(MAGIC)), max_size=30))
@settings(max_examples=60, deadline=None)
def test_after_any_noise_it_is_in_step_again(noise: list[bytes]) -> None:
    with greeted() as guest:
        guest.agent.synchronise()
        for part in noise:
            guest.say(part)
        assert len(guest.agent._tail) <= 1024
        guest.answer()
        assert guest.agent.in_step

"""The test double for the meter's observer: answers as `nines-probe` does."""

from collections.abc import Sequence

import anyio

from nines.sandboxes.driver import CommandResult, Node
from tests.fakes.driver import FakeDriver, FakeNode


class FakeObserver(FakeNode):
    """Its clock shows `behind` seconds less than ours; `results` are what it found,
    stamped by its own clock."""

    now = 1_700_000_000.0  # Ours.
    behind = 1_699_999_000.0
    run_id = "00000000000000aa"
    started = 0
    lost = 0  # The oldest results, overwritten.
    words: Sequence[str] = ()

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.results: list[str] = []
        self.asked = anyio.Event()

    def clock(self) -> float:
        return self.now

    def ask(self, answers: str, probe: str = "web", every: float = 0.1) -> None:
        """One result a character, `u` up and `d` down; time goes by meanwhile."""
        for each in answers:
            sent = self.now - self.behind
            found = "up 10.000 ok" if each == "u" else "down 500.000 timeout"
            self.results.append(f"{probe} {sent:.6f} {found}")
            self.now += every

    async def run(
        self, command: Sequence[str], *, stdin: bytes = b"", timeout: float = 30
    ) -> CommandResult:
        if list(command[:4]) == ["setsid", "-f", "nines-probe", "run"]:
            self.started += 1
            self.asked.set()
            self.words = command[5:]
            return CommandResult(0)
        assert list(command[:3]) == ["nines-probe", "read", "/run/nines-probe"]
        if not self.started:
            return CommandResult(1)
        asked_for = int(command[4]) if command[3] == self.run_id else 0
        first = max(asked_for, self.lost)
        next_ = min(len(self.results), first + 2000)
        self.now += 0.02
        clock = f"{self.now - self.behind:.6f}"
        self.now += 0.02
        head = f"run {self.run_id} clock {clock} first {first} next {next_}"
        lines = [head, *self.results[first:next_], ""]
        return CommandResult(0, "\n".join(lines).encode())


class ObservedDriver(FakeDriver):
    """Sandboxes whose observer is the same object for as long as they live."""

    def __init__(self) -> None:
        super().__init__()
        self.observers: dict[str, FakeObserver] = {}

    def node(self, name: str, node: str) -> Node:
        if node != "observer":
            return super().node(name, node)
        if name not in self.observers:
            real = self._links.node(name, node)
            self.observers[name] = FakeObserver(real, self, name, node)
        return self.observers[name]

"""A Nines server as a process of its own, with a state folder of its own.

For whoever wants to look at the whole from outside: the browser tests and the
benchmark. It shares the engine, the images and the templates with every other server
of this checkout, and nothing else.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from nines.config import ROOT

STARTS_WITHIN = 30.0
STOPS_WITHIN = 15.0


class ServerFailed(Exception):
    """It did not start, or ended by itself; the message has the end of its log."""


class RunningServer:
    """`with RunningServer(folder) as server:` migrates, seeds, serves and cleans up.

    `folder` becomes the state folder. The port stays the same over `kill` and `start`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        through: Sequence[str] = (),
        up_at: str = "/readyz",
    ) -> None:
        """`settings` are environment variables; `through` is a command that runs the
        server's, as `env` does; at `up_at` it answers 200 once it has started."""
        self.state = folder
        self.log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.passwords: dict[str, str] = {}
        """The one-time passwords that were printed, by name."""
        self._settings = dict(settings or {})
        self._through = list(through)
        self._up_at = up_at
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        assert self._process, "The server is not running."
        return self._process.pid

    def prepare(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        self.run("db", "upgrade")
        self._remember(self.run("seed"))

    def add_person(self, name: str, *, role: str = "student") -> str:
        """Add somebody and return the one-time password."""
        self._remember(self.run("user", "add", name, "--role", role))
        return self.passwords[name]

    def run(self, *arguments: str) -> str:
        """A command of `nines` on this server's state; what it printed."""
        done = subprocess.run(
            [*self._through, sys.executable, "-m", "nines.cli", *arguments],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            told = (done.stdout + done.stderr)[-2000:]
            raise ServerFailed(f"nines {' '.join(arguments)}: {told}")
        return done.stdout

    def start(self) -> None:
        """Return once it answers that it is ready."""
        assert self._process is None, "It is running already."
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._through, sys.executable, "-m", "nines.cli", "serve"],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._is_ready():
            ended = self._process.poll()
            if ended is not None or time.monotonic() > deadline:
                raise ServerFailed(f"The server did not start.\n{self.log_tail()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """As `kill -9`: it gets no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As `make down`: it may finish what it is doing."""
        self._end(signal.SIGTERM)

    def close(self) -> None:
        """Stop, and remove the machines of this server's sessions, of no other's."""
        if self._process:
            self.stop()
        for listing, removal in (
            (["ps", "-aq"], ["rm", "-fv"]),
            (["volume", "ls", "-q"], ["volume", "rm", "-f"]),
        ):
            if found := docker(*listing, *self._ours()).split():
                docker(*removal, *found)

    def containers(self) -> list[str]:
        """The ids of this server's session containers, whatever their state."""
        return docker("ps", "-aq", *self._ours()).split()

    def log_tail(self, lines: int = 40) -> str:
        try:
            text = self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _ours(self) -> list[str]:
        """Filters that name what belongs to a session of this server."""
        try:
            server = (self.state / "server-id").read_text().strip()
        except FileNotFoundError:  # It never had anything to do with the engine.
            server = "none"
        labels = (f"nines.server={server}", "nines.session")
        return [word for label in labels for word in ("--filter", f"label={label}")]

    def _end(self, sign: signal.Signals) -> None:
        assert self._process, "The server is not running."
        self._process.send_signal(sign)
        try:
            self._process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise ServerFailed(
                f"The server did not stop within {STOPS_WITHIN:.0f} s.\n"
                + self.log_tail()
            ) from None
        finally:
            self._process = None

    def _environment(self) -> dict[str, str]:
        others = {k: v for k, v in os.environ.items() if not k.startswith("NINES_")}
        return {
            **others,
            "NINES_STATE_DIR": str(self.state),
            "NINES_PORT": str(self.port),
            **self._settings,
        }

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + self._up_at, timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    def _remember(self, printed: str) -> None:
        found = re.findall(
            r"^(?:\w+ )?([\w.-]+?),?\s+one-time password: (\S+)$", printed, re.M
        )
        self.passwords.update(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def docker(*arguments: str) -> str:
    """What the Docker command prints; nothing where there is no Docker at all."""
    if not shutil.which("docker"):
        return ""
    command = ["docker", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""

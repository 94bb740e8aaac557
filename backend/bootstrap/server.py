"""The server as a process of this checkout: start it, find it, stop it."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from bootstrap.build import NINES, digest, is_stamped, stamp
from bootstrap.machine import end
from bootstrap.phases import ROOT, VAR, Stopped, phase, run

PID = VAR / "nines.pid"
SERVER_LOG = VAR / "log" / "nines.log"
HOST = os.environ.get("NINES_HOST", "127.0.0.1")
PORT = os.environ.get("NINES_PORT", "8000")
URL = f"http://{HOST}:{PORT}"
DATABASE = os.environ.get("NINES_DATABASE_URL", "")
STATE = Path(os.environ.get("NINES_STATE_DIR", VAR))


def migrate_and_seed() -> None:
    advice = "The log has the reason; the database is in var/ unless you set another."
    with phase("Database and first people") as note:
        mark = digest(sorted((ROOT / "alembic/versions").glob("*.py"))) + DATABASE
        is_there = bool(DATABASE) or (STATE / "nines.db").exists()
        if is_there and is_stamped("database", mark):
            note("up to date; `nines user reset NAME` gives a new password")
            return
        run([NINES, "db", "upgrade"], advice=advice)
        run([NINES, "seed"], advice=advice, show=True)
        stamp("database", mark)


def serve() -> None:
    with phase(f"Server on {URL}") as note:
        stop()
        if _answers():
            raise Stopped(
                f"Something else answers on {URL}.",
                "Stop it, or set NINES_PORT to another port.",
            )
        SERVER_LOG.parent.mkdir(parents=True, exist_ok=True)
        with SERVER_LOG.open("a") as log:
            process = subprocess.Popen(
                [str(NINES), "serve"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        PID.write_text(str(process.pid))
        deadline = time.monotonic() + 60
        while not _answers():
            if process.poll() is not None or time.monotonic() > deadline:
                lines = SERVER_LOG.read_text(errors="replace").splitlines()[-12:]
                raise Stopped(
                    "The server did not start:\n"
                    + "\n".join(f"    {line}" for line in lines),
                    f"The whole log is {SERVER_LOG}. `nines doctor` looks for reasons.",
                )
            time.sleep(0.05)
        note(f"process {process.pid}")


def stop() -> bool:
    """End the server of this checkout; False when there was none."""
    pid = _pid()
    if pid is None:
        return False
    end(pid)
    PID.unlink(missing_ok=True)
    return True


def _pid() -> int | None:
    try:
        pid = int(PID.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(NINES).encode() in command else None


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"{URL}/readyz", timeout=2) as answer:
            json.load(answer)
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False

"""A figure, its bar, the table of them, and the file that keeps the newest of each."""

import json
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nines.config import ROOT

LATEST = ROOT / "tests/bench/latest.json"


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    pages = Path("/proc/meminfo").read_text().split()[1]
    return (
        f"{len(models)} x {models[0] if models else platform.machine()}, "
        f"{int(pages) / 2**20:.0f} GiB, Linux {platform.release()}"
    )


@dataclass(frozen=True)
class Figure:
    """`bar` is the most it may be, or with `at_least` the least."""

    what: str
    value: float
    unit: str
    bar: float
    at_least: bool = False
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat("T", "seconds"))
    commit: str = field(default_factory=_commit)
    machine: str = field(default_factory=_machine)

    @property
    def met(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    @property
    def row(self) -> dict[str, object]:
        row = asdict(self)
        sign = "≥" if row.pop("at_least") else "≤"
        row |= {
            "value": float(f"{self.value:.4g}"),
            "bar": f"{sign} {self.bar:g}",
            "met": self.met,
        }
        return row


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: a value that was really measured."""
    ranked = sorted(values)
    rank = max(1, -(-len(ranked) * share // 100))
    return ranked[int(rank) - 1]


def show(figure: Figure) -> None:
    row = figure.row
    print(
        f"  {'✔' if figure.met else '✘'} {figure.what:<70} "
        f"{row['value']:>9} {figure.unit:<5} ({row['bar']})",
        flush=True,
    )


def keep(figures: Sequence[Figure]) -> None:
    """Replace the rows measured now; those not measured this time stay as they were."""
    old = json.loads(LATEST.read_text()) if LATEST.exists() else []
    new = {figure.what: figure.row for figure in figures}
    rows = [new.pop(row["what"], row) for row in old] + list(new.values())
    LATEST.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")

"""lab.toml and plan.toml as strict models: a key we do not know is a mistake."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labkit.nodes import FaultKind
from labkit.text import Text

NODE_NAME = r"^[a-z][a-z0-9-]{0,14}$"
DISK_NAME = r"^vd[b-z]$"
STEP_ID = r"^[a-z][a-z0-9-]{0,31}$"
CHECK_NAME = r"^[a-z][a-z0-9_]{0,63}$"
SECTION = r"^[1-9][0-9]?(\.[1-9][0-9]?){1,3}$"

NodeName = Annotated[str, Field(pattern=NODE_NAME)]
DiskName = Annotated[str, Field(pattern=DISK_NAME)]
CheckName = Annotated[str, Field(pattern=CHECK_NAME)]
Section = Annotated[str, Field(pattern=SECTION)]
GuestPath = Annotated[str, Field(pattern=r"^/([^/\x00]+/)*[^/\x00]+$", max_length=255)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Disk(Strict):
    name: DiskName
    size_mb: int = Field(ge=8, le=1024)


class NodeFile(Strict):
    source: str = Field(min_length=1)  # A path below the lab's files/.
    mode: int = Field(default=0o644, ge=0, le=0o7777)


class Node(Strict):
    name: NodeName
    profile: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]*$")
    memory_mb: int = Field(default=256, ge=96, le=1024)
    cpus: int = Field(default=1, ge=1, le=2)
    nics: tuple[str, ...] = Field(default=(), max_length=0)  # No segments yet.
    disks: tuple[Disk, ...] = Field(default=(), max_length=8)
    files: dict[GuestPath, str | NodeFile] = Field(default_factory=dict, max_length=32)
    prepare: str | None = None  # A script of the lab, run once before the student.


class Faults(Strict):
    allowed: tuple[FaultKind, ...] = ()


class Step(Strict):
    id: str = Field(pattern=STEP_ID)
    title: Text
    checks: tuple[CheckName, ...] = ()


class Manifest(Strict):
    format: Literal[1]
    title: Text
    summary: Text
    sections: tuple[Section, ...] = Field(min_length=1)
    objectives: tuple[str, ...] = ()
    minutes: int = Field(ge=1, le=240)
    difficulty: int = Field(ge=1, le=4)
    final: bool = False  # A chapter's final is worth 20 points, any other lab 10.
    profile: str = Field(default="base", pattern=r"^[a-z][a-z0-9-]*$")
    nodes: tuple[Node, ...] = Field(min_length=1, max_length=6)
    faults: Faults = Faults()
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)

    @property
    def max_points(self) -> int:
        return 20 if self.final else 10

    def profile_of(self, node: Node) -> str:
        return node.profile or self.profile


class PlanFault(Strict):
    kind: FaultKind
    node: NodeName
    disk: DiskName | None = None


class Do(Strict):
    """One thing a plan does; exactly one of `run`, `fault` and `check`."""

    run: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]{0,14}: *\S+$")
    fault: PlanFault | None = None
    check: str | None = None  # A step's id: all its checks must pass now.
    timeout: float = Field(default=120, gt=0, le=600)  # Seconds, for `run`.

    @model_validator(mode="after")
    def _one_thing(self) -> "Do":
        if sum(part is not None for part in (self.run, self.fault, self.check)) != 1:
            raise ValueError("give exactly one of run, fault and check")
        return self


class PlanFile(Strict):
    """plan.toml of the solution, or of one wrong solution (then with `fails`)."""

    do: tuple[Do, ...] = Field(min_length=1)
    fails: tuple[CheckName, ...] = ()

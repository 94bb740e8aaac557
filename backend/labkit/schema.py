"""lab.toml and plan.toml as strict models: a key we do not know is a mistake."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labkit.faults import Access, Fault, FaultKind
from labkit.meter import OBSERVER, Meter
from labkit.text import Text

NODE_NAME = r"^[a-z][a-z0-9-]{0,14}$"
DISK_NAME = r"^vd[b-z]$"
SEGMENT_NAME = r"^[a-z][a-z0-9-]{0,14}$"
NIC_NAME = r"^eth[0-3]$"
ADDRESS = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"
STEP_ID = r"^[a-z][a-z0-9-]{0,31}$"
CHECK_NAME = r"^[a-z][a-z0-9_]{0,63}$"
SECTION = r"^[1-9][0-9]?(\.[1-9][0-9]?){1,3}$"

NodeName = Annotated[str, Field(pattern=NODE_NAME)]
DiskName = Annotated[str, Field(pattern=DISK_NAME)]
SegmentName = Annotated[str, Field(pattern=SEGMENT_NAME)]
NicName = Annotated[str, Field(pattern=NIC_NAME)]
Address = Annotated[str, Field(pattern=ADDRESS)]
CheckName = Annotated[str, Field(pattern=CHECK_NAME)]
Section = Annotated[str, Field(pattern=SECTION)]
GuestPath = Annotated[str, Field(pattern=r"^/([^/\x00]+/)*[^/\x00]+$", max_length=255)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Disk(Strict):
    name: DiskName
    size_mb: int = Field(ge=8, le=1024)


class Segment(Strict):
    """An isolated layer-2 network of the lab."""

    name: SegmentName
    subnet: Address | None = None
    mtu: int = Field(default=1500, ge=576, le=9000)


class Nic(Strict):
    """`eth0`, `eth1`, … by its place in the node's list."""

    segment: SegmentName
    address: Address | None = None


class NodeFile(Strict):
    source: str = Field(min_length=1)  # A path below the lab's files/.
    mode: int = Field(default=0o644, ge=0, le=0o7777)


class Node(Strict):
    name: NodeName
    profile: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]*$")
    memory_mb: int = Field(default=256, ge=96, le=1024)
    cpus: int = Field(default=1, ge=1, le=2)
    nics: tuple[Nic, ...] = Field(default=(), max_length=4)
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
    segments: tuple[Segment, ...] = Field(default=(), max_length=8)
    nodes: tuple[Node, ...] = Field(min_length=1, max_length=6)
    faults: Faults = Faults()
    meter: Meter | None = None
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)

    @property
    def max_points(self) -> int:
        return 20 if self.final else 10

    @property
    def machines(self) -> tuple[Node, ...]:
        """The nodes, and after them the meter's observer, which no student sees."""
        if self.meter is None:
            return self.nodes
        nic = Nic(segment=self.meter.segment, address=str(self.meter.address))
        observer = Node(name=OBSERVER, profile="tiny", memory_mb=128, nics=(nic,))
        return (*self.nodes, observer)

    def segment(self, name: str) -> Segment:
        return next(each for each in self.segments if each.name == name)

    def addresses_of(self, name: str) -> dict[str, str]:
        """Of the node's interfaces that have one, by name: `eth0`."""
        return {
            f"eth{place}": nic.address
            for node in self.nodes
            if node.name == name
            for place, nic in enumerate(node.nics)
            if nic.address is not None
        }

    def profile_of(self, node: Node) -> str:
        return node.profile or self.profile


class FaultFields(Strict):
    """A fault as it is written down; which of the fields its kind takes, and within
    which bounds, `labkit.faults` says."""

    kind: FaultKind
    node: NodeName | None = None
    disk: DiskName | None = None
    nic: NicName | None = None
    segment: SegmentName | None = None
    peer: NodeName | None = None
    one_way: bool = False
    delay_ms: float = 0
    loss_percent: float = 0
    rate_kbit: int = 0
    access: Access | None = None
    sectors: tuple[int, int] | None = None
    process: str | None = Field(default=None, pattern=r"^[^\x00]{1,15}$")

    @property
    def fault(self) -> Fault:
        return Fault(**self.model_dump())


class Do(Strict):
    """One thing a plan does; exactly one of `run`, `fault` and `check`."""

    run: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]{0,14}: *\S+$")
    fault: FaultFields | None = None
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

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from labkit.facts import CheckFacts, ModeName
from labkit.faults import FaultKind
from labkit.manifest import LabFolder, Problem
from labkit.text import Text
from nines.catalog.exercises import Exercise, ExerciseProgress, Kind, State
from nines.catalog.prose import render


class ProgressRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    state: State
    points: int | None
    max_points: int | None
    streak: int | None
    needed: int | None
    session: UUID | None
    at: datetime | None


class ExerciseRead(BaseModel):
    kind: Kind
    slug: str
    title: Text
    sections: tuple[str, ...]
    minutes: int | None
    difficulty: int | None
    nodes: int
    disks: int
    faults: tuple[str, ...]
    progress: ProgressRead

    @classmethod
    def of(cls, exercise: Exercise, progress: ExerciseProgress) -> "ExerciseRead":
        return cls(
            kind=exercise.kind,
            slug=exercise.slug,
            title=exercise.title,
            sections=exercise.sections,
            minutes=exercise.minutes,
            difficulty=exercise.difficulty,
            nodes=exercise.nodes,
            disks=exercise.disks,
            faults=exercise.faults,
            progress=ProgressRead.model_validate(progress),
        )


class DiskRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    size_mb: int


class LabNode(BaseModel):
    name: str
    profile: str
    memory_mb: int
    disks: list[DiskRead]


class LabFaults(BaseModel):
    allowed: tuple[FaultKind, ...]


class LabCheck(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    title: Text
    points: int
    mode: ModeName


class LabStep(BaseModel):
    id: str
    title: Text
    html: Text
    checks: list[LabCheck]


class LabRead(BaseModel):
    """A lab without what would give its answers away."""

    slug: str
    title: Text
    summary: Text
    sections: tuple[str, ...]
    objectives: tuple[str, ...]
    minutes: int
    difficulty: int
    nodes: list[LabNode]
    faults: LabFaults
    meter: bool
    steps: list[LabStep]
    max_points: int
    remember: Text | None

    @classmethod
    def of(cls, lab: LabFolder) -> "LabRead":
        manifest = lab.manifest
        return cls(
            slug=lab.slug,
            title=manifest.title,
            summary=manifest.summary,
            sections=manifest.sections,
            objectives=manifest.objectives,
            minutes=manifest.minutes,
            difficulty=manifest.difficulty,
            nodes=[
                LabNode(
                    name=node.name,
                    profile=manifest.profile_of(node),
                    memory_mb=node.memory_mb,
                    disks=[DiskRead.model_validate(disk) for disk in node.disks],
                )
                for node in manifest.nodes
            ],
            faults=LabFaults(allowed=manifest.faults.allowed),
            meter=manifest.meter is not None,
            steps=[
                LabStep(
                    id=step.id,
                    title=step.title,
                    html=render(text),
                    checks=[_check(lab.check(name)) for name in step.checks],
                )
                for step, text in zip(manifest.steps, lab.steps, strict=True)
            ],
            max_points=manifest.max_points,
            remember=render(lab.remember) if lab.remember else None,
        )


class ProblemRead(BaseModel):
    file: str
    field: str
    reason: Text

    @classmethod
    def of(cls, problem: Problem) -> "ProblemRead":
        return cls(file=problem.file, field=problem.field, reason=problem.reason)


class About(BaseModel):
    version: str
    commit: str | None
    licence: str
    attribution: Text


def _check(facts: CheckFacts) -> LabCheck:
    return LabCheck.model_validate(facts)

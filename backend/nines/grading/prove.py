"""Prove a lab: untouched nothing passes, solved everything does, wrong what it says.

Each trial has a sandbox of its own. No database and no web server take part.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

import anyio

from labkit.checks import Outcome
from labkit.manifest import LabFolder
from labkit.order import selection
from labkit.plan import ExpectStep, InjectFault, Plan, RunScript
from nines.errors import AppError
from nines.grading.examination import CheckResult, Examination
from nines.grading.machines import Machines, SandboxGone, break_and_wait, fault_of
from nines.sandboxes.driver import SandboxDriver
from nines.sandboxes.lab_spec import sandbox_spec

logger = logging.getLogger(__name__)

SHOWN = 600

Part = Literal["untouched", "solution", "wrong"]
PARTS: tuple[Part, ...] = ("untouched", "solution", "wrong")
Results = dict[str, CheckResult]


class PlanFailed(Exception):
    """A script or a fault of a plan did not work; the message says which and how."""


@dataclass(frozen=True)
class Trial:
    name: str  # `untouched`, `solution 1`, `wrong/one-disk`
    problems: tuple[str, ...]
    seconds: float
    checking_seconds: float

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(kw_only=True)
class Bench:
    """One sandbox of a lab, for as long as a trial takes."""

    driver: SandboxDriver
    lab: LabFolder
    machines: Machines
    checking_seconds: float = field(default=0.0, init=False)

    async def grade(self, step: str | None = None) -> Results:
        steps = self.lab.manifest.steps
        names = [n for s in steps if step in (None, s.id) for n in s.checks]
        results: Results = {}

        async def began(_: object) -> None: ...

        async def settled(result: CheckResult) -> None:
            results[result.check] = result

        begun = time.monotonic()
        await Examination(lab=self.lab, machines=self.machines).run(
            selection(self.lab.checks, names), began=began, settled=settled
        )
        self.checking_seconds += time.monotonic() - begun
        return results

    async def follow(self, plan: Plan) -> Results:
        """Do what `plan` says; every result on the way, a pass outlasting a failure."""
        best: Results = {}
        for action in plan.actions:
            if isinstance(action, RunScript):
                await self.run(action)
            elif isinstance(action, InjectFault):
                await self.inject(action)
            else:
                keep_best(best, await self._expect(action))
        return best

    async def run(self, script: RunScript) -> None:
        node = self.driver.node(self.machines.sandbox, script.node)
        command = ["/bin/bash", "-c", script.text, script.file]
        done = await node.run(command, timeout=script.timeout)
        if done.exit_code != 0:
            said = (done.stdout + done.stderr).decode(errors="replace")[-SHOWN:]
            raise PlanFailed(f"{script.file} exited with {done.exit_code}: {said}")

    async def inject(self, action: InjectFault) -> None:
        fault = fault_of(action.fault)
        try:
            await break_and_wait(self.driver, self.machines.sandbox, fault)
        except AppError as error:
            raise PlanFailed(f"{fault}: {error}") from error

    async def _expect(self, action: ExpectStep) -> Results:
        results = await self.grade(action.step)
        step = next(s for s in self.lab.manifest.steps if s.id == action.step)
        if missing := [n for n in step.checks if results[n].outcome != Outcome.PASSED]:
            said = "; ".join(describe(results[name]) for name in missing)
            raise PlanFailed(f"after its plan so far, step {step.id}: {said}")
        return results


@asynccontextmanager
async def bench(driver: SandboxDriver, lab: LabFolder) -> AsyncIterator[Bench]:
    """A fresh sandbox, removed on whatever way the block is left."""

    async def remember(*_: object) -> None: ...  # It ends with the sandbox.

    name = f"nines-prove-{uuid4().hex[:12]}"
    machines = Machines(
        driver=driver,
        sandbox=name,
        nodes=tuple(node.name for node in lab.manifest.nodes),
        remember=remember,
    )
    await driver.start(sandbox_spec(lab, name), report=lambda _: None)
    try:
        yield Bench(driver=driver, lab=lab, machines=machines)
    finally:
        with anyio.CancelScope(shield=True):
            await driver.stop(name)


async def prove(
    driver: SandboxDriver,
    lab: LabFolder,
    *,
    parts: Iterable[Part] = PARTS,
    told: Callable[[Trial], None] = lambda _: None,
) -> list[Trial]:
    """Every trial of those parts, told one by one. The lab is proved if all are ok."""
    trials = []
    for name, plan in _plans(lab, set(parts)):
        trial = await _try(driver, lab, name, plan)
        told(trial)
        trials.append(trial)
    return trials


def _plans(lab: LabFolder, parts: set[Part]) -> list[tuple[str, Plan | None]]:
    plans: list[tuple[str, Plan | None]] = []
    if "untouched" in parts:
        plans.append(("untouched", None))
    if "solution" in parts:
        plans += [("solution 1", lab.solution), ("solution 2", lab.solution)]
    if "wrong" in parts:
        plans += [(f"wrong/{each.name}", each) for each in lab.wrong]
    return plans


async def _try(
    driver: SandboxDriver, lab: LabFolder, name: str, plan: Plan | None
) -> Trial:
    begun, checking = time.monotonic(), 0.0
    try:
        async with bench(driver, lab) as sandbox:
            try:
                if plan is None:
                    problems = untouched_problems(await sandbox.grade())
                elif plan.fails:
                    await sandbox.follow(plan)
                    problems = wrong_problems(plan, await sandbox.grade())
                else:
                    results = await sandbox.follow(plan)
                    if not any(isinstance(a, ExpectStep) for a in plan.actions):
                        results = await sandbox.grade()
                    problems = solution_problems(lab, results)
            finally:
                checking = sandbox.checking_seconds
    except (PlanFailed, AppError) as error:
        problems = [str(error)]
    except SandboxGone:
        problems = ["The sandbox ended by itself."]
    seconds = time.monotonic() - begun
    return Trial(name, tuple(problems), round(seconds, 1), round(checking, 1))


def untouched_problems(results: Results) -> list[str]:
    return [
        f"{each.check} {each.outcome} before anything was done. {each.report}".strip()
        for each in results.values()
        if each.outcome in (Outcome.PASSED, Outcome.BROKEN)
    ]


def solution_problems(lab: LabFolder, results: Results) -> list[str]:
    problems = [
        describe(each)
        for each in results.values()
        if each.outcome is not Outcome.PASSED
    ]
    unseen = [each.name for each in lab.checks if each.name not in results]
    return problems + [f"{name} was never checked by the plan" for name in unseen]


def wrong_problems(plan: Plan, results: Results) -> list[str]:
    """What was skipped because of a named failure may be named, but need not be."""
    problems = []
    for each in results.values():
        named = each.check in plan.fails
        if each.outcome is Outcome.BROKEN:
            problems.append(describe(each))
        elif named and each.outcome is Outcome.PASSED:
            problems.append(f"{each.check} passed; it should have failed")
        elif not named and each.outcome is Outcome.FAILED:
            problems.append(f"{describe(each)}; the wrong solution does not name it")
    if not any(each.outcome is Outcome.FAILED for each in results.values()):
        problems.append("nothing failed")
    return problems


def keep_best(best: Results, more: Results) -> None:
    for name, result in more.items():
        if name not in best or best[name].outcome is not Outcome.PASSED:
            best[name] = result


def describe(result: CheckResult) -> str:
    why = result.report or (result.message.en if result.message else "")
    return f"{result.check} {result.outcome}: {why}".rstrip(": ")

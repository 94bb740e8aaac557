"""Run a lab's checks against one session, one after the other, whatever happens.

The checks' own code runs in a process that may die at any moment; order, faults and
restarts are decided here, so that one broken check spoils only itself.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio

from labkit.checks import Outcome
from labkit.facts import CheckFacts
from labkit.faults import Fault
from labkit.manifest import LabFolder
from labkit.nodes import Unreachable
from labkit.order import Run, course
from labkit.standard import did_not_come_back, refused, unreachable
from labkit.text import Text
from nines.grading.machines import Machines, SandboxGone, fault_of
from nines.grading.process import CheckerDied, CheckerProcess
from nines.sandboxes.driver import FaultRefused, NodeUnreachable

REPAIR_SECONDS = 60.0
REPORT_LIMIT = 16 * 1024
MESSAGE_LIMIT = 2000
STILL_MENDING = 300.0


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    check: str
    outcome: Outcome
    points: int  # What the check is worth.
    message: Text | None = None
    hint: Text | None = None
    report: str = ""  # Why a check is broken; for instructors.
    seconds: float = 0.0


Began = Callable[[CheckFacts], Awaitable[None]]
Settled = Callable[[CheckResult], Awaitable[None]]


@dataclass(kw_only=True)
class Examination:
    lab: LabFolder
    machines: Machines
    values: Mapping[str, str] = field(default_factory=dict)
    _process: CheckerProcess | None = None
    _lost: dict[str, Text] = field(default_factory=dict)  # Nodes that stayed away.

    async def run(
        self, checks: Sequence[CheckFacts], *, began: Began, settled: Settled
    ) -> None:
        """Tell `settled` each result as it comes. SandboxGone when the session ends.

        No fault of ours is in force afterwards, on whatever way we leave.
        """
        steps = course(checks)
        outcome: Any = None
        try:
            while True:
                try:
                    step = steps.send(outcome)
                except StopIteration:
                    break
                if isinstance(step, Run):
                    await began(step.check)
                    result = await self._look(step)
                else:
                    result = skipped(step.check, step.missing)
                outcome = result.outcome
                await settled(result)
        finally:
            # Cancelled or not: what we broke is mended before we go.
            with anyio.move_on_after(STILL_MENDING, shield=True):
                try:
                    await self.machines.undo_all()
                except SandboxGone:
                    pass  # Nothing is left to mend.
                finally:
                    await self._end_process()

    async def mend(self) -> None:
        """Undo the faults and run the repair that an interrupted examination owes."""
        owed = self.machines.owed
        self.machines.begin(owed or "")
        await self.machines.undo_all()
        try:
            for check in self.lab.checks:
                if check.name == owed and check.repairs:
                    await self._repair(check)
        finally:
            with anyio.CancelScope(shield=True):
                await self._end_process()

    async def _look(self, step: Run) -> CheckResult:
        check, begun = step.check, time.monotonic()
        self.machines.begin(check.name)
        try:
            found = await self._prepared(step)
        except CheckerDied as died:
            await self._end_process()
            found = {"outcome": Outcome.BROKEN, "report": str(died)}
        seconds = round(time.monotonic() - begun, 3)
        return _result(check, found, seconds)

    async def _prepared(self, step: Run) -> dict[str, Any]:
        check = step.check
        if check.mode == "after_reboot" and check.node:
            if step.reboot:
                await self._reboot(check.node)
            if check.node in self._lost:
                return _failed(self._lost[check.node])
        if check.mode != "under_fault" or check.fault is None:
            try:
                return await self._job_of(check, "inspect")
            finally:
                await self.machines.undo_all()
        if check.prepares:
            found = await self._job_of(check, "before")
            if found.get("outcome") != Outcome.PASSED:
                return found
        if check.repairs:
            await self.machines.owe(check.name)
        try:
            return await self._under_fault(check, check.fault)
        finally:
            await self.machines.undo_all()
            if check.repairs:
                await self._repair(check)

    async def _under_fault(self, check: CheckFacts, wanted: Fault) -> dict[str, Any]:
        fault = fault_of(wanted)
        try:
            await self.machines.inject(fault)
        except FaultRefused:
            return _failed(refused(wanted))
        except NodeUnreachable as error:
            return _failed(unreachable(Unreachable(str(error), node=fault.node)))
        return await self._job_of(check, "inspect")

    async def _job_of(
        self, check: CheckFacts, do: Literal["before", "inspect"]
    ) -> dict[str, Any]:
        done = await self._job(
            {"do": do, "name": check.name},
            own_seconds=check.time_limit + check.seconds,
        )
        if done.get("report") and self._process and (said := self._process.printed()):
            done["report"] = f"{done['report']}\n\nIt printed:\n{said}"
        return done

    async def _repair(self, check: CheckFacts) -> None:
        """A repair that fails makes the check broken: it may have left a mess."""
        done = await self._job(
            {"do": "repair", "name": check.name}, own_seconds=REPAIR_SECONDS
        )
        await self.machines.owe(None)
        if report := done.get("report"):
            raise CheckerDied(f"Its repair failed:\n{report}")

    async def _reboot(self, node: str) -> None:
        self._lost.pop(node, None)
        done = await self._job({"do": "reboot", "name": node}, own_seconds=120)
        if report := done.get("report"):
            raise CheckerDied(f"Restarting {node} failed:\n{report}")
        if done.get("unreachable"):
            self._lost[node] = did_not_come_back(node)

    async def _job(self, job: dict[str, Any], *, own_seconds: float) -> dict[str, Any]:
        try:
            if self._process is None:
                # Not cancelled half-way: a process must be known to be ended.
                with anyio.CancelScope(shield=True):
                    self._process = await CheckerProcess.start(
                        self.lab.path, nodes=self.machines.nodes, values=self.values
                    )
            assert self._process is not None
            return await self._process.job(
                job, answer=self.machines.answer, own_seconds=own_seconds
            )
        except CheckerDied:
            await self._end_process()
            raise

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.end()


def skipped(check: CheckFacts, missing: CheckFacts) -> CheckResult:
    return CheckResult(
        check=check.name,
        outcome=Outcome.SKIPPED,
        points=check.points,
        message=Text(
            ja=f"先に「{missing.title.ja}」を満たしてください。",
            en=f"This builds on “{missing.title.en}”.",
        ),
    )


def _failed(message: Text) -> dict[str, Any]:
    return {
        "outcome": Outcome.FAILED,
        "message": {"ja": message.ja, "en": message.en},
    }


def _result(check: CheckFacts, found: dict[str, Any], seconds: float) -> CheckResult:
    """What the checker said, believed only as far as it has the right form."""
    try:
        outcome = Outcome(found["outcome"]) if "outcome" in found else Outcome.BROKEN
        message, hint = _text(found.get("message")), _text(found.get("hint"))
        report = str(found.get("report") or "")
        if outcome is Outcome.FAILED and message is None:
            raise ValueError("A failure needs a message.")
        if outcome is Outcome.SKIPPED:
            raise ValueError("A checker does not skip.")
    except (TypeError, ValueError, KeyError) as error:
        outcome, message, hint = Outcome.BROKEN, None, None
        report = f"It sent a result that is none ({error}): {str(found)[:1000]}"
    return CheckResult(
        check=check.name,
        outcome=outcome,
        points=check.points,
        message=message,
        hint=hint,
        report=report[-REPORT_LIMIT:],
        seconds=seconds,
    )


def _text(given: Any) -> Text | None:
    if given is None:
        return None
    return Text(
        ja=str(given["ja"])[:MESSAGE_LIMIT], en=str(given["en"])[:MESSAGE_LIMIT]
    )

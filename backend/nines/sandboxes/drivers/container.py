"""Sandboxes as containers of a Docker engine on this host: `DockerDriver`.

The order of a start, who waits for what, and what is removed when it fails. Docker
itself is in `docker.py`, the machines are reached over `linked.py`.
"""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, ParamSpec, TypeVar

import anyio

from nines.sandboxes.driver import (
    Event,
    Fault,
    Node,
    NodeState,
    Phase,
    Report,
    SandboxSpec,
    SandboxUnavailable,
    SegmentState,
    TerminalState,
)
from nines.sandboxes.drivers.capacity import (
    DISK_RESERVE_MB,
    fits,
    measure,
    need_mb,
)
from nines.sandboxes.drivers.docker import FULL, MEMORY, SESSION, Engine, Limits, Order
from nines.sandboxes.drivers.images import Shape, session_order
from nines.sandboxes.drivers.linked import Links
from nines.sandboxes.drivers.profiles import Profiles, builder
from nines.sandboxes.drivers.workshop import Ready, Workshop

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

MACHINES_WITHIN = 120.0
TEMPLATE_DAMAGED = 3  # The supervisor's exit code.
THREADS = 16


class TemplateDamaged(Exception):
    """The supervisor looked at a template and would not restore it."""


class DockerDriver:
    def __init__(
        self,
        state: Path,
        *,
        profiles: Path | None = None,
        capacity_mb: int | None = None,
    ) -> None:
        """The engine is not asked for anything until it is needed."""
        self._state = state.absolute()
        self._capacity_mb = capacity_mb
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="docker")
        self._engine = Engine(server_id(self._state))
        self._links = Links(self._state / "links")
        folder = (profiles or self._state / "profiles").absolute()
        self.profiles = Profiles(folder, self._state / "locks", builder(folder))
        self.workshop = Workshop(
            self._engine, self.in_thread, state=self._state, profiles=folder
        )

    async def start(self, spec: SandboxSpec, *, report: Report) -> None:
        try:
            ready = await self._prepare(spec, report)
            try:
                await self._start(spec, ready, report)
            except TemplateDamaged:
                logger.warning("template damaged", extra={"sandbox": spec.name})
                await self.stop(spec.name)
                await self.workshop.rebake(ready)
                ready = await self._prepare(spec, report)
                await self._start(spec, ready, report)
            report(Phase.READY)
        except TemplateDamaged as error:
            await self.stop(spec.name)
            raise SandboxUnavailable(
                "A template that was baked just now cannot be restored. "
                "See `nines doctor`."
            ) from error
        except BaseException:  # Cancellation too: the student may have changed plans.
            with anyio.CancelScope(shield=True):
                await self.stop(spec.name)
            raise

    async def _prepare(self, spec: SandboxSpec, report: Report) -> Ready:
        report(Phase.IMAGE)
        image = await self.workshop.image()
        await self.profiles.have(node.profile for node in spec.nodes)
        report(Phase.TEMPLATE)
        return await self.workshop.prepare(image, [Shape.of(n) for n in spec.nodes])

    async def _start(self, spec: SandboxSpec, ready: Ready, report: Report) -> None:
        report(Phase.CONTAINER)
        await self._links.make(spec.name)
        order = await self._order(spec, ready)
        launch = asyncio.ensure_future(self.in_thread(self._engine.launch, order))
        try:
            await asyncio.shield(launch)
        except asyncio.CancelledError:
            # The thread cannot be stopped: what it makes must be there to be removed.
            with anyio.CancelScope(shield=True), suppress(SandboxUnavailable):
                await launch
            raise
        report(Phase.MACHINES)
        await self._machines_ready(spec)

    async def _order(self, spec: SandboxSpec, ready: Ready) -> Order:
        memory_mb = need_mb(spec.nodes)
        wanted = float(sum(node.cpus for node in spec.nodes) + 1)
        accel = ready.accelerator.name
        text = session_order(spec.name, spec.nodes, ready.templates, accel)
        return Order(
            name=spec.name,
            image=ready.image,
            mode="run",
            labels={SESSION: spec.name, MEMORY: str(memory_mb)},
            limits=Limits(memory_mb=memory_mb, cpus=await self.workshop.cpus(wanted)),
            environment={"NINES_SESSION": text},
            binds={str(self._links.folder(spec.name)): "/link"},
            volumes=ready.volumes,
            own_volumes={data_volume(spec.name): "/data"},
            kvm=accel == "kvm",
        )

    async def _machines_ready(self, spec: SandboxSpec) -> None:
        """Until every machine takes commands, or the container has ended."""
        waits = asyncio.ensure_future(self._all_ready(spec))
        watch = asyncio.ensure_future(self._watch(spec.name))
        try:
            async with asyncio.timeout(MACHINES_WITHIN):
                await asyncio.wait([waits, watch], return_when=asyncio.FIRST_COMPLETED)
                if not watch.done() and waits.exception():
                    # A sandbox that gives up says why with its exit code.
                    await asyncio.wait([watch], timeout=2)
                if watch.done():
                    watch.result()
                await waits
        except TimeoutError as error:
            raise SandboxUnavailable("The machines did not come up in time.") from error
        finally:
            waits.cancel()
            watch.cancel()
            await asyncio.gather(waits, watch, return_exceptions=True)

    async def _all_ready(self, spec: SandboxSpec) -> None:
        await asyncio.gather(*(self._ready(spec.name, n.name) for n in spec.nodes))

    async def _ready(self, name: str, node: str) -> None:
        link = await self._links.find(name)
        await link.ready(timeout=MACHINES_WITHIN)
        await self.node(name, node).wait_ready(timeout=MACHINES_WITHIN)

    async def _watch(self, name: str) -> None:
        """Raises once the container has ended by itself."""
        while True:
            await asyncio.sleep(0.5)
            if ended := await self.in_thread(self._engine.ended, name):
                if ended.exit_code == TEMPLATE_DAMAGED:
                    raise TemplateDamaged
                logger.error(
                    "sandbox ended while starting",
                    extra={"sandbox": name, "exit": ended.exit_code, "log": ended.log},
                )
                raise SandboxUnavailable(
                    f"The sandbox ended while it started (exit {ended.exit_code})."
                )

    async def stop(self, name: str) -> None:
        self._links.drop(name)
        await self.in_thread(self._engine.remove, name)
        await self.in_thread(self._engine.remove_volume, data_volume(name))
        await self.in_thread(
            partial(shutil.rmtree, self._links.folder(name), ignore_errors=True)
        )

    async def names(self) -> set[str]:
        return self._links.names() | await self.in_thread(self._engine.sessions)

    async def is_running(self, name: str) -> bool:
        return await self.in_thread(self._engine.state, name) == "running"

    async def nodes(self, name: str) -> tuple[NodeState, ...]:
        return await self._links.nodes(name)

    async def segments(self, name: str) -> tuple[SegmentState, ...]:
        return await self._links.segments(name)

    async def terminals(self, name: str) -> tuple[TerminalState, ...]:
        return await self._links.terminals(name)

    def node(self, name: str, node: str) -> Node:
        return self._links.node(name, node)

    async def inject(self, name: str, fault: Fault) -> None:
        await self._links.inject(name, fault)

    def events(self, name: str, *, after: int = 0) -> AsyncIterator[Event]:
        return self._links.events(name, after=after)

    async def room(self, spec: SandboxSpec) -> bool:
        disk_mb = await self.workshop.disk_free_mb()
        if disk_mb is not None and disk_mb < DISK_RESERVE_MB:
            raise SandboxUnavailable(FULL)
        available_mb, total_mb = measure()
        return fits(
            spec,
            committed=await self.in_thread(self._engine.committed),
            limit_mb=self._capacity_mb,
            available_mb=available_mb,
            total_mb=total_mb,
        )

    async def diagnose(self) -> dict[str, Any]:
        """What `nines doctor` tells: each fact, or the sentence that says why not."""
        try:
            facts = await self.in_thread(self._engine.facts)
        except SandboxUnavailable as error:
            return {"engine": None, "problem": str(error)}
        images = await self.in_thread(self._engine.images)
        available_mb, total_mb = measure()
        found: dict[str, Any] = {
            "engine": facts.version,
            "problem": None,
            "cpus": facts.cpus,
            "memory_mb": total_mb,
            "memory_available_mb": available_mb,
            "disk_free_mb": await self.workshop.disk_free_mb(),
            "image": images[0][0] if images else None,
            "kept": await self.workshop.inventory(),
            "accelerators": self.workshop.verdicts(),
        }
        return found

    async def close(self) -> None:
        self._links.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.close()

    async def in_thread(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        loop = asyncio.get_running_loop()
        call = partial(function, *args, **kwargs)
        return await loop.run_in_executor(self._threads, call)


def data_volume(name: str) -> str:
    return f"{name}-data"


def server_id(state: Path) -> str:
    """Tells this server's sandboxes from those of another on the same engine."""
    file = state / "server-id"
    with suppress(FileNotFoundError):
        return file.read_text().strip()
    state.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x") as new:
            new.write(token_hex(8))
    except FileExistsError:
        pass
    return file.read_text().strip()

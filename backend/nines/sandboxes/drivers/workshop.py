"""Makes what starts need and keeps it: profile volumes, templates, the KVM verdict.

A container is the receipt of each volume. A profile's is renamed once the volume is
full; a template's is the very container that baked it, which ended with 0. What has
none was interrupted, and is made again.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any, ParamSpec, Protocol, TypeVar

import anyio

from nines.sandboxes.driver import SandboxUnavailable
from nines.sandboxes.drivers.docker import (
    PROFILE,
    TEMPLATE,
    VOLUME,
    Ended,
    Engine,
    EngineFacts,
    Limits,
    Order,
    stream_of,
)
from nines.sandboxes.drivers.images import (
    ARTEFACTS,
    Profile,
    Shape,
    Template,
    only_one,
    plan_template,
    read_profile,
)

P = ParamSpec("P")
T = TypeVar("T")

BAKE_WITHIN = 600.0
PROBE_WITHIN = 60.0


class InThread(Protocol):
    def __call__(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Awaitable[T]: ...


@dataclass(frozen=True)
class Accelerator:
    name: str  # kvm or tcg
    reason: str


@dataclass(frozen=True)
class Kept:
    """A receipt, for the person who asks what there is."""

    name: str
    volume: str
    state: str
    whole: bool


@dataclass(frozen=True)
class Ready:
    """Everything a start needs, there."""

    image: str
    accelerator: Accelerator
    templates: dict[Shape, Template]
    volumes: dict[str, str]  # Name: where the sandbox finds it.


class Workshop:
    def __init__(
        self, engine: Engine, in_thread: InThread, *, state: Path, profiles: Path
    ) -> None:
        self._engine = engine
        self._in_thread = in_thread
        self._state = state
        self._profiles = profiles
        self._there: dict[str, str] = {}  # Receipt seen by this process: its volume.
        self._facts: EngineFacts | None = None

    async def image(self) -> str:
        """The newest session image's id."""
        if images := await self._in_thread(self._engine.images):
            return images[0][1]
        raise SandboxUnavailable(
            "The session image has not been built here. Build it with `make up`."
        )

    async def prepare(self, image: str, shapes: Iterable[Shape]) -> Ready:
        """Make what is missing; at once when nothing is."""
        shapes = sorted(set(shapes), key=repr)
        profiles = {s.profile: read_profile(self._profiles, s.profile) for s in shapes}
        volumes = {
            await self._keep_profile(image, profile): f"/profiles/{profile.name}"
            for profile in profiles.values()
        }
        verdict = await self.accelerator(image, next(iter(profiles.values())))
        templates = {
            shape: plan_template(
                shape,
                profile=profiles[shape.profile],
                image=image,
                accel=verdict.name,
            )
            for shape in shapes
        }
        for template in templates.values():
            volume = await self._keep_template(template)
            volumes[volume] = f"/templates/{template.key}"
        return Ready(image, verdict, templates, volumes)

    def plan(self, image: str, shape: Shape) -> set[str]:
        """The receipts a machine of this shape starts from."""
        profile = read_profile(self._profiles, shape.profile)
        known = read_json(self._state / "accelerator.json")
        verdict = known.get(f"{image}/{profile.build_id}")
        accel = verdict["name"] if verdict else "tcg"
        template = plan_template(shape, profile=profile, image=image, accel=accel)
        return {profile.receipt, template.receipt}

    async def rebake(self, ready: Ready) -> None:
        """The supervisor refused a template: forget them, so that they are made again.

        A volume that another session still uses is left to `prune`.
        """
        for template in ready.templates.values():
            async with only_one(self._locks, template.key):
                await self._forget(template.receipt)

    async def cpus(self, wanted: float) -> float:
        """No more than the engine has: it refuses to promise what is not there."""
        return min(wanted, float((await self._known_facts()).cpus))

    async def disk_free_mb(self) -> int | None:
        """Where the engine keeps volumes; None where we cannot see that disk."""
        with suppress(OSError):
            root = (await self._known_facts()).root
            return shutil.disk_usage(root).free // 2**20
        return None

    async def _known_facts(self) -> EngineFacts:
        if self._facts is None:
            self._facts = await self._in_thread(self._engine.facts)
        return self._facts

    async def inventory(self) -> list[Kept]:
        """Receipts of profiles and templates, whole or not."""
        kept = []
        for label in (PROFILE, TEMPLATE):
            for name in await self._in_thread(self._engine.labelled, label):
                if receipt := await self._in_thread(self._engine.receipt, name):
                    whole = (
                        name.startswith("nines-profile-")
                        if label == PROFILE
                        else receipt.exit_code == 0 and receipt.state == "exited"
                    )
                    kept.append(Kept(name, receipt.volume, receipt.state, whole))
        return kept

    async def prune(self, keep: set[str]) -> list[str]:
        """Remove every receipt not in `keep`, and volumes nothing needs any more."""
        receipts = await self.inventory()
        # Templates first: their receipts hold on to the profiles.
        for each in sorted(receipts, key=lambda r: r.name.startswith("nines-profile")):
            if each.name not in keep and each.state != "running":
                await self._forget(each.name)
        left = {each.volume for each in await self.inventory()}
        removed = []
        for label in (TEMPLATE, PROFILE):
            for volume in await self._in_thread(self._engine.volumes, label) - left:
                with suppress(SandboxUnavailable):  # A session uses it still.
                    await self._in_thread(self._engine.remove_volume, volume)
                    removed.append(volume)
        gone = {each.volume for each in receipts} - left
        return sorted({*removed, *gone})

    async def accelerator(self, image: str, profile: Profile) -> Accelerator:
        """Whether a real kernel boots under KVM here: found out once, then known."""
        file = self._state / "accelerator.json"
        key = f"{image}/{profile.build_id}"
        known = read_json(file)
        if key not in known:
            async with only_one(self._locks, "accelerator"):
                known = read_json(file)
                if key not in known:
                    found = await self._probe(image, profile)
                    known[key] = {"name": found.name, "reason": found.reason}
                    write_json(file, known)
        return Accelerator(**known[key])

    def verdicts(self) -> list[Accelerator]:
        """What probes on this host have found so far."""
        known = read_json(self._state / "accelerator.json")
        return [Accelerator(**each) for each in known.values()]

    async def _probe(self, image: str, profile: Profile) -> Accelerator:
        try:
            os.close(os.open("/dev/kvm", os.O_RDWR))
        except FileNotFoundError:
            return Accelerator("tcg", "This host has no /dev/kvm.")
        except OSError as error:
            return Accelerator("tcg", f"/dev/kvm cannot be used: {error.strerror}.")
        name = f"nines-probe-{token_hex(4)}"
        order = Order(
            name=name,
            image=image,
            mode="probe",
            labels={},
            limits=Limits(memory_mb=1024, cpus=await self.cpus(1)),
            volumes={self._there[profile.receipt]: f"/profiles/{profile.name}"},
            kvm=True,
        )
        try:
            await self._in_thread(self._engine.launch, order)
            ended = await self._until_ended(name, PROBE_WITHIN)
        except SandboxUnavailable as error:
            return Accelerator("tcg", f"The KVM probe did not run: {error}")
        finally:
            with anyio.CancelScope(shield=True):
                await self._in_thread(self._engine.remove, name)
        try:
            verdict = json.loads(ended.log.strip().splitlines()[-1])
            name = "kvm" if verdict["kvm"] is True else "tcg"
            return Accelerator(name, str(verdict["reason"])[:300])
        except (ValueError, IndexError, KeyError, TypeError):
            return Accelerator("tcg", "The KVM probe did not say what it found.")

    async def _keep_profile(self, image: str, profile: Profile) -> str:
        if volume := self._there.get(profile.receipt):
            return volume
        async with only_one(self._locks, profile.receipt):
            receipt = await self._in_thread(self._engine.receipt, profile.receipt)
            volume = (
                receipt.volume if receipt else await self._fill_profile(image, profile)
            )
        self._there[profile.receipt] = volume
        return volume

    async def _fill_profile(self, image: str, profile: Profile) -> str:
        volume = f"{profile.receipt}-{token_hex(4)}"
        path = f"/profiles/{profile.name}"
        filling = f"nines-filling-{token_hex(4)}"
        order = Order(
            name=filling,
            image=image,
            mode="run",
            labels={PROFILE: profile.name, VOLUME: volume},
            limits=Limits(memory_mb=64, cpus=await self.cpus(1)),
            own_volumes={volume: path},
        )
        await self._in_thread(self._engine.create, order)
        try:
            files = [(name, profile.folder / name) for name in ARTEFACTS]
            await self._in_thread(
                self._engine.fill, filling, path, stream_of(iter(files))
            )
            await self._in_thread(self._engine.rename, filling, profile.receipt)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._forget(filling)
            raise
        return volume

    async def _keep_template(self, template: Template) -> str:
        if volume := self._there.get(template.receipt):
            return volume
        async with only_one(self._locks, template.key):
            volume = await self._baked(template.receipt) or await self._bake(template)
        self._there[template.receipt] = volume
        return volume

    async def _baked(self, name: str) -> str | None:
        """Also when a server that has died since had it baked, or is still at it."""
        receipt = await self._in_thread(self._engine.receipt, name)
        if receipt is None or receipt.state == "created":
            return None
        ended = await self._until_ended(name, BAKE_WITHIN)
        return receipt.volume if ended.exit_code == 0 else None

    async def _bake(self, template: Template) -> str:
        await self._forget(template.receipt)
        volume = f"nines-template-{template.key}-{token_hex(4)}"
        shape = template.shape
        profile = self._there[template.profile.receipt]
        order = Order(
            name=template.receipt,
            image=template.image,
            mode="bake",
            labels={TEMPLATE: template.key, VOLUME: volume},
            limits=Limits(
                memory_mb=2 * shape.memory_mb + 512,
                cpus=await self.cpus(max(2, shape.cpus)),
            ),
            environment={"NINES_BAKE": template.order()},
            volumes={profile: f"/profiles/{shape.profile}"},
            own_volumes={volume: f"/templates/{template.key}"},
            kvm=template.accel == "kvm",
        )
        await self._make_owned(volume, order)
        # Not removed when we are cancelled: the next who needs it finds it baked.
        await self._in_thread(self._engine.launch, order)
        ended = await self._until_ended(template.receipt, BAKE_WITHIN)
        if ended.exit_code != 0:
            await self._forget(template.receipt)
            raise SandboxUnavailable(
                f"The machine could not be prepared: {reason_of(ended)} "
                "`nines doctor` looks for the cause."
            )
        return volume

    async def _make_owned(self, volume: str, order: Order) -> None:
        """A new volume is root's, unless it is first seen where the image has a folder
        of the sandbox's user."""
        name = f"nines-owner-{token_hex(4)}"
        first = replace(order, name=name, own_volumes={volume: "/templates"})
        await self._in_thread(self._engine.create, first)
        await self._in_thread(self._engine.remove, name)

    async def _until_ended(self, name: str, within: float) -> Ended:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while loop.time() < deadline:
            if ended := await self._in_thread(self._engine.ended, name):
                return ended
            await asyncio.sleep(0.3)
        await self._in_thread(self._engine.remove, name)
        raise SandboxUnavailable(f"{name} did not finish within {within:.0f} seconds.")

    async def _forget(self, name: str) -> None:
        """Remove a receipt, and its volume unless a session uses it."""
        self._there.pop(name, None)
        receipt = await self._in_thread(self._engine.receipt, name)
        await self._in_thread(self._engine.remove, name)
        if receipt:
            with suppress(SandboxUnavailable):
                await self._in_thread(self._engine.remove_volume, receipt.volume)

    @property
    def _locks(self) -> Path:
        return self._state / "locks"


def reason_of(ended: Ended) -> str:
    """What a container said last, where it is what ours say."""
    lines = ended.log.strip().splitlines()
    try:
        return str(json.loads(lines[-1])["detail"])[:300]
    except (IndexError, ValueError, KeyError, TypeError):
        return f"it ended with {ended.exit_code}. {' '.join(lines)[-300:]}"


def read_json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(file: Path, content: dict[str, Any]) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(content, indent=1))
    new.rename(file)

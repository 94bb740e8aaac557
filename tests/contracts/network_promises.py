"""What every sandbox driver promises about the networks between machines."""

import asyncio
import contextlib
import re
from dataclasses import replace

from nines.sandboxes.driver import Event, Fault, Node, SandboxDriver, SegmentState
from tests.contracts.boxes import ADDRESSES, BOX, lan_of, refusal, state_of


class NetworkPromises:
    async def ping(
        self, driver: SandboxDriver, source: str, target: str
    ) -> float | None:
        """Milliseconds there and back of the first answer; None without one in two
        seconds. Called several times, as a carrier that comes back needs a moment."""
        words = ["ping", "-n", "-c", "1", "-w", "2", "-i", "0.2", ADDRESSES[target]]
        said = (await driver.node(BOX.name, source).run(words)).stdout
        took = re.search(rb"time=([0-9.]+) ms", said)
        return float(took[1]) if took else None

    async def reaches(
        self, driver: SandboxDriver, source: str = "st1", target: str = "st2"
    ) -> bool:
        return await self.ping(driver, source, target) is not None

    async def is_back(self, driver: SandboxDriver, *, within: float = 15) -> bool:
        """A carrier, and after a boot the network, come a little after we know."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not await self.reaches(driver):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
                return True
        return False

    async def test_machines_on_a_segment_reach_each_other(
        self, driver: SandboxDriver
    ) -> None:
        nodes = await driver.nodes(BOX.name)

        assert await lan_of(driver) == SegmentState(name="lan", up=True)
        assert [nic.name for each in nodes for nic in each.nics] == ["eth0", "eth0"]
        assert all(nic.plugged for each in nodes for nic in each.nics)
        assert len({nic.mac for each in nodes for nic in each.nics}) == 2
        assert await self.reaches(driver, "st1", "st2")
        assert await self.reaches(driver, "st2", "st1")

    async def test_a_cut_cable_is_dead_until_it_is_plugged_in(
        self, driver: SandboxDriver
    ) -> None:
        cut = Fault(kind="cable.cut", node="st1", nic="eth0")
        plug = replace(cut, kind="cable.plug")
        assert await refusal(driver, plug) == "cable_plugged"

        await driver.inject(BOX.name, cut)
        (nic,) = state_of(await driver.nodes(BOX.name)).nics
        assert not nic.plugged
        assert not await self.reaches(driver)
        assert await refusal(driver, cut) == "cable_cut"
        assert await refusal(driver, replace(cut, nic="eth7")) == "no_such_nic"

        await driver.inject(BOX.name, plug)
        (nic,) = state_of(await driver.nodes(BOX.name)).nics
        assert nic.plugged
        assert await self.is_back(driver)

    async def test_a_segment_that_is_off_joins_nobody(
        self, driver: SandboxDriver
    ) -> None:
        off = Fault(kind="segment.off", segment="lan")
        on = replace(off, kind="segment.on")
        assert await refusal(driver, on) == "segment_on"

        await driver.inject(BOX.name, off)
        assert not (await lan_of(driver)).up
        assert not await self.reaches(driver)
        assert await refusal(driver, off) == "segment_off"
        assert await refusal(driver, replace(off, segment="wan")) == "no_such_segment"

        await driver.inject(BOX.name, on)
        assert (await lan_of(driver)).up
        assert await self.is_back(driver)

    async def test_two_machines_are_kept_apart_until_it_is_healed(
        self, driver: SandboxDriver
    ) -> None:
        apart = Fault(kind="net.partition", node="st1", peer="st2")
        heal = replace(apart, kind="net.heal")
        assert await refusal(driver, heal) == "not_partitioned"

        await driver.inject(BOX.name, apart)
        (rule,) = (await lan_of(driver)).partitions
        assert (rule.node, rule.peer, rule.one_way) == ("st1", "st2", False)
        assert not await self.reaches(driver)
        assert await refusal(driver, apart) == "partitioned"
        assert await refusal(driver, replace(apart, peer="st9")) == "no_such_node"
        await driver.inject(BOX.name, heal)
        assert (await lan_of(driver)).partitions == ()
        assert await self.is_back(driver)

        one_way = replace(apart, segment="lan", one_way=True)
        await driver.inject(BOX.name, one_way)
        (rule,) = (await lan_of(driver)).partitions
        assert rule.one_way
        assert not await self.reaches(driver)
        await driver.inject(BOX.name, replace(one_way, kind="net.heal"))
        assert (await lan_of(driver)).partitions == ()

    async def test_a_shaped_segment_is_slow_until_it_is_cleared(
        self, driver: SandboxDriver
    ) -> None:
        shape = Fault(kind="net.shape", segment="lan", delay_ms=200)
        clear = Fault(kind="net.clear", segment="lan")
        await self.ping(driver, "st1", "st2")

        await driver.inject(BOX.name, shape)
        (shaping,) = (await lan_of(driver)).shaping
        assert (shaping.node, shaping.delay_ms) == (None, 200)
        took = await self.ping(driver, "st1", "st2")
        assert took is not None
        assert 400 <= took < 1000  # There and back.

        await driver.inject(BOX.name, replace(shape, node="st1", delay_ms=300))
        assert len((await lan_of(driver)).shaping) == 2
        took = await self.ping(driver, "st1", "st2")
        assert took is not None
        assert took >= 600
        await driver.inject(BOX.name, replace(clear, node="st1"))
        assert len((await lan_of(driver)).shaping) == 1

        await driver.inject(BOX.name, clear)
        assert (await lan_of(driver)).shaping == ()
        took = await self.ping(driver, "st1", "st2")
        assert took is not None
        assert took < 400
        await driver.inject(BOX.name, clear)  # It is what was wanted.

    async def test_a_cable_that_is_out_stays_out_over_a_power_cut(
        self, driver: SandboxDriver, node: Node
    ) -> None:
        cut = Fault(kind="cable.cut", node="st1", nic="eth0")
        await driver.inject(BOX.name, cut)
        await driver.inject(BOX.name, Fault(kind="power.off", node="st1"))
        await driver.inject(BOX.name, Fault(kind="power.on", node="st1"))
        await node.wait_ready(timeout=120)

        (nic,) = state_of(await driver.nodes(BOX.name)).nics
        assert not nic.plugged
        assert not await self.reaches(driver)
        await driver.inject(BOX.name, replace(cut, kind="cable.plug"))
        assert await self.is_back(driver, within=90)

    async def test_events_name_what_they_are_about(self, driver: SandboxDriver) -> None:
        faults = [
            Fault(kind="cable.cut", node="st1", nic="eth0"),
            Fault(kind="cable.plug", node="st1", nic="eth0"),
            Fault(kind="segment.off", segment="lan"),
            Fault(kind="segment.on", segment="lan"),
            Fault(kind="net.partition", node="st1", peer="st2", segment="lan"),
            Fault(kind="net.heal", node="st1", peer="st2", segment="lan"),
        ]
        last = await self.last_event(driver)
        for fault in faults:
            await driver.inject(BOX.name, fault)
        events: list[Event] = []
        async with asyncio.timeout(10):
            async for event in driver.events(BOX.name, after=last):
                if event.kind.startswith("fault."):
                    events.append(event)
                if len(events) == len(faults):
                    break

        for event, fault in zip(events, faults, strict=True):
            assert event.kind == f"fault.{fault.kind}"
            about = {name: getattr(event, name) for name in fault.given}
            assert about == fault.given

    async def last_event(self, driver: SandboxDriver) -> int:
        last = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                async for event in driver.events(BOX.name):
                    last = event.n
        return last

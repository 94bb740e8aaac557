"""A host with room for one lab: who comes later waits, sees where, and is served."""

from typing import Any

import pytest

from tests.bench.client import Student
from tests.e2e.server import RunningServer
from tests.faults.seat import Seat

pytestmark = [pytest.mark.anyio, pytest.mark.docker]

LAB = "ch02-hostile"


async def queue_up(server: RunningServer, name: str) -> Seat:
    student = await Student.sign_in(server, name)
    return Seat(student, (await student.post("sessions", lab=LAB)).json()["id"])


async def stands(seat: Seat) -> tuple[str, Any]:
    now = await seat.show()
    return now["state"], now["place"]


async def test_sessions_are_admitted_in_order_as_room_is_made(
    small_server: RunningServer,
) -> None:
    first = await queue_up(small_server, "student")
    await first.until(lambda now: bool(now["state"] == "ready"))
    second = await queue_up(small_server, "instructor")
    third = await queue_up(small_server, "admin")
    assert await stands(second) == ("queued", 1)
    assert await stands(third) == ("queued", 2)

    # Who begins again does not lose the room to those who wait.
    await first.reset()
    assert await stands(second) == ("queued", 1)

    await first.leave()
    await second.until(lambda now: bool(now["state"] == "ready"))
    assert await stands(third) == ("queued", 1)
    assert len(small_server.containers()) == 1

    # Leaving the queue is as easy as standing in it.
    await third.leave()
    await second.assert_works()
    await second.leave()

"""Labs with mistakes in them, on a server that students use meanwhile."""

import httpx
import pytest

from tests.bench.client import Student
from tests.e2e.server import RunningServer, ServerFailed
from tests.faults.seat import Seat

pytestmark = [pytest.mark.anyio, pytest.mark.docker]

BROKEN = ("raises", "hangs", "garbage", "leaves")


async def test_a_lab_with_mistakes_is_left_out_and_its_author_told(
    small_server: RunningServer,
) -> None:
    student = await Student.sign_in(small_server, "instructor")
    chapter = await student.get("chapters/2")
    listed = {
        exercise["slug"]
        for section in chapter["sections"]
        for exercise in section["exercises"]
    }
    assert listed == {"ch02-mirror", "ch02-hostile"}
    assert (await student.http.get("labs/ch02-wrong")).status_code == 404
    refused = await student.http.post("sessions", json={"lab": "ch02-wrong"})
    assert refused.json()["error"] == "lab_not_found"
    await student.http.aclose()

    with pytest.raises(ServerFailed) as doctor:
        small_server.run("doctor")
    for told in (small_server.log_tail(500), str(doctor.value)):
        assert "ch02/wrong/lab.toml: minutes: " in told
        assert "ch02/wrong/lab.toml: dificulty: " in told


async def test_a_checker_that_fails_costs_nothing_and_is_reported(
    small_server: RunningServer,
) -> None:
    student = await Student.sign_in(small_server, "student")
    seat = Seat(student, await student.start("ch02-hostile"))

    _, attempt = await student.check(seat.session)

    outcomes = {each["check"]: each["outcome"] for each in attempt["results"]}
    assert outcomes == {
        "good": "passed",
        "moody": "passed",
        **dict.fromkeys(BROKEN, "broken"),
    }
    assert attempt["state"] == "complete"
    # Neither for nor against: what is broken cannot be missing.
    assert (attempt["points"], attempt["max_points"]) == (6, 6)
    assert all("report" not in each for each in attempt["results"])

    await seat.type("touch /root/moody; echo x > /root/moody")
    _, attempt = await student.check(seat.session)
    outcomes = {each["check"]: each["outcome"] for each in attempt["results"]}
    assert outcomes["moody"] == "broken"
    assert (await seat.show())["points"] == 6
    progress = (await student.get("home"))["resume"]["progress"]
    assert progress["points"] == 6
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        await student.get("broken")

    teacher = await Student.sign_in(small_server, "instructor")
    reports = {each["check"]: each["report"] for each in await teacher.get("broken")}
    assert set(reports) == {*BROKEN, "moody"}
    assert "not today" in reports["moody"]
    assert "ZeroDivisionError" in reports["raises"]
    assert all(reports.values())
    await teacher.http.aclose()
    await seat.assert_works()
    await seat.leave()

import pytest
from httpx import AsyncClient

from tests.fakes.labs import LAB

pytestmark = pytest.mark.anyio


async def test_a_lab_is_shown_with_its_steps_and_checks(client: AsyncClient) -> None:
    lab = (await client.get(f"/labs/{LAB}")).json()

    assert lab["max_points"] == 10
    assert lab["faults"] == {"allowed": ["disk.pull", "disk.insert"]}
    assert lab["nodes"] == [
        {
            "name": "st1",
            "profile": "base",
            "memory_mb": 256,
            "disks": [
                {"name": "vdb", "size_mb": 64},
                {"name": "vdc", "size_mb": 64},
            ],
        }
    ]
    (step,) = lab["steps"]
    assert step["id"] == "create"
    assert step["html"]["en"] == "<p>Create it with <code>mdadm</code>.</p>\n"
    assert [each["mode"] for each in step["checks"]] == ["current", "after_reboot"]
    assert [each["points"] for each in step["checks"]] == [4, 6]


async def test_a_lab_does_not_give_its_solution_away(client: AsyncClient) -> None:
    answer = await client.get(f"/labs/{LAB}")

    assert "--create /dev/md0" not in answer.text
    assert "test -b" not in answer.text


async def test_a_lab_that_does_not_exist_is_not_found(client: AsyncClient) -> None:
    for slug in ("ch02-gone", "..", "%2e%2e%2fchapters.toml"):
        answer = await client.get(f"/labs/{slug}")
        assert answer.status_code == 404

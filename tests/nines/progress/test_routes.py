import pytest
from httpx import AsyncClient

from tests.fakes.labs import CALCULATION, LAB

pytestmark = pytest.mark.anyio


async def test_all_chapters_are_listed_also_those_not_written_yet(
    client: AsyncClient,
) -> None:
    chapters = (await client.get("/chapters")).json()

    assert [each["number"] for each in chapters] == [1, 2, 3]
    assert [each["ready"] for each in chapters] == [True, True, False]
    assert [each["exercises"] for each in chapters] == [1, 1, 0]
    assert chapters[2]["title"] == {"ja": "まだない", "en": "Not yet"}
    assert chapters[2]["mastery"] == 0


async def test_a_chapter_shows_its_sections_with_their_exercises(
    client: AsyncClient,
) -> None:
    chapter = (await client.get("/chapters/2")).json()

    disks, mirrors = chapter["sections"]
    assert disks["html"] is None
    assert disks["exercises"] == []
    assert mirrors["number"] == "2.1.3"
    assert "<strong>鏡</strong>" in mirrors["html"]["ja"]
    (exercise,) = mirrors["exercises"]
    assert exercise == {
        "kind": "lab",
        "slug": LAB,
        "title": {"ja": "ミラーを作る", "en": "Build a mirror"},
        "sections": ["2.1.3"],
        "minutes": 20,
        "difficulty": 1,
        "nodes": 1,
        "disks": 2,
        "faults": ["disk.pull", "disk.insert"],
        "progress": {
            "state": "new",
            "points": None,
            "max_points": 10,
            "streak": None,
            "needed": None,
            "session": None,
            "at": None,
        },
    }


async def test_a_chapter_that_does_not_exist_is_not_found(client: AsyncClient) -> None:
    answer = await client.get("/chapters/99")

    assert answer.status_code == 404
    assert answer.json()["error"] == "chapter_not_found"


async def test_home_is_empty_at_first_and_remembers_what_was_begun(
    client: AsyncClient,
) -> None:
    first = (await client.get("/home")).json()
    await client.post(f"/calculations/{CALCULATION}/draws", json={})
    second = (await client.get("/home")).json()

    assert first["resume"] is None
    assert first["recent"] == []
    assert len(first["chapters"]) == 3
    assert second["resume"]["slug"] == CALCULATION
    assert second["resume"]["progress"]["state"] == "started"
    assert [each["exercise"]["slug"] for each in second["recent"]] == [CALCULATION]

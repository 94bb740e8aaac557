import pytest
from httpx import AsyncClient

from nines.meter.service import Meters
from tests.nines.meter.conftest import Start
from tests.nines.meter.test_service import has, shown

pytestmark = pytest.mark.anyio


async def test_a_student_measures_and_compares(
    running: Meters, start: Start, client: AsyncClient
) -> None:
    session, observer = await start()
    observer.ask("uuu")
    await shown(running, session, has(0))
    path = f"/sessions/{session.id}/meter"

    body = {"probe": "web", "seconds": 0.5, "parts": {"interval": 0.5}}
    made = await client.post(f"{path}/predictions", json=body)
    assert made.status_code == 201
    observer.ask("uuudduuu")
    await shown(running, session, has(1))

    read = (await client.get(path)).json()
    assert [each["name"] for each in read["probes"]] == ["web", "vip"]
    assert read["probes"][0]["target"] == "192.168.1.100:80/health"
    assert read["lines"][0]["figures"]["outages"] == 1
    assert read["predictions"][0]["close"] is True
    table = await client.get(f"{path}.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.startswith("began,ended,seconds,what,who,detail\r\n")
    reset = await client.post(f"{path}/reset")
    assert reset.json()["predictions"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"probe": "web", "seconds": -1},
        {"probe": "web", "seconds": 1, "parts": {"interval": 4000}},
        {"probe": "web"},
        {"probe": "web", "seconds": 1, "more": 1},
    ],
)
async def test_a_prediction_must_make_sense(
    running: Meters, start: Start, client: AsyncClient, body: dict[str, object]
) -> None:
    session, _ = await start()
    answer = await client.post(f"/sessions/{session.id}/meter/predictions", json=body)
    assert answer.status_code == 422

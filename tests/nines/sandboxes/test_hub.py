import asyncio
from uuid import uuid4

import pytest

from nines.sandboxes.hub import LONGEST_QUEUE, Hub

pytestmark = pytest.mark.anyio
SESSION = uuid4()


async def test_who_listens_is_told_in_order() -> None:
    hub = Hub()
    with hub.listen(SESSION) as listener:
        hub.publish(SESSION, "happened", {"n": 1})
        hub.publish(uuid4(), "happened", {"n": 7})
        hub.publish(SESSION, "happened", {"n": 2})
        hub.close()

        assert [told.data["n"] async for told in listener] == [1, 2]


async def test_who_does_not_keep_up_is_let_go() -> None:
    hub = Hub()
    with hub.listen(SESSION) as listener:
        for number in range(10 * LONGEST_QUEUE):
            hub.publish(SESSION, "happened", {"n": number})

        heard = [told async for told in listener]

    assert len(heard) == LONGEST_QUEUE - 1


async def test_a_server_that_stops_lets_everyone_go() -> None:
    hub = Hub()

    async def hear() -> int:
        with hub.listen(SESSION) as listener:
            return len([told async for told in listener])

    hearing = asyncio.create_task(hear())
    await asyncio.sleep(0)
    hub.close()

    assert await asyncio.wait_for(hearing, 1) == 0
    assert await asyncio.wait_for(hear(), 1) == 0

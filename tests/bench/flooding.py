"""`python -m tests.bench.flooding URL COOKIES SESSION TERMINAL`: a noisy neighbour.

A process of its own, so that reading the flood takes nothing from who measures.
"""

import asyncio
import json
import sys

import httpx

from tests.bench.client import Student

LONGEST = 120.0


async def main(url: str, cookies: str, session: str, name: str) -> None:
    async with (
        httpx.AsyncClient(cookies=json.loads(cookies)) as http,
        Student(http, url).terminal(session, name) as terminal,
    ):
        await terminal.until(b"# ")
        await terminal.type("while :; do seq 1 100000; done\n")
        async with asyncio.timeout(LONGEST):
            while True:
                await terminal.read()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))

"""The right answer to a drawn calculation, and what the usual slips lead to.

Read from the server's database, as nobody in front of a browser could.
"""

import json
import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID

from labkit.calculations import Ask, Exercise
from nines.catalog.content import read_content
from nines.config import ROOT
from tests.e2e.server import RunningServer


def drawn(server: RunningServer, draw: str) -> Exercise[Any]:
    query = 'select calculation, "values" from draw where id = ?'
    with closing(sqlite3.connect(server.state / "nines.db")) as db:
        slug, values = db.execute(query, [UUID(draw).hex]).fetchone()
    generator = read_content(ROOT / "labs").calculations[slug]
    return generator.restore(json.loads(values))


def typed(ask: Ask, value: float) -> str:
    """What somebody types who leaves the unit as it is and rounds nothing."""
    return f"{ask.units[0].from_base(value):.10f}"

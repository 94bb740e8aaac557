"""Calculation exercises: a generator is one module of plain Python.

Recipe, in five moves (`labs/ch01/calc/series.py` is a short one to copy):

1. `labs/chNN/calc/<name>.py`; its slug is `chNN-<name>`, its id the curriculum's.
2. A frozen dataclass with what is drawn: numbers, words, tuples. It is stored as JSON,
   so old draws stay readable as long as its fields keep their meaning.
   `draw(random)` fills it from natural, round figures (None: draw again).
3. `tell` is the problem, `given` its table of facts, `asks` the numbers to find
   (`share`, `amount`, `count`), `solve` the right answers. Everything is kept in base
   units: hours, yen, the plain fraction. Stories come from a tuple of Texts with
   `{places}` that `fill` fills; `hours(3)`, `yen(240_000)`, `percent(0.999)` say
   numbers naturally in both languages.
4. `mistakes`: each `slip` has a name, its ask, the formula in the base unit (None
   where it cannot happen) and a kind message; the pointer to the section is added.
   Choosing the wrong unit and rounding too much are diagnosed by themselves. A draw in
   which a slip cannot be told from the right answer is never given.
5. `explain`: steps with the drawn numbers; the last result of each ask is
   `ask.result(value)`. `figure` if a picture helps, `solved_figure` if it would give
   the answer away.

    generator = Generator(
        id="G07", slug="ch01-series", title=Text(ja="…", en="…"), sections=("1.1.3",),
        values=Chain, draw=draw, tell=tell, given=given, asks=asks, solve=solve,
        mistakes=(slip("minimum", "availability", lambda v: …, ja="…", en="…"), …),
        explain=explain, figure=figure,
    )

`tests/labs/test_calculations.py` finds the new module and puts 2,000 draws of it
through everything that must hold; add an independent formula and an anchor to it.
"""

from labkit.calculations.asks import Ask, Measure, amount, count, share
from labkit.calculations.figures import (
    Down,
    Figure,
    Nines,
    Part,
    Series,
    Shown,
    Timeline,
)
from labkit.calculations.generator import (
    Exercise,
    Generator,
    Given,
    Mistake,
    NoGoodDraw,
    Step,
    slip,
)
from labkit.calculations.loading import find_generators
from labkit.calculations.reading import Unreadable, read_answer
from labkit.calculations.rounding import fixed, half_up, show, truncated
from labkit.calculations.units import (
    DAYS,
    FRACTION,
    HOURS,
    MAN_YEN,
    MINUTES,
    MONTHS,
    PERCENT,
    SECONDS,
    YEARS,
    YEN,
    Unit,
    pieces,
)
from labkit.calculations.verdict import (
    Answer,
    AskVerdict,
    UnknownUnit,
    UnreadableAnswer,
    judge,
)
from labkit.calculations.wording import (
    counted,
    days,
    fill,
    hours,
    listing,
    minutes,
    paragraphs,
    percent,
    yen,
)
from labkit.text import Text

__all__ = [
    "DAYS",
    "FRACTION",
    "HOURS",
    "MAN_YEN",
    "MINUTES",
    "MONTHS",
    "PERCENT",
    "SECONDS",
    "YEARS",
    "YEN",
    "Answer",
    "Ask",
    "AskVerdict",
    "Down",
    "Exercise",
    "Figure",
    "Generator",
    "Given",
    "Measure",
    "Mistake",
    "Nines",
    "NoGoodDraw",
    "Part",
    "Series",
    "Shown",
    "Step",
    "Text",
    "Timeline",
    "Unit",
    "UnknownUnit",
    "Unreadable",
    "UnreadableAnswer",
    "amount",
    "count",
    "counted",
    "days",
    "fill",
    "find_generators",
    "fixed",
    "half_up",
    "hours",
    "judge",
    "listing",
    "minutes",
    "paragraphs",
    "percent",
    "pieces",
    "read_answer",
    "share",
    "show",
    "slip",
    "truncated",
    "yen",
]

"""G04: availability from MTBF and MTTR, and the MTTR an availability asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from labkit.calculations import (
    DAYS,
    FRACTION,
    HOURS,
    MINUTES,
    PERCENT,
    Ask,
    Generator,
    Given,
    Mistake,
    Nines,
    Shown,
    Step,
    Text,
    Unit,
    amount,
    days,
    fill,
    hours,
    minutes,
    percent,
    share,
    show,
    slip,
)

Scale = Literal["d", "h", "min"]
UNITS: dict[Scale, Unit] = {"d": DAYS, "h": HOURS, "min": MINUTES}
SAY: dict[Scale, Callable[[float], Text]] = {"d": days, "h": hours, "min": minutes}
STORIES = (
    Text(
        ja="研究所の計算ノード hibari は、平均して{mtbf}動くと故障し、",
        en="hibari, a compute node of a laboratory, runs for {mtbf} on average before "
        "it fails. ",
    ),
    Text(
        ja="町役場の窓口で使う発券機 ban-go のMTBFは{mtbf}で、",
        en="The MTBF of ban-go, the ticket machine of a town hall, is {mtbf}. ",
    ),
    Text(
        ja="バス会社の位置情報サーバ norimono は、故障と故障の間に平均{mtbf}稼働し、",
        en="norimono tells a bus company where its buses are. Between failures it is "
        "up for {mtbf} on average. ",
    ),
    Text(
        ja="植物園の温室を制御する小型サーバ onshitsu のMTBFは{mtbf}で、",
        en="onshitsu, a small server that runs a greenhouse, has an MTBF of {mtbf}. ",
    ),
)
FORWARD = Text(
    ja="復旧には平均{mttr}かかります。\n\n稼働率を求めてください。",
    en="Bringing it back takes {mttr} on average.\n\nFind its availability.",
)
INVERSE = Text(
    ja="稼働率{goal}が求められています。\n\n"
    "これをちょうど満たすMTTR（平均修理時間）を求めてください。",
    en="It must reach an availability of {goal}.\n\n"
    "Find the MTTR that just meets this goal.",
)


@dataclass(frozen=True)
class Machine:
    """Times as the story says them. `goal` is the share asked for, or None when the
    availability is to be found from `mttr` (which is 0 otherwise)."""

    story: int
    mtbf: float
    mtbf_unit: Scale
    mttr: float
    mttr_unit: Scale
    goal: float | None
    decimals: int

    @property
    def up(self) -> float:
        return self.mtbf * UNITS[self.mtbf_unit].factor

    @property
    def repair(self) -> float:
        """Hours: given, or what the goal allows."""
        if self.goal is not None:
            return self.up * (1 - self.goal) / self.goal
        return self.mttr * UNITS[self.mttr_unit].factor

    @property
    def availability(self) -> float:
        return self.up / (self.up + self.repair)


def draw(random: Random) -> Machine | None:
    inverse = random.random() < 0.35
    mtbf_units: tuple[Scale, ...] = ("d", "h", "h")
    mttr_units: tuple[Scale, ...] = ("min", "h", "h", "d")
    mtbf_unit, mttr_unit = random.choice(mtbf_units), random.choice(mttr_units)
    mtbf_choices: dict[Scale, list[int]] = {
        "d": [3, 5, 8, 10, 15, 20, 25, 40, 60, 90, 120, 200, 400],
        "h": [*range(50, 1000, 10), *range(1000, 5000, 100), *range(5000, 20001, 500)],
    }
    mttr_choices: dict[Scale, list[float]] = {
        "min": [*range(10, 100, 5), *range(100, 1000, 20)],
        "h": [half / 2 for half in range(1, 61)] + [*range(31, 201)],
        "d": [half / 2 for half in range(1, 17)],
    }
    goals = (0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985)
    machine = Machine(
        story=random.randrange(len(STORIES)),
        mtbf=random.choice(mtbf_choices[mtbf_unit]),
        mtbf_unit=mtbf_unit,
        mttr=0 if inverse else random.choice(mttr_choices[mttr_unit]),
        mttr_unit=mttr_unit,
        goal=random.choice(goals) if inverse else None,
        decimals=random.choice((3, 5, 5)),
    )
    return machine if 0.1 <= machine.repair <= 200 else None


def tell(v: Machine) -> Text:
    start, end = STORIES[v.story], FORWARD if v.goal is None else INVERSE
    return fill(
        Text(ja=start.ja + end.ja, en=start.en + end.en),
        mtbf=SAY[v.mtbf_unit](v.mtbf),
        mttr=SAY[v.mttr_unit](v.mttr),
        goal=percent(v.goal or 0),
    )


def given(v: Machine) -> list[Given]:
    mtbf_unit, mttr_unit = UNITS[v.mtbf_unit], UNITS[v.mttr_unit]
    mtbf = Given("mtbf", Text(ja="MTBF", en="MTBF"), show(v.mtbf), mtbf_unit.label)
    if v.goal is None:
        mttr = Text(ja="MTTR", en="MTTR")
        return [mtbf, Given("mttr", mttr, show(v.mttr), mttr_unit.label)]
    goal = Text(ja="目標の稼働率", en="Availability asked for")
    return [mtbf, Given("goal", goal, show(v.goal * 100), PERCENT.label)]


def asks(v: Machine) -> list[Ask]:
    if v.goal is None:
        return [
            share(
                "availability",
                Text(ja="稼働率", en="Availability"),
                decimals=v.decimals,
                units=(PERCENT, FRACTION) if v.decimals == 3 else (FRACTION, PERCENT),
                hint=Text(
                    ja="単位をそろえてから、動いている時間が全体に占める割合を出します。",
                    en="Bring both times to one unit, then find which share of the "
                    "whole is up time.",
                ),
            )
        ]
    return [
        amount(
            "mttr",
            Text(ja="MTTR（平均修理時間）", en="MTTR"),
            units=(HOURS, MINUTES, DAYS),
            hint=Text(
                ja="稼働率の式をMTTRについて解きます。",
                en="Solve the formula of availability for MTTR.",
            ),
        )
    ]


def solve(v: Machine) -> dict[str, float]:
    if v.goal is None:
        return {"availability": v.availability}
    return {"mttr": v.repair}


def without_units(v: Machine) -> float | None:
    return v.mtbf / (v.mtbf + v.mttr) if v.mtbf_unit != v.mttr_unit else None


def left_in_days(v: Machine) -> float | None:
    """The days of the MTBF taken for hours."""
    return v.repair / 24 if v.mtbf_unit == "d" else None


MISTAKES: tuple[Mistake[Machine], ...] = (
    slip(
        "divided_by_mtbf",
        "availability",
        lambda v: 1 - v.repair / v.up,
        ja="1−MTTR÷MTBFで計算したようです。分母は1周期の長さMTBF＋MTTRです。",
        en="It looks like 1 − MTTR ÷ MTBF. The divisor is a whole cycle, MTBF + MTTR.",
    ),
    slip(
        "down_share",
        "availability",
        lambda v: v.repair / (v.up + v.repair),
        ja="これは止まっている割合（不稼働率）です。分子には動いている時間を置きます。",
        en="This is the share of time down. Put the up time on top.",
    ),
    slip(
        "units_mixed",
        "availability",
        without_units,
        ja="単位の違う数をそのまま式に入れたようです。両方を時間にそろえましょう。",
        en="Two different units went into the formula. Turn both into hours first.",
    ),
    slip(
        "times_goal",
        "mttr",
        lambda v: v.up * (1 - v.goal) if v.goal is not None else None,
        ja="MTBF×(1−A)で止まってしまったようです。MTBFは周期全体ではなく稼働時間なので、"
        "さらにAで割ります。",
        en="You stopped at MTBF × (1 − A). MTBF is the up time, not the whole cycle, "
        "so divide by A as well.",
    ),
    slip(
        "left_in_days",
        "mttr",
        left_in_days,
        ja="MTBFの日数をそのまま時間として使ったようです。1日は24時間です。",
        en="The days of the MTBF were taken for hours. A day has 24 of them.",
    ),
    slip(
        "upside_down",
        "mttr",
        lambda v: v.up * v.goal / (1 - v.goal) if v.goal is not None else None,
        ja="分数が上下逆です。稼働率が高いほど、許される修理時間は短くなるはずです。",
        en="The fraction is upside down: a higher availability must leave less time "
        "for repairs.",
    ),
)


def explain(v: Machine) -> list[Step]:
    up, repair, (ask,) = show(v.up), show(v.repair), asks(v)
    unify = Text(ja="単位を時間にそろえます。", en="Bring the times to hours.")
    steps = [
        Step(unify, f"{name} = {how(number, UNITS[unit])}", HOURS.show(value))
        for name, number, unit, value, told in (
            ("MTBF", v.mtbf, v.mtbf_unit, v.up, True),
            ("MTTR", v.mttr, v.mttr_unit, v.repair, v.goal is None),
        )
        if told and unit != "h"
    ]
    if v.goal is None:
        text = Text(
            ja="動いている時間が、動く時間と直す時間の合計に占める割合です。",
            en="The share of up time in up time and repair together.",
        )
        formula = f"A = MTBF ÷ (MTBF + MTTR) = {up} ÷ ({up} + {repair})"
        return [*steps, Step(text, formula, ask.result(v.availability))]
    goal = show(v.goal)
    return [
        *steps,
        Step(
            Text(
                ja="A = MTBF ÷ (MTBF + MTTR) をMTTRについて解きます。",
                en="Solve A = MTBF ÷ (MTBF + MTTR) for MTTR.",
            ),
            f"MTTR = MTBF × (1 − A) ÷ A = {up} × (1 − {goal}) ÷ {goal}",
            ask.result(v.repair),
        ),
    ]


def how(number: float, unit: Unit) -> str:
    """The conversion to hours, written out."""
    return f"{show(number)} × 24" if unit == DAYS else f"{show(number)} ÷ 60"


def solved_figure(v: Machine) -> Nines:
    yearly = (1 - v.availability) * 8760
    return Nines(
        availability=v.availability,
        down=Shown(show(yearly), Text(ja="時間／年", en="hours a year")),
    )


generator = Generator(
    id="G04",
    slug="ch01-availability",
    title=Text(ja="MTBF・MTTRと稼働率", en="Availability from MTBF and MTTR"),
    sections=("1.1.2",),
    values=Machine,
    draw=draw,
    tell=tell,
    given=given,
    asks=asks,
    solve=solve,
    mistakes=MISTAKES,
    explain=explain,
    solved_figure=solved_figure,
)

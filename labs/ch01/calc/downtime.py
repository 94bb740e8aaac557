"""G05: how long a system may be down at a given availability."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from labkit.calculations import (
    DAYS,
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
    percent,
    show,
    slip,
)

STORIES = (
    Text(
        ja="クラウド事業者の契約書に「稼働率{goal}を保証」とあります。",
        en="The contract of a cloud provider guarantees an availability of {goal}.",
    ),
    Text(
        ja="診療所の電子カルテは稼働率{goal}を目標にしています。",
        en="The patient records of a clinic aim at an availability of {goal}.",
    ),
    Text(
        ja="路面電車の運行案内サーバは稼働率{goal}で設計されています。",
        en="The server that shows when the trams run was designed for {goal} "
        "availability.",
    ),
    Text(
        ja="地域の防災メール配信を、稼働率{goal}で請け負うことになりました。",
        en="You are taking over a town's emergency mail service at {goal} "
        "availability.",
    ),
)
QUESTION = Text(
    ja="{period}の間に許される停止時間は、合計で何{unit}ですか。",
    en="For how many {unit} in all may it be down in {period}?",
)
SHARES = (
    0.9, 0.95, 0.98, 0.99, 0.992, 0.995, 0.997, 0.998, 0.999, 0.9992, 0.9995, 0.9998,
    0.9999, 0.99995, 0.99999,
)  # fmt: skip
LENGTH = {"month": 30, "year": 365}


@dataclass(frozen=True)
class Goal:
    story: int
    availability: float
    period: Literal["month", "year"]
    unit: Literal["min", "h"]

    @property
    def hours(self) -> float:
        return LENGTH[self.period] * 24

    @property
    def other_hours(self) -> float:
        return LENGTH["year" if self.period == "month" else "month"] * 24

    @property
    def down(self) -> float:
        return (1 - self.availability) * self.hours


def draw(random: Random) -> Goal | None:
    goal = Goal(
        story=random.randrange(len(STORIES)),
        availability=random.choice(SHARES),
        period=random.choice(("month", "year")),
        unit=random.choice(("min", "h")),
    )
    natural = goal.down >= 0.5 if goal.unit == "h" else goal.down <= 50
    return goal if natural else None


def tell(v: Goal) -> Text:
    length = days(LENGTH[v.period])
    name = {"month": ("1か月", "a month"), "year": ("1年", "a year")}[v.period]
    question = fill(
        QUESTION,
        period=Text(ja=f"{name[0]}（{length.ja}）", en=f"{name[1]} of {length.en}"),
        unit=unit(v).label,
    )
    story = fill(STORIES[v.story], goal=percent(v.availability))
    return Text(ja=f"{story.ja}\n\n{question.ja}", en=f"{story.en}\n\n{question.en}")


def unit(v: Goal) -> Unit:
    return MINUTES if v.unit == "min" else HOURS


def given(v: Goal) -> list[Given]:
    goal = percent(v.availability).en.removesuffix(" %")
    period = Text(ja="期間", en="Period")
    return [
        Given(
            "availability", Text(ja="稼働率", en="Availability"), goal, PERCENT.label
        ),
        Given("period", period, show(LENGTH[v.period]), DAYS.label),
    ]


def asks(v: Goal) -> list[Ask]:
    return [
        amount(
            "down",
            Text(ja="許される停止時間", en="Allowed down time"),
            units=(MINUTES, HOURS) if v.unit == "min" else (HOURS, MINUTES),
            hint=Text(
                ja="止まってよい割合は1−稼働率です。それを期間の長さに掛けます。",
                en="The share that may be down is 1 − availability. Multiply the "
                "period by it.",
            ),
        )
    ]


def solve(v: Goal) -> dict[str, float]:
    return {"down": v.down}


READ_AS_TIME = {
    "ja": "100％から引いた数を、そのまま停止時間と読んだようです。"
    "それは割合なので、期間の長さに掛けます。",
    "en": "What is missing to 100 % was read as the time itself. It is a share: "
    "multiply the period by it.",
}
MISTAKES: tuple[Mistake[Goal], ...] = (
    slip(
        "up_time",
        "down",
        lambda v: v.availability * v.hours,
        ja="これは動いている時間です。1から稼働率を引いた割合を掛けます。",
        en="This is the time it is up. Multiply by 1 minus the availability.",
    ),
    slip(
        "wrong_period",
        "down",
        lambda v: (1 - v.availability) * v.other_hours,
        ja="1か月（30日）と1年（365日）を取り違えたようです。問題の期間を見直しましょう。",
        en="A month of 30 days and a year of 365 were mixed up. Look at the period.",
    ),
    slip(
        "percent_as_time",
        "down",
        lambda v: unit(v).to_base((1 - v.availability) * 100),
        **READ_AS_TIME,
    ),
    slip(
        "percent_as_hours",
        "down",
        lambda v: (1 - v.availability) * 100 if v.unit != "h" else None,
        **READ_AS_TIME,
    ),
    slip(
        "percent_as_number",
        "down",
        lambda v: (1 - v.availability) * 100 * v.hours,
        ja="％を小数に直さずに掛けたようです。1％は0.01です。",
        en="The % was not turned into a fraction: 1 % is 0.01.",
    ),
    slip(
        "one_day",
        "down",
        lambda v: (1 - v.availability) * 24,
        ja="1日あたりの停止時間になっています。期間の日数も掛けてください。",
        en="This is the down time of one day. Multiply by the days of the period too.",
    ),
)


def explain(v: Goal) -> list[Step]:
    down_share = show(1 - v.availability)
    length, (ask,) = LENGTH[v.period], asks(v)
    factors = f"{length} × 24" + (" × 60" if v.unit == "min" else "")
    return [
        Step(
            Text(
                ja="止まってよい割合は、1から稼働率を引いた残りです。",
                en="The share that may be down is what is missing to 1.",
            ),
            f"1 − {show(v.availability)}",
            down_share,
        ),
        Step(
            Text(
                ja="期間の長さを、答える単位に直します。",
                en="Turn the period into the unit of the answer.",
            ),
            factors,
            unit(v).show(v.hours),
        ),
        Step(
            Text(ja="期間に割合を掛けます。", en="Multiply the period by the share."),
            f"{show(unit(v).from_base(v.hours))} × {down_share}",
            ask.result(v.down),
        ),
    ]


def solved_figure(v: Goal) -> Nines:
    ask = asks(v)[0]
    return Nines(
        availability=v.availability, down=Shown(ask.shown(v.down), unit(v).label)
    )


generator = Generator(
    id="G05",
    slug="ch01-downtime",
    title=Text(ja="稼働率から停止時間を求める", en="Down time from availability"),
    sections=("1.1.2",),
    values=Goal,
    draw=draw,
    tell=tell,
    given=given,
    asks=asks,
    solve=solve,
    mistakes=MISTAKES,
    explain=explain,
    solved_figure=solved_figure,
)

"""G07: the availability of elements in series."""

from dataclasses import dataclass
from math import prod
from random import Random

from labkit.calculations import (
    FRACTION,
    PERCENT,
    Ask,
    Generator,
    Given,
    Mistake,
    Part,
    Series,
    Step,
    Text,
    counted,
    fill,
    listing,
    percent,
    share,
    show,
    slip,
)

PARTS = (
    Text(ja="Webサーバ", en="web server"),
    Text(ja="DBサーバ", en="database server"),
    Text(ja="認証サーバ", en="sign-in server"),
    Text(ja="ファイルサーバ", en="file server"),
    Text(ja="スイッチ", en="switch"),
    Text(ja="ルータ", en="router"),
    Text(ja="負荷分散装置", en="load balancer"),
    Text(ja="ストレージ装置", en="storage unit"),
)
STORIES = (
    Text(
        ja="和菓子店の注文サイトは、次の{n}を使って注文を受けます。{parts}です。"
        "どれか1つでも止まると注文できません。",
        en="The order site of a sweet shop takes orders with {n}: {parts}. "
        "If any one of them stops, nobody can order.",
    ),
    Text(
        ja="ある高専の成績閲覧システムは{n}でできています。{parts}です。"
        "予備はなく、1つが止まれば全体が使えません。",
        en="The system in which a college shows its grades is made of {n}: {parts}. "
        "There is no spare: if one is down, the whole is down.",
    ),
    Text(
        ja="港の入出港管理は{n}で動いています。内訳は{parts}です。"
        "すべてが動いているときだけ役目を果たします。",
        en="The ship register of a harbour runs on {n}: {parts}. It works only while "
        "all of them do.",
    ),
)
QUESTION = Text(
    ja="かっこの中はそれぞれの稼働率で、故障は互いに独立とします。\n\n"
    "システム全体の稼働率を求めてください。",
    en="The figures are the availability of each; failures are independent.\n\n"
    "Find the availability of the whole system.",
)


@dataclass(frozen=True)
class Chain:
    story: int
    parts: tuple[int, ...]
    availabilities: tuple[float, ...]

    @property
    def together(self) -> float:
        return prod(self.availabilities)


def draw(random: Random) -> Chain:
    n = random.randint(2, 6)
    pool = random.choice(
        (
            [percentage / 100 for percentage in range(80, 100)],
            [percentage / 1000 for percentage in range(950, 1000, 5)],
            [0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999],
        )
    )
    alike = random.random() < 0.2
    each = (
        [random.choice(pool)] * n if alike else [random.choice(pool) for _ in "." * n]
    )
    return Chain(
        story=random.randrange(len(STORIES)),
        parts=tuple(random.sample(range(len(PARTS)), n)),
        availabilities=tuple(each),
    )


def tell(v: Chain) -> Text:
    each = listing(
        [
            Text(ja=f"{PARTS[i].ja}（{a.ja}）", en=f"{PARTS[i].en} ({a.en})")
            for i, a in zip(v.parts, map(percent, v.availabilities), strict=True)
        ]
    )
    n = counted(len(v.parts), ja="台", one="machine", many="machines")
    told = fill(STORIES[v.story], n=n, parts=each)
    return Text(ja=f"{told.ja}{QUESTION.ja}", en=f"{told.en} {QUESTION.en}")


def given(v: Chain) -> list[Given]:
    return [
        Given(f"a{n}", PARTS[i], percent(a).en.removesuffix(" %"), PERCENT.label)
        for n, (i, a) in enumerate(zip(v.parts, v.availabilities, strict=True), 1)
    ]


def asks(_v: Chain) -> list[Ask]:
    return [
        share(
            "availability",
            Text(ja="全体の稼働率", en="Availability of the whole"),
            units=(FRACTION, PERCENT),
            decimals=5,
            hint=Text(
                ja="全部が同時に動いている確率です。％は小数に直してから掛け合わせます。",
                en="It is the probability that all are up at once. Turn each % into a "
                "fraction, then multiply.",
            ),
        )
    ]


def solve(v: Chain) -> dict[str, float]:
    return {"availability": v.together}


def linear(v: Chain) -> float:
    """What is left when the down shares are simply added up."""
    return sum(v.availabilities) - (len(v.availabilities) - 1)


def is_close(v: Chain) -> bool:
    return abs(linear(v) - v.together) < 1e-3


MISTAKES: tuple[Mistake[Chain], ...] = (
    slip(
        "minimum",
        "availability",
        lambda v: min(v.availabilities),
        ja="いちばん低い稼働率をそのまま答えています。ほかの装置も止まるので、"
        "全体はそれより低くなります。",
        en="This is the lowest of them. The others fail as well, so the whole is "
        "lower still.",
    ),
    slip(
        "mean",
        "availability",
        lambda v: (
            sum(v.availabilities) / len(v.availabilities)
            if len(set(v.availabilities)) > 1
            else None
        ),
        ja="平均をとったようです。全部が動いている確率は、平均ではなく積になります。",
        en="This is the mean. The probability that all are up is the product.",
    ),
    slip(
        "linear_close",
        "availability",
        lambda v: linear(v) if is_close(v) else None,
        ja="停止の割合を足して1から引いた近似値です。見積もりとしては十分近いのですが、"
        "ここでは稼働率の積を求めてください。",
        en="This adds the down shares and takes them from 1: a fair estimate, but "
        "here multiply the availabilities.",
    ),
    slip(
        "linear",
        "availability",
        lambda v: None if is_close(v) else linear(v),
        ja="停止の割合を足し合わせて1から引いたようです。同時に止まる場合を二重に数えて"
        "しまいます。稼働率を掛け合わせます。",
        en="You added the down shares and took them from 1. That counts twice the "
        "times when two are down at once. Multiply the availabilities.",
    ),
    slip(
        "parallel",
        "availability",
        lambda v: 1 - prod(1 - a for a in v.availabilities),
        ja="どれか1つが動けばよい並列の式です。ここは1つでも止まると全体が止まる直列"
        "なので、稼働率どうしを掛けます。",
        en="That is the formula for parallel parts, where one is enough. Here all "
        "are needed: multiply the availabilities.",
    ),
    slip(
        "down_share",
        "availability",
        lambda v: 1 - v.together,
        ja="これは止まっている割合（1−稼働率）です。1から引いてください。",
        en="This is the share of time down. Take it from 1.",
    ),
)


def explain(v: Chain) -> list[Step]:
    factors = " × ".join(show(a) for a in v.availabilities)
    return [
        Step(
            Text(
                ja="全部が動いているときだけ使えるので、稼働率を掛け合わせます。",
                en="The whole is up only while all are: multiply the availabilities.",
            ),
            " × ".join(f"A{n}" for n in range(1, len(v.parts) + 1)),
        ),
        Step(
            Text(
                ja="装置が増えるたびに1より小さい数が掛かり、全体は下がります"
                "（いちばん低い1台よりも低くなります）。",
                en="Every further part multiplies by less than 1, so the whole sinks "
                "below even the weakest part.",
            ),
            f"A = {factors}",
            asks(v)[0].result(v.together),
        ),
    ]


def figure(v: Chain) -> Series:
    return Series(
        parts=tuple(
            Part(PARTS[i], a) for i, a in zip(v.parts, v.availabilities, strict=True)
        )
    )


generator = Generator(
    id="G07",
    slug="ch01-series",
    title=Text(ja="直列システムの稼働率", en="Availability in series"),
    sections=("1.1.3",),
    values=Chain,
    draw=draw,
    tell=tell,
    given=given,
    asks=asks,
    solve=solve,
    mistakes=MISTAKES,
    explain=explain,
    figure=figure,
)

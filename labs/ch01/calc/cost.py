"""G06: what outages cost, and when the sturdier design pays."""

from dataclasses import dataclass
from random import Random

from labkit.calculations import (
    HOURS,
    MAN_YEN,
    MONTHS,
    YEARS,
    YEN,
    Ask,
    Generator,
    Given,
    Mistake,
    Step,
    Text,
    amount,
    counted,
    days,
    fill,
    hours,
    show,
    slip,
    yen,
)

SHOPS = (
    Text(ja="手ぬぐいの通販サイト", en="an online shop for cotton towels"),
    Text(ja="釣り船の予約サイト", en="a booking site for fishing boats"),
    Text(ja="地ビール醸造所の直販サイト", en="the shop of a small brewery"),
    Text(ja="中古カメラの委託販売サイト", en="a site that sells second-hand cameras"),
    Text(ja="果樹園の産直サイト", en="the direct sales of a farm"),
)
ALL_DAY = Text(ja="24時間休まず注文を受け", en="takes orders around the clock")
OPEN = Text(ja="1日に{open}だけ注文を受け", en="takes orders for {open} a day only")
LOSS = Text(
    ja="{shop}は{opening}、1日に{sales}を売り上げます。この1年に{outages}停止し、"
    "1回につき{repair}分の注文を受けられませんでした。"
    "注文は受付中に均等に入るものとします。\n\n1年間の損失額を求めてください。",
    en="This is about {shop}. It {opening} and sells for {sales} a day. This year it "
    "had {outages}, and each lost it the orders of {repair}. Orders come evenly "
    "while it is open.\n\nFind the loss of the year.",
)
COMPARE = Text(
    ja="{shop}は{opening}、1日に{sales}を売り上げます。注文は受付中に均等に入り、"
    "年に{outages}の故障が受付中に起こると見込まれます。\n\n"
    "案Aは{price_a}で、1回の故障につき{repair}止まります。"
    "案Bは{price_b}で、{repair_b}で復旧します。\n\n"
    "案Bにすると年間の損失は何円減りますか。また、価格の差は何年で取り戻せますか。",
    en="This is about {shop}. It {opening} and sells for {sales} a day, evenly while "
    "it is open. Expect {outages} a year during that time.\n\n"
    "Design A costs {price_a} and is down for {repair} at each. Design B costs "
    "{price_b} and is back after {repair_b}.\n\n"
    "By how much does B lower the yearly loss, and after how many years has it paid "
    "for the difference in price?",
)


@dataclass(frozen=True)
class Business:
    """Money in yen, times in hours. `prices` and `repair_b` only when two designs are
    compared. `whole_days` counts days of business, each of `open_hours`."""

    shop: int
    daily: int
    open_hours: int
    outages: int
    repair: float
    whole_days: bool
    prices: tuple[int, int] | None
    repair_b: float

    @property
    def hourly(self) -> float:
        return self.daily / self.open_hours

    @property
    def lost_hours(self) -> float:
        """Business hours one outage takes."""
        return self.repair * (self.open_hours / 24 if self.whole_days else 1)

    @property
    def loss(self) -> float:
        return self.hourly * self.lost_hours * self.outages

    @property
    def saving(self) -> float:
        return self.hourly * (self.lost_hours - self.repair_b) * self.outages

    @property
    def extra(self) -> int:
        return self.prices[1] - self.prices[0] if self.prices else 0

    @property
    def payback(self) -> float:
        """Hours until the saving has paid for the price."""
        return self.extra / self.saving * YEARS.factor


def draw(random: Random) -> Business | None:
    compare = random.random() < 0.4
    open_hours = random.choice((24, 8, 9, 10, 11, 12))
    whole_days = not compare and random.random() < 0.3
    shortest = random.randint(1, 10) / 2
    price_a = random.randint(5, 80) * 100_000
    price_b = price_a + random.randint(2, 100) * 100_000
    business = Business(
        shop=random.randrange(len(SHOPS)),
        daily=random.choice((*range(1, 30), *range(30, 501, 10))) * 10_000,
        open_hours=open_hours,
        outages=random.randint(1, 3 if whole_days else 8),
        repair=random.randint(1, 5) * 24 if whole_days else random.randint(1, 24) / 2,
        whole_days=whole_days,
        prices=(price_a, price_b) if compare else None,
        repair_b=random.choice((0.1, 0.25, 0.5, 1, shortest)) if compare else 0,
    )
    if not whole_days and business.repair > open_hours:
        return None
    if compare and not (
        business.repair_b < business.repair and 0.3 <= business.payback / 8760 <= 20
    ):
        return None
    return business


def tell(v: Business) -> Text:
    prices = v.prices or (0, 0)
    opening = ALL_DAY if v.open_hours == 24 else fill(OPEN, open=hours(v.open_hours))
    outages = counted(v.outages, ja="回", one="outage", many="outages")
    return fill(
        COMPARE if v.prices else LOSS,
        shop=SHOPS[v.shop],
        opening=opening,
        sales=yen(v.daily),
        outages=outages,
        repair=length_told(v),
        repair_b=hours(v.repair_b),
        price_a=yen(prices[0]),
        price_b=yen(prices[1]),
    )


def length_told(v: Business) -> Text:
    """One outage of the first design."""
    if not v.whole_days:
        return hours(v.repair)
    if v.open_hours == 24:
        return days(v.repair / 24)
    told = counted(v.repair / 24, ja="日", one="business day", many="business days")
    return Text(ja=f"営業日{told.ja}", en=told.en)


def given(v: Business) -> list[Given]:
    times = Text(ja="回", en="times" if v.outages > 1 else "time")
    facts = [
        Given(
            "daily", Text(ja="1日の売上", en="Sales a day"), show(v.daily), YEN.label
        ),
        Given(
            "open",
            Text(ja="1日の受付時間", en="Open each day"),
            show(v.open_hours),
            HOURS.label,
        ),
        Given(
            "outages",
            Text(ja="年間の停止", en="Outages a year"),
            show(v.outages),
            times,
        ),
    ]
    if v.prices is None:
        label, unit = Text(ja="1回の停止", en="Each outage"), HOURS.label
        if v.whole_days:
            unit = Text(ja="営業日", en="business days")
        length = v.repair / (24 if v.whole_days else 1)
        return [*facts, Given("repair", label, show(length), unit)]
    a, b = v.prices
    return [
        *facts,
        Given("a", Text(ja="案Aの価格", en="Price of A"), show(a), YEN.label),
        Given("ra", Text(ja="案Aの停止", en="A is down"), show(v.repair), HOURS.label),
        Given("b", Text(ja="案Bの価格", en="Price of B"), show(b), YEN.label),
        Given(
            "rb", Text(ja="案Bの停止", en="B is down"), show(v.repair_b), HOURS.label
        ),
    ]


RATE_FIRST = Text(
    ja="売上は受付中にだけ生まれます。まず受付1時間あたりの売上を出します。",
    en="Money is made only while orders are taken: find the sales of one open hour.",
)


def asks(v: Business) -> list[Ask]:
    if v.prices is None:
        label = Text(ja="1年間の損失", en="Loss of the year")
        return [amount("loss", label, units=(YEN, MAN_YEN), hint=RATE_FIRST)]
    return [
        amount(
            "saving",
            Text(ja="年間損失の減少額", en="Yearly loss avoided"),
            units=(YEN, MAN_YEN),
            hint=RATE_FIRST,
        ),
        amount(
            "payback",
            Text(ja="価格差を取り戻す期間", en="Time to pay back"),
            units=(YEARS, MONTHS),
            relative=0.01,
            hint=Text(
                ja="価格の差を、1年あたりの減少額で割ります。",
                en="Divide the difference in price by what a year saves.",
            ),
        ),
    ]


def solve(v: Business) -> dict[str, float]:
    if v.prices is None:
        return {"loss": v.loss}
    return {"saving": v.saving, "payback": v.payback}


def rate_of_24(v: Business, right: float) -> float | None:
    """With the sales of a day spread over 24 hours instead of the open ones."""
    if v.open_hours == 24 or v.whole_days:
        return None
    return right * v.open_hours / 24


def nights_counted(v: Business) -> float | None:
    """Whole days counted with 24 hours, each at the rate of an open hour."""
    if v.open_hours == 24 or not v.whole_days:
        return None
    return v.hourly * v.repair * v.outages


SPREAD = {
    "ja": "1日の売上を24で割ったようです。売上があるのは受付時間だけなので、"
    "受付時間で割った額を使います。",
    "en": "The sales of a day were divided by 24. They are made while it is open: "
    "divide by the open hours.",
}
ONE_OUTAGE = {
    "ja": "1回分の金額です。年間の停止回数を掛けましょう。",
    "en": "This is for a single outage. Multiply by the outages of a year.",
}
YEARLY = {
    "ja": "1日の売上を年間の売上と取り違え、365で割ったようです。",
    "en": "The sales of a day were taken for those of a year and divided by 365.",
}
MISTAKES: tuple[Mistake[Business], ...] = (
    slip("rate_of_24", "loss", lambda v: rate_of_24(v, v.loss), **SPREAD),
    slip(
        "nights_counted",
        "loss",
        nights_counted,
        ja="受付していない時間まで損失に数えています。1日の停止で失うのは1日分の売上です。",
        en="This counts hours in which no order is taken. A day down costs one day of "
        "sales.",
    ),
    slip("yearly", "loss", lambda v: v.loss / 365, **YEARLY),
    slip(
        "one_outage",
        "loss",
        lambda v: v.loss / v.outages if v.outages > 1 else None,
        **ONE_OUTAGE,
    ),
    slip("rate_of_24", "saving", lambda v: rate_of_24(v, v.saving), **SPREAD),
    slip("yearly", "saving", lambda v: v.saving / 365, **YEARLY),
    slip(
        "one_outage",
        "saving",
        lambda v: v.saving / v.outages if v.outages > 1 else None,
        **ONE_OUTAGE,
    ),
    slip(
        "design_a_only",
        "saving",
        lambda v: v.loss,
        ja="案Aの損失額そのものです。案Bでも短い停止は残るので、その損失を引きます。",
        en="This is what A loses. B is down for a while too: take its loss away.",
    ),
    slip(
        "whole_price",
        "payback",
        lambda v: v.prices[1] / v.saving * YEARS.factor if v.prices else None,
        ja="案Bの価格全体で割り算しています。案Aでも払う分は除き、差額を使います。",
        en="The whole price of B was used. Only what it costs beyond A has to be paid "
        "back.",
    ),
    slip(
        "b_never_down",
        "payback",
        lambda v: v.extra / v.loss * YEARS.factor,
        ja="案Aの損失額で割ったようです。案Bにも損失は残るので、減った額で割ります。",
        en="This divides by the loss of A. B still loses something: divide by what it "
        "saves.",
    ),
    slip(
        "one_outage",
        "payback",
        lambda v: v.payback * v.outages if v.outages > 1 else None,
        ja="1回分の減少額で割ったようです。年間の停止回数を掛けてから割ります。",
        en="This divides by the saving of a single outage. Take all outages of a year.",
    ),
    slip(
        "rate_of_24",
        "payback",
        lambda v: v.payback * 24 / v.open_hours if v.open_hours < 24 else None,
        **SPREAD,
    ),
)


def explain(v: Business) -> list[Step]:
    rate = Step(
        Text(ja="受付1時間あたりの売上です。", en="The sales of one open hour."),
        f"¥{v.daily:,} ÷ {v.open_hours}",
        YEN.show(v.hourly),
    )
    if v.whole_days:
        text = Text(
            ja="1日止まるごとに1日分の売上を失います。これに日数と回数を掛けます。",
            en="Each day down costs the sales of a day: multiply by days and outages.",
        )
        formula = f"¥{v.daily:,} × {show(v.repair / 24)} × {v.outages}"
        return [Step(text, formula, asks(v)[0].result(v.loss))]
    if v.prices is None:
        text = Text(
            ja="停止した時間と回数を掛けます。",
            en="Multiply by the hours of an outage and by the outages.",
        )
        formula = f"{YEN.show(v.hourly)} × {show(v.repair)} × {v.outages}"
        return [rate, Step(text, formula, asks(v)[0].result(v.loss))]
    saving, payback = asks(v)
    shorter = f"({show(v.repair)} − {show(v.repair_b)})"
    return [
        rate,
        Step(
            Text(
                ja="1回の停止が短くなる分に、回数を掛けます。",
                en="Multiply by how much shorter an outage gets, and by the outages.",
            ),
            f"{YEN.show(v.hourly)} × {shorter} × {v.outages}",
            saving.result(v.saving),
        ),
        Step(
            Text(
                ja="価格の差を、1年あたりの減少額で割ります。",
                en="Divide the difference in price by what a year saves.",
            ),
            f"¥{v.extra:,} ÷ {YEN.show(v.saving)}",
            payback.result(v.payback),
        ),
    ]


generator = Generator(
    id="G06",
    slug="ch01-cost",
    title=Text(ja="停止の損失と対策の費用", en="What outages cost"),
    sections=("1.1.2",),
    values=Business,
    draw=draw,
    tell=tell,
    given=given,
    asks=asks,
    solve=solve,
    mistakes=MISTAKES,
    explain=explain,
)

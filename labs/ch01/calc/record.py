"""G03: MTBF and MTTR from an operating record."""

from dataclasses import dataclass
from random import Random

from labkit.calculations import (
    DAYS,
    HOURS,
    Ask,
    Down,
    Generator,
    Given,
    Mistake,
    Step,
    Text,
    Timeline,
    amount,
    counted,
    days,
    fill,
    hours,
    listing,
    show,
    slip,
)

STORIES = (
    Text(
        ja="市立図書館の蔵書検索サーバ tana1 の運用日誌を整理しています。{period}の間に"
        "{failures}停止し、{repairs}。残りの時間は動いていました。",
        en="You are going through the log of tana1, the catalogue server of a town "
        "library. In {period} it had {failures}; {repairs}. The rest of the time it "
        "was up.",
    ),
    Text(
        ja="温泉旅館の予約受付サーバ yuami について、過去{period}分の記録があります。"
        "故障は{failures}で、{repairs}。",
        en="A record of the last {period} is kept for yuami, which takes the bookings "
        "of a hot-spring inn. There were {failures}; {repairs}.",
    ),
    Text(
        ja="漁協のせりシステム uoichi を引き継ぎました。前任者のメモには「{period}で"
        "障害{failures}、{repairs}」とあります。",
        en="You have taken over uoichi, the auction system of a fishing port. Your "
        "predecessor noted: {period}, {failures}; {repairs}.",
    ),
    Text(
        ja="浄水場の水位監視サーバ mizu-mon の年次報告を書きます。対象期間は{period}、"
        "障害は{failures}でした。{repairs}。",
        en="You are writing the report on mizu-mon, which watches the water levels of "
        "a waterworks. It covers {period} with {failures}; {repairs}.",
    ),
)
QUESTION = Text(
    ja="このシステムのMTBFとMTTRを求めてください。",
    en="Find the MTBF and the MTTR of this system.",
)


@dataclass(frozen=True)
class Record:
    """`repairs` and `starts` (of the outages, for the figure) are in hours."""

    story: int
    period_days: int
    repairs: tuple[float, ...]
    starts: tuple[float, ...]

    @property
    def failures(self) -> int:
        return len(self.repairs)

    @property
    def down(self) -> float:
        return sum(self.repairs)

    @property
    def up(self) -> float:
        return self.period_days * 24 - self.down

    @property
    def in_days(self) -> bool:
        """All repairs took the same whole number of days, so the story says days."""
        first = self.repairs[0]
        return first % 24 == 0 and all(each == first for each in self.repairs)


def draw(random: Random) -> Record | None:
    period_days = random.choice((30, 90, 180, 365))
    failures = random.randint(1, 12)
    style = random.choice(("days", "equal", "list"))
    if style == "days":
        repairs = [24.0 * random.randint(1, 4)] * failures
    elif style == "equal":
        repairs = [random.randint(1, 192) / 2] * failures
    else:
        failures = min(failures, 6)
        repairs = [random.randint(1, 192) / 2 for _ in range(failures)]
    spare = period_days * 24 - sum(repairs)
    if sum(repairs) >= 0.4 * period_days * 24:
        return None
    gaps = sorted(round(random.uniform(0, spare), 1) for _ in repairs)
    starts = [round(gap + sum(repairs[:i]), 1) for i, gap in enumerate(gaps)]
    return Record(
        story=random.randrange(len(STORIES)),
        period_days=period_days,
        repairs=tuple(repairs),
        starts=tuple(starts),
    )


def repairs_told(v: Record) -> Text:
    first = days(v.repairs[0] / 24) if v.in_days else hours(v.repairs[0])
    if v.failures == 1:
        return Text(
            ja=f"修理に{first.ja}かかりました", en=f"the repair took {first.en}"
        )
    if len(set(v.repairs)) == 1:
        return Text(
            ja=f"1回の修理に{first.ja}ずつかかりました",
            en=f"each repair took {first.en}",
        )
    each = listing([hours(repair) for repair in v.repairs])
    return Text(
        ja=f"修理時間は順に{each.ja}でした", en=f"the repairs took {each.en} in turn"
    )


def tell(v: Record) -> Text:
    told = fill(
        STORIES[v.story],
        period=days(v.period_days),
        failures=counted(v.failures, ja="回", one="failure", many="failures"),
        repairs=repairs_told(v),
    )
    return Text(ja=f"{told.ja}\n\n{QUESTION.ja}", en=f"{told.en}\n\n{QUESTION.en}")


def given(v: Record) -> list[Given]:
    unit, size = (DAYS, 24) if v.in_days else (HOURS, 1)
    repairs = v.repairs[:1] if len(set(v.repairs)) == 1 else v.repairs
    return [
        Given("period", Text(ja="期間", en="Period"), show(v.period_days), DAYS.label),
        Given(
            "failures",
            Text(ja="故障回数", en="Failures"),
            show(v.failures),
            Text(ja="回", en="times" if v.failures > 1 else "time"),
        ),
        Given(
            "repairs",
            Text(ja="1回ごとの修理", en="Each repair"),
            " / ".join(show(repair / size) for repair in repairs),
            unit.label,
        ),
    ]


def asks(_v: Record) -> list[Ask]:
    return [
        amount(
            "mtbf",
            Text(ja="MTBF（平均故障間隔）", en="MTBF"),
            units=(HOURS, DAYS),
            hint=Text(
                ja="まず期間を時間に直し、修理していた時間を引いて稼働時間を出します。",
                en="Turn the period into hours and take the repairs away: what is left "
                "is the up time.",
            ),
        ),
        amount(
            "mttr",
            Text(ja="MTTR（平均修理時間）", en="MTTR"),
            units=(HOURS, DAYS),
            hint=Text(
                ja="修理時間の合計を、修理した回数で割ります。",
                en="Divide the sum of the repairs by how many there were.",
            ),
        ),
    ]


def solve(v: Record) -> dict[str, float]:
    return {"mtbf": v.up / v.failures, "mttr": v.down / v.failures}


MISTAKES: tuple[Mistake[Record], ...] = (
    slip(
        "repairs_left_in",
        "mtbf",
        lambda v: v.period_days * 24 / v.failures,
        ja="期間全体を故障回数で割っていませんか。MTBFの分子は稼働時間の合計なので、"
        "修理中の時間を先に引きます。",
        en="It looks as if the whole period was divided. MTBF counts up time only, "
        "so take the repairs away first.",
    ),
    slip(
        "left_in_days",
        "mtbf",
        lambda v: v.up / 24 / v.failures,
        ja="日数のまま割ったようです。1日は24時間なので、24を掛けて時間に直します。",
        en="This was divided in days. A day has 24 hours: multiply by 24 to get hours.",
    ),
    slip(
        "one_interval_more",
        "mtbf",
        lambda v: v.up / (v.failures + 1),
        ja="故障で区切られた区間の数（故障回数＋1）で割ったようです。"
        "定義では故障回数そのもので割ります。",
        en="You divided by the stretches between failures, one more than there are "
        "failures. The definition divides by the failures.",
    ),
    slip(
        "not_divided",
        "mtbf",
        lambda v: v.up if v.failures > 1 else None,
        ja="これは稼働時間の合計です。1回あたりにするため故障回数で割ります。",
        en="This is the total up time. Divide it by the failures to get the time "
        "per failure.",
    ),
    slip(
        "swapped",
        "mtbf",
        lambda v: v.down / v.failures,
        ja="MTTRのほうの値です。MTBFは動いていた時間、MTTRは直していた時間の平均です。",
        en="That is the MTTR. MTBF is the mean time up, MTTR the mean time under "
        "repair.",
    ),
    slip(
        "not_divided",
        "mttr",
        lambda v: v.down if v.failures > 1 else None,
        ja="これは修理時間の合計です。MTTRは1回あたりの平均なので、修理回数で割ります。",
        en="This is all the repair time together. MTTR is the mean of one repair, "
        "so divide by how many there were.",
    ),
    slip(
        "left_in_days",
        "mttr",
        lambda v: v.down / 24 / v.failures,
        ja="日数のままになっています。1日は24時間として時間に直してください。",
        en="This is still in days. Turn it into hours, 24 to the day.",
    ),
    slip(
        "swapped",
        "mttr",
        lambda v: v.up / v.failures,
        ja="MTBFのほうの値です。MTTRは修理にかかった時間の平均です。",
        en="That is the MTBF. MTTR is the mean time a repair takes.",
    ),
)


def explain(v: Record) -> list[Step]:
    mtbf_ask, mttr_ask = asks(v)
    total, n = v.period_days * 24, show(v.failures)
    together = " + ".join(show(repair) for repair in v.repairs)
    if len(set(v.repairs)) == 1:
        days_each = f"{show(v.repairs[0] / 24)} × 24"
        together = f"{days_each if v.in_days else show(v.repairs[0])} × {n}"
    return [
        Step(
            Text(ja="期間を時間に直します。", en="Turn the period into hours."),
            f"{v.period_days} × 24",
            HOURS.show(total),
        ),
        Step(
            Text(ja="修理時間を合計します。", en="Add up the repairs."),
            together,
            HOURS.show(v.down),
        ),
        Step(
            Text(ja="残りが稼働時間です。", en="What is left is the up time."),
            f"{show(total)} − {show(v.down)}",
            HOURS.show(v.up),
        ),
        Step(
            Text(
                ja="MTBFは、稼働時間の合計を故障回数で割った値です。",
                en="MTBF is the up time divided by the failures.",
            ),
            f"MTBF = {show(v.up)} ÷ {n}",
            mtbf_ask.result(v.up / v.failures),
        ),
        Step(
            Text(
                ja="MTTRは、修理時間の合計を修理回数で割った値です。",
                en="MTTR is the repair time divided by the repairs.",
            ),
            f"MTTR = {show(v.down)} ÷ {n}",
            mttr_ask.result(v.down / v.failures),
        ),
    ]


def figure(v: Record) -> Timeline:
    return Timeline(
        period_h=v.period_days * 24,
        down=tuple(
            Down(start, start + repair)
            for start, repair in zip(v.starts, v.repairs, strict=True)
        ),
        caption=fill(
            Text(
                ja="{period}の稼働と停止。",
                en="Up and down over {period}.",
            ),
            period=days(v.period_days),
        ),
    )


generator = Generator(
    id="G03",
    slug="ch01-record",
    title=Text(ja="運用記録からMTBFとMTTRを求める", en="MTBF and MTTR from a record"),
    sections=("1.1.2",),
    values=Record,
    draw=draw,
    tell=tell,
    given=given,
    asks=asks,
    solve=solve,
    mistakes=MISTAKES,
    explain=explain,
    figure=figure,
)

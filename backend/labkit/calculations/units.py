"""Units an answer may be given in. Each counts in the base unit of its kind:
hours, yen, the plain fraction, single pieces."""

from dataclasses import dataclass

from labkit.calculations.rounding import show
from labkit.text import Text


@dataclass(frozen=True, kw_only=True)
class Unit:
    """`written` are the ways a student may write it behind a number, in lower case."""

    key: str
    label: Text
    factor: float
    symbol: str
    written: tuple[str, ...]

    def from_base(self, value: float) -> float:
        return value / self.factor

    def to_base(self, value: float) -> float:
        return value * self.factor

    def mark(self, number: str) -> str:
        """The number with its symbol, the same in every language."""
        if self.symbol.startswith("¥"):
            return f"¥{number}{self.symbol[1:]}"
        return f"{number} {self.symbol}".strip()

    def show(self, value: float) -> str:
        """A value of the base unit, shown in this one."""
        return self.mark(show(self.from_base(value)))


SECONDS = Unit(
    key="s",
    label=Text(ja="秒", en="seconds"),
    factor=1 / 3600,
    symbol="s",
    written=("s", "秒", "sec", "second", "seconds"),
)
MINUTES = Unit(
    key="min",
    label=Text(ja="分", en="minutes"),
    factor=1 / 60,
    symbol="min",
    written=("min", "分", "m", "mins", "minute", "minutes"),
)
HOURS = Unit(
    key="h",
    label=Text(ja="時間", en="hours"),
    factor=1,
    symbol="h",
    written=("h", "時間", "hr", "hrs", "hour", "hours"),
)
DAYS = Unit(
    key="d",
    label=Text(ja="日", en="days"),
    factor=24,
    symbol="d",
    written=("d", "日", "日間", "day", "days"),
)
MONTHS = Unit(
    key="mo",
    label=Text(ja="か月", en="months"),
    factor=8760 / 12,
    symbol="mo",
    written=("mo", "か月", "ヶ月", "カ月", "ケ月", "month", "months"),
)
YEARS = Unit(
    key="y",
    label=Text(ja="年", en="years"),
    factor=8760,
    symbol="y",
    written=("y", "年", "年間", "yr", "year", "years"),
)
YEN = Unit(
    key="yen",
    label=Text(ja="円", en="yen"),
    factor=1,
    symbol="¥",
    written=("円", "yen", "jpy"),
)
MAN_YEN = Unit(
    key="man_yen",
    label=Text(ja="万円", en="× 10,000 yen (万円)"),
    factor=10_000,
    symbol="¥ × 10,000",
    written=("万円", "man yen", "man-yen"),
)
FRACTION = Unit(
    key="fraction",
    label=Text(ja="小数", en="fraction"),
    factor=1,
    symbol="",
    written=(),
)
PERCENT = Unit(
    key="percent",
    label=Text(ja="％", en="%"),
    factor=0.01,
    symbol="%",
    written=("%", "パーセント", "percent"),
)


def pieces(*, ja: str, en: str) -> Unit:
    """What is counted one by one: 台 / servers, 本 / disks."""
    return Unit(
        key="pieces",
        label=Text(ja=ja, en=en),
        factor=1,
        symbol="",
        written=(ja, en, en.removesuffix("s")),
    )

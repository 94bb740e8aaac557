"""What is asked for, in which units, and how near an answer must come."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from labkit.calculations.figures import Shown
from labkit.calculations.rounding import exact, fixed, half_up, show, truncated
from labkit.calculations.units import FRACTION, HOURS, PERCENT, Unit
from labkit.text import Text

SHARE_TOLERANCE = 5e-5
RELATIVE_TOLERANCE = 0.005
FINEST = 12  # Decimals further down are not looked at.


class Measure(StrEnum):
    SHARE = "share"  # Availability, probability: decimals are asked for.
    AMOUNT = "amount"  # Time, money: a relative tolerance.
    COUNT = "count"  # Disks, servers: exact.


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One number to find. The first unit is the one offered first.

    `decimals` (shares only) counts those of the plain fraction; `relative` (amounts
    only) is 0.5 %, or more where a chain of roundings is likely.
    """

    key: str
    label: Text
    hint: Text
    units: tuple[Unit, ...]
    measure: Measure
    decimals: int = 5
    relative: float = RELATIVE_TOLERANCE

    def unit(self, key: str) -> Unit | None:
        return next((unit for unit in self.units if unit.key == key), None)

    def tolerance(self, value: float) -> float:
        """How far off an answer still counts as `value`."""
        if self.measure == Measure.SHARE:
            return max(SHARE_TOLERANCE, 0.5 * 10.0**-self.decimals)
        if self.measure == Measure.AMOUNT:
            return abs(value) * self.relative
        return 1e-9

    def reach(self, value: float) -> float:
        """The tolerance, widened to take in the truncated value."""
        if self.measure == Measure.SHARE:
            return max(self.tolerance(value), 10.0**-self.decimals)
        return self.tolerance(value)

    def near(self, number: Decimal, unit: Unit, value: float) -> bool:
        """Whether `number`, written in `unit`, is `value` rounded or cut off."""
        off = abs(float(number) * unit.factor - value)
        return off <= self.tolerance(value) * (1 + 1e-9) or (
            self.measure == Measure.SHARE
            and decimals_of(number) >= self.decimals_in(unit)
            and self.is_cut_off(number, unit, value)
        )

    def is_cut_off(self, number: Decimal, unit: Unit, value: float) -> bool:
        """Truncated where rounding half up gives something else."""
        there, decimals = unit.from_base(value), decimals_of(number)
        return number == truncated(there, decimals) != half_up(there, decimals)

    def is_too_rough(self, number: Decimal, unit: Unit, value: float) -> bool:
        """The right value, rounded or cut off further than asked."""
        there, decimals = unit.from_base(value), decimals_of(number)
        if self.measure == Measure.COUNT or len(number.normalize().as_tuple()[1]) < 2:
            return False
        return number in (truncated(there, decimals), half_up(there, decimals))

    def decimals_in(self, unit: Unit) -> int:
        """The decimals asked for, counted in `unit`."""
        return self.decimals + exact(unit.factor).adjusted()

    def shown(self, value: float, unit: Unit | None = None) -> str:
        """The number alone, rounded as asked."""
        unit = unit or self.units[0]
        there = unit.from_base(value)
        if self.measure == Measure.SHARE:
            return fixed(there, self.decimals_in(unit))
        return show(there)

    def result(self, value: float) -> str:
        """The number with its symbol, for the last line of an explanation."""
        return self.units[0].mark(self.shown(value))

    def expected(self, value: float, unit: Unit) -> Shown:
        return Shown(self.shown(value, unit), unit.label)

    def rounding(self) -> Text:
        """How exact the answer has to be, said to the student."""
        if self.measure == Measure.COUNT:
            return Text(ja="整数で答えます。", en="a whole number.")
        if self.measure == Measure.AMOUNT:
            allowed = show(self.relative * 100)
            return Text(
                ja=f"誤差{allowed}％まで正解です。", en=f"within {allowed} % is right."
            )
        each = [(unit, self.decimals_in(unit)) for unit in self.units]
        ja = "、".join(f"{unit.label.ja}なら小数第{n}位まで" for unit, n in each)
        en = " or ".join(
            f"{n} decimal{'' if n == 1 else 's'} as a "
            + ("percentage" if unit == PERCENT else "fraction")
            for unit, n in each
        )
        return Text(ja=f"四捨五入して、{ja}。", en=f"round half up to {en}.")


def decimals_of(number: Decimal) -> int:
    """How many decimals were written: 98.30 has two, 3e4 has minus four."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # Infinity is never read.
    return max(-FINEST, min(FINEST, -exponent))


def share(
    key: str,
    label: Text,
    *,
    hint: Text,
    decimals: int = 5,
    units: tuple[Unit, ...] = (FRACTION, PERCENT),
) -> Ask:
    return Ask(
        key=key,
        label=label,
        hint=hint,
        units=units,
        measure=Measure.SHARE,
        decimals=decimals,
    )


def amount(
    key: str,
    label: Text,
    *,
    hint: Text,
    units: tuple[Unit, ...] = (HOURS,),
    relative: float = RELATIVE_TOLERANCE,
) -> Ask:
    """A time (hours are the base) or a sum of money (yen are)."""
    return Ask(
        key=key,
        label=label,
        hint=hint,
        units=units,
        measure=Measure.AMOUNT,
        relative=relative,
    )


def count(key: str, label: Text, *, hint: Text, unit: Unit) -> Ask:
    return Ask(key=key, label=label, hint=hint, units=(unit,), measure=Measure.COUNT)

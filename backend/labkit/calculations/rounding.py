"""Rounding as it is taught at school, and numbers as they are shown."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from math import floor, log10

SIGNIFICANT = 5


def exact(value: float) -> Decimal:
    """The number without the noise binary fractions leave behind."""
    return Decimal(format(value, ".12g"))


def half_up(value: float, decimals: int) -> Decimal:
    return exact(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def truncated(value: float, decimals: int) -> Decimal:
    return exact(value).quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)


def fixed(value: float, decimals: int) -> str:
    """Always that many decimals: 0.9 with 3 is 0.900."""
    return f"{half_up(value, decimals):,f}"


def show(value: float) -> str:
    """Five significant digits, never less than the whole number, no idle zeros."""
    if value == 0:
        return "0"
    before_point = floor(log10(abs(value))) + 1
    text = fixed(value, max(0, SIGNIFICANT - before_point))
    return text.rstrip("0").rstrip(".") if "." in text else text

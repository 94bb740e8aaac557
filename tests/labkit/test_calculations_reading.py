"""What a student may type, and what is read from it."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.calculations import (
    DAYS,
    FRACTION,
    HOURS,
    MAN_YEN,
    MINUTES,
    PERCENT,
    YEN,
    Unit,
    Unreadable,
    fixed,
    half_up,
    read_answer,
    show,
    truncated,
)

TIMES = (HOURS, DAYS, MINUTES)
SHARES = (FRACTION, PERCENT)
MONEY = (YEN, MAN_YEN)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("4308", "4308"),
        ("8,616", "8616"),
        ("８，６１６", "8616"),
        ("8、616", "8616"),
        ("１２．５", "12.5"),
        ("  72 ", "72"),
        ("\u300072\u3000", "72"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+12.5", "12.5"),
        ("−3", "-3"),
        ("3.5e-4", "0.00035"),
        ("3.5E-4", "0.00035"),
        ("3.5×10^-4", "0.00035"),
        ("3.5×10⁻⁴", "0.00035"),
        ("3.5x10^3", "3500"),
        ("1万", "10000"),
        ("1.5万", "15000"),
        ("72時間", "72"),
        ("72 h", "72"),
        ("72 Hours", "72"),
        ("約72", "72"),
        ("≒ 72", "72"),
        ("0.30", "0.30"),
    ],
)
def test_a_time_is_read(written: str, number: str) -> None:
    assert read_answer(written, HOURS, TIMES) == Decimal(number)


@pytest.mark.parametrize(
    ("written", "unit", "number"),
    [
        ("72万円", YEN, "720000"),
        ("72万", YEN, "720000"),
        ("72万", MAN_YEN, "72"),
        ("72万円", MAN_YEN, "72"),
        ("７２．５万円", YEN, "725000"),
        ("1億2000万円", YEN, "120000000"),
        ("1億2,000万", MAN_YEN, "12000"),
        ("72万5000円", YEN, "725000"),
        ("720,000円", YEN, "720000"),
        ("¥720,000", YEN, "720000"),
        ("￥720,000", YEN, "720000"),
        ("¥72万", YEN, "720000"),
        ("720000 yen", YEN, "720000"),
        ("98.356％", PERCENT, "98.356"),
        ("98.356 %", PERCENT, "98.356"),
        ("９８．３５６", PERCENT, "98.356"),
        ("0.98356", FRACTION, "0.98356"),
    ],
)
def test_money_and_shares_are_read(written: str, unit: Unit, number: str) -> None:
    units = MONEY if unit in MONEY else SHARES
    assert read_answer(written, unit, units) == Decimal(number)


@pytest.mark.parametrize(
    "written",
    [
        "", "   ", "abc", "七十二", "1,23", "12,34,567", "0,95", "1.2.3", "1 2",
        "8 616", "--3", "1_000", "nan", "inf", "Infinity", "1e", "e5", "1e999", "1e-",
        "0x10", "359/365", "3時間30分", "1:30", "72 kg", "72日", "万", "億", "円",
        "1万2", "9" * 61, "1.5万2000", "1億20000万", "¥72",
        "1;drop", "٣", "5%", ",5", "1e400万", "3..5", "１，２", "¥", "-", "+", "%",
    ],
)  # fmt: skip
def test_what_is_not_clear_is_said_to_be_unreadable(written: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_answer(written, HOURS, TIMES)
    assert caught.value.message.ja.endswith(("。", "）。"))
    assert caught.value.message.en.endswith(".")
    assert "{" not in caught.value.message.en


@pytest.mark.parametrize(
    ("written", "unit", "units"),
    [("98.356%", FRACTION, SHARES), ("3日", HOURS, TIMES), ("10分", HOURS, TIMES)],
)
def test_a_second_unit_is_pointed_out(
    written: str, unit: Unit, units: tuple[Unit, ...]
) -> None:
    with pytest.raises(Unreadable, match="Make them agree"):
        read_answer(written, unit, units)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(written: str) -> None:
    for unit, units in ((HOURS, TIMES), (YEN, MONEY), (PERCENT, SHARES)):
        try:
            number = read_answer(written, unit, units)
        except Unreadable:
            continue
        assert number.is_finite()


@given(st.text(alphabet="0123456789.,eE+-×^⁴万億円%％１２，． 約", max_size=24))
def test_number_like_text_is_read_or_refused(written: str) -> None:
    with suppress(Unreadable):
        assert abs(read_answer(written, YEN, MONEY)) < Decimal("1e15")


@given(st.integers(-(10**14), 10**14))
def test_grouped_and_full_width_numbers_come_back(number: int) -> None:
    wide = str.maketrans("0123456789,-", "０１２３４５６７８９，－")

    assert read_answer(f"{number:,}", HOURS) == number
    assert read_answer(f"{number:,}".translate(wide), HOURS) == number


@given(st.floats(1e-9, 1e11))
def test_what_is_shown_is_read_back(number: float) -> None:
    back = float(read_answer(show(number), HOURS))

    assert abs(back - number) <= 0.00005 * number + 1e-12


@given(st.integers(0, 10**9), st.integers(0, 6))
def test_fixed_decimals_come_back_exactly(thousandths: int, decimals: int) -> None:
    shown = fixed(thousandths / 1000, decimals)

    assert read_answer(shown, HOURS) == half_up(thousandths / 1000, decimals)


def test_rounding_goes_half_up_and_cutting_goes_down() -> None:
    assert half_up(0.95 * 0.95, 3) == Decimal("0.903")  # Not 0.902, as round() says.
    assert half_up(2.675, 2) == Decimal("2.68")
    assert half_up(0.98356, 3) == Decimal("0.984")
    assert truncated(0.98356, 3) == Decimal("0.983")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"), (4308, "4,308"), (1179.42857, "1,179.4"), (1234567.8, "1,234,568"),
        (0.1 + 0.2, "0.3"), (0.0001, "0.0001"), (1 - 0.99999, "0.00001"), (72.0, "72"),
    ],
)  # fmt: skip
def test_numbers_are_shown_with_sensible_digits(number: float, shown: str) -> None:
    assert show(number) == shown

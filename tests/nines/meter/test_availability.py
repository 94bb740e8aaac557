from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nines.meter.availability import figures, outages_of, since
from nines.meter.spans import Span


def spans(*lengths: float, at: float = 1000.0) -> list[Span]:
    """Up for the first, down for the second, up for the third …"""
    found = []
    for place, length in enumerate(lengths):
        found.append(Span(up=place % 2 == 0, began=at, ended=at + length))
        at += length
    return found


lengths = st.lists(st.floats(0.1, 5000), max_size=20)


def test_the_books_figures_come_out() -> None:
    found = figures(spans(400, 20, 400))

    assert found.outages == 1
    assert (found.mtbf, found.mttr) == (800, 20)
    assert found.availability == pytest.approx(800 / 820)
    assert found.nines == pytest.approx(-log10(20 / 820))


def test_nothing_is_known_before_the_first_answer() -> None:
    assert figures([]) == figures([Span(up=False, began=0, ended=60)])
    found = figures([])
    assert found.began is None
    assert (found.availability, found.mtbf, found.mttr, found.nines) == (None,) * 4


def test_what_has_not_been_built_yet_has_not_failed() -> None:
    unbuilt = Span(up=False, began=0, ended=1000)
    assert figures([unbuilt, *spans(10, 2, 10)]) == figures(spans(10, 2, 10))


def test_without_a_failure_there_is_no_mean_time_between_failures() -> None:
    found = figures(spans(60))
    assert (found.outages, found.mtbf, found.mttr, found.nines) == (0, None, None, None)
    assert found.availability == 1


def test_an_open_outage_is_down_time_and_no_repair() -> None:
    found = figures(spans(90, 10))
    assert (found.outages, found.down, found.mttr) == (1, 10, None)
    assert found.availability == pytest.approx(0.9)


def test_unknown_time_is_neither_up_nor_down() -> None:
    looked = [
        Span(up=True, began=0, ended=10),
        Span(up=True, began=70, ended=80),
        Span(up=False, began=80, ended=85),
        Span(up=False, began=100, ended=105),
        Span(up=True, began=105, ended=115),
    ]
    found = figures(looked)
    assert (found.up, found.down, found.unknown) == (30, 10, 75)
    (outage,) = outages_of(looked)
    assert (outage.began, outage.ended, outage.seconds) == (80, 105, 10)


def test_a_reset_cuts_the_span_it_falls_into() -> None:
    cut = since(spans(10, 2, 10), 1011)
    assert [(each.began, each.ended) for each in cut] == [(1011, 1012), (1012, 1022)]
    assert figures(cut).outages == 0


@given(lengths)
def test_time_adds_up(each: list[float]) -> None:
    found = figures(spans(*each))
    assert found.up == pytest.approx(sum(each[0::2]))
    assert found.down == pytest.approx(sum(each[1::2]))
    assert found.outages == len(each) // 2 == len(outages_of(spans(*each)))


@given(lengths.filter(lambda each: len(each) % 2 == 1 and len(each) > 1))
def test_the_formula_of_chapter_1_holds_once_all_is_repaired(each: list[float]) -> None:
    found = figures(spans(*each))
    assert found.mtbf is not None
    assert found.mttr is not None
    assert found.availability == pytest.approx(found.mtbf / (found.mtbf + found.mttr))


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 9), st.floats(0, 9)), max_size=20)
)
def test_no_order_of_spans_breaks_a_figure(
    facts: list[tuple[bool, float, float]],
) -> None:
    at, any_spans = 0.0, []
    for up, pause, length in facts:
        any_spans.append(Span(up=up, began=at + pause, ended=at + pause + length))
        at += pause + length
    found = figures(any_spans)
    assert found.availability is None or 0 <= found.availability <= 1
    assert found.nines is None or found.nines >= 0
    assert found.unknown >= 0
    ended = [each for each in outages_of(any_spans) if each.ended is not None]
    assert len(ended) >= found.outages - 1

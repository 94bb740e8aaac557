from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nines.meter.spans import SILENCE, Sample, prolong

EVERY = 0.1


def asked(answers: str, *, at: float = 0.0, round_trip: float = 0.01) -> list[Sample]:
    """One sample a character, EVERY apart: `u` is up, `d` down, ` ` not asked."""
    return [
        Sample(
            probe="web",
            sent=at + place * EVERY,
            up=each == "u",
            round_trip=round_trip if each == "u" else 0.3,
            why="ok" if each == "u" else "timeout",
        )
        for place, each in enumerate(answers)
        if each != " "
    ]


def test_an_outage_lasts_from_the_first_silence_to_the_first_answer() -> None:
    up, down, again = prolong(None, asked("uuudddduuu"))

    assert (up.up, down.up, again.up) == (True, False, True)
    assert down.began == pytest.approx(0.3)
    assert down.ended == pytest.approx(0.71)
    assert down.why == "timeout"
    assert again.ended == pytest.approx(0.9)


def test_one_lost_packet_is_a_short_outage() -> None:
    _, down, _ = prolong(None, asked("uuduu"))
    assert down.seconds == pytest.approx(EVERY + 0.01)


def test_nobody_knows_what_was_while_nobody_asked() -> None:
    before, after = prolong(None, asked("uuu" + " " * 30 + "ddd"))

    assert before.ended == pytest.approx(0.2)
    assert after.began == pytest.approx(3.3)


def test_a_slow_answer_does_not_turn_time_back() -> None:
    samples = [*asked("ud"), *asked("uuuu", at=0.2, round_trip=0.45)]
    spans = prolong(None, samples)
    assert all(a.ended <= b.began for a, b in pairwise(spans))
    assert all(span.began <= span.ended for span in spans)


answers = st.text("uud ", max_size=60)


@given(answers, st.integers(0, 60))
def test_it_does_not_matter_in_how_many_readings_it_comes(text: str, at: int) -> None:
    samples = asked(text)
    whole = prolong(None, samples)

    first = prolong(None, samples[:at])
    rest = prolong(first[-1] if first else None, samples[at:])
    assert first[:-1] + rest == whole


@given(answers)
def test_spans_are_in_order_and_apart(text: str) -> None:
    spans = prolong(None, asked(text))

    assert all(a.ended <= b.began for a, b in pairwise(spans))
    for before, after in pairwise(spans):
        silent = after.began - before.ended > SILENCE - 1
        assert before.up != after.up or silent


@given(st.floats(0, 5), st.floats(0.5, 20), st.floats(0, 0.1))
def test_a_gap_is_known_to_one_interval(
    began: float, lasts: float, phase: float
) -> None:
    """Whatever the phase of the questions, against the gap there really was."""
    samples = [
        Sample(probe="web", sent=sent, up=not began <= sent < began + lasts)
        for sent in (phase + EVERY * place for place in range(300))
    ]
    spans = prolong(None, samples)
    (down,) = (span for span in spans if not span.up)
    assert abs(down.seconds - lasts) <= EVERY + 1e-6

"""Sentences with drawn numbers in them, natural in both languages."""

from collections.abc import Sequence
from html import escape

from labkit.calculations.rounding import fixed, show
from labkit.text import Text

Fact = Text | str | int | float


def fill(template: Text, **facts: Fact) -> Text:
    """Put facts into `{name}` places: numbers as shown, a Text in its language."""
    return Text(
        ja=template.ja.format(**{k: _said(v).ja for k, v in facts.items()}),
        en=template.en.format(**{k: _said(v).en for k, v in facts.items()}),
    )


def counted(number: float, *, ja: str, one: str, many: str) -> Text:
    """A number with its noun: 3回 / 3 failures, 1回 / 1 failure."""
    shown = show(number)
    return Text(ja=f"{shown}{ja}", en=f"{shown} {one if shown == '1' else many}")


def minutes(number: float) -> Text:
    return counted(number, ja="分", one="minute", many="minutes")


def hours(number: float) -> Text:
    return counted(number, ja="時間", one="hour", many="hours")


def days(number: float) -> Text:
    return counted(number, ja="日", one="day", many="days")


def yen(number: float) -> Text:
    """Round sums in 万円, as a Japanese reader expects them."""
    whole = round(number)
    exact_in_man = whole % 10_000 == 0 or (whole % 1_000 == 0 and whole < 10**8)
    if whole >= 10_000 and exact_in_man:
        return Text(ja=f"{show(whole / 10_000)}万円", en=f"{whole:,} yen")
    return Text(ja=f"{whole:,}円", en=f"{whole:,} yen")


def percent(share: float) -> Text:
    """A share such as 0.9995 as 99.95 %, with no digit lost and none invented."""
    shown = fixed(share * 100, 6).rstrip("0").rstrip(".")
    return Text(ja=f"{shown}％", en=f"{shown} %")


def listing(items: Sequence[Text]) -> Text:
    return Text(
        ja="、".join(item.ja for item in items), en=", ".join(item.en for item in items)
    )


def paragraphs(*texts: Text) -> Text:
    """Plain text as safe HTML: one paragraph for each text and each blank line."""
    return Text(
        ja="".join(_paragraphs(text.ja) for text in texts),
        en="".join(_paragraphs(text.en) for text in texts),
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))


def _said(fact: Fact) -> Text:
    if isinstance(fact, Text):
        return fact
    shown = fact if isinstance(fact, str) else show(fact)
    return Text(ja=shown, en=shown)

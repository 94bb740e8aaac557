"""Read the number a student typed, as generously as is safe.

What cannot be read with certainty is `Unreadable`, with a sentence that says how to
write it. It is never guessed, and never counts as a wrong answer.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from unicodedata import normalize

from labkit.calculations.units import MAN_YEN, YEN, Unit
from labkit.text import Text

LONGEST = 60
LARGEST = Decimal("1e15")

_PLAIN = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+"
_POWER = r"e[+-]?\d{1,3}|\s*[x*×]\s*10\^[+-]?\d{1,3}"
_ANSWER = re.compile(
    rf"(?P<sign>[+-]?)\s*(?:"
    rf"(?=[^a-z]*[億万])(?:(?P<oku>{_PLAIN})億)?(?:(?P<man>{_PLAIN})万)?(?P<rest>{_PLAIN})?"
    rf"|(?P<plain>{_PLAIN})(?P<power>{_POWER})?"
    rf")\s*(?P<unit>[^\d\s.,+-](?:.*[^\s])?)?",
    re.ASCII,
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_MEANT = str.maketrans(
    {"−": "-", "‐": "-", "–": "-", "—": "-", "、": ",", "，": ",", "＾": "^"}
)


class Unreadable(Exception):
    """Nothing is lost: the student may write the number differently."""

    def __init__(self, message: Text) -> None:
        super().__init__(message.en)
        self.message = message


def read_answer(written: str, unit: Unit, units: Sequence[Unit] = ()) -> Decimal:
    """The number in `unit`; a unit written behind it must be that one.

    `units` are the ones the student could have chosen. 万 and 億 are understood;
    with money they always mean yen.
    """
    text = _tidy(written)
    match = _ANSWER.fullmatch(text)
    if match is None:
        raise Unreadable(_not_a_number(written))
    number = _number(match)
    if not number.is_finite() or abs(number) >= LARGEST:
        raise Unreadable(
            Text(
                ja="数が大きすぎて読み取れません。桁を確かめてください。",
                en="The number is too large to be read. Check its digits.",
            )
        )
    suffix = match["unit"] or ""
    if match["plain"] is None and unit in (YEN, MAN_YEN):
        if suffix and suffix not in YEN.written:
            raise Unreadable(_unknown_unit(suffix, unit))
        return number / Decimal(unit.factor)
    if suffix and suffix not in unit.written:
        other = next((each for each in units if suffix in each.written), None)
        raise Unreadable(
            _two_units(other, unit) if other else _unknown_unit(suffix, unit)
        )
    return number


def _tidy(written: str) -> str:
    """Full-width signs become plain ones; what stands around the number goes away."""
    if len(written) > LONGEST:
        raise Unreadable(
            Text(
                ja=f"入力が長すぎます（{LONGEST}文字まで）。数を一つだけ書いてください。",
                en=f"This is too long (at most {LONGEST} characters). "
                "Write a single number.",
            )
        )
    raised = re.sub(
        r"[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "^" + m[0].translate(_RAISED), written
    )
    text = normalize("NFKC", raised).translate(_MEANT).strip().lower()
    text = re.sub(r"^(?:約|およそ|[≒=≈~])\s*", "", text)
    if text.startswith("¥"):
        text = f"{text[1:].strip()}円" if not text.endswith("円") else text[1:].strip()
    if not text:
        raise Unreadable(
            Text(
                ja="答えが空です。数を入力してください。",
                en="The answer is empty. Write a number.",
            )
        )
    return text


def _number(match: re.Match[str]) -> Decimal:
    if (plain := match["plain"]) is not None:
        number = _decimal(plain)
        if power := match["power"]:
            number = number.scaleb(int(re.split(r"e|\^", power)[-1]))
    else:
        parts = ((match["oku"], 8), (match["man"], 4), (match["rest"], 0))
        present = [(_decimal(part), power) for part, power in parts if part]
        number = sum((part.scaleb(power) for part, power in present), Decimal(0))
        if not _is_one_reading(match["rest"], [part for part, _ in present]):
            raise Unreadable(_not_a_number(match[0]))
    return -number if match["sign"] == "-" else number


def _is_one_reading(rest: str | None, parts: list[Decimal]) -> bool:
    """1万2 may be said for 12,000, and 1.5万2000 is nothing at all."""
    whole = all(part == part.to_integral_value() for part in parts[:-1])
    short = rest is not None and len(rest) < 3
    return whole and not short and all(part < 10_000 for part in parts[1:])


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _not_a_number(written: str) -> Text:
    shown = written.strip()[:20]
    return Text(
        ja=f"「{shown}」を数として読み取れません。"
        "8616、8,616、12.5、3.5e-4 のように、数を一つだけ書いてください。",
        en=f"“{shown}” cannot be read as a number. "
        "Write a single one, such as 8616, 8,616, 12.5 or 3.5e-4.",
    )


def _two_units(written: Unit, chosen: Unit) -> Text:
    return Text(
        ja=f"「{written.label.ja}」と書かれていますが、"
        f"選んだ単位は「{chosen.label.ja}」です。どちらかにそろえてください。",
        en=f"You wrote “{written.label.en}”, but the chosen unit is "
        f"“{chosen.label.en}”. Make them agree.",
    )


def _unknown_unit(suffix: str, chosen: Unit) -> Text:
    shown = suffix[:20]
    return Text(
        ja=f"「{shown}」が読み取れません。数だけを書いてください"
        f"（単位は「{chosen.label.ja}」を選んでいます）。",
        en=f"“{shown}” cannot be read. Write the number alone "
        f"(the chosen unit is “{chosen.label.en}”).",
    )

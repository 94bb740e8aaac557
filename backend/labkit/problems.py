"""What is wrong with a lab, said so that its author can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from labkit.text import Text


@dataclass(frozen=True)
class Problem:
    file: str  # Relative to the lab's folder.
    field: str  # `nodes.0.disks.1.size_mb`; "" when the whole file is meant.
    reason: Text

    def __str__(self) -> str:
        where = f"{self.file}: {self.field}" if self.field else self.file
        return f"{where}: {self.reason.en}"


class LabProblems(Exception):
    """Everything that is wrong with one lab, not only the first thing."""

    def __init__(self, lab: str, problems: Iterable[Problem]) -> None:
        self.lab = lab
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{lab}/{problem}" for problem in self.problems))


def problem(file: str, field: str, *, ja: str, en: str) -> Problem:
    return Problem(file, field, Text(ja=ja, en=en))


def from_validation(file: str, error: ValidationError) -> list[Problem]:
    """Pydantic's findings in the words of somebody who writes TOML."""
    found = []
    for each in error.errors(include_url=False):
        field = ".".join(str(part) for part in each["loc"])
        found.append(Problem(file, field, _reason(each["type"], each)))
    return found


def _reason(kind: str, each: Any) -> Text:
    context = each.get("ctx", {})
    match kind:
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return Text(ja="このキーが必要です。", en="This key is required.")
        case "extra_forbidden" | "unexpected_keyword_argument":
            return Text(
                ja="このキーは知られていません。綴りを確かめてください。",
                en="This key is not known. Is it spelt right?",
            )
        case "string_pattern_mismatch":
            return Text(
                ja=f"{each['input']!r} は形式 {context['pattern']} に合いません。",
                en=f"{each['input']!r} does not have the form {context['pattern']}.",
            )
        case "greater_than_equal" | "greater_than":
            bound = context.get("ge", context.get("gt"))
            return Text(
                ja=f"{each['input']!r} は小さすぎます。下限は {bound} です。",
                en=f"{each['input']!r} is too small; the least is {bound}.",
            )
        case "less_than_equal" | "less_than":
            bound = context.get("le", context.get("lt"))
            return Text(
                ja=f"{each['input']!r} は大きすぎます。上限は {bound} です。",
                en=f"{each['input']!r} is too large; the most is {bound}.",
            )
        case "literal_error":
            return Text(
                ja=f"{each['input']!r} は使えません。使えるもの: {context['expected']}",
                en=f"{each['input']!r} is none of {context['expected']}.",
            )
        case "too_long":
            return Text(
                ja=f"多すぎます。最大 {context['max_length']} 個です。",
                en=f"There are too many; at most {context['max_length']} may be here.",
            )
        case "too_short":
            return Text(
                ja=f"足りません。最少 {context['min_length']} 個です。",
                en=f"There are too few; at least {context['min_length']} must be here.",
            )
        case _:
            return Text(
                ja=f"値が正しくありません ({each['msg']})。",
                en=f"The value is not right: {each['msg']}.",
            )

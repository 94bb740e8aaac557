"""What a checker asked and what it was told: the proof behind a result.

Kept small on purpose: the first part of each answer, and no more than fits one bundle.
"""

import json
from typing import Any

ANSWER_LIMIT = 4096
BUNDLE_LIMIT = 512 * 1024


class Evidence:
    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._size = 0
        self._left_out = 0

    def add(
        self, check: str, asked: dict[str, Any], answer: bytes | str, *, seconds: float
    ) -> None:
        """`asked` is the question as the checker put it, cut to a bounded length."""
        if isinstance(answer, str):
            answer = answer.encode()
        entry = {
            "check": check,
            "asked": {key: _cut(value) for key, value in asked.items()},
            "answer": answer[:ANSWER_LIMIT].decode(errors="backslashreplace"),
            "bytes": len(answer),
            "seconds": round(seconds, 3),
        }
        size = len(json.dumps(entry))
        if self._size + size > BUNDLE_LIMIT:
            self._left_out += 1
            return
        self._size += size
        self._entries.append(entry)

    def bundle(self, **about: Any) -> dict[str, Any]:
        return {**about, "asked": self._entries, "left_out": self._left_out}


def _cut(value: Any) -> Any:
    text = value if isinstance(value, str) else json.dumps(value)
    return value if len(text) <= ANSWER_LIMIT else text[:ANSWER_LIMIT]

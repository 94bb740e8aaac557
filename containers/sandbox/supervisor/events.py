"""What happened, numbered, the last thousand kept for a server that was away."""

from __future__ import annotations

import time
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

KEPT = 1000
MAX_DETAIL = 500


class EventLog:
    def __init__(self) -> None:
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None
        self.kept: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._count = 0

    def add(
        self,
        kind: str,
        node: str = "",
        disk: str = "",
        terminal: str = "",
        nic: str = "",
        segment: str = "",
        peer: str = "",
        detail: str = "",
        at: float = 0.0,
    ) -> None:
        """`at` is for what is known only after it happened."""
        self._count += 1
        elapsed = time.monotonic() - at if at else 0.0
        event: dict[str, Any] = {
            "n": self._count,
            "at": round(time.monotonic() - elapsed, 6),
            "time": round(time.time() - elapsed, 6),
            "kind": kind,
        }
        named = {"node": node, "disk": disk, "terminal": terminal}
        named |= {"nic": nic, "segment": segment, "peer": peer}
        event.update({name: value for name, value in named.items() if value})
        if detail:
            event["detail"] = detail[:MAX_DETAIL]
        self.kept.append(event)
        self.on_event(event)

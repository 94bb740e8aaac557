"""A made-up lab page with a meter; moments are seconds after noon."""

import json
from datetime import UTC, datetime

from playwright.sync_api import Page, Route

from tests.e2e.faked import NOON, Fake, Json, machine, segment, text

AT_NOON = datetime.fromisoformat(NOON).timestamp()
VIP, WEB = "vip", "web"
PROBES = [
    {
        "name": VIP,
        "title": text("代表IP", "Virtual address"),
        "kind": "icmp",
        "target": "192.168.1.100",
        "every_ms": 100,
        "sections": ["1.1.2"],
    },
    {
        "name": WEB,
        "title": text("代表IPのWeb", "Web on it"),
        "kind": "http",
        "target": "192.168.1.100:80/health",
        "every_ms": 200,
        "sections": [],
    },
]
TIMERS = [
    {
        "name": "deadtime",
        "title": text("deadtime", "deadtime"),
        "seconds": 30.0,
        "explain": text("知らせがとだえて待つ時間です。", "How long silence is borne."),
    },
    {
        "name": "takeover",
        "title": text("引き継ぎ", "Takeover"),
        "seconds": None,
        "explain": text("アドレスを付ける時間です。", "Adding the address."),
    },
]


def span(up: bool, began: float, ended: float) -> Json:
    why = "ok" if up else "timeout"
    return {"up": up, "began": AT_NOON + began, "ended": AT_NOON + ended, "why": why}


def outage(began: float, ended: float | None, seconds: float) -> Json:
    over = None if ended is None else AT_NOON + ended
    return {
        "began": AT_NOON + began,
        "ended": over,
        "seconds": seconds,
        "why": "timeout",
    }


def line(probe: str, *spans: Json, last: Json | None = None, **figures: object) -> Json:
    nothing = dict.fromkeys(("began", "availability", "mtbf", "mttr", "nines"))
    known = nothing | {"up": 0, "down": 0, "unknown": 0, "outages": 0} | figures
    return {"probe": probe, "spans": list(spans), "figures": known, "last": last}


NEVER_UP = [line(VIP, span(False, 0, 100)), line(WEB, span(False, 0, 100))]
REPAIRED = [
    line(
        VIP,
        *(span(True, 0, 40), span(False, 40, 71.4), span(True, 71.4, 100)),
        last=outage(40, 71.4, 31.4),
        began=AT_NOON,
        up=68.6,
        down=31.4,
        outages=1,
        availability=0.686,
        mtbf=68.6,
        mttr=31.4,
        nines=0.5,
    ),
    line(WEB, span(True, 0, 100), began=AT_NOON, up=100, availability=1),
]


class Metered(Fake):
    def __init__(self) -> None:
        cluster = [machine(name, ("lan", None)) for name in ("ha1", "ha2")]
        super().__init__(cluster, [segment("lan")], ["power.off"])
        self.lines = REPAIRED
        self.predictions: list[Json] = []
        self.asked: list[Json] = []
        self.resets = 0
        self.away = False
        self.now = AT_NOON + 100

    def tick(self, *lines: Json, seconds: float = 1) -> None:
        assert self._page
        self.now += seconds
        told = self._state() | {"lines": lines}
        self._page.evaluate("(data) => tell('meter', data)", json.dumps(told))

    def _lab(self) -> Json:
        return super()._lab() | {"meter": True}

    def _answer(self, route: Route) -> None:
        _, meter, action = route.request.url.partition("/meter")
        if not meter or "/api/" not in route.request.url:
            super()._answer(route)
        elif self.away:
            route.fulfill(status=503, json={"error": "unreachable", "detail": ""})
        else:
            self._do_meter(action, route)

    def _do_meter(self, action: str, route: Route) -> None:
        if action == "/reset":
            self.resets += 1
            self.lines = [line(VIP), line(WEB)]
        elif action == "/predictions":
            self.asked.append(json.loads(route.request.post_data or ""))
            self.predictions = [self._judged(self.asked[-1])]
        facts = {"probes": PROBES, "timers": TIMERS, "lines": self.lines}
        route.fulfill(json=self._state() | facts)

    def _judged(self, asked: Json) -> Json:
        because = {"timer": "deadtime", "how": "missing", "seconds": 30.0}
        return asked | {
            "id": "00000000-0000-4000-8000-00000000000a",
            "made": self.now,
            "measured": outage(40, 71.4, 31.4),
            "close": False,
            "explanation": because,
        }

    def _state(self) -> Json:
        since = {"since": AT_NOON, "now": self.now, "stamp_error": 0.012}
        return since | {"lines": self.lines, "predictions": self.predictions}


def power_off(fake: Metered, at: float) -> None:
    fake.happen("fault.power.off", node="ha1")
    moment = datetime.fromtimestamp(AT_NOON + at, UTC)
    fake.happened[-1]["time"] = moment.isoformat().replace("+00:00", "Z")


def show(fake: Metered, page: Page) -> None:
    fake.show(page)
    page.locator(".meter").wait_for()

"""The built pages without a server: every answer is made up here, so that a state of
the machines that takes minutes to reach can be looked at in a second.

`Fake.show` puts a lab page in front of a Playwright page; faults posted by it change
the made-up session as the real ones would.
"""

import copy
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, WebSocketRoute

from nines.config import ROOT

URL = "http://nines.test"
PAGES = ROOT / "frontend" / "build"
SESSION = "00000000-0000-4000-8000-000000000001"
NOON = "2026-11-22T12:00:00Z"

# The one stream of the page stays open and says what Python tells it to.
_EVENTS = """
const real = window.fetch;
let told = null;
window.tell = (event, data) =>
    told?.enqueue(new TextEncoder().encode(`event: ${event}\\ndata: ${data}\\n\\n`));
window.fetch = (path, init) =>
    String(path).endsWith('/events')
        ? Promise.resolve(
              new Response(new ReadableStream({start: (to) => { told = to; }})))
        : real(path, init);
"""
Json = dict[str, Any]


def text(ja: str, en: str) -> Json:
    return {"ja": ja, "en": en}


def machine(
    name: str, *nics: tuple[str, str | None], disks: tuple[str, ...] = ()
) -> Json:
    """A running machine; a NIC is its segment and its address."""
    return {
        "name": name,
        "power": "on",
        "ready": True,
        "frozen": False,
        "disks": [
            {"name": disk, "size_mb": 256, "present": True, "failing": False}
            for disk in disks
        ],
        "nics": [
            {"name": f"eth{n}", "segment": segment, "plugged": True, "address": address}
            for n, (segment, address) in enumerate(nics)
        ],
    }


def segment(name: str, subnet: str | None = None) -> Json:
    return {
        "name": name,
        "subnet": subnet,
        "up": True,
        "partitions": [],
        "shaped": None,
    }


class Fake:
    """One lab with one running session of it."""

    def __init__(
        self,
        nodes: list[Json],
        segments: list[Json],
        allowed: list[str],
        *,
        seconds_left: int = 3000,
    ) -> None:
        self.nodes = nodes
        self.segments = segments
        self.allowed = allowed
        self.seconds_left = seconds_left
        self.extensions_left = 2
        self.happened: list[Json] = []
        self.faults: list[Json] = []
        """What the page has asked for, oldest first."""
        self.refuse: str | None = None
        """The reason the next fault is refused for."""
        self._page: Page | None = None

    def show(self, page: Page) -> None:
        self._page = page
        page.add_init_script(_EVENTS)
        page.route(f"{URL}/**", self._file)
        page.route(f"{URL}/api/**", self._answer)
        page.route_web_socket("**/terminals/**", self._terminal)
        page.goto(f"{URL}/labs/ch03-made-up")
        page.locator(".topology").wait_for()
        page.locator(".panel.active [data-state='open']").wait_for()

    def node(self, name: str) -> Json:
        return next(each for each in self.nodes if each["name"] == name)

    def segment(self, name: str) -> Json:
        return next(each for each in self.segments if each["name"] == name)

    def tell(self) -> None:
        """Let the page know what has changed."""
        assert self._page
        session = json.dumps(self._session())
        self._page.evaluate("(data) => tell('session', data)", session)

    def happen(self, kind: str, **where: str) -> None:
        blank = dict.fromkeys(("node", "disk", "nic", "segment", "peer", "terminal"))
        n = len(self.happened) + 1
        event = {"n": n, "at": float(n), "time": NOON, "kind": kind, "detail": ""}
        self.happened.append(event | blank | where)
        if self._page:
            data = json.dumps(self.happened[-1])
            self._page.evaluate("(data) => tell('happened', data)", data)

    # ---- what the server would answer

    def _file(self, route: Route) -> None:
        path = urlsplit(route.request.url).path.lstrip("/")
        file = PAGES / path
        route.fulfill(path=file if file.is_file() else PAGES / "index.html")

    def _answer(self, route: Route) -> None:
        method = route.request.method
        path = urlsplit(route.request.url).path.removeprefix("/api/v1")
        session = f"/sessions/{SESSION}"
        answers: dict[tuple[str, str], Callable[[Route], Any]] = {
            ("GET", "/me"): lambda _: self._me(),
            ("GET", "/labs/ch03-made-up"): lambda _: self._lab(),
            ("GET", "/labs/ch03-made-up/attempts"): lambda _: [],
            ("GET", "/sessions/live"): lambda _: self._session(),
            ("GET", f"{session}/log"): lambda _: self.happened,
            ("GET", f"{session}/terminals"): lambda _: [],
            ("POST", f"{session}/faults"): self._fault,
            ("POST", f"{session}/extend"): lambda _: self._extend(),
        }
        if method == "DELETE":
            route.fulfill(status=204)
        elif answer := answers.get((method, path)):
            found = answer(route)
            if found is not None:
                route.fulfill(json=found)
        else:
            route.fulfill(status=404, json={"error": "not_found", "detail": path})

    def _fault(self, route: Route) -> Json | None:
        if self.refuse:
            detail = {"error": "fault_refused", "detail": "No."}
            params = {"params": {"reason": self.refuse}}
            self.refuse = None
            route.fulfill(status=409, json=detail | params)
            return None
        fault: Json = route.request.post_data_json or {}
        self.faults.append(fault)
        self._do(fault)
        self.tell()
        return {"events": []}

    def _do(self, fault: Json) -> None:
        kind = fault["kind"]
        if kind.startswith("disk."):
            disks = self.node(fault["node"])["disks"]
            disk = next(each for each in disks if each["name"] == fault["disk"])
            disk["present"] = kind != "disk.pull"
        elif kind.startswith("cable."):
            nics = self.node(fault["node"])["nics"]
            nic = next(each for each in nics if each["name"] == fault["nic"])
            nic["plugged"] = kind == "cable.plug"
        elif kind in ("power.off", "power.on"):
            on = kind == "power.on"
            self.node(fault["node"]).update(power="on" if on else "off", ready=on)
        elif kind in ("node.freeze", "node.thaw"):
            self.node(fault["node"])["frozen"] = kind == "node.freeze"
        elif kind.startswith("segment."):
            self.segment(fault["segment"])["up"] = kind == "segment.on"
        elif kind == "net.partition":
            pair = {"node": fault["node"], "peer": fault["peer"]}
            one_way = {"one_way": fault.get("one_way", False)}
            self.segment(fault["segment"])["partitions"].append(pair | one_way)
        elif kind == "net.heal":
            self.segment(fault["segment"])["partitions"].clear()
        elif kind == "net.shape":
            line = {key: fault[key] for key in ("delay_ms", "loss_percent")}
            line |= {"rate_kbit": fault["rate_kbit"], "node": fault.get("node")}
            self.segment(fault["segment"])["shaped"] = line
        elif kind == "net.clear":
            self.segment(fault["segment"])["shaped"] = None

    def _extend(self) -> Json:
        self.extensions_left -= 1
        self.seconds_left += 1800
        return self._session()

    def _me(self) -> Json:
        return {
            "id": SESSION,
            "name": "hanako",
            "display_name": "hanako",
            "role": "student",
            "language": None,
            "theme": None,
            "must_change_password": False,
        }

    def _lab(self) -> Json:
        step = {
            "id": "only",
            "title": text(
                "代表IPを1台だけに持たせる", "Give the address to one of them"
            ),
            "html": text(
                "<p>2台のうち1台だけが代表IPを持ちます。</p>", "<p>One has it.</p>"
            ),
            "checks": [],
        }
        return {
            "slug": "ch03-made-up",
            "title": text(
                "heartbeatで代表IPを守る", "Keep an address alive with heartbeat"
            ),
            "summary": text("2台で1つのアドレスを守ります。", "Two for one address."),
            "sections": ["3.2.6"],
            "objectives": [],
            "minutes": 45,
            "difficulty": 2,
            "nodes": [
                {
                    "name": each["name"],
                    "profile": "base",
                    "memory_mb": 256,
                    "disks": each["disks"],
                }
                for each in self.nodes
            ],
            "faults": {"allowed": self.allowed},
            "steps": [step],
            "max_points": 10,
            "remember": None,
        }

    def _session(self) -> Json:
        return {
            "id": SESSION,
            "lab": "ch03-made-up",
            "state": "ready",
            "phase": None,
            "place": None,
            "reason": None,
            "created_at": NOON,
            "ready_at": NOON,
            "expires_at": _later(self.seconds_left),
            "extensions_left": self.extensions_left,
            "seconds_left": self.seconds_left,
            "server_time": NOON,
            "nodes": copy.deepcopy(self.nodes),
            "segments": copy.deepcopy(self.segments),
            "points": None,
        }

    def _terminal(self, socket: WebSocketRoute) -> None:
        node = urlsplit(socket.url).path.split("/nodes/")[1].split("/")[0]
        attached = {"type": "attached", "offset": 0, "opened": True, "gap": False}
        socket.send(json.dumps(attached))
        socket.send(f"\x1b[32mroot@{node}\x1b[0m:~# ".encode())

        def echo(message: str | bytes) -> None:
            if isinstance(message, bytes):
                socket.send(message)

        socket.on_message(echo)


def _later(seconds: int) -> str:
    hours, rest = divmod(12 * 3600 + seconds, 3600)
    return f"2026-11-22T{hours:02}:{rest // 60:02}:{rest % 60:02}Z"

"""The requests of ARCHITECTURE.md: `op`, its arguments, its answer."""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64

from . import calls
from .errors import MachineFailed, Refused
from .link import integer, parse, seconds, text
from .loop import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from .node import Node
    from .terminals import Terminals

MAX_AT_ONCE = 32
MAX_WAIT = 600.0


class Requests:
    def __init__(
        self,
        nodes: dict[str, Node],
        terminals: Terminals,
        status: Callable[[], dict[str, Any]],
    ) -> None:
        self._nodes = nodes
        self._terminals = terminals
        self._status = status
        self._running = 0
        self._operations: dict[
            str, Callable[[dict[str, Any]], Coroutine[Any, Any, Any]]
        ] = {
            "status": self._answer_status,
            "wait": self._wait,
            "power_off": self._power_off,
            "power_on": self._power_on,
            "reset": self._reset,
            "disk_pull": self._disk_pull,
            "disk_insert": self._disk_insert,
            "disk_read": self._disk_read,
            "close_terminal": self._close_terminal,
            "read_file": self._read_file,
            "write_file": self._write_file,
            "console": self._console,
        }

    async def answer(self, payload: bytes) -> dict[str, Any]:
        """Every request has an answer, whatever is wrong with it."""
        if self._running >= MAX_AT_ONCE:
            return _error("too_many", "Too many requests at once.")
        self._running += 1
        try:
            data = parse(payload)
            operation = self._operations.get(text(data, "op", 40))
            if operation is None:
                raise Refused("bad_request", "There is no such operation.")
            return {"ok": await operation(data) or {}}
        except Refused as error:
            return _error(error.code, str(error))
        except (MachineFailed, OSError) as error:
            return _error("internal", str(error))
        except Exception as error:
            report(error)
            return _error("internal", type(error).__name__)
        finally:
            self._running -= 1

    def _node(self, data: dict[str, Any]) -> Node:
        node = self._nodes.get(text(data, "node", 64))
        if node is None:
            raise Refused("no_such_node", "There is no such node.")
        return node

    async def _answer_status(self, _: dict[str, Any]) -> dict[str, Any]:
        return self._status()

    async def _wait(self, data: dict[str, Any]) -> None:
        await self._node(data).wait(seconds(data, "timeout", MAX_WAIT))

    async def _power_off(self, data: dict[str, Any]) -> None:
        await self._node(data).power_off()

    async def _power_on(self, data: dict[str, Any]) -> None:
        await self._node(data).power_on()

    async def _reset(self, data: dict[str, Any]) -> None:
        await self._node(data).reset()

    async def _disk_pull(self, data: dict[str, Any]) -> None:
        await self._node(data).pull_disk(text(data, "disk", 64))

    async def _disk_insert(self, data: dict[str, Any]) -> None:
        await self._node(data).insert_disk(text(data, "disk", 64))

    async def _disk_read(self, data: dict[str, Any]) -> dict[str, str]:
        offset = integer(data, "offset", 0, 1 << 50)
        length = integer(data, "length", 0, 65536)
        disk = text(data, "disk", 64)
        return _packed(self._node(data).disks.read(disk, offset, length))

    async def _close_terminal(self, data: dict[str, Any]) -> None:
        self._terminals.close(text(data, "terminal", 64))

    async def _read_file(self, data: dict[str, Any]) -> dict[str, str]:
        limit = integer(data, "limit", 0, calls.MAX_FILE)
        agent = await self._node(data).agent()
        return _packed(await calls.read_file(agent, _path(data), limit))

    async def _write_file(self, data: dict[str, Any]) -> None:
        content = data.get("data")
        if not isinstance(content, str):
            raise Refused("bad_request", "data: base64.")
        try:
            decoded = a2b_base64(content)
        except (NotBase64, ValueError) as error:
            raise Refused("bad_request", "data: not base64.") from error
        mode = integer(data, "mode", 0, 0o7777)
        agent = await self._node(data).agent()
        await calls.write_file(agent, _path(data), decoded, mode)

    async def _console(self, data: dict[str, Any]) -> dict[str, str]:
        return _packed(await self._node(data).console())


def _path(data: dict[str, Any]) -> str:
    path = text(data, "path", 4000)
    if not path.startswith("/") or "\0" in path:
        raise Refused("bad_request", "path: an absolute path.")
    return path


def _packed(data: bytes) -> dict[str, str]:
    return {"data": b2a_base64(data, newline=False).decode()}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message[:500]}}

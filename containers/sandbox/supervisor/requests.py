"""The requests of ARCHITECTURE.md: `op`, its arguments, its answer."""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64

from . import calls
from .disks import Damage
from .errors import MachineFailed, Refused
from .link import integer, number, parse, seconds, text
from .loop import report
from .network import MAX_DELAY_MS, MAX_RATE_KBIT, Partition, Shaping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from .network import Network
    from .node import Node
    from .terminals import Terminals

MAX_AT_ONCE = 32
MAX_WAIT = 600.0
MAX_SECTORS = 64
MAX_PROCESS = 15  # What the kernel keeps of a name.


class Requests:
    def __init__(
        self,
        nodes: dict[str, Node],
        network: Network,
        terminals: Terminals,
        status: Callable[[], dict[str, Any]],
    ) -> None:
        self._nodes = nodes
        self._network = network
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
            "disk_fail": self._disk_fail,
            "disk_mend": self._disk_mend,
            "cable_cut": lambda data: self._plug(data, plugged=False),
            "cable_plug": lambda data: self._plug(data, plugged=True),
            "freeze": self._freeze,
            "thaw": self._thaw,
            "panic": self._panic,
            "segment_off": lambda data: self._switch_power(data, up=False),
            "segment_on": lambda data: self._switch_power(data, up=True),
            "partition": self._partition,
            "heal": self._heal,
            "shape": self._shape,
            "clear": self._clear,
            "process_kill": lambda data: self._signal(data, "kill"),
            "process_stop": lambda data: self._signal(data, "stop"),
            "process_cont": lambda data: self._signal(data, "cont"),
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

    async def _disk_fail(self, data: dict[str, Any]) -> None:
        damage = Damage(_access(data), _sectors(data))
        await self._node(data).fail_disk(text(data, "disk", 64), damage)

    async def _disk_mend(self, data: dict[str, Any]) -> None:
        await self._node(data).mend_disk(text(data, "disk", 64))

    async def _plug(self, data: dict[str, Any], plugged: bool) -> None:
        node = self._node(data).name
        await self._network.plug(node, text(data, "nic", 64), plugged)

    async def _freeze(self, data: dict[str, Any]) -> None:
        await self._node(data).freeze()

    async def _thaw(self, data: dict[str, Any]) -> None:
        await self._node(data).thaw()

    async def _panic(self, data: dict[str, Any]) -> None:
        await self._node(data).panic()

    async def _switch_power(self, data: dict[str, Any], up: bool) -> None:
        await self._network.switch_power(text(data, "segment", 64), up)

    async def _partition(self, data: dict[str, Any]) -> None:
        await self._network.partition(_rule(data))

    async def _heal(self, data: dict[str, Any]) -> None:
        await self._network.heal(_rule(data))

    async def _shape(self, data: dict[str, Any]) -> None:
        shaping = Shaping(
            number(data, "delay_ms", MAX_DELAY_MS),
            number(data, "loss_percent", 100),
            integer({"rate_kbit": 0, **data}, "rate_kbit", 0, MAX_RATE_KBIT),
        )
        if not str(shaping):
            raise Refused("bad_request", "A delay, a loss or a rate is needed.")
        node = _optional(data, "node")
        await self._network.shape(text(data, "segment", 64), node, shaping)

    async def _clear(self, data: dict[str, Any]) -> None:
        node = _optional(data, "node")
        await self._network.clear(text(data, "segment", 64), node)

    async def _signal(self, data: dict[str, Any], kind: str) -> None:
        await self._node(data).signal(kind, text(data, "process", MAX_PROCESS))

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


def _rule(data: dict[str, Any]) -> Partition:
    one_way = data.get("one_way", False)
    if not isinstance(one_way, bool):
        raise Refused("bad_request", "one_way: true or false.")
    node, peer = text(data, "node", 64), text(data, "peer", 64)
    return Partition(node, peer, _optional(data, "segment"), one_way)


def _access(data: dict[str, Any]) -> str:
    access = _optional(data, "access")
    if access not in ("", "read", "write"):
        raise Refused("bad_request", "access: read or write.")
    return access


def _sectors(data: dict[str, Any]) -> range | None:
    """The first and the last, as a list of two."""
    ends = data.get("sectors")
    if ends is None:
        return None
    whole = isinstance(ends, list) and all(type(end) is int for end in ends)
    if not whole or len(ends) != 2 or not 0 <= ends[0] <= ends[1] < 1 << 41:
        raise Refused("bad_request", "sectors: the first and the last.")
    if ends[1] - ends[0] >= MAX_SECTORS:
        raise Refused("bad_request", f"sectors: at most {MAX_SECTORS}.")
    return range(ends[0], ends[1] + 1)


def _optional(data: dict[str, Any], name: str) -> str:
    return "" if data.get(name) is None else text(data, name, 64)


def _packed(data: bytes) -> dict[str, str]:
    return {"data": b2a_base64(data, newline=False).decode()}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message[:500]}}

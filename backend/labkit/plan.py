"""What an author's solution, and each wrong solution, does to the machines.

solution/st1.sh           run as root on st1; several nodes in the manifest's order
solution/plan.toml        or an order of one's own, with faults and checks between
wrong/only-degraded.sh    "# fails: array_is_raid1" (and "# node: st1") in its head
wrong/after-a-crash/      or a folder with a plan.toml that has `fails`
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from labkit.faults import Fault
from labkit.lint_faults import misfits
from labkit.problems import Problem, from_validation, problem
from labkit.schema import Do, Manifest, PlanFile

SCRIPT_TIMEOUT = 120.0
_HEADER = re.compile(r"^#\s*(fails|node)\s*:\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class RunScript:
    node: str
    file: str  # Relative to the lab's folder, for messages.
    text: str
    timeout: float = SCRIPT_TIMEOUT


@dataclass(frozen=True)
class InjectFault:
    fault: Fault


@dataclass(frozen=True)
class ExpectStep:
    step: str


Action = RunScript | InjectFault | ExpectStep


@dataclass(frozen=True)
class Plan:
    name: str  # `solution`, or the wrong solution's name.
    actions: tuple[Action, ...]
    fails: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanReader:
    """Reads plans of one lab, collecting what is wrong instead of stopping."""

    lab: Path
    manifest: Manifest
    problems: list[Problem]

    def solution(self) -> Plan:
        folder = self.lab / "solution"
        if (folder / "plan.toml").is_file():
            return self._from_plan(folder, "solution")
        actions = [
            RunScript(node.name, f"solution/{node.name}.sh", script.read_text("utf-8"))
            for node in self.manifest.nodes
            if (script := folder / f"{node.name}.sh").is_file()
        ]
        used = {Path(action.file).name for action in actions}
        self._unused(folder, used)
        if not actions:
            self._say(
                "solution",
                ja="模範解答がありません。"
                "solution/<ノード名>.sh か solution/plan.toml を置いてください。",
                en="There is no solution. Add solution/<node>.sh or "
                "solution/plan.toml.",
            )
        return Plan("solution", tuple(actions))

    def wrong(self) -> Iterator[Plan]:
        folder = self.lab / "wrong"
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        if not entries:
            self._say(
                "wrong",
                ja="誤った解答が一つもありません。"
                "wrong/ に、落ちるべきチェックを名指しして置いてください。",
                en="There is no wrong solution. Add at least one to wrong/, naming "
                "the checks it must fail.",
            )
        for entry in entries:
            if entry.is_dir():
                yield self._from_plan(entry, entry.name, wrong=True)
            elif entry.suffix == ".sh":
                yield self._wrong_script(entry)
            else:
                self._say(
                    f"wrong/{entry.name}",
                    ja="wrong/ に置けるのは .sh ファイルか、"
                    "plan.toml のあるフォルダーだけです。",
                    en="wrong/ holds .sh files and folders with a plan.toml only.",
                )

    def _wrong_script(self, script: Path) -> Plan:
        file, text = f"wrong/{script.name}", script.read_text("utf-8")
        head = dict(_HEADER.findall(text))
        fails = tuple(re.split(r"[,\s]+", head["fails"])) if "fails" in head else ()
        if not fails:
            self._say(
                file,
                ja="先頭のコメント「# fails: チェック名」がありません。",
                en="Its head lacks a comment `# fails: check_name, …`.",
            )
        node = head.get("node", self.manifest.nodes[0].name)
        if "node" not in head and len(self.manifest.nodes) > 1:
            self._say(
                file,
                ja="ノードが複数あるので、先頭に「# node: ノード名」が必要です。",
                en="The lab has several nodes, so its head needs `# node: name`.",
            )
        self._known_node(file, node)
        return Plan(script.stem, (RunScript(node, file, text),), fails)

    def _from_plan(self, folder: Path, name: str, *, wrong: bool = False) -> Plan:
        file = str((folder / "plan.toml").relative_to(self.lab))
        try:
            data = tomllib.loads((folder / "plan.toml").read_text("utf-8"))
            plan = PlanFile.model_validate(data)
        except FileNotFoundError:
            self._say(file, ja="このファイルがありません。", en="This file is missing.")
            return Plan(name, ())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._say(
                file, ja=f"TOMLとして読めません: {error}", en=f"Not TOML: {error}"
            )
            return Plan(name, ())
        except ValidationError as error:
            self.problems.extend(from_validation(file, error))
            return Plan(name, ())
        if wrong and not plan.fails:
            self._say(
                file,
                ja="fails に、落ちるべきチェックを書いてください。",
                en="`fails` must name the checks this solution fails.",
            )
        if not wrong and plan.fails:
            self._say(
                file, ja="解答に fails は書けません。", en="A solution fails nothing."
            )
        actions = [
            action
            for number, do in enumerate(plan.do)
            if (action := self._action(folder, file, number, do))
        ]
        self._unused(
            folder,
            {"plan.toml"}
            | {Path(act.file).name for act in actions if isinstance(act, RunScript)},
        )
        return Plan(name, tuple(actions), plan.fails)

    def _action(self, folder: Path, file: str, number: int, do: Do) -> Action | None:
        field = f"do.{number}"
        if do.fault:
            for name, reason in misfits(self.manifest, do.fault.fault):
                at = f"{field}.fault.{name}".rstrip(".")
                self._say(file, at, ja=reason.ja, en=reason.en)
            return InjectFault(do.fault.fault)
        if do.check is not None:
            if do.check not in {step.id for step in self.manifest.steps}:
                self._say(
                    file,
                    f"{field}.check",
                    ja=f"{do.check!r} というステップはありません。",
                    en=f"There is no step {do.check!r}.",
                )
            return ExpectStep(do.check)
        node, _, name = (do.run or "").partition(":")
        script = folder / name.strip()
        self._known_node(file, node, f"{field}.run")
        if script.parent != folder or not script.is_file():
            self._say(
                file,
                f"{field}.run",
                ja=f"{name.strip()!r} というスクリプトがこのフォルダーにありません。",
                en=f"There is no script {name.strip()!r} in this folder.",
            )
            return None
        where = str(script.relative_to(self.lab))
        return RunScript(node, where, script.read_text("utf-8"), do.timeout)

    def _known_node(self, file: str, node: str, field: str = "") -> None:
        if node not in {each.name for each in self.manifest.nodes}:
            self._say(
                file,
                field,
                ja=f"{node!r} というノードはありません。",
                en=f"There is no node {node!r}.",
            )

    def _unused(self, folder: Path, used: set[str]) -> None:
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        for entry in entries:
            if entry.name not in used:
                self._say(
                    str(entry.relative_to(self.lab)),
                    ja="このファイルはどこからも使われていません。",
                    en="Nothing uses this file.",
                )

    def _say(self, file: str, field: str = "", *, ja: str, en: str) -> None:
        self.problems.append(problem(file, field, ja=ja, en=en))

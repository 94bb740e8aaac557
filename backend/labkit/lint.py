"""Rules about a lab that can be judged without starting a machine."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from labkit.facts import CheckFacts
from labkit.lint_faults import lint_allowed, misfits
from labkit.meter import OBSERVER
from labkit.network import lint_network
from labkit.plan import Plan
from labkit.problems import Problem, problem
from labkit.schema import CHECK_NAME, Manifest, Node, NodeFile
from labkit.text import LANGUAGES

MAX_LAB_MEMORY_MB = 1536
MAX_TIME_LIMIT = 300
_HTML = re.compile(r"<(?:/?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?|!--)>?")
_CODE = re.compile(r"^(```|~~~).*?^\1|`+[^`\n]+`+|<https?://[^>\s]+>", re.M | re.S)


def lint(
    folder: Path,
    manifest: Manifest,
    checks: Sequence[CheckFacts] | None,
    wrong: Sequence[Plan],
) -> Iterator[Problem]:
    """Everything the models cannot see. `checks` is None when they cannot be read."""
    yield from _nodes(folder, manifest)
    yield from lint_network(manifest)
    yield from lint_allowed(manifest)
    yield from _steps(manifest)
    if checks is not None:
        yield from _checks(manifest, checks)
        yield from _wrong(checks, wrong)
    yield from _files(folder, manifest)
    yield from _markdown(folder)


def _nodes(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    yield from _unique("nodes", [node.name for node in manifest.nodes])
    yield from _unique("segments", [each.name for each in manifest.segments])
    if OBSERVER in [node.name for node in manifest.nodes]:
        yield problem(
            "lab.toml",
            "nodes",
            ja=f"ノードの名前 {OBSERVER!r} は稼働メーターのためのものです。",
            en=f"The name {OBSERVER!r} is kept for the meter's own machine.",
        )
    memory = sum(node.memory_mb for node in manifest.machines)
    if memory > MAX_LAB_MEMORY_MB:
        yield problem(
            "lab.toml",
            "nodes",
            ja=f"メモリーの合計が {memory} MB です。"
            f"上限は {MAX_LAB_MEMORY_MB} MB です。",
            en=f"Together the nodes take {memory} MB; "
            f"a lab may take {MAX_LAB_MEMORY_MB} MB.",
        )
    for number, node in enumerate(manifest.nodes):
        field = f"nodes.{number}"
        for place, disk in enumerate(node.disks):
            expected = f"vd{chr(ord('b') + place)}"
            if disk.name != expected:
                yield problem(
                    "lab.toml",
                    f"{field}.disks.{place}.name",
                    ja=f"Linuxはこのディスクを {expected} と名付けます。",
                    en=f"Linux names this disk {expected}, not {disk.name}.",
                )
        yield from _node_files(folder, field, node)


def _node_files(folder: Path, field: str, node: Node) -> Iterator[Problem]:
    wanted = [
        (
            f"{field}.files.{path}",
            "files/" + (each.source if isinstance(each, NodeFile) else each),
        )
        for path, each in node.files.items()
    ]
    if node.prepare is not None:
        wanted.append((f"{field}.prepare", node.prepare))
    for where, file in wanted:
        outside = not (folder / file).resolve().is_relative_to(folder)
        if outside or not (folder / file).is_file():
            yield problem(
                "lab.toml",
                where,
                ja=f"{file!r} がこの演習のフォルダーにありません。",
                en=f"There is no {file!r} in the lab's folder.",
            )
        elif not _is_text(folder / file):
            yield problem(
                file,
                "",
                ja="UTF-8のテキストではありません。",
                en="This is not UTF-8 text.",
            )


def _is_text(path: Path) -> bool:
    try:
        return "\0" not in path.read_text("utf-8")
    except UnicodeDecodeError:
        return False


def _steps(manifest: Manifest) -> Iterator[Problem]:
    yield from _unique("steps", [step.id for step in manifest.steps])
    named = [name for step in manifest.steps for name in step.checks]
    for name in sorted(name for name, times in Counter(named).items() if times > 1):
        yield problem(
            "lab.toml",
            "steps",
            ja=f"チェック {name} が複数のステップにあります。一つだけにしてください。",
            en=f"Check {name} is in more than one step; it belongs to exactly one.",
        )


def _checks(manifest: Manifest, checks: Sequence[CheckFacts]) -> Iterator[Problem]:
    named = {name for step in manifest.steps for name in step.checks}
    written = [each.name for each in checks]
    for name in sorted(named - set(written)):
        yield problem(
            "lab.toml",
            "steps",
            ja=f"checks.py に {name} というチェックはありません。",
            en=f"checks.py has no check called {name}.",
        )
    for each in checks:
        if each.name not in named:
            yield _of_check(
                each, ja="どのステップにもありません。", en="No step names it."
            )
        yield from _check(manifest, each, written)
    for name in sorted(name for name, times in Counter(written).items() if times > 1):
        yield problem(
            "checks.py",
            name,
            ja="同じ関数名のチェックが二つあります。",
            en="Two checks have this name.",
        )
    total = sum(each.points for each in checks)
    if total != manifest.max_points:
        yield problem(
            "checks.py",
            "",
            ja=f"配点の合計が {total} 点です。{manifest.max_points} 点にしてください。",
            en=f"The points sum to {total}; they must sum to {manifest.max_points}.",
        )


def _check(
    manifest: Manifest, each: CheckFacts, written: Sequence[str]
) -> Iterator[Problem]:
    if not re.match(CHECK_NAME, each.name):
        yield _of_check(
            each,
            ja="名前は小文字の英数字と下線だけにしてください。",
            en="Its name must be of small letters, digits and underscores.",
        )
    if each.points < 1:
        yield _of_check(each, ja="配点は1点以上です。", en="It must be worth a point.")
    if not 0 < each.time_limit <= MAX_TIME_LIMIT:
        yield _of_check(
            each,
            ja=f"time_limit は {MAX_TIME_LIMIT} 秒までです。",
            en=f"Its time_limit must be at most {MAX_TIME_LIMIT} seconds.",
        )
    if each.mode == "sustained" and not 0 < each.seconds <= MAX_TIME_LIMIT:
        yield _of_check(
            each,
            ja=f"継続時間は {MAX_TIME_LIMIT} 秒までです。",
            en=f"It must hold for at most {MAX_TIME_LIMIT} seconds.",
        )
    # A check is a value before it can be named by `after`, so `after` cannot loop.
    if each.after is not None and each.after not in written:
        yield _of_check(
            each,
            ja=f"after のチェック {each.after} がこのモジュールにありません。",
            en=f"Its `after`, {each.after}, is no check of this module.",
        )
    if each.node is not None and each.node not in {n.name for n in manifest.nodes}:
        yield _of_check(
            each,
            ja=f"ノード {each.node!r} はこの演習にありません。",
            en=f"This lab has no node {each.node!r}.",
        )
    if each.fault:
        for field, reason in misfits(manifest, each.fault):
            at = f"{each.name}.{field}" if field else each.name
            yield problem("checks.py", at, ja=reason.ja, en=reason.en)
    if each.fault and each.fault.kind == "node.panic" and not each.repairs:
        yield _of_check(
            each,
            ja="node.panic は元に戻せません。repair でマシンが戻るのを待ってください。",
            en="Nothing undoes node.panic; its `repair` must wait for the machine.",
        )


def _of_check(each: CheckFacts, *, ja: str, en: str) -> Problem:
    return problem("checks.py", each.name, ja=ja, en=en)


def _wrong(checks: Sequence[CheckFacts], wrong: Sequence[Plan]) -> Iterator[Problem]:
    written = {each.name for each in checks}
    for plan in wrong:
        for name in sorted(set(plan.fails) - written):
            yield problem(
                f"wrong/{plan.name}",
                "fails",
                ja=f"{name} というチェックはありません。",
                en=f"There is no check called {name}.",
            )


def _files(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """Files nobody asked for: leftovers, or a misspelt name."""
    known = {"lab.toml", "checks.py", "NOTES.md"}
    known |= {f"remember.{language}.md" for language in LANGUAGES}
    known |= {node.prepare for node in manifest.nodes if node.prepare is not None}
    for number, step in zip(count(1), manifest.steps, strict=False):
        known |= {f"steps/{number}-{step.id}.{language}.md" for language in LANGUAGES}
    for node in manifest.nodes:
        for each in node.files.values():
            known.add("files/" + (each.source if isinstance(each, NodeFile) else each))
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        judged_by_the_plans = name.startswith(("solution/", "wrong/"))
        if path.is_dir() or judged_by_the_plans or "__pycache__" in path.parts:
            continue
        if name not in known:
            yield problem(
                name,
                "",
                ja="この名前のファイルは演習にありません。綴りを確かめるか、消してください。",
                en="A lab has no file of this name. Is it misspelt, or left over?",
            )


def _markdown(folder: Path) -> Iterator[Problem]:
    for path in sorted([*folder.glob("steps/*.md"), *folder.glob("remember.*.md")]):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # Said where the texts are read.
        prose = _CODE.sub(lambda code: "\n" * code.group().count("\n"), text)
        for match in _HTML.finditer(prose):
            line = prose.count("\n", 0, match.start()) + 1
            yield problem(
                path.relative_to(folder).as_posix(),
                f"line {line}",
                ja=f"HTML ({match.group()}) は書けません。"
                "Markdownで書くか、` ` で囲んでください。",
                en=f"HTML ({match.group()}) is not allowed; "
                "use Markdown, or put it in back quotes.",
            )


def _unique(field: str, names: Sequence[str]) -> Iterator[Problem]:
    for name in sorted(name for name, times in Counter(names).items() if times > 1):
        yield problem(
            "lab.toml",
            field,
            ja=f"{name!r} が二度出てきます。",
            en=f"{name!r} is there twice.",
        )

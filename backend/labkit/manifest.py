"""A lab's folder, read strictly: either the whole lab, or everything wrong with it.

lab.toml  steps/1-create.{ja,en}.md …  checks.py  solution/  wrong/
and, where needed: files/  prepare*.sh  remember.{ja,en}.md  NOTES.md
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from labkit.describe import ChecksUnreadable, describe
from labkit.facts import CheckFacts
from labkit.lint import lint
from labkit.network import hosts_text, interfaces_text
from labkit.plan import Plan, PlanReader
from labkit.problems import LabProblems, Problem, from_validation, problem
from labkit.schema import Manifest, Node, NodeFile
from labkit.text import LANGUAGES, Text

__all__ = ["LabFolder", "LabProblems", "Manifest", "Problem", "read_lab"]


@dataclass(frozen=True, kw_only=True)
class LabFolder:
    """A lab without problems. Texts are Markdown."""

    path: Path
    slug: str
    manifest: Manifest
    steps: tuple[Text, ...]  # As many as `manifest.steps`, in their order.
    remember: Text | None  # What to take home, shown at the end.
    checks: tuple[CheckFacts, ...]
    solution: Plan
    wrong: tuple[Plan, ...]
    content_hash: str

    @property
    def checks_path(self) -> Path:
        return self.path / "checks.py"

    def check(self, name: str) -> CheckFacts:
        return next(each for each in self.checks if each.name == name)

    def prepare_of(self, node: Node) -> str:
        """The script that makes a fresh machine the lab's; "" when there is none."""
        return (self.path / node.prepare).read_text("utf-8") if node.prepare else ""

    def files_of(self, node: Node) -> Mapping[str, tuple[str, int]]:
        """Path in the machine → text and mode. A lab with segments says who is where,
        and each machine its own addresses; the lab's own files win."""
        network: dict[str, tuple[str, int]] = {}
        if self.manifest.segments:
            network["/etc/hosts"] = (hosts_text(self.manifest), 0o644)
            interfaces = interfaces_text(self.manifest, node)
            network["/etc/network/interfaces"] = (interfaces, 0o644)
        sources = {
            path: each if isinstance(each, NodeFile) else NodeFile(source=each)
            for path, each in node.files.items()
        }
        return network | {
            path: ((self.path / "files" / each.source).read_text("utf-8"), each.mode)
            for path, each in sources.items()
        }


def slug_of(folder: Path) -> str:
    """`labs/ch02/raid1-mdadm` is `ch02-raid1-mdadm`."""
    return f"{folder.parent.name}-{folder.name}"


def is_lab(folder: Path) -> bool:
    return (folder / "lab.toml").is_file()


def find_labs(labs: Path) -> list[Path]:
    """Every lab's folder below `labs/`, in the order of their slugs."""
    return sorted(path.parent for path in labs.glob("*/*/lab.toml"))


def read_lab(folder: Path) -> LabFolder:
    """The lab in `folder`, or LabProblems with all of them at once. Blocks."""
    folder = folder.resolve()
    slug = slug_of(folder)
    problems: list[Problem] = []
    manifest = _read_manifest(folder, problems)
    checks = _read_checks(folder, problems)
    if manifest is None:  # Nothing else can be judged without it.
        raise LabProblems(slug, problems)
    reader = PlanReader(folder, manifest, problems)
    solution, wrong = reader.solution(), tuple(reader.wrong())
    problems.extend(lint(folder, manifest, checks, wrong))
    steps = tuple(
        _text(folder, f"steps/{number}-{step.id}", problems)
        for number, step in enumerate(manifest.steps, start=1)
    )
    has_remember = any(
        (folder / f"remember.{language}.md").exists() for language in LANGUAGES
    )
    remember = _text(folder, "remember", problems) if has_remember else None
    if problems or checks is None:
        raise LabProblems(slug, problems)
    return LabFolder(
        path=folder,
        slug=slug,
        manifest=manifest,
        steps=tuple(step for step in steps if step),
        remember=remember,
        checks=tuple(checks),
        solution=solution,
        wrong=wrong,
        content_hash=content_hash(folder),
    )


def content_hash(folder: Path) -> str:
    """Of everything that decides how the lab behaves; mending prose changes nothing."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        prose = path.suffix == ".md" and path.parent.name in (folder.name, "steps")
        if path.is_file() and not prose and "__pycache__" not in path.parts:
            data = path.read_bytes()
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _read_manifest(folder: Path, problems: list[Problem]) -> Manifest | None:
    try:
        data = tomllib.loads((folder / "lab.toml").read_text("utf-8"))
        return Manifest.model_validate(data)
    except FileNotFoundError:
        missing = problem(
            "lab.toml",
            "",
            ja="lab.toml がないので、ここは演習ではありません。",
            en="There is no lab.toml, so this is no lab.",
        )
        problems.append(missing)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = f"TOMLとして読めません: {error}"
        problems.append(problem("lab.toml", "", ja=reason, en=f"Not TOML: {error}"))
    except ValidationError as error:
        problems.extend(from_validation("lab.toml", error))
    return None


def _read_checks(folder: Path, problems: list[Problem]) -> list[CheckFacts] | None:
    if not (folder / "checks.py").is_file():
        problems.append(
            problem("checks.py", "", ja="checks.py がありません。", en="It is missing.")
        )
        return None
    try:
        return describe(folder)
    except ChecksUnreadable as error:
        problems.append(
            problem(
                "checks.py",
                "",
                ja=f"チェックを読み込めません: {error}",
                en=f"The checks cannot be loaded: {error}",
            )
        )
        return None


def _text(folder: Path, stem: str, problems: list[Problem]) -> Text | None:
    """Both languages of a Markdown text; each one that is missing is a problem."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        file = f"{stem}.{language}.md"
        try:
            text = (folder / file).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            text = ""
        if text.strip():
            found[language] = text
        else:
            problems.append(
                problem(
                    file,
                    "",
                    ja="このファイルがないか、空か、UTF-8ではありません。",
                    en="This file is missing, empty, or not UTF-8.",
                )
            )
    return Text(**found) if len(found) == len(LANGUAGES) else None

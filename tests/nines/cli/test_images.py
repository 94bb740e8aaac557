"""`nines images build`: which profiles, which templates, and what is tried."""

from collections.abc import Collection

import pytest
from typer.testing import CliRunner

from nines.cli import app, images
from nines.sandboxes.drivers.images import Shape

NEEDED = {Shape("storage", 256, 1, (64,), 0), Shape("tiny", 128, 1, (), 1)}
KNOWN = {"base": "missing", "cluster": "outdated", "storage": "built", "tiny": "built"}


class Work:
    """What was asked for, in place of minutes of building."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.baked: set[str] = set()
        self.fails: set[str] = set()

    def build(self, name: str) -> bool:
        self.built.append(name)
        return name not in self.fails

    async def bake(self, shapes: Collection[Shape]) -> bool:
        self.baked = {shape.profile for shape in shapes}
        return True


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    monkeypatch.setattr(images, "states", lambda _folder: KNOWN)
    monkeypatch.setattr(images, "read_labs", list)
    monkeypatch.setattr(images, "shapes_of", lambda _labs: NEEDED)
    monkeypatch.setattr(images, "_build_profile", work.build)
    monkeypatch.setattr(images, "_bake", work.bake)
    return work


def build(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["images", "build", *words])
    return result.exit_code, result.output


def test_without_a_name_it_is_what_the_labs_need(work: Work) -> None:
    assert build()[0] == 0
    assert work.built == ["storage", "tiny"]
    assert work.baked == {"storage", "tiny"}


def test_one_profile_comes_with_the_templates_of_its_labs(work: Work) -> None:
    assert build("tiny", "cluster")[0] == 0
    assert work.built == ["cluster", "tiny"]
    assert work.baked == {"tiny"}


def test_all_are_all_there_are(work: Work) -> None:
    assert build("--all")[0] == 0
    assert work.built == sorted(KNOWN)


def test_one_that_fails_keeps_nobody_from_the_others(work: Work) -> None:
    work.fails = {"storage"}

    assert build()[0] == 1
    assert work.built == ["storage", "tiny"]
    assert work.baked == {"tiny"}


def test_a_name_that_is_not_there_says_which_are(work: Work) -> None:
    code, said = build("storrage")

    assert code == 2
    assert "There are: base, cluster, storage, tiny." in said
    assert work.built == []

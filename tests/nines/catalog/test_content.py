import shutil
from pathlib import Path

import pytest

from nines.catalog.content import Content, read_content
from nines.catalog.service import Catalog, LabNotFound
from nines.config import ROOT
from tests.fakes.labs import CALCULATION, LAB


@pytest.fixture
def copy(labs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(labs, tmp_path / "labs"))


def problems(folder: Path) -> list[tuple[str, str]]:
    return [(each.file, each.field) for each in read_content(folder).problems]


def test_a_folder_without_mistakes_is_read_whole(content: Content) -> None:
    assert content.problems == ()
    assert [each.number for each in content.chapters] == [1, 2, 3]
    assert list(content.labs) == [LAB]
    assert list(content.calculations) == [CALCULATION]


def test_a_chapter_without_content_is_still_listed(content: Content) -> None:
    assert content.chapters[2].title.en == "Not yet"
    assert content.chapters[2].sections == ()


def test_a_lab_with_a_mistake_is_named_and_the_rest_stays(copy: Path) -> None:
    manifest = copy / "ch02/mirror/lab.toml"
    manifest.write_text(manifest.read_text().replace("minutes = 20", "minutes = 0"))

    found = read_content(copy)

    (problem,) = found.problems
    assert (problem.file, problem.field) == ("ch02/mirror/lab.toml", "minutes")
    assert problem.reason.ja
    assert problem.reason.en
    assert found.labs == {}
    assert list(found.calculations) == [CALCULATION]


def test_a_calculation_that_does_not_load_is_named_and_the_rest_stays(
    copy: Path,
) -> None:
    (copy / "ch01/calc/bad.py").write_text("1 / 0\n")

    found = read_content(copy)

    assert [each.file for each in found.problems] == ["ch01/calc/bad.py"]
    assert "ZeroDivisionError" in found.problems[0].reason.en
    assert list(found.calculations) == [CALCULATION]


def test_a_misspelt_key_of_a_chapter_is_named(copy: Path) -> None:
    chapter = copy / "ch01/chapter.toml"
    chapter.write_text(chapter.read_text().replace("level", "levle"))

    assert problems(copy) == [
        ("ch01/chapter.toml", "sections.0.level"),
        ("ch01/chapter.toml", "sections.0.levle"),
    ]


def test_a_text_in_one_language_only_is_named(copy: Path) -> None:
    (copy / "ch02/sections/2.1.3.en.md").unlink()

    assert problems(copy) == [("ch02/sections/2.1.3.en.md", "")]


def test_emphasis_that_readers_would_see_as_stars_is_named(copy: Path) -> None:
    (copy / "ch02/sections/2.1.3.ja.md").write_text("これは**「鏡」**です。")

    assert problems(copy) == [("ch02/sections/2.1.3.ja.md", "")]


def test_a_lab_of_a_section_that_does_not_exist_is_named(copy: Path) -> None:
    manifest = copy / "ch02/mirror/lab.toml"
    manifest.write_text(manifest.read_text().replace('"2.1.3"', '"9.9"'))

    assert problems(copy) == [("ch02/mirror/lab.toml", "sections")]


def test_without_any_content_there_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    assert problems(tmp_path) == [("chapters.toml", "")]


@pytest.mark.anyio
async def test_content_is_read_again_when_it_changes(copy: Path) -> None:
    catalog = Catalog(copy)
    before = catalog.content
    await catalog.reload_if_changed()
    assert catalog.content is before

    shutil.rmtree(copy / "ch02/mirror")
    await catalog.reload_if_changed()

    with pytest.raises(LabNotFound):
        catalog.lab(LAB)


def test_the_content_we_ship_has_chapters_and_sections_without_mistakes() -> None:
    found = read_content(ROOT / "labs")

    assert len(found.chapters) == 12
    assert [str(each) for each in found.problems] == []

"""Every lab in labs/ is without problems, and so is what surrounds them."""

from pathlib import Path

import pytest

from labkit.manifest import find_labs, read_lab, slug_of
from nines.config import ROOT

LABS = find_labs(ROOT / "labs")


def test_there_are_labs() -> None:
    assert LABS


@pytest.mark.parametrize("folder", LABS, ids=slug_of)
def test_a_lab_has_no_problems(folder: Path) -> None:
    lab = read_lab(folder)

    profiles = {path.stem for path in (ROOT / "containers/guest/profiles").glob("*")}
    for node in lab.manifest.nodes:
        assert lab.manifest.profile_of(node) in profiles
    assert lab.path.parent.name[2:].isdigit()
    assert (lab.path.parent / "chapter.toml").is_file()

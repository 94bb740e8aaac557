"""Find the generators of a folder of labs."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from labkit.calculations.generator import Generator


def find_generators(labs: Path) -> dict[str, Generator[Any]]:
    """Every generator in `labs/chNN/calc/`, by slug, in the order of their ids.

    The slug is the path: `ch01/calc/record.py` must call itself `ch01-record`.
    """
    found = [load_generator(file) for file in sorted(labs.glob("ch??/calc/[a-z]*.py"))]
    return {each.slug: each for each in sorted(found, key=lambda each: each.id)}


def load_generator(file: Path) -> Generator[Any]:
    """One module's generator; ValueError, or whatever the module raises, if none."""
    slug = f"{file.parent.parent.name}-{file.stem.replace('_', '-')}"
    name = f"labs_calculations.{slug.replace('-', '_')}"
    spec = spec_from_file_location(name, file)
    assert spec
    assert spec.loader  # A .py file always has both.
    module = module_from_spec(spec)
    sys.modules[name] = module  # Dataclasses look their module up.
    spec.loader.exec_module(module)
    generator = getattr(module, "generator", None)
    if not isinstance(generator, Generator):
        raise ValueError(f"{file} has no `generator = Generator(…)`.")
    if generator.slug != slug:
        raise ValueError(f"{file} calls itself {generator.slug!r}, not {slug!r}.")
    return generator

"""Which profiles there are: `states.py FOLDER` prints {"storage": "built", …}.

A profile in FOLDER/<name> is `built`, `outdated` when its inputs have changed since, or
`missing`.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from containers.guest.build import PROFILES, build_id, is_built, load_profile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(json.dumps(states(parser.parse_args().folder), indent=1))


def states(folder: Path, profiles: Path = PROFILES) -> dict[str, str]:
    names = sorted(path.stem for path in profiles.glob("*.toml"))
    return {name: _state(name, folder / name, profiles) for name in names}


def _state(name: str, out: Path, profiles: Path) -> str:
    if is_built(out, build_id(load_profile(name, profiles))):
        return "built"
    return "outdated" if (out / "meta.json").is_file() else "missing"


if __name__ == "__main__":
    main()

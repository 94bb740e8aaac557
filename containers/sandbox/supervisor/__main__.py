"""`python3 -I /opt/nines/supervisor run|bake|probe`."""

import sys
from importlib import import_module
from os.path import abspath, dirname

MODES = {"run": "session", "bake": "bake", "probe": "probe"}


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in MODES:
        print("usage: supervisor run|bake|probe", file=sys.stderr)
        return 2
    # Isolated mode runs this folder; our modules are a package of the folder above it.
    sys.path[0] = dirname(dirname(abspath(__file__)))
    return int(import_module(f"supervisor.{MODES[sys.argv[1]]}").main())


if __name__ == "__main__":
    sys.exit(main())

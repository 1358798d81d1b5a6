"""Run golden recognition cases through the real path: tables, snapshot, queries.

    python -m tests.golden DIR [--only O01,O02] [--methods ratable,on_delivery]

Prints every figure that differs as `case policy contract period field expected got`, then `N passed, M failed`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tests.golden.compare import differences


def main() -> int:
    """Run the cases of a folder; 0 only when every one of them agrees."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of case files, *.json")
    parser.add_argument("--only", help="case ids or their beginnings, separated by commas")
    parser.add_argument("--methods", help="policy methods to run, separated by commas; all by default")
    arguments = parser.parse_args()
    only = tuple(arguments.only.split(",")) if arguments.only else ("",)
    methods = set(arguments.methods.split(",")) if arguments.methods else None
    files = [path for path in sorted(arguments.folder.glob("*.json")) if path.name.startswith(only)]
    failed = 0
    for path in files:
        found = differences(json.loads(path.read_text()), methods)
        failed += bool(found)
        for difference in found:
            print(*difference)
    print(f"{len(files) - failed} passed, {failed} failed")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    raise SystemExit(main())

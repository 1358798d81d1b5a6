"""Run golden recognition cases through the real path: tables, snapshot, queries.

    python -m tests.golden DIR [--only O01,O02] [--methods ratable,on_delivery]

Prints every figure that differs as `case policy contract period field expected got`, then `N passed, M failed`; a
case with no policy of the methods is named and counts as neither. Ends with 0 only when cases passed and none failed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.golden.outcome import outcome


def main() -> int:
    """Run the cases of a folder; 0 only when every one of them agrees."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of case files, *.json")
    parser.add_argument("--only", help="case ids or their beginnings, separated by commas")
    parser.add_argument("--methods", help="policy methods to run, separated by commas; all by default")
    arguments = parser.parse_args()
    only = tuple(arguments.only.split(",")) if arguments.only else ("",)
    methods = set(arguments.methods.split(",")) if arguments.methods else None
    verdicts = []
    for path in sorted(arguments.folder.glob("*.json")):
        if path.name.startswith(only):
            lines, passed = outcome(path, methods)
            verdicts.append(passed)
            print(*lines, sep="\n", end="\n" if lines else "")
    print(f"{verdicts.count(True)} passed, {verdicts.count(False)} failed")
    return 0 if True in verdicts and False not in verdicts else 1


if __name__ == "__main__":
    raise SystemExit(main())

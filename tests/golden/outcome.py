"""What became of one case file: the lines to print, and whether it passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.golden.case_files import CaseError, read_case
from tests.golden.compare import checks, policies

if TYPE_CHECKING:
    from pathlib import Path


class Outcome(NamedTuple):
    """The lines to print; `passed` is None for a file that was not compared."""

    lines: list[str]
    passed: bool | None


def outcome(path: Path, methods: set[str] | None = None) -> Outcome:
    """Compare a file's case, for its policies of the given methods (all if None)."""
    try:
        case = read_case(path)
        if not policies(case, methods):
            return Outcome([f"{case['id']} - - - policies none of the asked methods"], passed=None)
        found = checks(case, methods)
    except CaseError as error:
        return Outcome([f"{path.name} - - - file readable {error}"], passed=False)
    if not found:
        return Outcome([f"{case['id']} - - - figures none expected"], passed=None)
    lines = [str(check) for check in found if not check.holds]
    return Outcome(lines, passed=not lines)

"""A value a case expects beside the one the figures have, and how whole lines of them are set side by side."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.golden.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.golden.case_files import Case

NOT_COMPUTED: Final = "not computed"


class Pair(NamedTuple):
    """One value a case expects, and the one the figures have."""

    period: str
    field: str
    expected: Any
    got: Any


def fields(period: str, place: str, expected: Case, got: Case) -> Iterator[Pair]:
    """Every field expected; one the figures do not have is not computed."""
    for field, wanted in expected.items():
        yield Pair(period, f"{place}{field}", wanted, got.get(field, NOT_COMPUTED))


def lines(block: str, expected: list[Case], got: list[Case], names: tuple[str, ...]) -> Iterator[Pair]:
    """Line by line, in order; one that only one side has is compared as a whole."""
    for count, (wanted, line) in enumerate(zip_longest(expected, got), start=1):
        if wanted is None or line is None:
            yield Pair("-", f"{block}.{count}", _line(wanted, names), _line(line, names))
        else:
            yield from fields("-", f"{block}.{count}.", wanted, line)


def renamed(row: Case, columns: Mapping[str, str]) -> Case:
    """A figure's row under the names of the case: name to column."""
    return {field: row[column] for field, column in columns.items()}


def _line(line: Case | None, names: tuple[str, ...]) -> str | None:
    return None if line is None else " ".join(shown(line.get(name)) for name in names)

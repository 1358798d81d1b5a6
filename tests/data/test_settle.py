"""A file's own rows decide which of several formats it uses; where they can't, it is refused with the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from data.mapping_file import load_mapping
from data.settle import UnsettledError, settle_formats

if TYPE_CHECKING:
    from data.mapping import SourceMapping


def settled(column: str, *texts: str) -> tuple[str, ...]:
    """The formats that the Clockify mapping settles on for one column."""
    mapping = load_mapping("clockify")
    with duckdb.connect() as connection:
        names = ", ".join(f"'' AS {name}" for name in mapping.columns if name != column)
        connection.execute(f'CREATE TABLE texts AS SELECT {names}, unnest(?) AS "{column}"', [list(texts)])

        def count(condition: str) -> int:
            return int(connection.execute(f"SELECT count(*) FROM texts WHERE {condition}").fetchall()[0][0])

        return with_one_format(settle_formats(mapping, count)).columns[column].formats


def with_one_format(mapping: SourceMapping) -> SourceMapping:
    assert not any(column.one_of_formats for column in mapping.columns.values())
    return mapping


@pytest.mark.parametrize(
    ("column", "texts", "expected"),
    [
        ("starts_on", ("09/01/2025", "09/25/2025"), "%m/%d/%Y"),
        ("starts_on", ("01/10/2025", "25/09/2025"), "%d/%m/%Y"),
        ("starts_on", ("01/10/2025", "25/09/2025", "soon", "31/31/2025"), "%d/%m/%Y"),
        ("starts_on", ("09/09/2025", "2025-09-25", ""), "%m/%d/%Y"),  # the same day in both
        ("starts_on", ("",), "%m/%d/%Y"),
        ("duration", ("0,33", "8"), "decimal_comma"),
        ("duration", ("0.33", "8"), "decimal_point"),
        ("duration", ("8", "7", "x"), "decimal_point"),
    ],
)
def test_the_rows_decide(column: str, texts: tuple[str, ...], expected: str) -> None:
    assert settled(column, *texts)[-1] == expected


@pytest.mark.parametrize(
    ("column", "texts", "message"),
    [
        (
            "starts_on",
            ("09/01/2025", "09/09/2025"),
            (
                "can be read as %m/%d/%Y and as %d/%m/%Y, and no row decides which; "
                'say which with --date-format "Start Date=%m/%d/%Y"'
            ),
        ),
        (
            "starts_on",
            ("09/25/2025", "25/09/2025", "26/09/2025"),
            (
                "the rows are written in several ways: 1 can only be %m/%d/%Y, 2 can only be %d/%m/%Y; "
                'say which with --date-format "Start Date=%m/%d/%Y"'
            ),
        ),
        (
            "duration",
            ("0,33", "0.33"),
            (
                "the rows are written in several ways: 1 can only be decimal_point, 1 can only be decimal_comma; "
                "copy the mapping and write in columns.duration formats what the file uses"
            ),
        ),
    ],
)
def test_rows_that_leave_it_open_refuse_the_file(column: str, texts: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnsettledError) as refused:
        settled(column, *texts)

    assert str(refused.value) == message
    assert refused.value.column.name == column

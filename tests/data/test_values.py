"""What one text means: every declared way to write it is exact, and everything else has a reason."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import duckdb
import pytest

from data.mapping import SourceColumn
from data.values import reason, value

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def read(connection: duckdb.DuckDBPyConnection, column: SourceColumn, text: str) -> tuple[object, str | None]:
    """The value of a text, and why it is refused."""
    sql = f"SELECT {value(column)}, {reason(column)} FROM (SELECT ? AS x)"
    found, refused = connection.execute(sql, [text]).fetchall()[0]
    return (None if refused else found), refused


def number(*formats: str, decimals: int = 2, scale: str = "1") -> SourceColumn:
    return SourceColumn("x", ("X",), "decimal", formats=formats, decimals=decimals, scale=Fraction(scale))


def duration(*formats: str) -> SourceColumn:
    return SourceColumn("x", ("X",), "duration", formats=formats)


CLOCK = duration("h:mm", "h:mm:ss", "decimal")


@pytest.mark.parametrize(
    ("column", "text", "hours"),
    [
        (CLOCK, "1:30", "1.5"),
        (CLOCK, "01:30:00", "1.5"),
        (CLOCK, "0:06", "0.1"),
        (CLOCK, "0:01", "0.0167"),
        (CLOCK, "0:02", "0.0333"),
        (CLOCK, "00:00:09", "0.0025"),
        (CLOCK, "00:00:00", "0"),
        (CLOCK, "100:00", "100"),
        (CLOCK, "-0:30", "-0.5"),
        (CLOCK, "-0:01", "-0.0167"),
        (CLOCK, "0.11", "0.11"),
        (CLOCK, "0.33335", "0.3334"),
        (CLOCK, "-0.33335", "-0.3334"),
        (CLOCK, "1.9666666667", "1.9667"),
        (CLOCK, "8", "8"),
        (duration("decimal", "decimal_comma"), "0,01", "0.01"),
        (duration("decimal", "decimal_comma", "thousands_separators"), "1.234,5", "1234.5"),
        (duration("decimal", "decimal_comma", "h:mm"), "0:30", "0.5"),
    ],
)
def test_a_duration_is_hours_rounded_half_up(
    connection: duckdb.DuckDBPyConnection, column: SourceColumn, text: str, hours: str
) -> None:
    assert read(connection, column, text) == (Decimal(hours), None)


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        (CLOCK, "1:60", "is not a duration as declared (h:mm, h:mm:ss, decimal)"),
        (CLOCK, "1:3", "is not a duration as declared (h:mm, h:mm:ss, decimal)"),
        (CLOCK, "1h 30m", "is not a duration as declared (h:mm, h:mm:ss, decimal)"),
        (CLOCK, "1,5", "is not a duration as declared (h:mm, h:mm:ss, decimal)"),
        (CLOCK, "1899-12-31 01:30:00", "is not a duration as declared (h:mm, h:mm:ss, decimal)"),
        (CLOCK, "0.12345678901", "has more than 10 decimals"),
        (CLOCK, "123456789012345", "is too large"),
        (duration("h:mm"), "1.5", "is not a duration as declared (h:mm)"),
        (duration("h:mm"), "1:30:00", "is not a duration as declared (h:mm)"),
        (duration("h:mm:ss"), "1:30", "is not a duration as declared (h:mm:ss)"),
    ],
)
def test_what_is_not_a_declared_duration_is_refused(
    connection: duckdb.DuckDBPyConnection, column: SourceColumn, text: str, why: str
) -> None:
    assert read(connection, column, text) == (None, why)


@pytest.mark.parametrize(
    ("column", "text", "amount"),
    [
        (number("decimal_comma"), "0,01", "0.01"),
        (number("decimal_comma"), "-7,5", "-7.5"),
        (number("decimal_comma", "thousands_separators"), "2.000,0", "2000"),
        (number("decimal_comma", "thousands_separators"), "1.234.567", "1234567"),
        (number("decimal_comma", "parentheses_are_negative"), "(0,5)", "-0.5"),
        (number("decimal_point", "thousands_separators"), "1,234.5", "1234.5"),
        (number(decimals=6), "0.012500", "0.0125"),
        (number(decimals=6), "0.000001", "0.000001"),
        (number(decimals=4), "99999999999999.9999", "99999999999999.9999"),
        (number(decimals=0, scale="0.01"), "12345", "123.45"),
        (number(decimals=0, scale="0.01"), "-1", "-0.01"),
        (number(decimals=0, scale="1/60"), "90", "1.5"),
        (number(decimals=0, scale="1/60"), "1", "0.0167"),
        (number(decimals=0, scale="1/60"), "-1", "-0.0167"),
        (number(decimals=2, scale="8"), "1.25", "10"),
        (number("decimal_comma", decimals=1, scale="8"), "0,5", "4"),
    ],
)
def test_every_declared_way_to_write_a_number_is_exact(
    connection: duckdb.DuckDBPyConnection, column: SourceColumn, text: str, amount: str
) -> None:
    assert read(connection, column, text) == (Decimal(amount), None)


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        (number("decimal_comma"), "1.5", "is not a number as declared (plain digits, decimal comma)"),
        (number("decimal_comma"), "1,234.5", "is not a number as declared (plain digits, decimal comma)"),
        (number("decimal_comma"), "1,234", "has more than 2 decimals"),
        (number(decimals=6), "0.0000001", "has more than 6 decimals"),
        (number(decimals=6), "1234567890123", "is too large"),
        (number(decimals=0, scale="0.01"), "12.5", "has more than 0 decimals"),
        (number(decimals=0, scale="100"), "1000000000000", "is too large"),
        (number(decimals=0, scale="0.01"), "1000000000000000000000000", "is too large"),
    ],
)
def test_what_is_not_a_declared_number_is_refused(
    connection: duckdb.DuckDBPyConnection, column: SourceColumn, text: str, why: str
) -> None:
    assert read(connection, column, text) == (None, why)


YES_NO = SourceColumn("x", ("X",), "text", values=(("Yes", "true"), ("No", "false")))


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        (YES_NO, "Yes", ("true", None)),
        (YES_NO, "", (None, None)),
        (YES_NO, "yes", (None, "is not one of Yes, No")),
        (YES_NO, "Maybe", (None, "is not one of Yes, No")),
        (SourceColumn("x", ("X",), "text", default="Time"), "", ("Time", None)),
        (SourceColumn("x", ("X",), "text", default="Time"), "Design", ("Design", None)),
        (SourceColumn("x", ("X",), "text", values=(("a", "it's"),), default="none"), "", ("none", None)),
        (SourceColumn("x", ("X",), "text", values=(("a", "it's"),), default="none"), "a", ("it's", None)),
        (SourceColumn("x", ("X",), "text", values=(("Open", "o"),), is_title_case=True), "OPEN", ("o", None)),
        (SourceColumn("x", ("X",), "text", is_required=True), "", (None, "is required and empty")),
        (
            SourceColumn("x", ("X",), "date", formats=("%Y-%m-%dT%H:%M:%S.000Z",)),
            "2025-09-30T23:59:59.000Z",
            (date(2025, 9, 30), None),
        ),
    ],
)
def test_a_closed_vocabulary_a_default_and_a_time_stamp(
    connection: duckdb.DuckDBPyConnection, column: SourceColumn, text: str, expected: tuple[object, str | None]
) -> None:
    assert read(connection, column, text) == expected


def test_every_second_of_two_hours_is_rounded_half_up(connection: duckdb.DuckDBPyConnection) -> None:
    text = "seconds // 3600 || ':' || lpad(seconds // 60 % 60 || '', 2, '0') || ':' || lpad(seconds % 60 || '', 2, '0')"
    found = connection.execute(
        f"SELECT {value(CLOCK)} FROM (SELECT {text} AS x FROM range(7200) AS clock(seconds))"
    ).fetchall()

    assert [hours for (hours,) in found] == [
        (Decimal(seconds) / 3600).quantize(Decimal("0.0001"), ROUND_HALF_UP) for seconds in range(7200)
    ]

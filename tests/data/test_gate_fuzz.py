"""The gate against files from a grammar of nasty ones: it reports and never fails, and every row is accounted for.

The suite runs the same few hundred files each time. `DRAWDOWN_FUZZ=5000 pytest tests/data/test_gate_fuzz.py` runs as
many others.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import tempfile
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.canonical import table_mapping
from data.csv_file import UnreadableError
from data.fills import row_rules
from data.gate import Gate
from data.mapping_file import load_mapping
from data.row_import import open_base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from data.gate import Gated
    from data.mapping import SourceColumn, SourceMapping

_WANTED: Final = os.environ.get("DRAWDOWN_FUZZ")
_FEW: Final = 100
_NUMBERS: Final = itertools.count()
_MAPPINGS: Final = {
    **{table: table_mapping(f"{table}.csv") for table in ("accounts", "billings", "consumption")},
    **{name: load_mapping(name) for name in ("toggl", "harvest", "clockify")},
}
_BLANKS: Final = " \t\n\r\u00a0"
_GOOD: Final = {
    "text": (
        "C1",
        "007",
        "1234567890123456789012",
        "Société",
        "大きい",
        "Yes",
        "No",
        "a, b",
        'say "x"',
        "two\nlines",
        "-1",
    ),
    "date": ("2025-01-31", "2024-02-29", " 2025-03-01 ", "31/01/2025", "01/31/2025", "01/02/2025", "2025-1-2"),
    "decimal": ("0", "1", "-1", "7.5", "0.001", "19.10", "00012", "99999999999999", "7,5", "1,234.50"),
    "duration": ("01:30:00", "0:30", "1.25", "1,25", "-0:30", "00:00:00"),
}
_NASTY: Final = (
    *("", " ", "\u00a0", "\t", "NULL", "nan", "inf", "-inf", "infinity", "1e30", "1E-3", "0x1F", "1_000", "(1.00)"),
    *("$5", "5 €", "5%", "+5", "--5", "5-", ".5", "5.", "1 000", "\uff19", "19.99995", "9" * 40, "0." + "3" * 40, "-0"),
    *("2025-02-30", "2025-13-01", "0000-01-01", "45689", "2025-01-31T00:00:00Z", "epoch", "294247-01-10", "1-1-1"),
    *(
        "=A1",
        "@x",
        "#N/A",
        "+1+1",
        "'",
        '"',
        '""',
        "\\",
        "\\N",
        ",",
        ";",
        "\n",
        "\r\n",
        "\u2028",
        "\ufeff",
        "\x1f",
        "\x7f",
    ),
    *("true", "x" * 3_000, "\U0001f3e2", "e\u0301", "\u202eabc", "{line}", "%s", "'; DROP TABLE accounts; --"),
)


@dataclass(frozen=True)
class Spoilt:
    """A file's bytes, and the name of the mapping it is read by."""

    name: str
    content: bytes

    @property
    def mapping(self) -> SourceMapping:
        return _MAPPINGS[self.name]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _cell(draw: st.DrawFn, type_: str) -> str:
    text = draw(st.sampled_from(_GOOD[type_]) if draw(st.integers(0, 19)) else st.sampled_from(_NASTY))
    how = draw(st.integers(0, 300))
    if how == 0:
        return text  # as it is, whatever stands in it
    needs_quotes = any(sign in text for sign in ',"\n\r')
    return _quoted(text) if needs_quotes or how < 20 else text


def _header(draw: st.DrawFn, mapping: SourceMapping) -> list[SourceColumn | str]:
    columns: list[SourceColumn | str] = list(draw(st.permutations(list(mapping.columns.values()))))
    what = draw(st.integers(0, 40))
    if what == 0:
        columns.pop()
    elif what == 1:
        columns.append(columns[0])
    elif what == 2:
        columns.append(draw(st.sampled_from(["", "unknown", " ", "line", "c0", '"'])))
    return columns


@st.composite
def files(draw: st.DrawFn) -> Spoilt:
    name = draw(st.sampled_from(sorted(_MAPPINGS)))
    mapping = _MAPPINGS[name]
    header = _header(draw, mapping)
    lines = [",".join(_quoted(one) if isinstance(one, str) else one.headers[0] for one in header)]
    for _ in range(draw(st.integers(0, 6))):
        cells = [_cell(draw, "text" if isinstance(one, str) else one.type) for one in header]
        odd = draw(st.integers(0, 80))
        if odd == 0:
            cells.pop()
        elif odd == 1:
            cells.append("")
        lines.append("" if odd == 2 else ",".join(cells))
    newline = st.sampled_from(["\n", "\n", "\r\n", "\r"])
    mixed = draw(st.booleans())
    usual = draw(newline)
    text = "".join(line + (draw(newline) if mixed else usual) for line in lines)
    text = text.rstrip("\r\n") if draw(st.booleans()) else text
    return Spoilt(name, _damaged(draw, text))


def _damaged(draw: st.DrawFn, text: str) -> bytes:
    encoding = draw(st.sampled_from([*["utf-8"] * 24, "utf-8-sig", "utf-8-sig", "utf-16", "utf-16-be", "latin-1"]))
    content = bytearray(text.encode(encoding, errors="replace"))
    what = draw(st.integers(0, 19))
    if not content or what > 3:
        return bytes(content)
    place = draw(st.integers(0, len(content) - 1))
    if what == 0:
        del content[place:]
    elif what == 1:
        content[place] ^= 1 << draw(st.integers(0, 7))
    elif what == 2:
        content[place:place] = draw(st.sampled_from([b'"', b"\0", b"\xff", b",", b"\n", b"\r", b"\xef\xbb\xbf"]))
    else:
        del content[place : place + draw(st.integers(1, 5))]
    return bytes(content)


def _independently(content: bytes) -> dict[int, list[str]]:
    """The rows by the line each starts on, header and blank lines among them, as Python reads them."""
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, line = {}, 1
    for cells in reader:
        rows[line] = cells
        line = reader.line_num + 1
    return rows


def _expected(column: SourceColumn, text: str) -> Any:
    stripped = text.strip(_BLANKS)
    if stripped == "" and column.default is None:
        return None
    readers: dict[str, Callable[[str], Any]] = {"date": _day, "decimal": Decimal, "text": str}
    return readers[column.type](stripped)


def _day(text: str) -> date:
    """A day, its month and day with or without a leading zero."""
    return date(*map(int, text.split("-")))


def _is_plain(column: SourceColumn) -> bool:
    """Whether a value is its text and nothing else, whatever the mapping."""
    return not (column.values or column.default or column.one_of_formats or column.formats not in {(), ("%Y-%m-%d",)})


def _check(spoilt: Spoilt, gated: Gated, used: list[dict[str, Any]]) -> None:
    rows = _independently(spoilt.content)
    header = rows.pop(1) if 1 in rows else rows.pop(min(rows))
    rejected = {issue.line for issue in gated.issues if not issue.is_left_out}
    left_out = {issue.line for issue in gated.issues if issue.is_left_out}
    lines = {row["line"] for row in used}

    assert gated.rows_in == len(rows)
    assert (gated.rows_used, gated.rows_rejected, gated.rows_left_out) == (len(used), len(rejected), len(left_out))
    assert len(rejected) + len(left_out) + len(lines) == len(rows)
    assert rejected | left_out | lines == set(rows)
    plain = [column for column in spoilt.mapping.columns.values() if _is_plain(column)]
    for row in used:
        for column in plain:
            places = [place for place, name in enumerate(header) if name in column.headers]
            text = rows[row["line"]][places[0]] if places else ""
            assert row[column.name] == _expected(column, text)


def _check_unreadable(error: UnreadableError, physical: int) -> None:
    assert 1 <= error.line <= physical
    assert error.reason


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """One for all files, with the tables of an empty store."""
    with duckdb.connect(config={"threads": 1}) as connection:
        open_base(connection, None)
        yield connection


@settings(
    max_examples=int(_WANTED or _FEW),
    derandomize=_WANTED is None,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(spoilt=files())
def test_whatever_the_file_the_gate_reports_and_every_row_is_accounted_for(
    connection: duckdb.DuckDBPyConnection, spoilt: Spoilt
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.csv"
        path.write_bytes(spoilt.content)
        name = f"source_{next(_NUMBERS)}"
        physical = spoilt.content.count(b"\n") + spoilt.content.count(b"\r") + 1
        try:
            gate = Gate(connection, str(path), spoilt.mapping, name=name, folder=Path(folder))
        except UnreadableError as unreadable:
            _check_unreadable(unreadable, physical)
            return
        gate.apply(row_rules(spoilt.mapping))
        gated = gate.result()
        cursor = connection.execute(f"FROM {name} ORDER BY line")
        names = [column[0] for column in cursor.description]
        _check(spoilt, gated, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()])

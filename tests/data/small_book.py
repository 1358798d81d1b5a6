"""A small book as CSV files named after the tables, for tests that spoil one thing in it.

Its good values are the ones readers like to mangle: leading zeros, 22 digits, a value that spans lines, a comma and
quotes inside a value, thirds, a reversal.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from data.canonical import CANONICAL
from data.importer import import_files
from data.schema import TABLES
from data.snapshots import open_snapshot

csv.field_size_limit(10_000_000)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from data.import_report import ImportReport

BOOK: Final = {
    "accounts": """\
account_id,name,segment,region
A1,"Client 1, Inc.",Large,West
A2,"The ""second"" client",,
""",
    "contracts": """\
contract_id,account_id,owner,vehicle,booked_on,starts_on,ends_on,currency,transaction_price,recognition_method,recognition_convention,draw_order,escheat_rate
C1,A1,Team Cedar,SOW,2024-12-20,2025-01-01,2025-12-31,USD,12000.50,on_delivery,daily,fefo,
0002,A2,Team Birch,credit purchase,2025-01-02,2025-01-02,,KWD,900.125,ratable,month_even,fefo,0.25
""",
    "lots": """\
lot_id,contract_id,service,unit,quantity,amount,valid_from,expires_on,grace_until,carry_over_cap_quantity,scope,standalone_price
L1,C1,consulting,hour,100,12000.50,2025-01-01,2025-12-31,,,any,
L2,0002,training,credit,1000,900.125,2025-01-02,,,,any,0.9125
""",
    "billings": """\
billing_id,contract_id,lot_id,billed_on,amount,fx_rate
B1,C1,L1,2025-01-05,12000.50,
B2,0002,L2,2025-01-05,-900.125,3.25012345
""",
    "consumption": """\
consumption_id,contract_id,lot_id,line_no,service_date,posted_on,service_type,unit,quantity,reverses
1234567890123456789012,C1,L1,1,2025-02-03,2025-02-04,"Design
and review",hour,7.5,
007,C1,,2,2025-02-04,2025-02-04,Design,hour,0.0001,
D3,0002,,3,2025-02-05,2025-02-06,Training,credit,250.5000,
D4,C1,L1,4,2025-02-06,2025-02-06,Design,hour,-2.5,1234567890123456789012
D5,C1,L1,5,2025-02-07,2025-02-08, Care ,hour,1,
D6,C1,L1,6,2025-02-08,2025-02-08,Care,hour,2,
""",
    "consumption_departments": """\
consumption_id,department,share
007,Design,0.333333333333
007,Care,0.333333333333
007,Audit,0.333333333334
D3,Training,1
""",
}


def write_book(folder: Path, changed: Mapping[str, str | bytes]) -> list[str]:
    """Write the book with some of its files as given; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in {**BOOK, **changed}.items():
        path = folder / (name if "." in name else f"{name}.csv")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(str(path))
    return paths


def taken(
    locations: Sequence[str], store: Path, *, accept_good: bool = False, dated_on: date | None = None
) -> ImportReport:
    """Import under the tables' own names."""
    return import_files(
        locations, CANONICAL, store, accept_good=accept_good, dated_on=dated_on, on_file=lambda *_: None
    )


def with_cell(table: str, line: int, column: str, value: str) -> str:
    """A file of the book with one cell as given; lines are the file's own."""
    rows = numbered(BOOK[table])
    header = rows[0][1]
    for number, cells in rows:
        if number == line:
            cells[header.index(column)] = value
            break
    else:
        raise LookupError(f"{table} has no row on line {line}")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(cells for _, cells in rows)
    return out.getvalue()


def numbered(text: str) -> list[tuple[int, list[str]]]:
    """The rows of a CSV text with the physical line each starts on, header first, as Python reads them."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, line = [], 1
    for cells in reader:
        rows.append((line, cells))
        line = reader.line_num + 1
    return rows


def expected_rows(table: str, text: str, without: frozenset[int] = frozenset()) -> list[dict[str, Any]]:
    """What a table must hold of a file: every row but those on the lines given, each value exactly as written."""
    (_, header), *rows = numbered(text)
    found = []
    for line, cells in rows:
        if cells and line not in without:
            written = dict(zip(header, cells, strict=True))
            found.append(
                {
                    column.name: _value(column.type, written.get(column.name, "").strip())
                    for column in TABLES[table].columns
                }
            )
    return _sorted(table, found)


def stored_rows(store: Path, table: str) -> list[dict[str, Any]]:
    """The rows of the current snapshot."""
    return _sorted(table, open_snapshot(store).read(table).to_pylist())


def _sorted(table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: tuple(str(row[key]) for key in TABLES[table].key))


def _value(type_: str, text: str) -> str | int | date | Decimal | None:
    if text == "":
        return None
    if type_ == "DATE":
        return date.fromisoformat(text)
    if type_ == "BIGINT":
        return int(text)
    return Decimal(text) if type_.startswith("DECIMAL") else text

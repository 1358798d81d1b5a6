"""The import of a CSV file of one gigabyte: `python -m tests.bench.csv_import`.

Each run is a fresh process, whose time and peak memory are its own. The floor is what reading the same bytes costs in
any case: counting the lines, and DuckDB counting the rows as text.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import resource
    from collections.abc import Sequence

_CONTRACTS: Final = 20_000
_DAYS: Final = 690
_AT_ONCE: Final = 100_000
_ROWS: Final = 14_000_000
_BAD_ROWS: Final = 1_000
_MAX_SECONDS, _MAX_MIB = 90, 3 * 1024
_FIRST_DAY: Final = date(2024, 1, 1)
_COUNT: Final = (
    "import duckdb, sys; print(duckdb.sql(f\"SELECT count(*) FROM read_csv('{sys.argv[1]}', all_varchar = true)\"))"
)
_IMPORT: Final = "from dashboard.cli import main; main()"
_LINES: Final = """
import sys
with open(sys.argv[1], 'rb') as file:
    print(sum(piece.count(10) for piece in iter(lambda: file.read(1 << 24), b'')))
"""


@dataclass(frozen=True)
class Run:
    """What a process took: seconds, MiB at its peak, and how it ended."""

    name: str
    seconds: float
    mib: float
    code: int


def write_book(folder: Path, rows: int, bad_rows: int = 0) -> list[Path]:
    """Write accounts, contracts, lots and consumption as CSV; some rows hold a quantity that is no number."""
    contracts = [f"C{number:06d}" for number in range(_CONTRACTS)]
    (folder / "accounts.csv").write_text("account_id,name\nA,Client\n", encoding="utf-8")
    (folder / "contracts.csv").write_text(
        "contract_id,account_id,owner,vehicle,booked_on,starts_on,ends_on,currency,transaction_price,"
        "recognition_method,recognition_convention,draw_order\n"
        + "".join(
            f"{id_},A,Team,SOW,2024-01-01,2024-01-01,2026-12-31,USD,100000,on_delivery,daily,fefo\n"
            for id_ in contracts
        ),
        encoding="utf-8",
    )
    (folder / "lots.csv").write_text(
        "lot_id,contract_id,service,unit,quantity,amount,valid_from,expires_on,scope\n"
        + "".join(f"L{id_},{id_},services,hour,5000,100000,2024-01-01,2026-12-31,any\n" for id_ in contracts),
        encoding="utf-8",
    )
    _write_consumption(folder / "consumption.csv", contracts, rows, bad_rows)
    return [folder / f"{name}.csv" for name in ("accounts", "contracts", "lots", "consumption")]


def _write_consumption(path: Path, contracts: list[str], rows: int, bad_rows: int) -> None:
    rng = np.random.default_rng(1)
    days = [(_FIRST_DAY + timedelta(days=day)).isoformat() for day in range(_DAYS + 3)]
    bad_every = rows // bad_rows if bad_rows else rows + 1
    with path.open("w", encoding="utf-8") as file:
        file.write(
            "consumption_id,contract_id,lot_id,line_no,service_date,posted_on,service_type,unit,quantity,"
            "reverses,project_id,request_id\n"
        )
        for start in range(0, rows, _AT_ONCE):
            count = min(_AT_ONCE, rows - start)
            of, on, hundredths = (
                rng.integers(low, high, count) for low, high in ((0, _CONTRACTS), (0, _DAYS), (25, 800))
            )
            file.write(
                "".join(
                    f"D{start + place:09d},{contracts[of[place]]},,{place},{days[on[place]]},{days[on[place] + 3]},"
                    f"workshop,hour,{'x' if (start + place + 1) % bad_every == 0 else hundredths[place] / 100},,,\n"
                    for place in range(count)
                )
            )


def measured(name: str, command: Sequence[str]) -> Run:
    """Run a command in a process of its own; its peak memory is read from the process itself."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(name, time.perf_counter() - start, _mib(usage), process.returncode)


def _mib(usage: resource.struct_rusage) -> float:
    """Peak memory; Linux gives KiB, macOS bytes."""
    return usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=_ROWS)
    parser.add_argument("--folder", type=Path, help="Where there is room for three gigabytes.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        runs, size = _runs(Path(name), arguments.rows)
    table = Table("Run", title=f"{size / 1e6:,.0f} MB, {arguments.rows:,} rows")
    for title in ("Seconds", "Peak MiB", "Exit code"):
        table.add_column(title, justify="right")
    for run in runs:
        table.add_row(run.name, f"{run.seconds:.1f}", f"{run.mib:,.0f}", str(run.code))
    Console().print(table)
    imports = [run for run in runs if run.name.startswith("import")]
    return int(any(run.code or run.seconds > _MAX_SECONDS or run.mib > _MAX_MIB for run in imports))


def _runs(folder: Path, rows: int) -> tuple[list[Run], int]:
    files = list(map(str, write_book(folder, rows)))
    consumption = files[-1]
    size = Path(consumption).stat().st_size
    importing = [sys.executable, "-c", _IMPORT, "import", "--mapping", "canonical"]
    runs = [
        measured("count the lines", [sys.executable, "-c", _LINES, consumption]),
        measured("read_csv, count", [sys.executable, "-c", _COUNT, consumption]),
        measured("import", [*importing, "--store", str(folder / "store"), *files]),
    ]
    files = list(map(str, write_book(folder, rows, _BAD_ROWS)))
    accepting = [*importing, "--accept-good", "--store", str(folder / "second"), *files]
    runs.append(measured(f"import with {_BAD_ROWS:,} bad rows", accepting))
    return runs, size


if __name__ == "__main__":
    raise SystemExit(main())

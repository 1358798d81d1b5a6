"""An open snapshot: its tables, its draws and its figures, and `run`, the one door to them.

Filters are applied once, here: a narrowed question sees every source table through views of its own that keep only
the contracts it is about, so no figure, total or export can reach beyond them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import duckdb

from data.schema import MINOR_DIGITS, TABLES
from data.snapshots import SnapshotError
from queries import catalog
from queries.catalog import Figure, FigureError
from queries.draws import movements

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from data.snapshots import Snapshot

#: What a question can be narrowed to: filter name to the column of contracts or accounts that must equal it.
FILTERS: Final = {
    "contract": "contracts.contract_id",
    "account": "contracts.account_id",
    "owner": "contracts.owner",
    "vehicle": "contracts.vehicle",
    "currency": "contracts.currency",
    "segment": "coalesce(accounts.segment, '(none)')",
    "region": "coalesce(accounts.region, '(none)')",
}

_DEFAULT_MONTHS: Final = 12


@dataclass
class Book:
    """One snapshot, opened for questions. Safe to share between threads: each question has its own cursor."""

    snapshot: Snapshot
    _root: duckdb.DuckDBPyConnection = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._root = _open(self.snapshot)

    def run(self, name: str, **parameters: object) -> pl.DataFrame:
        """Ask one figure.

        Args:
            name: the figure, as in `queries/<name>.sql`.
            **parameters: the figure's own parameters, and any of FILTERS to narrow the question. `boundaries`
                (closing days; the first is the opening) defaults to the month ends of the year up to `as_of`; a
                figure that knows no day takes no notice of `as_of`.

        Returns:
            The figure's columns, in the order its header states.

        Raises:
            FigureError: no such figure, a parameter it does not take, one missing, or a value that does not fit.
        """
        figure = catalog.figure(name)
        filters = {key: parameters.pop(key) for key in list(parameters) if key in FILTERS}
        with self._root.cursor() as cursor:
            return _ask(cursor, figure, _bound(figure, parameters), filters)

    def failed_checks(self) -> dict[str, pl.DataFrame]:
        """The rows that violate an invariant, by check; empty means all hold."""
        with self._root.cursor() as cursor:
            results = {name: cursor.sql(sql).pl() for name, sql in catalog.checks().items()}
        return {name: rows for name, rows in results.items() if rows.height}


def _bound(figure: Figure, parameters: dict[str, object]) -> dict[str, object]:
    wanted = dict(parameters)
    if "boundaries" in figure.parameters and "boundaries" not in wanted and "as_of" in wanted:
        wanted["boundaries"] = month_ends(_date(wanted["as_of"]), _DEFAULT_MONTHS)
    if "as_of" not in figure.parameters:
        wanted.pop("as_of", None)
    unknown = set(wanted) - set(figure.parameters)
    missing = {name for name in figure.parameters if wanted.get(name) is None}
    if unknown or missing:
        takes = ", ".join(f"{key} {type_}" for key, type_ in figure.parameters.items())
        problem = f"does not take {', '.join(sorted(unknown))}" if unknown else f"needs {', '.join(sorted(missing))}"
        raise FigureError(f"{figure.name} {problem}. It takes: {takes}; filters: {', '.join(FILTERS)}.")
    return wanted


def _ask(
    cursor: duckdb.DuckDBPyConnection, figure: Figure, parameters: Mapping[str, object], filters: Mapping[str, object]
) -> pl.DataFrame:
    _narrow(cursor, filters)
    arguments = ", ".join(f"CAST(${key} AS {figure.parameters[key]})" for key in figure.parameters)
    columns = ", ".join(column.name for column in figure.columns)
    relation = f"{figure.name}({arguments})" if figure.parameters else figure.name
    statement = f"SELECT {columns} FROM {relation} ORDER BY {figure.order}"
    try:
        rows: pl.DataFrame = cursor.sql(statement, params=dict(parameters)).pl()
    except (duckdb.DataError, duckdb.InvalidInputException) as error:
        raise FigureError(f"{figure.name} can't use these values: {error}") from error
    return rows


def month_ends(as_of: date, months: int) -> list[date]:
    """The closing days of the `months` months up to as_of, with the opening day before them first.

    Raises:
        FigureError: the calendar does not reach back that far.
    """
    counted = as_of.year * 12 + as_of.month - 1
    try:
        starts = [date((counted - back) // 12, (counted - back) % 12 + 1, 1) for back in range(months)]
    except ValueError:
        raise FigureError(f"The calendar has no {months} months before {as_of}. Ask about a later day.") from None
    return sorted({as_of, *(start - timedelta(days=1) for start in starts)})


def _date(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise FigureError(f"as_of must be a date like 2026-03-31, not {value}.") from None


def _open(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    _load(connection, snapshot)
    for statement in catalog.scalars():
        connection.execute(statement)
    connection.register("ledger", movements(connection).to_arrow())
    connection.execute(
        "CREATE TABLE source.movements AS SELECT movement_no, contract_id, lot_id, event_id, moved_on, kind,"
        " CAST(quantity_units AS DECIMAL(18, 0)) * CAST(0.0001 AS DECIMAL(5, 4)) AS quantity FROM ledger"
    )
    connection.unregister("ledger")
    connection.execute(
        "CREATE TABLE source.currencies AS SELECT currency, coalesce(map($codes, $mills)[currency], 10)::HUGEINT"
        " AS minor_unit FROM (SELECT DISTINCT currency FROM source.contracts)",
        {"codes": list(MINOR_DIGITS), "mills": [10 ** (3 - digits) for digits in MINOR_DIGITS.values()]},
    )
    for name in _columns():
        connection.execute(f"CREATE VIEW {name} AS FROM source.{name}")
    for figure in catalog.figures().values():
        connection.execute(figure.sql)
        if not figure.parameters:
            connection.execute(f"CREATE TABLE source.{figure.name} AS FROM {figure.name}()")
            connection.execute(f"CREATE VIEW {figure.name} AS FROM source.{figure.name}")
    return connection


def _load(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
    """Read the snapshot's files into schema `source`.

    Raises:
        SnapshotError: a file is missing or damaged.
    """
    connection.execute("CREATE SCHEMA source")
    for table in TABLES.values():
        columns = ", ".join(column.name for column in table.columns)
        path = snapshot.path(table.name)
        try:
            connection.execute(
                f"CREATE TABLE source.{table.name} AS SELECT {columns} FROM read_parquet($1)", [str(path)]
            )
        except duckdb.Error as error:
            raise SnapshotError(f"{path} is missing or damaged. Move its folder away and import again.") from error


def _narrow(cursor: duckdb.DuckDBPyConnection, filters: Mapping[str, object]) -> None:
    """Let the cursor see only the contracts that pass the filters: its own views come before the shared ones."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    if not wanted:
        return
    passes = " AND ".join(f"{FILTERS[name]} = CAST(${name} AS VARCHAR)" for name in wanted)
    cursor.execute(
        "CREATE TEMP TABLE in_scope AS SELECT contracts.contract_id, contracts.account_id"
        f" FROM source.contracts AS contracts INNER JOIN source.accounts AS accounts USING (account_id) WHERE {passes}",
        wanted,
    )
    for name, columns in {**_columns(), **_kept_figures()}.items():
        key = next((key for key in ("contract_id", "account_id", "consumption_id") if key in columns), None)
        if key is not None:
            kept_by = "consumption" if key == "consumption_id" else "in_scope"
            cursor.execute(f"CREATE TEMP VIEW {name} AS FROM source.{name} SEMI JOIN {kept_by} USING ({key})")


def _columns() -> dict[str, set[str]]:
    """Every table of schema `source` with its columns; consumption first, others are narrowed through it."""
    tables = {table.name: {column.name for column in table.columns} for table in TABLES.values()}
    return {"consumption": tables.pop("consumption"), **tables, "movements": {"contract_id"}, "currencies": set()}


def _kept_figures() -> dict[str, set[str]]:
    """The figures without parameters, kept as tables, with their columns."""
    return {
        figure.name: {column.name for column in figure.columns}
        for figure in catalog.figures().values()
        if not figure.parameters
    }

"""An open snapshot: its tables, its draws and its figures, and `run`, the one door to them.

Filters and the scope of who asks are applied once, here: a narrowed question sees every table through views of its own
that keep only the contracts it is about, so no figure, total or export can reach beyond them.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import duckdb

from data.currencies import MINOR_DIGITS
from data.schema import TABLES
from data.snapshots import SnapshotError
from queries import catalog, days, outlook
from queries.calendar import month_ends, months_after
from queries.catalog import Figure, FigureError
from queries.days import Days
from queries.macros import Macros
from queries.outlook import Outlook, Progress, no_progress
from queries.scenario import CAUTIOUS, CAUTIOUS_READS, Scenario, suppose
from queries.scope import EVERYTHING, Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

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
#: Where the bands of the backlog end, in months from the day asked about.
_BANDS: Final = (3, 6, 12, 24)
#: From where on the watch-list flags a lot or a contract, unless a question says otherwise: shares and days.
WATCH_THRESHOLDS: Final[Mapping[str, float]] = {
    "behind_by": 0.25,
    "ends_within": 60,
    "left_from": 0.3,
    "late_from": 0.75,
    "overdrawn_within": 30,
    "grace_within": 90,
}
#: What says of a row to which contract or client it belongs, the nearest first, with the rows there are in scope.
_BELONGS_BY: Final = {
    "contract_id": "in_scope",
    "account_id": "in_scope",
    "lot_id": "(FROM source.lots SEMI JOIN in_scope USING (contract_id))",
    "consumption_id": "(FROM source.consumption SEMI JOIN in_scope USING (contract_id))",
}
#: Tables whose rows without a contract are for every one, so also for those in scope.
_FOR_EVERY_CONTRACT: Final = ("breakage_estimates",)
#: Rows that tell of a second contract, by the column that names it: it need not pass the filters, but be in scope.
_TELLS_OF: Final = {"analog_curves": "alike_contract_id"}


@dataclass
class Book:
    """One snapshot, opened for questions. Safe to share between threads: each question has its own cursor."""

    snapshot: Snapshot
    scope: Scope = field(init=False, compare=False, default=EVERYTHING)
    #: The contracts in scope; None is every contract.
    visible: frozenset[str] | None = field(init=False, repr=False, compare=False, default=None)
    _root: duckdb.DuckDBPyConnection = field(init=False, repr=False, compare=False)
    _days: Days = field(init=False, repr=False, compare=False)
    _outlook: Outlook = field(init=False, repr=False, compare=False)
    _macros: Macros = field(init=False, repr=False, compare=False)
    _narrowed_by: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._root = _open(self.snapshot)
        self._days = Days(self._root)
        self._outlook = Outlook(self._root, self.snapshot)
        self._macros = Macros(self._root, self.snapshot)
        self._macros.ensure(outlook.READS)
        self._narrowed_by = _narrowed_by(self._root)

    def seen_by(self, scope: Scope) -> Book:
        """The same book as those see it whose scope this is: what else it holds does not exist for its questions.

        Tables and forecasts are shared with this book. A scope laid over another never widens it.
        """
        seen = copy(self)
        seen.scope = self.scope & scope
        seen.visible = seen.scope.contracts([self.snapshot])
        return seen

    def in_step_with(self, newer: Sequence[Book]) -> Book:
        """The same book for a comparison: a contract is in scope where the newest book that knows it puts it.

        Args:
            newer: the books of the same scope that it is compared with, the newest last.
        """
        if self.scope == EVERYTHING:
            return self
        beside = copy(self)
        beside.visible = self.scope.contracts([self.snapshot, *(book.snapshot for book in newer)])
        return beside

    def source(self, table: str, **filters: str) -> pl.DataFrame:
        """The rows of a source table, by its key, narrowed as a figure's are.

        Args:
            table: a table of data/schema.py.
            **filters: any of FILTERS.
        """
        columns, key = ", ".join(column.name for column in TABLES[table].columns), ", ".join(TABLES[table].key)
        with self._narrowed(filters) as cursor:
            rows: pl.DataFrame = cursor.sql(f"SELECT {columns} FROM {table} ORDER BY {key}").pl()
        return rows

    def run(self, name: str, **parameters: object) -> pl.DataFrame:
        """Ask one figure.

        Args:
            name: the figure, as in `queries/<name>.sql`.
            **parameters: the figure's own parameters, any of FILTERS to narrow the question, and `scenario` (the text
                form of queries/scenario.py) to ask what would be recognised under other policies. `boundaries`
                (closing days; the first is the opening) defaults to the month ends of the year up to `as_of`, for
                bands that lie ahead to 3, 6, 12 and 24 months after it, `current_until` to 12 months after it,
                thresholds to WATCH_THRESHOLDS; a figure that knows no day takes no notice of `as_of`.

        Returns:
            The figure's columns, in the order its header states.

        Raises:
            FigureError: no such figure, a parameter it does not take, one missing, or a value that does not fit.
            ScenarioError: the scenario's text says none.
        """
        figure = catalog.figure(name)
        scenario = Scenario.parse(str(parameters.pop("scenario", None) or ""))
        filters = {key: parameters.pop(key) for key in list(parameters) if key in FILTERS}
        bound = _bound(figure, parameters)
        self._macros.ensure([name])
        self._make_what_it_reads(figure, bound)
        if scenario.breakage == CAUTIOUS:
            self._macros.ensure(CAUTIOUS_READS)
            self.foresee(self.snapshot.dated_on)
        if scenario == Scenario():
            with self._narrowed(filters, days.tables_of(name)) as cursor:
                days.stand_in(cursor, days.read_by(name))
                return _ask(cursor, figure, bound)
        # A scenario reads more than the figure to say what its contracts would be booked under.
        with self._narrowed(filters) as cursor:
            suppose(cursor, scenario, self.snapshot.dated_on)
            return _ask(cursor, figure, bound)

    def _make_what_it_reads(self, figure: Figure, bound: Mapping[str, object]) -> None:
        """Forecasts, and what others read of a day, are made for the day that is asked about, when it is."""
        if catalog.reads(figure.name, "forecasts"):
            self.foresee(_date(bound["as_of"]))
        if catalog.reads(figure.name, "forecast_changes"):
            self._outlook.ensure_change(_date(bound["as_of"]), _date(bound["earlier"]))
        if catalog.reads(figure.name, "analog_curves"):
            self._outlook.ensure_analogs(_date(bound["as_of"]), str(bound["lot"]))
        if daily := days.read_by(figure.name):
            self._days.ensure(daily, _date(bound["as_of"]))

    def foresee(self, as_of: date, on_progress: Progress = no_progress) -> None:
        """Make the forecasts of a day and of the quarter ends before it, unless they are there.

        Figures that need them do so by themselves; this is for those who want to show how far it is.
        """
        self._outlook.ensure(as_of, on_progress)

    def foresees(self, as_of: date) -> bool:
        """Whether the forecasts of a day are there."""
        return self._outlook.has(as_of)

    def failed_checks(self) -> dict[str, pl.DataFrame]:
        """The rows that violate an invariant, by check; empty means all hold."""
        self._macros.ensure(asked for sql in catalog.checks().values() for asked in catalog.asked_by(sql))
        with self._narrowed({}) as cursor:
            results = {name: cursor.sql(sql).pl() for name, sql in catalog.checks().items()}
        return {name: rows for name, rows in results.items() if rows.height}

    def _narrowed(
        self, filters: Mapping[str, object], tables: Collection[str] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """A cursor of its own for one question of some tables; None is every table."""
        cursor = self._root.cursor()
        asked = {name: key for name, key in self._narrowed_by.items() if tables is None or name in tables}
        _narrow(cursor, filters, self.visible, asked)
        return cursor


def _bound(figure: Figure, parameters: dict[str, object]) -> dict[str, object]:
    wanted = dict(parameters)
    if wanted.get("as_of") is not None:
        wanted = {**_defaults(figure, _date(wanted["as_of"])), **wanted}
    if "as_of" not in figure.parameters:
        wanted.pop("as_of", None)
    unknown = set(wanted) - set(figure.parameters)
    missing = {name for name in figure.parameters if wanted.get(name) is None}
    if unknown or missing:
        takes = ", ".join(f"{key} {type_}" for key, type_ in figure.parameters.items())
        problem = f"does not take {', '.join(sorted(unknown))}" if unknown else f"needs {', '.join(sorted(missing))}"
        raise FigureError(f"{figure.name} {problem}. It takes: {takes}; filters: {', '.join(FILTERS)}.")
    return wanted


def _defaults(figure: Figure, as_of: date) -> dict[str, object]:
    """What a figure is asked with where the question leaves it open."""
    found: dict[str, object] = {name: at for name, at in WATCH_THRESHOLDS.items() if name in figure.parameters}
    if "current_until" in figure.parameters:
        found["current_until"] = months_after(as_of, _DEFAULT_MONTHS)
    if "boundaries" in figure.parameters:
        looks_ahead = "as_of" in figure.parameters
        bands = [months_after(as_of, months) for months in _BANDS] if looks_ahead else []
        found["boundaries"] = bands or month_ends(as_of, _DEFAULT_MONTHS)
    return found


def _ask(cursor: duckdb.DuckDBPyConnection, figure: Figure, parameters: Mapping[str, object]) -> pl.DataFrame:
    arguments = ", ".join(f"CAST(${key} AS {figure.parameters[key]})" for key in figure.parameters)
    columns = ", ".join(column.name for column in figure.columns)
    relation = f"{figure.name}({arguments})" if figure.parameters else figure.name
    statement = f"SELECT {columns} FROM {relation} ORDER BY {figure.order}"
    try:
        rows: pl.DataFrame = cursor.sql(statement, params=dict(parameters)).pl()
    except (duckdb.DataError, duckdb.InvalidInputException) as error:
        raise FigureError(f"{figure.name} can't use these values: {error}") from error
    return rows


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
    connection.execute("SET enable_progress_bar = false")
    _load(connection, snapshot)
    for statement in catalog.scalars():
        connection.execute(statement)
    connection.execute(
        "CREATE TABLE source.currencies AS SELECT currency, coalesce(map($codes, $mills)[currency], 10)::HUGEINT"
        " AS minor_unit FROM"
        " (SELECT currency FROM source.contracts UNION SELECT functional_currency FROM source.fx_rates)",
        {"codes": list(MINOR_DIGITS), "mills": [10 ** (3 - digits) for digits in MINOR_DIGITS.values()]},
    )
    for name in (*TABLES, "currencies"):
        connection.execute(f"CREATE VIEW {name} AS FROM source.{name}")
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
                # A folder named like a column, owner=…, says nothing about the rows in it.
                f"CREATE TABLE source.{table.name} AS"
                f" SELECT {columns} FROM read_parquet($1, hive_partitioning = false)",
                [str(path)],
            )
        except duckdb.Error as error:
            raise SnapshotError(f"{path} is missing or damaged. Move its folder away and import again.") from error


def _narrow(
    cursor: duckdb.DuckDBPyConnection,
    filters: Mapping[str, object],
    visible: Collection[str] | None,
    narrowed_by: Mapping[str, str],
) -> None:
    """Let the cursor see only contracts in scope that pass the filters: its own views come before the shared ones."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    if not wanted and visible is None:
        return
    passes = [f"{FILTERS[name]} = CAST(${name} AS VARCHAR)" for name in wanted]
    if visible is not None:
        cursor.execute(
            "CREATE TEMP TABLE visible AS SELECT unnest(CAST($1 AS VARCHAR[])) AS contract_id", [sorted(visible)]
        )
        passes.append("contracts.contract_id IN (SELECT visible.contract_id FROM visible)")
    cursor.execute(
        "CREATE TEMP TABLE in_scope AS SELECT contracts.contract_id, contracts.account_id FROM source.contracts"
        f" AS contracts INNER JOIN source.accounts AS accounts USING (account_id) WHERE {' AND '.join(passes)}",
        wanted,
    )
    for name, key in narrowed_by.items():
        rows = f"FROM source.{name} SEMI JOIN {_BELONGS_BY[key]} USING ({key})"
        if name in _FOR_EVERY_CONTRACT:
            rows += f" UNION ALL FROM source.{name} WHERE {key} IS NULL"
        if visible is not None and name in _TELLS_OF:
            rows += f" WHERE {_TELLS_OF[name]} IN (SELECT visible.contract_id FROM visible)"
        cursor.execute(f"CREATE TEMP VIEW {name} AS {rows}")


def _narrowed_by(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The tables of schema `source` that belong to contracts or clients, with the column that says to which."""
    columns = connection.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE schema_name = 'source' GROUP BY table_name"
    ).fetchall()
    found = {name: next((key for key in _BELONGS_BY if key in names), None) for name, names in columns}
    return {name: key for name, key in found.items() if key is not None}

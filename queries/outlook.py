"""The forecasts of a book: made when a day is first asked about, kept, and scored once their lots have ended.

For a day that is asked about, the quarter ends of the three years before it are forecast too, each from what was known
then alone: they are the track record, and they say how far lots miss together, which the interval of a total needs.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from queries import kept
from queries.calendar import quarter_ends
from queries.forecast.distribution import joint_draws, normal_score, position, quantiles
from queries.forecast.forecaster import Forecasts, analogs, forecast
from queries.forecast.known import QUANTITY_SCALE, Known, days_of, known
from queries.forecast.rivals import conformal_run_rate, run_rate
from queries.forecast.together import correlation
from queries.forecast.trees import OUT_BINS

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from data.snapshots import Snapshot
    from queries.forecast.traits import Matrix

#: The figures that forecasts and their explanations are made from.
READS: Final = ("bookings", "burn_curves", "known_lots", "known_use")
#: Quarter ends before a day whose forecasts are its track record.
QUARTERS: Final = 12

_TABLES: Final = {
    "forecasts": """
        origin DATE, lot_id VARCHAR, contract_id VARCHAR, usable_until DATE, elapsed_share DOUBLE, used_share DOUBLE,
        learned_from BIGINT, remaining_quantity DECIMAL(18, 4), expected DOUBLE, levels DOUBLE[], draws DOUBLE[],
        runs_out DOUBLE, runs_out_on DATE, correlation DOUBLE
    """,
    "rival_forecasts": "origin DATE, lot_id VARCHAR, contract_id VARCHAR, method VARCHAR, levels DOUBLE[]",
    "forecast_changes": """
        from_day DATE, to_day DATE, lot_id VARCHAR, contract_id VARCHAR, cause VARCHAR, quantity DOUBLE
    """,
    "analog_curves": """
        known_on DATE, lot_id VARCHAR, contract_id VARCHAR, analog_no BIGINT, weight DOUBLE,
        alike_contract_id VARCHAR, service VARCHAR, unit VARCHAR, quantity DECIMAL(18, 4), term_days BIGINT,
        ended_on DATE, unused_share DOUBLE, elapsed_share DOUBLE, remaining_share DOUBLE
    """,
}
#: Those that are kept in the store, and the distributions behind them.
_SHOWN: Final = ("forecasts", "rival_forecasts")
_DISTRIBUTIONS: Final = "distributions"
#: Ended lots shown for one forecast.
_ANALOGS: Final = 12
#: How analogs burnt down, as known on the day.
_CURVES: Final = """
SELECT
    asked.lot_id, asked.contract_id, alike.analog_no, alike.weight,
    known_lots.contract_id AS alike_contract_id, known_lots.service, known_lots.unit, known_lots.quantity,
    known_lots.expires_on - known_lots.valid_from + 1 AS term_days,
    known_lots.expires_on AS ended_on,
    burn_curves.elapsed_share, burn_curves.remaining_share,
    last_value(burn_curves.remaining_share) OVER (
        PARTITION BY alike.analog_no ORDER BY burn_curves.on_date
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS unused_share
FROM alike
INNER JOIN known_lots($as_of) AS known_lots ON alike.lot_id = known_lots.lot_id
INNER JOIN burn_curves($as_of) AS burn_curves ON alike.lot_id = burn_curves.lot_id
CROSS JOIN (SELECT lot_id, contract_id FROM lot_terms WHERE lot_id = $lot) AS asked
"""

#: Told how many days are done, and of how many.
Progress = Callable[[int, int], None]


def no_progress(_done: int, _all: int) -> None:
    """For those who don't want to know."""


class _Made(NamedTuple):
    """The forecasts made on one day, before lots are taken together."""

    lots: pl.DataFrame
    facts: Known
    forecasts: Forecasts


class _Past(NamedTuple):
    """The forecasts made on an earlier day, to hold against what came."""

    lot_ids: pl.Series
    forecasts: Forecasts


class Outlook:
    """Makes and keeps the forecasts of one book."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
        """Make the empty tables that figures read."""
        self._connection, self._snapshot = connection, snapshot
        self._made: dict[date, _Made] = {}
        self._past: dict[date, _Past] = {}
        self._kept: set[date] = set()
        self._ensured: set[date] = set()
        self._changes: set[tuple[date, date]] = set()
        self._explained: set[tuple[date, str]] = set()
        self._lock = Lock()
        for name, columns in _TABLES.items():
            connection.execute(f"CREATE TABLE source.{name} ({columns})")
            connection.execute(f"CREATE VIEW {name} AS FROM source.{name}")

    def has(self, as_of: date) -> bool:
        """Whether the forecasts of a day and of the quarter ends before it are in the tables."""
        return as_of in self._ensured

    def ensure(self, as_of: date, on_progress: Progress = no_progress) -> None:
        """Have the forecasts of a day and of the quarter ends before it in the tables."""
        if self.has(as_of):  # who asks about a day that is there does not wait for another day's
            return
        with self._lock:
            wanted = [*quarter_ends(as_of, QUARTERS), as_of]
            for done, origin in enumerate(wanted):
                on_progress(done, len(wanted))
                if origin not in self._kept:
                    self._keep(origin)
            self._ensured.add(as_of)
            on_progress(len(wanted), len(wanted))

    def ensure_change(self, as_of: date, since: date) -> None:
        """Have what moved the forecast between two days in the table."""
        if (since, as_of) in self._changes:
            return
        with self._lock:
            if (since, as_of) not in self._changes:
                name = f"forecast_changes-since-{since}"
                tables = kept.load(self._snapshot, as_of.isoformat(), (name,))
                if tables is None:
                    tables = {name: _change(self._make(since), self._make(as_of), as_of)}
                    kept.keep(self._snapshot, as_of.isoformat(), tables)
                rows = tables[name]
                self._insert("forecast_changes", rows.with_columns(from_day=pl.lit(since), to_day=pl.lit(as_of)))
                self._changes.add((since, as_of))

    def ensure_analogs(self, as_of: date, lot: str) -> None:
        """Have the ended lots that a lot's forecast rests on in the table; none where it is not forecast."""
        if (as_of, lot) in self._explained:
            return
        with self._lock:
            made = self._make(as_of)
            if (as_of, lot) in self._explained or lot not in made.lots["lot_id"]:
                return
            found = analogs(made.facts, lot, as_of, _ANALOGS)
            alike = pl.DataFrame(
                {"lot_id": [analog.lot_id for analog in found], "weight": [analog.weight for analog in found]},
                schema={"lot_id": pl.String, "weight": pl.Float64},
            ).with_row_index("analog_no", offset=1)
            with self._connection.cursor() as cursor:
                cursor.register("alike", alike.to_arrow())
                rows = cursor.sql(_CURVES, params={"as_of": as_of, "lot": lot}).pl()
            self._insert("analog_curves", rows.with_columns(known_on=pl.lit(as_of)))
            self._explained.add((as_of, lot))

    def _keep(self, origin: date) -> None:
        tables = kept.load(self._snapshot, origin.isoformat(), (*_SHOWN, _DISTRIBUTIONS))
        if tables is None:
            made = self._make(origin)
            tables = {
                "forecasts": _rows(origin, made, self._correlation(origin)),
                "rival_forecasts": _rivals(origin, made),
                _DISTRIBUTIONS: _distributions(made),
            }
            kept.keep(self._snapshot, origin.isoformat(), tables)
        for name in _SHOWN:
            self._insert(name, tables[name])
        self._past[origin] = _past(tables[_DISTRIBUTIONS])
        self._kept.add(origin)

    def _insert(self, table: str, rows: pl.DataFrame) -> None:
        with self._connection.cursor() as cursor:
            cursor.register("computed", rows.to_arrow())
            cursor.execute(f"INSERT INTO source.{table} BY NAME FROM computed")

    def _make(self, origin: date) -> _Made:
        if origin not in self._made:
            with self._connection.cursor() as cursor:
                lots = cursor.sql("FROM known_lots($as_of)", params={"as_of": origin}).pl()
                use = cursor.sql("FROM known_use($as_of)", params={"as_of": origin}).pl()
                booked = cursor.sql("FROM bookings($as_of)", params={"as_of": origin}).pl()
            facts = known(lots, use)
            open_lots = (
                lots.filter((pl.col("expires_on") > origin) & _has_units(lots, use))
                .join(booked.select("lot_id", booked="quantity"), on="lot_id", how="left")
                .with_columns(as_of=pl.lit(origin))
                .sort("lot_id")
            )
            past = self._past_of(origin)
            self._made[origin] = _Made(open_lots, facts, past.forecasts if past else forecast(facts, open_lots))
        return self._made[origin]

    def _past_of(self, origin: date) -> _Past | None:
        """The forecasts of a day, if they were made before."""
        if origin not in self._past:
            tables = kept.load(self._snapshot, origin.isoformat(), (_DISTRIBUTIONS,))
            if tables is None:
                return None
            self._past[origin] = _past(tables[_DISTRIBUTIONS])
        return self._past[origin]

    def _correlation(self, origin: date) -> float:
        """How far lots missed together in the forecasts made before, as far as their lots had ended by then."""
        outcomes = _outcomes(self._make(origin).facts, origin)
        scores, origins, quarters = [np.zeros(0)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for number, earlier in enumerate(quarter_ends(origin, QUARTERS)):
            past = self._past_of(earlier) or _past(_distributions(self._make(earlier)))
            lots = past.lot_ids.to_frame("lot_id").with_row_index("row")
            ended = lots.join(outcomes, on="lot_id", how="inner", maintain_order="left")
            below, upto = position(_some(past.forecasts, ended["row"].to_numpy()), ended["unused"].to_numpy())
            scores.append(normal_score((below + upto) / 2))
            origins.append(np.full(ended.height, number))
            ends = ended["usable_until"]
            quarters.append((ends.dt.year().cast(pl.Int64) * 4 + ends.dt.quarter()).to_numpy())
        return correlation(np.concatenate(scores), np.concatenate(origins), np.concatenate(quarters))


def _change(before: _Made, after: _Made, as_of: date) -> pl.DataFrame:
    """What moved the expected units of each lot from one day to another, by cause."""
    terms = ("quantity", "expires_on")
    was = before.lots.select("lot_id", "contract_id", *terms, expected=_expected(before.forecasts))
    now = after.lots.select("lot_id", "contract_id", *terms, expected=_expected(after.forecasts))
    both = was.join(now, on=["lot_id", "contract_id"], how="inner", suffix="_now")
    amended = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_now") for name in terms)
    moved = pl.col("expected_now") - pl.col("expected")
    same = both.filter(~amended)
    idle = forecast(before.facts, same.select("lot_id", as_of=pl.lit(as_of)))
    passed = pl.Series(idle.mean * idle.remaining)
    keys = ("lot_id", "contract_id")
    return pl.concat(
        [
            now.join(was, on="lot_id", how="anti").select(*keys, cause=pl.lit("new"), quantity="expected"),
            was.join(now, on="lot_id", how="anti").select(*keys, cause=pl.lit("ended"), quantity=-pl.col("expected")),
            both.filter(amended).select(*keys, cause=pl.lit("amendment"), quantity=moved),
            same.select(*keys, cause=pl.lit("time"), quantity=passed - pl.col("expected")),
            same.select(*keys, cause=pl.lit("use"), quantity=pl.col("expected_now") - passed),
        ]
    )


def _expected(forecasts: Forecasts) -> pl.Series:
    return pl.Series(forecasts.mean * forecasts.remaining)


def _outcomes(facts: Known, origin: date) -> pl.DataFrame:
    """What the lots that had ended by a day left unused, as it was known then."""
    lots = pl.DataFrame(
        {
            "lot_id": facts.lot_ids,
            "usable_until": pl.Series(facts.expires_on.astype(np.int32)).cast(pl.Date),
            "unused": facts.unused * facts.quantity / QUANTITY_SCALE,
        }
    )
    return lots.filter(pl.col("usable_until") <= origin)


def _has_units(lots: pl.DataFrame, use: pl.DataFrame) -> pl.Series:
    drawn = use.group_by("lot_id").agg(drawn=pl.col("quantity").sum())
    joined = lots.join(drawn, on="lot_id", how="left", maintain_order="left")
    return joined["quantity"] > joined["drawn"].fill_null(0)


def _some(forecasts: Forecasts, rows: np.ndarray) -> Forecasts:
    return Forecasts(*(values[rows] for values in forecasts))


def _rows(origin: date, made: _Made, together: float) -> pl.DataFrame:
    """The forecasts of a day as rows: quantiles and draws in units."""
    forecasts, lots = made.forecasts, made.lots
    term = (lots["expires_on"] - lots["valid_from"]).dt.total_days() + 1
    elapsed = ((pl.Series([origin]) - lots["valid_from"]).dt.total_days() + 1) / term
    return lots.select("lot_id", "contract_id", usable_until="expires_on").with_columns(
        pl.lit(origin).alias("origin"),
        elapsed.alias("elapsed_share"),
        pl.Series("used_share", 1 - forecasts.remaining / lots["quantity"].cast(pl.Float64).to_numpy()),
        pl.Series("learned_from", forecasts.learned_from),
        pl.Series("remaining_quantity", forecasts.remaining).round(4),
        _expected(forecasts).alias("expected"),
        _lists("levels", quantiles(forecasts)),
        _lists("draws", joint_draws(forecasts, lots["lot_id"], together)),
        pl.Series("runs_out", forecasts.chances[:, 0]),
        _out_on(origin, lots["expires_on"], forecasts.runs_out).alias("runs_out_on"),
        pl.lit(together).alias("correlation"),
    )


def _rivals(origin: date, made: _Made) -> pl.DataFrame:
    methods = {"run_rate": run_rate, "conformal": conformal_run_rate}
    lots = made.lots.select("lot_id", "contract_id").with_columns(pl.lit(origin).alias("origin"))
    return pl.concat(
        lots.with_columns(pl.lit(name).alias("method"), _lists("levels", method(made.facts, made.lots)))
        for name, method in methods.items()
    )


def _distributions(made: _Made) -> pl.DataFrame:
    """The forecasts of a day in full, for the days after it to hold against what came."""
    columns = {name: getattr(made.forecasts, name) for name in Forecasts._fields}
    return made.lots.select("lot_id").with_columns(pl.Series(name, values) for name, values in columns.items())


def _past(distributions: pl.DataFrame) -> _Past:
    return _Past(distributions["lot_id"], Forecasts(*(distributions[name].to_numpy() for name in Forecasts._fields)))


def _lists(name: str, values: Matrix) -> pl.Series:
    return pl.Series(name, values).cast(pl.List(pl.Float64))


def _out_on(origin: date, ends: pl.Series, runs_out: Matrix) -> pl.Series:
    """The middle of the days on which a lot would run out, if it does; empty where that is not expected."""
    chance = runs_out[:, -1]
    share = np.argmax(runs_out >= chance[:, None] / 2, axis=1) / (OUT_BINS - 1)
    first = days_of(pl.Series([origin]))[0]
    days = pl.Series(first + np.round((days_of(ends) - first) * share).astype(np.int32)).cast(pl.Date)
    return pl.select(pl.when(pl.Series(chance > 0)).then(days)).to_series()

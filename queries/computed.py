"""The tables the figures read that are not SQL: computed once, when a book is opened, between the figures they need.

unit_ledger, lot_ends                                        draws.py: which lot each delivery draws on
walked_contracts, walked_values, walked_postings, walked_spans   valuation.py: contracts whose prices move
instalments                                                  instalments.py: the months of ratable terms
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import duckdb
import polars as pl

from queries import instalments
from queries.draws import unit_ledger
from queries.valuation import walk

#: Keeps a frame as a table of that name, typed by a SELECT over `computed`.
Keep = Callable[[duckdb.DuckDBPyConnection, str, pl.DataFrame, str], None]

_UNIT_LEDGER: Final = """
SELECT
    movement_no,
    contract_id,
    lot_id,
    layer_id,
    event_id,
    is_amended,
    moved_on,
    kind,
    CAST(quantity_units AS DECIMAL(18, 0)) * CAST(0.0001 AS DECIMAL(5, 4)) AS quantity,
    CASE WHEN kind IN ('draw', 'lapse') THEN quantity ELSE 0 END AS gone
FROM computed
"""

_VALUES: Final = """
SELECT contract_id, lot_id, event_id, movement_no, moved_on, kind, money_from_mills(amount) AS amount FROM computed
"""

_POSTINGS: Final = """
SELECT
    lot_id,
    contract_id,
    policy,
    posted_on,
    movement_no,
    event_id,
    cause,
    money_from_mills(delivery) AS delivery,
    money_from_mills(breakage) AS breakage,
    money_from_mills(adjustment) AS adjustment,
    money_from_mills(escheat) AS escheat
FROM computed
"""

_SPANS: Final = """
SELECT
    lot_id,
    layer_id,
    contract_id,
    convention,
    starts_on,
    ends_on,
    CAST(base AS HUGEINT) AS base,
    CAST(spread AS HUGEINT) AS spread,
    CAST(adjustment AS HUGEINT) AS adjustment,
    CAST(denominator AS HUGEINT) AS denominator
FROM computed
"""

_TERMS: Final = "SELECT DISTINCT convention, starts_on, ends_on FROM ratable_spans WHERE convention <> 'daily'"


def draw(connection: duckdb.DuckDBPyConnection, keep: Keep) -> None:
    """Which lot each delivery draws on, and where the lots end."""
    ledger = unit_ledger(connection)
    keep(connection, "unit_ledger", ledger.movements, _UNIT_LEDGER)
    keep(connection, "lot_ends", ledger.ends, "FROM computed")


def value(connection: duckdb.DuckDBPyConnection, keep: Keep) -> None:
    """What contracts whose prices move recognise."""
    walked = walk(connection)
    keep(connection, "walked_contracts", walked.contracts, "FROM computed")
    keep(connection, "walked_values", walked.values, _VALUES)
    keep(connection, "walked_postings", walked.postings, _POSTINGS)
    keep(connection, "walked_spans", walked.spans, _SPANS)


def divide(connection: duckdb.DuckDBPyConnection, keep: Keep) -> None:
    """The monthly instalments of the ratable terms there are."""
    terms = (instalments.Term(*row) for row in connection.sql(_TERMS).fetchall())
    keep(connection, "instalments", instalments.table(terms), "FROM computed")


class Step(NamedTuple):
    """What computes some tables, and the figures it reads."""

    compute: Callable[[duckdb.DuckDBPyConnection, Keep], None]
    reads: tuple[str, ...]


_DRAW: Final = Step(draw, ())
_VALUE: Final = Step(value, ("unit_ledger", "lot_prices", "lot_policies", "lot_estimates"))
_DIVIDE: Final = Step(divide, ("ratable_spans",))

#: Each computed table with the step that makes it.
STEPS: Final = {
    "unit_ledger": _DRAW,
    "lot_ends": _DRAW,
    "walked_contracts": _VALUE,
    "walked_values": _VALUE,
    "walked_postings": _VALUE,
    "walked_spans": _VALUE,
    "instalments": _DIVIDE,
}

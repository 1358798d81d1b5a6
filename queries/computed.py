"""The tables the figures read that are not SQL: computed once, when a book is opened, between the figures they need.

unit_ledger, lot_ends                                        draw_buckets.py: which lot each delivery draws on
walked_contracts, walked_values, walked_postings, walked_spans   valuation.py: contracts whose prices move
instalments                                                  instalments.py: the months of ratable terms
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from queries import instalments
from queries.draw_buckets import unit_ledger
from queries.valuation import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb
    import polars as pl

    #: The rows of tables by their names.
    Tables = dict[str, pl.DataFrame]

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


#: The SELECT over `computed`, a step's rows, that types each table.
TYPED: Final = {
    "unit_ledger": _UNIT_LEDGER,
    "lot_ends": "FROM computed",
    "walked_contracts": "FROM computed",
    "walked_values": _VALUES,
    "walked_postings": _POSTINGS,
    "walked_spans": _SPANS,
    "instalments": "FROM computed",
}


def _draw(connection: duckdb.DuckDBPyConnection) -> Iterator[Tables]:
    """Which lot each delivery draws on, and where the lots end: some contracts at a time."""
    for ledger in unit_ledger(connection):
        yield {"unit_ledger": ledger.movements, "lot_ends": ledger.ends}


def _value(connection: duckdb.DuckDBPyConnection) -> Iterator[Tables]:
    """What contracts whose prices move recognise."""
    walked = walk(connection)
    yield {
        "walked_contracts": walked.contracts,
        "walked_values": walked.values,
        "walked_postings": walked.postings,
        "walked_spans": walked.spans,
    }


def _divide(connection: duckdb.DuckDBPyConnection) -> Iterator[Tables]:
    """The monthly instalments of the ratable terms there are."""
    terms = (instalments.Term(*row) for row in connection.sql(_TERMS).fetchall())
    yield {"instalments": instalments.table(terms)}


class Step(NamedTuple):
    """What computes some tables, in parts, their names, and the figures it reads."""

    compute: Callable[[duckdb.DuckDBPyConnection], Iterator[Tables]]
    makes: tuple[str, ...]
    reads: tuple[str, ...]


_STEPS: Final = (
    Step(_draw, ("unit_ledger", "lot_ends"), ()),
    Step(
        _value,
        ("walked_contracts", "walked_values", "walked_postings", "walked_spans"),
        ("unit_ledger", "lot_prices", "lot_policies", "lot_estimates"),
    ),
    Step(_divide, ("instalments",), ("ratable_spans",)),
)
#: Each computed table with the step that makes it.
STEPS: Final = {name: step for step in _STEPS for name in step.makes}

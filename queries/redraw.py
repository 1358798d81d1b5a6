"""The unit ledger of a snapshot from an earlier one's: only contracts that differ are drawn again.

What comes out is what drawing all of them gives, row for row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from queries.draw_buckets import BUCKET_ROWS, buckets, drawn, numbered
from queries.draws import UnitLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from queries.draw_buckets import Bucket

_DRAWN_FROM: Final = ("contracts", "lots", "amendments", "consumption")

#: The columns that draws read: what `draw_buckets.py` selects. A sum does not depend on the order of rows.
_DIGESTS: Final = """
SELECT contract_id, CAST(sum(digest) % 18446744073709551616 AS UBIGINT) AS digest
FROM (
    SELECT contract_id, hash('contract', draw_order) AS digest FROM contracts
    UNION ALL
    SELECT
        contract_id,
        hash(
            'lot', lot_id, unit, scope, quantity, valid_from, expires_on, grace_until, carry_over_cap_quantity
        )
    FROM lots
    UNION ALL
    SELECT
        contract_id,
        hash('amendment', amendment_id, lot_id, kind, effective_on, quantity, new_expires_on, to_lot_id)
    FROM amendments
    UNION ALL
    SELECT
        contract_id,
        hash('delivery', consumption_id, lot_id, line_no, service_date, service_type, unit, quantity, reverses)
    FROM consumption
)
GROUP BY contract_id
ORDER BY contract_id
"""

_KEPT_MOVEMENTS: Final = """
SELECT
    movement_no, contract_id, lot_id, layer_id, event_id, is_amended, moved_on, kind, quantity_units
FROM earlier.unit_ledger ANTI JOIN touched USING (contract_id)
WHERE contract_id BETWEEN $first AND $last
ORDER BY movement_no
"""

_KEPT_ENDS: Final = """
SELECT contract_id, lot_id, expires_on, usable_until
FROM earlier.lot_ends ANTI JOIN touched USING (contract_id)
WHERE contract_id BETWEEN $first AND $last
ORDER BY contract_id, lot_id
"""


def digests(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What the draws of each contract rest on, as one number: contract_id and digest.

    Args:
        connection: sees contracts, lots, amendments and consumption.
    """
    rows: pl.DataFrame = connection.sql(_DIGESTS).pl()
    return rows


def touched(now: pl.DataFrame, earlier: pl.DataFrame) -> pl.Series:
    """The contracts whose draws can differ, those that came and went among them.

    Args:
        now: the digests of a snapshot.
        earlier: those of the one its ledger is to be made from.
    """
    both = now.join(earlier, on="contract_id", how="full", coalesce=True, suffix="_earlier")
    return both.filter(pl.col("digest").ne_missing(pl.col("digest_earlier")))["contract_id"].sort()


def redrawn(
    connection: duckdb.DuckDBPyConnection, contracts: pl.Series, bucket_rows: int = BUCKET_ROWS
) -> Iterator[UnitLedger]:
    """The unit ledger of the snapshot whose source tables the connection sees, a bucket at a time.

    Args:
        connection: sees contracts, lots, amendments and consumption, and as unit_ledger and lot_ends of schema
            `earlier` the ledger of an earlier snapshot.
        contracts: those to draw again: all whose draws can differ.
        bucket_rows: how many lots and events a bucket is meant to hold.
    """
    wanted = buckets(connection, bucket_rows)
    [(catalog,)] = connection.execute("SELECT current_catalog()").fetchall()
    with connection.cursor() as narrowed:
        narrowed.register("changed", contracts.to_frame("contract_id").cast(pl.String))
        narrowed.execute("CREATE TEMP TABLE touched AS FROM changed")
        for table in _DRAWN_FROM:
            # With its catalog: without, the view would be of itself.
            rows = f"FROM {catalog}.main.{table} SEMI JOIN touched USING (contract_id)"
            narrowed.execute(f"CREATE TEMP VIEW {table} AS {rows}")
        anew = zip(wanted, drawn(narrowed, wanted), strict=True)
        yield from numbered(_merged(_kept(narrowed, bucket), ledger) for bucket, ledger in anew)


def _kept(connection: duckdb.DuckDBPyConnection, bucket: Bucket) -> UnitLedger:
    """What the earlier ledger says of the bucket's other contracts."""
    movements, ends = (
        connection.sql(statement, params=bucket._asdict()).pl() for statement in (_KEPT_MOVEMENTS, _KEPT_ENDS)
    )
    return UnitLedger(movements, ends)


def _merged(kept: UnitLedger, anew: UnitLedger) -> UnitLedger:
    """Two ledgers that have no contract in common, by contract."""
    return UnitLedger(*(rows.merge_sorted(more, key="contract_id") for rows, more in zip(kept, anew, strict=True)))

"""A snapshot's contracts in buckets: to draw them takes memory for one bucket, whatever the snapshot's size.

A bucket is a range of contract ids. The ranges follow each other, so the ledgers of the buckets one after the other are
the ledger of the snapshot, however it is cut.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from queries.draws import draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    import duckdb

    from queries.draws import UnitLedger

#: Lots and events in a bucket: some 100 MB while it is drawn, and no time lost on buckets being many.
BUCKET_ROWS: Final = 250_000

#: Buckets drawn at the same time: the sweep needs one core, and what comes before and after it hardly more.
_AT_ONCE: Final = 2

_SIZES: Final = """
SELECT contract_id, CAST(sum(size) AS BIGINT) AS size
FROM (
    SELECT contract_id, count(*) AS size FROM lots GROUP BY contract_id
    UNION ALL
    SELECT contract_id, count(*) FROM amendments GROUP BY contract_id
    UNION ALL
    SELECT contract_id, count(*) FROM consumption GROUP BY contract_id
)
GROUP BY contract_id
ORDER BY contract_id
"""

_LOTS: Final = """
WITH layered AS (
    SELECT lots.*, NULL AS layer_id, lots.quantity AS granted, lots.valid_from AS usable_from FROM lots
    UNION ALL
    SELECT lots.*, amendments.amendment_id, 0, greatest(lots.valid_from, amendments.effective_on)
    FROM amendments INNER JOIN lots ON amendments.to_lot_id = lots.lot_id
    WHERE amendments.kind = 'transfer'
)
SELECT
    layered.contract_id,
    contracts.draw_order,
    layered.lot_id,
    layered.layer_id,
    layered.unit,
    layered.scope,
    layered.usable_from AS valid_from,
    layered.expires_on,
    coalesce(layered.grace_until, layered.expires_on) AS usable_until,
    layered.granted AS quantity,
    CASE WHEN layered.layer_id IS NULL THEN layered.carry_over_cap_quantity END AS cap
FROM layered INNER JOIN contracts ON layered.contract_id = contracts.contract_id
WHERE layered.contract_id BETWEEN $first AND $last
"""

#: Kinds as in draws_kernel.py.
_EVENTS: Final = """
SELECT
    consumption_id AS event_id,
    contract_id,
    CASE WHEN quantity < 0 THEN 7 ELSE 6 END AS kind,
    service_date AS happened_on,
    line_no,
    quantity,
    lot_id,
    service_type,
    unit,
    reverses,
    NULL AS new_expires_on
FROM consumption
WHERE contract_id BETWEEN $first AND $last
UNION ALL
SELECT
    amendment_id,
    contract_id,
    list_position(['extension', 'transfer', 'add_units', 'remove_units', 'price_change', 'termination'], kind) - 1,
    effective_on,
    0,
    coalesce(quantity, 0),
    lot_id,
    NULL,
    NULL,
    NULL,
    new_expires_on
FROM amendments
WHERE contract_id BETWEEN $first AND $last
"""


class Bucket(NamedTuple):
    """The contracts from `first` to `last`, both included."""

    first: str
    last: str


def unit_ledger(connection: duckdb.DuckDBPyConnection, bucket_rows: int = BUCKET_ROWS) -> Iterator[UnitLedger]:
    """The unit ledger of the snapshot whose source tables the connection sees, a bucket at a time.

    Args:
        connection: sees contracts, lots, amendments and consumption.
        bucket_rows: how many lots and events a bucket is meant to hold; a contract of more is a bucket of its own.
    """
    return numbered(drawn(connection, buckets(connection, bucket_rows)))


def buckets(connection: duckdb.DuckDBPyConnection, bucket_rows: int = BUCKET_ROWS) -> list[Bucket]:
    """The contracts that the connection sees, in buckets."""
    sizes = connection.sql(_SIZES).pl()
    before = pl.col("size").cum_sum() - pl.col("size")
    bucket = pl.struct(before // bucket_rows, large=pl.col("size") >= bucket_rows).rle_id()
    ranges = sizes.group_by(bucket.alias("bucket"), maintain_order=True).agg(
        pl.col("contract_id").first().alias("first"), pl.col("contract_id").last().alias("last")
    )
    # Without contracts an empty bucket, so that there is a ledger, of no rows.
    return [Bucket(first, last) for _, first, last in ranges.rows()] or [Bucket("", "")]


def drawn(connection: duckdb.DuckDBPyConnection, wanted: Iterable[Bucket]) -> Iterator[UnitLedger]:
    """The unit ledgers of buckets, each numbered from 0; while some are drawn, the next is read."""
    ahead: deque[Future[UnitLedger]] = deque()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for bucket in wanted:
            ahead.append(pool.submit(draw, *_rows(connection, bucket)))
            if len(ahead) > _AT_ONCE:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def numbered(ledgers: Iterable[UnitLedger]) -> Iterator[UnitLedger]:
    """Ledgers of contracts that follow each other, their movements numbered through."""
    count = 0
    for ledger in ledgers:
        rows = ledger.movements
        numbers = pl.int_range(count, count + rows.height, eager=True)
        yield ledger._replace(movements=rows.with_columns(movement_no=numbers))
        count += rows.height


def _rows(connection: duckdb.DuckDBPyConnection, bucket: Bucket) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lots and events of a bucket."""
    lots, events = (connection.sql(statement, params=bucket._asdict()).pl() for statement in (_LOTS, _EVENTS))
    return lots, events

"""Draws of a snapshot: prepare the kernel's integer arrays in SQL, run it once, and name its rows.

The result is `movements`, the unit ledger every figure rests on: what was granted, drawn, lapsed or went beyond the
lots (overage), chronological within a lot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from queries import draws_kernel as kernel

if TYPE_CHECKING:
    import duckdb

#: Lots in draw order within their contract: earliest usable-until first (R2.1), then narrower scope, earlier
#: valid_from, lot id (R2.3). `cap` -1 = none; dates as days since 1970, never = the largest 32-bit number.
_LOTS: Final = """
WITH scoped AS (
    SELECT lots.*, CASE WHEN scope = 'any' THEN [] ELSE string_split(scope, '|') END AS services
    FROM source.lots AS lots
)
SELECT
    lot_id,
    contract_id,
    epoch_ms(valid_from) // 86400000 AS valid_from,
    coalesce(epoch_ms(expires_on) // 86400000, 2147483647) AS expires_on,
    coalesce(epoch_ms(coalesce(grace_until, expires_on)) // 86400000, 2147483647) AS usable_until,
    CAST(CAST(quantity AS DECIMAL(38, 4)) * 10000 AS BIGINT) AS quantity,
    coalesce(CAST(CAST(carry_over_cap_quantity AS DECIMAL(38, 4)) * 10000 AS BIGINT), -1) AS carry_over_cap,
    unit,
    services
FROM scoped
ORDER BY
    contract_id,
    coalesce(grace_until, expires_on) NULLS LAST,
    CASE WHEN len(services) = 0 THEN 2147483647 ELSE len(services) END,
    valid_from,
    lot_id
"""

#: Amendments come before a day's deliveries, deliveries in the order of their source (R1.4).
_EVENTS: Final = """
SELECT
    event_id,
    contract_id,
    kind,
    on_day,
    quantity,
    lot_id,
    service_type,
    unit,
    reverses
FROM (
    SELECT
        consumption_id AS event_id,
        contract_id,
        CASE WHEN quantity < 0 THEN 3 ELSE 2 END AS kind,
        epoch_ms(service_date) // 86400000 AS on_day,
        abs(CAST(CAST(quantity AS DECIMAL(38, 4)) * 10000 AS BIGINT)) AS quantity,
        lot_id,
        service_type,
        unit,
        reverses,
        line_no
    FROM source.consumption
    UNION ALL
    SELECT
        amendment_id,
        contract_id,
        CASE kind WHEN 'add_units' THEN 0 ELSE 1 END,
        epoch_ms(effective_on) // 86400000,
        CAST(CAST(quantity AS DECIMAL(38, 4)) * 10000 AS BIGINT),
        lot_id,
        NULL,
        NULL,
        NULL,
        0
    FROM source.amendments
)
ORDER BY contract_id, on_day, kind >= 2, line_no, event_id
"""

_CONTRACTS: Final = """
SELECT contract_id, CASE draw_order WHEN 'fefo' THEN 0 ELSE 1 END AS draw_order
FROM source.contracts
ORDER BY contract_id
"""


def movements(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The unit ledger of the snapshot behind `source.*`.

    Args:
        connection: has the source tables in schema `source`.

    Returns:
        movement_no (order), contract_id, lot_id (null for overage), event_id (the delivery or amendment; null for
        a purchase or a lapse in time), moved_on, kind (grant, draw, overage, lapse) and quantity_units; a reversal is
        negative, units taken back are a negative grant. quantity_units counts ten-thousandths.
    """
    contracts = connection.sql(_CONTRACTS).pl()
    lots = connection.sql(_LOTS).pl()
    events = connection.sql(_EVENTS).pl()
    rows = kernel.sweep(
        _integers(contracts["draw_order"]),
        _starts(contracts["contract_id"], lots["contract_id"]),
        _starts(contracts["contract_id"], events["contract_id"]),
        *_arrays(lots, events),
    )
    return _named(rows, lots, events)


def _arrays(lots: pl.DataFrame, events: pl.DataFrame) -> tuple[kernel.Lots, kernel.Integers, kernel.Events]:
    unit_codes = _codes(lots["unit"], events["unit"])
    service_codes = _codes(lots["services"].explode(), events["service_type"])
    widths = lots["services"].list.len().to_numpy().astype(np.int64)
    kernel_lots = kernel.Lots(
        valid_from=_integers(lots["valid_from"]),
        expires_on=_integers(lots["expires_on"]),
        usable_until=_integers(lots["usable_until"]),
        quantity=_integers(lots["quantity"]),
        carry_over_cap=_integers(lots["carry_over_cap"]),
        unit=_coded(lots["unit"], unit_codes),
        scope_start=np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(widths)]),
    )
    kernel_events = kernel.Events(
        kind=_integers(events["kind"]),
        on=_integers(events["on_day"]),
        quantity=_integers(events["quantity"]),
        lot=_coded(events["lot_id"], _positions(lots["lot_id"])),
        service=_coded(events["service_type"], service_codes),
        unit=_coded(events["unit"], unit_codes),
        reverses=_coded(events["reverses"], _positions(events["event_id"], events["kind"] == kernel.DELIVER)),
    )
    scope = _coded(lots["services"].explode().drop_nulls(), service_codes)
    return kernel_lots, scope, kernel_events


def _named(rows: kernel.Rows, lots: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """The kernel's rows with ids, dates and decimals again."""
    lot = pl.Series(rows[:, kernel.LOT]).replace(kernel.NONE, None)
    event = pl.Series(rows[:, kernel.EVENT]).replace(kernel.NONE, None)
    contract = lots["contract_id"].gather(lot).zip_with(lot.is_not_null(), events["contract_id"].gather(event))
    return pl.DataFrame(
        {
            "movement_no": np.arange(len(rows), dtype=np.int64),
            "contract_id": contract,
            "lot_id": lots["lot_id"].gather(lot),
            "event_id": events["event_id"].gather(event),
            "moved_on": pl.Series(rows[:, kernel.ON].astype(np.int32)).cast(pl.Date),
            "kind": np.array(["grant", "draw", "overage", "lapse"])[rows[:, kernel.KIND]],
            "quantity_units": rows[:, kernel.QUANTITY],
        }
    )


def _starts(contracts: pl.Series, owners: pl.Series) -> kernel.Integers:
    """Where each contract's rows begin among `owners` (sorted), and at the end their number."""
    begins = owners.search_sorted(contracts, side="left").to_numpy().astype(np.int64)
    return np.append(begins, np.int64(len(owners)))


def _codes(*values: pl.Series) -> dict[str, int]:
    distinct = pl.concat([series.drop_nulls().cast(pl.String) for series in values]).unique().sort()
    return {value: code for code, value in enumerate(distinct.to_list())}


def _positions(ids: pl.Series, among: pl.Series | None = None) -> dict[str, int]:
    rows = pl.DataFrame({"id": ids}).with_row_index("position")
    kept = rows if among is None else rows.filter(among)
    return dict(zip(kept["id"], kept["position"], strict=True))


def _coded(values: pl.Series, codes: dict[str, int]) -> kernel.Integers:
    """Integer codes of the values; NONE for nulls."""
    coded = values.replace_strict(codes, default=kernel.NONE, return_dtype=pl.Int64)
    return _integers(coded.fill_null(kernel.NONE))


def _integers(values: pl.Series) -> kernel.Integers:
    # A copy: the kernel is compiled once for writable arrays, and again for each read-only one it is given.
    return np.array(values.to_numpy(), dtype=np.int64)

"""Draws of a snapshot: prepare the kernel's integer arrays in SQL, run it once, and name its rows.

The result is the unit ledger every figure rests on: what was granted, drawn, lapsed or went beyond the lots
(overage), chronological within a lot. `queries/valuation.py` and the figures put a price on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from queries import draws_kernel as kernel

if TYPE_CHECKING:
    import duckdb

#: Lots in the order of R2.3 within their contract: narrower scope, earlier valid_from, lot id; a lot before its layers.
#: `cap` -1 = none; dates as days since 1970, never = the largest 32-bit number.
_LOTS: Final = """
WITH layered AS (
    SELECT lots.*, lots.lot_id AS layer_id, lots.quantity AS granted, lots.valid_from AS usable_from FROM lots
    UNION ALL
    SELECT
        lots.*,
        amendments.amendment_id AS layer_id,
        0 AS granted,
        greatest(lots.valid_from, amendments.effective_on) AS usable_from
    FROM amendments INNER JOIN lots ON amendments.to_lot_id = lots.lot_id
    WHERE amendments.kind = 'transfer'
),

scoped AS (
    SELECT layered.*, CASE WHEN scope = 'any' THEN [] ELSE string_split(scope, '|') END AS services FROM layered
)
SELECT
    layer_id,
    lot_id,
    contract_id,
    epoch_ms(usable_from) // 86400000 AS valid_from,
    coalesce(epoch_ms(expires_on) // 86400000, 2147483647) AS expires_on,
    coalesce(epoch_ms(coalesce(grace_until, expires_on)) // 86400000, 2147483647) AS usable_until,
    CAST(CAST(granted AS DECIMAL(38, 4)) * 10000 AS BIGINT) AS quantity,
    CASE
        WHEN layer_id = lot_id AND carry_over_cap_quantity IS NOT NULL
            THEN CAST(CAST(carry_over_cap_quantity AS DECIMAL(38, 4)) * 10000 AS BIGINT)
        ELSE -1
    END AS carry_over_cap,
    unit,
    services
FROM scoped
ORDER BY
    contract_id,
    CASE WHEN len(services) = 0 THEN 2147483647 ELSE len(services) END,
    valid_from,
    lot_id,
    layer_id <> lot_id,
    layer_id
"""

#: Amendments come before a day's deliveries in the order R1.4 names them, deliveries in the order of their source.
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
    reverses,
    layer_id,
    new_end
FROM (
    SELECT
        consumption_id AS event_id,
        contract_id,
        CASE WHEN quantity < 0 THEN 7 ELSE 6 END AS kind,
        epoch_ms(service_date) // 86400000 AS on_day,
        abs(CAST(CAST(quantity AS DECIMAL(38, 4)) * 10000 AS BIGINT)) AS quantity,
        lot_id,
        service_type,
        unit,
        reverses,
        NULL AS layer_id,
        NULL AS new_end,
        line_no
    FROM consumption
    UNION ALL
    SELECT
        amendment_id,
        contract_id,
        list_position(
            ['extension', 'transfer', 'add_units', 'remove_units', 'price_change', 'termination'], kind
        ) - 1,
        epoch_ms(effective_on) // 86400000,
        coalesce(CAST(CAST(quantity AS DECIMAL(38, 4)) * 10000 AS BIGINT), 0),
        lot_id,
        NULL,
        NULL,
        NULL,
        CASE WHEN kind = 'transfer' THEN amendment_id END,
        CASE WHEN kind IN ('extension', 'price_change') THEN epoch_ms(new_expires_on) // 86400000 END,
        0
    FROM amendments
)
ORDER BY contract_id, on_day, CASE WHEN kind IN (2, 3) THEN 2 ELSE least(kind, 6) END, line_no, event_id
"""

_CONTRACTS: Final = """
SELECT contract_id, CASE draw_order WHEN 'fefo' THEN 0 ELSE 1 END AS draw_order
FROM contracts
ORDER BY contract_id
"""


class UnitLedger(NamedTuple):
    """What became of the units of a snapshot.

    `movements`: movement_no (order), contract_id, lot_id (null for overage), layer_id (the lot, or the transfer its
    units came by), event_id (the delivery or amendment; null for a purchase or a lapse in time), is_amended (whether
    the event is an amendment), moved_on, kind (grant, draw, overage, lapse, revalue) and quantity_units; a reversal is
    negative, units taken back are a negative grant. quantity_units counts ten-thousandths.

    `ends`: lot_id, expires_on and usable_until once every amendment is known; null = never.
    """

    movements: pl.DataFrame
    ends: pl.DataFrame


def unit_ledger(connection: duckdb.DuckDBPyConnection) -> UnitLedger:
    """The unit ledger of the snapshot whose source tables the connection sees."""
    contracts = connection.sql(_CONTRACTS).pl()
    lots = connection.sql(_LOTS).pl()
    events = connection.sql(_EVENTS).pl()
    kernel_lots, scope, kernel_events = _arrays(lots, events)
    rows = kernel.sweep(
        _integers(contracts["draw_order"]),
        _starts(contracts["contract_id"], lots["contract_id"]),
        _starts(contracts["contract_id"], events["contract_id"]),
        kernel_lots,
        scope,
        kernel_events,
    )
    return UnitLedger(_named(rows, lots, events), _ends(lots, kernel_lots))


def _arrays(lots: pl.DataFrame, events: pl.DataFrame) -> tuple[kernel.Lots, kernel.Integers, kernel.Events]:
    unit_codes = _codes(lots["unit"], events["unit"])
    service_codes = _codes(lots["services"].explode(), events["service_type"])
    widths = lots["services"].list.len().to_numpy().astype(np.int64)
    own = lots["layer_id"] == lots["lot_id"]
    position = _positions(lots["lot_id"], own)
    layer_position = _positions(lots["layer_id"], ~own)
    kernel_lots = kernel.Lots(
        parent=_coded(lots["lot_id"], position),
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
        lot=_coded(events["lot_id"], position),
        service=_coded(events["service_type"], service_codes),
        unit=_coded(events["unit"], unit_codes),
        reverses=_coded(events["reverses"], _positions(events["event_id"], events["kind"] == kernel.DELIVER)),
        argument=np.maximum(
            _coded(events["layer_id"], layer_position), _integers(events["new_end"].fill_null(kernel.NONE))
        ),
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
            "layer_id": lots["layer_id"].gather(lot),
            "event_id": events["event_id"].gather(event),
            "is_amended": (events["kind"] < kernel.DELIVER).gather(event),
            "moved_on": pl.Series(rows[:, kernel.ON].astype(np.int32)).cast(pl.Date),
            "kind": np.array(["grant", "draw", "overage", "lapse", "revalue"])[rows[:, kernel.KIND]],
            "quantity_units": rows[:, kernel.QUANTITY],
        }
    )


def _ends(lots: pl.DataFrame, kernel_lots: kernel.Lots) -> pl.DataFrame:
    """Where the sweep left the ends of the lots."""
    never = np.iinfo(np.int32).max
    days = {
        name: pl.Series(values).replace(never, None).cast(pl.Int32).cast(pl.Date)
        for name, values in (("expires_on", kernel_lots.expires_on), ("usable_until", kernel_lots.usable_until))
    }
    return (
        lots.select("lot_id", "layer_id")
        .with_columns(**days)
        .filter(pl.col("layer_id") == pl.col("lot_id"))
        .drop("layer_id")
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

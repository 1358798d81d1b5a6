"""Draws of some contracts: their rows as the kernel's integer arrays, one sweep, and what came of it as rows again.

The result is the unit ledger every figure rests on: what was granted, drawn, lapsed or went beyond the lots
(overage), chronological within a lot. `queries/valuation.py` and the figures put a price on it. Contracts know nothing
of each other, so a whole snapshot comes here some contracts at a time (`queries/draw_buckets.py`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from queries import draws_kernel as kernel

#: By their numbers in the kernel.
_DRAW_ORDERS: Final = pl.Enum(["fefo", "current_term_first"])
_MOVEMENTS: Final = pl.Series(["grant", "draw", "overage", "lapse", "revalue"])
_NEVER: Final = np.iinfo(np.int32).max


class UnitLedger(NamedTuple):
    """What became of the units of some contracts.

    `movements`: movement_no (order: by contract), contract_id, lot_id (null for overage), layer_id (the lot, or the
    transfer its units came by), event_id (the delivery or amendment; null for a purchase or a lapse in time),
    is_amended (whether the event is an amendment), moved_on, kind (grant, draw, overage, lapse, revalue) and
    quantity_units; a reversal is negative, units taken back are a negative grant. quantity_units counts
    ten-thousandths.

    `ends`, by contract and lot: contract_id, lot_id, expires_on and usable_until once every amendment is known; null =
    never.
    """

    movements: pl.DataFrame
    ends: pl.DataFrame


def draw(lots: pl.DataFrame, events: pl.DataFrame) -> UnitLedger:
    """The unit ledger of some contracts, its movements numbered from 0.

    Args:
        lots: all lots of the contracts and the layers transfers may add to them, in any order: contract_id, draw_order,
            lot_id, layer_id (the transfer; null for the lot itself), unit, scope, valid_from, expires_on, usable_until,
            quantity (0 for a layer) and cap (of what is carried over; null without, and for a layer).
        events: all that happens to the contracts, in any order: event_id, contract_id, kind (its number in the kernel),
            happened_on, line_no, quantity, lot_id (the pin, or the lot amended), service_type,
            unit, reverses and new_expires_on.
    """
    contracts = pl.concat([lots["contract_id"], events["contract_id"]]).rle().struct.field("value").unique().sort()
    lots = _ordered_lots(lots, contracts)
    events = events.with_columns(contract=_owners(events, contracts))
    order = _time_order(events)
    scopes = lots["scope"].replace("any", None).str.split("|")
    services = _distinct(scopes.explode(), events["service_type"])
    units = _distinct(lots["unit"], events["unit"])
    kernel_lots = _kernel_lots(lots, scopes, units)
    rows = kernel.sweep(
        _draw_orders(lots, len(contracts)),
        _starts(lots["contract"].to_numpy(), len(contracts)),
        _starts(events["contract"].to_numpy()[order], len(contracts)),
        kernel_lots,
        _coded(scopes.explode().drop_nulls(), services),
        _kernel_events(lots, events, order, services, units),
    )
    return UnitLedger(
        _named(rows, contracts, lots, events.select("contract", "event_id", "kind")[order]), _ends(lots, kernel_lots)
    )


def _owners(rows: pl.DataFrame, contracts: pl.Series) -> kernel.Integers:
    """Where the contract of each row stands; a contract's rows mostly come together."""
    runs = rows["contract_id"].rle().struct.unnest()
    return np.repeat(_integers(contracts.search_sorted(runs["value"])), runs["len"].to_numpy())


def _ordered_lots(lots: pl.DataFrame, contracts: pl.Series) -> pl.DataFrame:
    """In the order of R2.3 within their contract: narrower scope, earlier valid_from, id; a lot before its layers."""
    width = pl.when(scope="any").then(_NEVER).otherwise(pl.col("scope").str.count_matches("|", literal=True))
    return (
        lots.with_columns(contract=_owners(lots, contracts), width=width)
        .sort("contract", "width", "valid_from", "lot_id", "layer_id", nulls_last=False)
        .with_row_index("position")
    )


def _time_order(events: pl.DataFrame) -> kernel.Integers:
    """The events of each contract in time order.

    Amendments come before a day's deliveries in the order R1.4 names them, deliveries in the order of their source.
    """
    place = events["kind"].replace({kernel.REMOVE_UNITS: kernel.ADD_UNITS, kernel.REVERSE: kernel.DELIVER})
    moment = ((_integers(events["contract"]) << 24) + _days(events["happened_on"]) + (1 << 23) << 3) + _integers(place)
    order = np.argsort(moment, kind="stable")
    if _follow(moment[order], _integers(events["line_no"])[order]):
        return order
    lines = events.select("line_no", "event_id", moment=moment)
    return _integers(lines.select(pl.arg_sort_by("moment", "line_no", "event_id")).to_series())


def _follow(moments: kernel.Integers, lines: kernel.Integers) -> bool:
    """Whether lines of one moment are in their order: a snapshot's are written so, and it is quicker seen than made."""
    return bool((lines[1:] > lines[:-1])[moments[1:] == moments[:-1]].all())


def _kernel_lots(lots: pl.DataFrame, scopes: pl.Series, units: pl.Enum) -> kernel.Lots:
    widths = scopes.list.len().fill_null(0)
    return kernel.Lots(
        parent=_positions(lots["lot_id"], _own(lots), "lot_id"),
        valid_from=_days(lots["valid_from"]),
        expires_on=_days(lots["expires_on"], _NEVER),
        usable_until=_days(lots["usable_until"], _NEVER),
        quantity=_units(lots["quantity"]),
        carry_over_cap=_units(lots["cap"]),
        unit=_coded(lots["unit"], units),
        scope_start=np.append(0, _integers(widths.cum_sum())),
    )


def _kernel_events(
    lots: pl.DataFrame, events: pl.DataFrame, order: kernel.Integers, services: pl.Enum, units: pl.Enum
) -> kernel.Events:
    layers = lots.filter(pl.col("layer_id").is_not_null())
    filled = events.select(pl.when(kind=kernel.TRANSFER).then("event_id")).to_series()
    moves_end = pl.col("kind").is_in([kernel.EXTEND, kernel.CHANGE_PRICE])
    new_ends = events.select(pl.when(moves_end).then("new_expires_on")).to_series()
    places = pl.Series(np.argsort(order, kind="stable"))
    deliveries = events.select("event_id", position=places).filter(events["kind"] == kernel.DELIVER)
    in_any_order = kernel.Events(
        kind=_integers(events["kind"]),
        on=_days(events["happened_on"]),
        quantity=np.abs(_units(events["quantity"])),
        lot=_positions(events["lot_id"], _own(lots), "lot_id"),
        service=_coded(events["service_type"], services),
        unit=_coded(events["unit"], units),
        reverses=_positions(events["reverses"], deliveries, "event_id"),
        argument=np.maximum(_positions(filled, layers, "layer_id"), _days(new_ends)),
    )
    return kernel.Events(*(column[order] for column in in_any_order))


def _named(rows: kernel.Rows, contracts: pl.Series, lots: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """The kernel's rows with ids, dates and kinds again; events in the kernel's order."""
    lot, event = (pl.Series(rows[:, column]).replace(kernel.NONE, None) for column in (kernel.LOT, kernel.EVENT))
    owner = lots["contract"].gather(lot).fill_null(events["contract"].gather(event))
    return pl.DataFrame(
        {
            "movement_no": np.arange(len(rows), dtype=np.int64),
            "contract_id": contracts.gather(owner),
            "lot_id": lots["lot_id"].gather(lot),
            "layer_id": lots["layer_id"].fill_null(lots["lot_id"]).gather(lot),
            "event_id": events["event_id"].gather(event),
            "is_amended": (events["kind"] < kernel.DELIVER).gather(event),
            "moved_on": pl.Series(rows[:, kernel.ON].astype(np.int32)).cast(pl.Date),
            "kind": _MOVEMENTS.gather(rows[:, kernel.KIND]),
            "quantity_units": rows[:, kernel.QUANTITY],
        }
    )


def _ends(lots: pl.DataFrame, kernel_lots: kernel.Lots) -> pl.DataFrame:
    """Where the sweep left the ends of the lots."""
    days = {
        name: pl.Series(values).replace(_NEVER, None).cast(pl.Int32).cast(pl.Date)
        for name, values in (("expires_on", kernel_lots.expires_on), ("usable_until", kernel_lots.usable_until))
    }
    return _own(lots.with_columns(**days)).select("contract_id", "lot_id", *days).sort("contract_id", "lot_id")


def _own(lots: pl.DataFrame) -> pl.DataFrame:
    """Without the layers."""
    return lots.filter(pl.col("layer_id").is_null())


def _draw_orders(lots: pl.DataFrame, contracts: int) -> kernel.Integers:
    """By contract; one without lots has nothing to order."""
    orders = np.full(contracts, kernel.FEFO, dtype=np.int64)
    orders[lots["contract"].to_numpy()] = _coded(lots["draw_order"], _DRAW_ORDERS)
    return orders


def _starts(owners: kernel.Integers, contracts: int) -> kernel.Integers:
    """Where each contract's rows begin, and at the end their number; `owners` says of each row whose it is."""
    return np.searchsorted(owners, np.arange(contracts + 1)).astype(np.int64)


def _positions(ids: pl.Series, among: pl.DataFrame, key: str) -> kernel.Integers:
    """Where the ids stand among rows; NONE for nulls."""
    wanted = pl.DataFrame({"id": ids}).with_row_index("at").drop_nulls()
    found = wanted.join(among.select("position", id=key), on="id")
    positions = np.full(len(ids), kernel.NONE, dtype=np.int64)
    positions[found["at"].to_numpy()] = found["position"].to_numpy()
    return positions


def _distinct(*values: pl.Series) -> pl.Enum:
    return pl.Enum(pl.concat([series.cast(pl.String).unique() for series in values]).drop_nulls().unique().sort())


def _coded(values: pl.Series, among: pl.Enum) -> kernel.Integers:
    """Where the values stand among the distinct ones; NONE for nulls."""
    return _integers(values.cast(among).to_physical().cast(pl.Int64).fill_null(kernel.NONE))


def _days(dates: pl.Series, otherwise: int = kernel.NONE) -> kernel.Integers:
    """Days since 1970; null is `otherwise`."""
    return _integers(dates.cast(pl.Date).to_physical().fill_null(otherwise))


def _units(quantities: pl.Series) -> kernel.Integers:
    """Ten-thousandths of a unit; NONE for nulls."""
    return _integers(quantities.cast(pl.Decimal(18, 4)).to_physical().cast(pl.Int64).fill_null(kernel.NONE))


def _integers(values: pl.Series) -> kernel.Integers:
    # A copy: the kernel is compiled once for writable arrays, and again for each read-only one it is given.
    return np.array(values.to_numpy(), dtype=np.int64)

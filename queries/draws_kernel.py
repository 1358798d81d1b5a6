"""The draws kernel: which lot each delivery draws on, what lapses when, and what amendments do to the units.

One sequential sweep per contract over sorted integer arrays, compiled with numba; no floats, no dates, no tables.
`queries/draws.py` prepares the arrays and turns the result back into rows; rules.md R1, R2, R4.5, R4.6, R7 and R9
say what must come out.

Units that a transfer moves to a lot are a layer of it (R7.2): here a lot of its own that takes its parent's end.
The contract's lots arrive in the order of R2.3, so among eligible lots the first of the earliest end is the right one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Rows = np.ndarray[tuple[int, int], np.dtype[np.int64]]

#: Kinds of event, in the order of a day (R1.4): amendments before deliveries.
EXTEND: Final = 0
TRANSFER: Final = 1
ADD_UNITS: Final = 2
REMOVE_UNITS: Final = 3
CHANGE_PRICE: Final = 4
TERMINATE: Final = 5
DELIVER: Final = 6
REVERSE: Final = 7

#: Kinds of movement that come out. A revaluation moves no units: it marks where an amendment may change their price.
GRANT: Final = 0
DRAW: Final = 1
OVERAGE: Final = 2
LAPSE: Final = 3
REVALUE: Final = 4

#: Columns of a movement row.
KIND: Final = 0
LOT: Final = 1
EVENT: Final = 2
ON: Final = 3
QUANTITY: Final = 4

NONE: Final = -1
FEFO: Final = 0
CURRENT_TERM_FIRST: Final = 1


class Lots(NamedTuple):
    """Lots and layers in the order of R2.3 within their contract; dates are days since 1970, quantities 1/10,000 unit.

    The sweep leaves in `expires_on` and `usable_until` what the amendments made of them.
    """

    parent: Integers
    valid_from: Integers
    expires_on: Integers
    usable_until: Integers
    quantity: Integers
    carry_over_cap: Integers
    unit: Integers
    scope_start: Integers


class Events(NamedTuple):
    """Amendments and deliveries in time order within their contract (R1.4)."""

    kind: Integers
    on: Integers
    quantity: Integers
    lot: Integers
    service: Integers
    unit: Integers
    reverses: Integers
    argument: Integers


class Standing(NamedTuple):
    """How each lot stands while the sweep runs."""

    remaining: Integers
    lapsed_at_close: Integers
    is_capped: Flags
    is_closed: Flags
    is_terminated: Flags


@njit(cache=True, nogil=True)
def sweep(
    draw_order: Integers, lot_start: Integers, event_start: Integers, lots: Lots, scope: Integers, events: Events
) -> Rows:
    """Every movement of every contract.

    Args:
        draw_order: per contract, FEFO or CURRENT_TERM_FIRST.
        lot_start: per contract, its first lot, and one more: the number of lots.
        event_start: the same for events.
        lots: all lots, NONE where there is no cap; a lot that never expires carries the largest date. A layer names
            its parent and starts with no units; a lot is its own parent.
        scope: services the lots cover, lot i from scope_start[i] to scope_start[i + 1]; none = any service.
        events: all events; `lot` is the pin or the lot amended, NONE without; `reverses` the event taken back;
            `argument` the layer a transfer fills, or the new end of an extension or price change, NONE without.

    Returns:
        Rows (kind, lot, event, on, quantity), chronological within a lot. A draw or overage of a reversal is
        negative. A lapse that an event causes names it: a reversal after the lot closed (R4.6), a termination, units
        that came too late; negative where an extension after the lapse brings units back (R7.1).
    """
    rows = np.empty((2 * (len(lots.quantity) + len(events.on)) + 8, 5), dtype=np.int64)
    count = 0
    first_part = np.zeros(len(events.on) + 1, dtype=np.int64)
    last_part = np.zeros(len(events.on) + 1, dtype=np.int64)
    taken_back = np.zeros(len(rows), dtype=np.int64)
    the_end = np.iinfo(np.int64).max
    standing = Standing(
        lots.quantity.copy(),
        np.zeros(len(lots.quantity), dtype=np.int64),
        lots.carry_over_cap == NONE,
        np.zeros(len(lots.quantity), dtype=np.bool_),
        np.zeros(len(lots.quantity), dtype=np.bool_),
    )

    for contract in range(len(draw_order)):
        begin, end = lot_start[contract], lot_start[contract + 1]
        for lot in range(begin, end):
            if lots.quantity[lot] > 0:
                rows, count = _emit(rows, count, GRANT, lot, NONE, lots.valid_from[lot], lots.quantity[lot])
        next_end = _next_end(begin, end, lots, standing)
        for event in range(event_start[contract], event_start[contract + 1]):
            if next_end < events.on[event]:
                rows, count = _close_before(rows, count, events.on[event], begin, end, lots, standing)
                next_end = _next_end(begin, end, lots, standing)
            first_part[event] = count
            kind = events.kind[event]
            if kind == DELIVER:
                rows, count = _deliver(
                    rows, count, event, draw_order[contract], begin, end, lots, scope, events, standing
                )
            elif kind == REVERSE:
                if len(taken_back) < len(rows):
                    taken_back = _grown(taken_back, len(rows))
                rows, count = _reverse(rows, count, event, events, standing, first_part, last_part, taken_back)
            elif kind == TRANSFER:
                rows, count = _transfer(rows, count, event, begin, end, lots, events, standing)
            elif kind in (ADD_UNITS, REMOVE_UNITS):
                rows, count = _grant(rows, count, event, lots, events, standing)
            else:
                rows, count = _change_terms(rows, count, event, begin, end, lots, events, standing)
            if kind < DELIVER:
                next_end = _next_end(begin, end, lots, standing)
            last_part[event] = count
        rows, count = _close_before(rows, count, the_end, begin, end, lots, standing)
    return rows[:count]


@njit(cache=True, nogil=True)
def _emit(rows: Rows, count: int, kind: int, lot: int, event: int, on: int, quantity: int) -> tuple[Rows, int]:
    if count == len(rows):
        larger = np.empty((2 * count, 5), dtype=np.int64)
        larger[:count] = rows
        rows = larger
    rows[count, KIND] = kind
    rows[count, LOT] = lot
    rows[count, EVENT] = event
    rows[count, ON] = on
    rows[count, QUANTITY] = quantity
    return rows, count + 1


@njit(cache=True, nogil=True)
def _grown(values: Integers, size: int) -> Integers:
    larger = np.zeros(size, dtype=np.int64)
    larger[: len(values)] = values
    return larger


@njit(cache=True, nogil=True)
def _next_end(begin: int, end: int, lots: Lots, standing: Standing) -> int:
    """The first day after which a cap or a lapse is due: until then `_close_before` has nothing to do."""
    next_end = np.iinfo(np.int64).max
    for lot in range(begin, end):
        if not standing.is_capped[lot]:
            next_end = min(next_end, lots.expires_on[lot])
        if not standing.is_closed[lot]:
            next_end = min(next_end, lots.usable_until[lot])
    return next_end


@njit(cache=True, nogil=True)
def _close_before(
    rows: Rows, count: int, on: int, begin: int, end: int, lots: Lots, standing: Standing
) -> tuple[Rows, int]:
    """Apply the carry-over cap (R7.4) and the lapse (R1.2, R1.3) of every day before `on`."""
    never = np.iinfo(np.int32).max
    for lot in range(begin, end):
        if not standing.is_capped[lot] and lots.expires_on[lot] < on:
            rows, count = _cap(rows, count, lot, begin, end, lots, standing)
        if not standing.is_closed[lot] and lots.usable_until[lot] < min(on, never):
            rows, count = _close(rows, count, lot, NONE, lots.usable_until[lot], standing)
    return rows, count


@njit(cache=True, nogil=True)
def _cap(rows: Rows, count: int, capped: int, begin: int, end: int, lots: Lots, standing: Standing) -> tuple[Rows, int]:
    """What a lot with its layers holds above its cap lapses, its own units before those it received."""
    standing.is_capped[capped] = True
    excess = -lots.carry_over_cap[capped]
    for lot in range(begin, end):
        if lots.parent[lot] == capped:
            excess += standing.remaining[lot]
    for lot in range(begin, end):
        part = min(excess, standing.remaining[lot])
        if lots.parent[lot] == capped and part > 0:
            rows, count = _emit(rows, count, LAPSE, lot, NONE, lots.expires_on[capped], part)
            standing.remaining[lot] -= part
            excess -= part
    return rows, count


@njit(cache=True, nogil=True)
def _close(rows: Rows, count: int, lot: int, event: int, on: int, standing: Standing) -> tuple[Rows, int]:
    standing.is_closed[lot] = True
    left = standing.remaining[lot]
    if left > 0:
        rows, count = _emit(rows, count, LAPSE, lot, event, on, left)
        standing.lapsed_at_close[lot] += left
        standing.remaining[lot] = 0
    return rows, count


@njit(cache=True, nogil=True)
def _grant(rows: Rows, count: int, event: int, lots: Lots, events: Events, standing: Standing) -> tuple[Rows, int]:
    """Add units, or take back what is left of them: what was delivered stays delivered.

    Units are granted on the lot's first day even where the amendment was agreed before it (R3.1).
    """
    lot, quantity = events.lot[event], events.quantity[event]
    on = max(events.on[event], lots.valid_from[lot])
    if events.kind[event] == REMOVE_UNITS:
        quantity = -min(quantity, standing.remaining[lot])
    return _receive(rows, count, event, lot, on, quantity, standing)


@njit(cache=True, nogil=True)
def _receive(
    rows: Rows, count: int, event: int, lot: int, on: int, quantity: int, standing: Standing
) -> tuple[Rows, int]:
    rows, count = _emit(rows, count, GRANT, lot, event, on, quantity)
    rows, count = _emit(rows, count, REVALUE, lot, event, on, 0)
    standing.remaining[lot] += quantity
    if standing.is_closed[lot]:  # units added to a closed lot can't be used any more
        rows, count = _close(rows, count, lot, event, on, standing)
    return rows, count


@njit(cache=True, nogil=True)
def _transfer(
    rows: Rows, count: int, event: int, begin: int, end: int, lots: Lots, events: Events, standing: Standing
) -> tuple[Rows, int]:
    """Move units into a layer of the target lot (R7.2): first the source's own, then those of its layers."""
    source, layer, left = events.lot[event], events.argument[event], events.quantity[event]
    moved = 0
    for lot in range(begin, end):
        part = min(left - moved, standing.remaining[lot])
        if lots.parent[lot] == source and part > 0:
            on = max(events.on[event], lots.valid_from[lot])
            rows, count = _emit(rows, count, GRANT, lot, event, on, -part)
            standing.remaining[lot] -= part
            moved += part
    if moved > 0:
        target = lots.parent[layer]
        lots.expires_on[layer], lots.usable_until[layer] = lots.expires_on[target], lots.usable_until[target]
        standing.is_closed[layer] = standing.is_closed[target]
        rows, count = _receive(rows, count, event, layer, lots.valid_from[layer], moved, standing)
    return rows, count


@njit(cache=True, nogil=True)
def _change_terms(
    rows: Rows, count: int, event: int, begin: int, end: int, lots: Lots, events: Events, standing: Standing
) -> tuple[Rows, int]:
    """Move the end of a lot with its layers, change its price, or end it before its time (R7.1, R7.5, R7.6)."""
    for lot in range(begin, end):
        if lots.parent[lot] != events.lot[event]:
            continue
        on = max(events.on[event], lots.valid_from[lot])
        if not standing.is_terminated[lot]:
            if events.kind[event] == TERMINATE:
                standing.is_terminated[lot] = True
                lots.usable_until[lot] = min(lots.usable_until[lot], on - 1)
                lots.expires_on[lot] = min(lots.expires_on[lot], on - 1)
                rows, count = _close(rows, count, lot, event, on, standing)
            elif events.argument[event] != NONE:
                rows, count = _extend(rows, count, event, lot, on, lots, events, standing)
        rows, count = _emit(rows, count, GRANT, lot, event, on, 0)
        rows, count = _emit(rows, count, REVALUE, lot, event, on, 0)
    return rows, count


@njit(cache=True, nogil=True)
def _extend(
    rows: Rows, count: int, event: int, lot: int, on: int, lots: Lots, events: Events, standing: Standing
) -> tuple[Rows, int]:
    """A new last day, not before the amendment; longer carry-over stands. Units that have lapsed come back (R7.1)."""
    expires_on = max(events.argument[event], on)
    has_grace = lots.usable_until[lot] != lots.expires_on[lot]
    lots.usable_until[lot] = max(expires_on, lots.usable_until[lot]) if has_grace else expires_on
    lots.expires_on[lot] = expires_on
    if standing.is_closed[lot]:
        standing.is_closed[lot] = False
        back = standing.lapsed_at_close[lot]
        standing.lapsed_at_close[lot] = 0
        standing.remaining[lot] += back
        rows, count = _emit(rows, count, LAPSE, lot, event, on, -back)
    return rows, count


@njit(cache=True, nogil=True)
def _deliver(
    rows: Rows,
    count: int,
    event: int,
    draw_order: int,
    begin: int,
    end: int,
    lots: Lots,
    scope: Integers,
    events: Events,
    standing: Standing,
) -> tuple[Rows, int]:
    """Draw what is available, in draw order (R2.4); only the excess is overage (R9.1)."""
    left = events.quantity[event]
    while left > 0:
        lot = _first_to_use(event, draw_order, begin, end, lots, scope, events, standing)
        if lot == NONE:
            rows, count = _emit(rows, count, OVERAGE, NONE, event, events.on[event], left)
            break
        drawn = min(left, standing.remaining[lot])
        rows, count = _emit(rows, count, DRAW, lot, event, events.on[event], drawn)
        standing.remaining[lot] -= drawn
        left -= drawn
    return rows, count


@njit(cache=True, nogil=True)
def _first_to_use(
    event: int,
    draw_order: int,
    begin: int,
    end: int,
    lots: Lots,
    scope: Integers,
    events: Events,
    standing: Standing,
) -> int:
    """The eligible lot (R2.2) that ends first (R2.1); a contract may put those in carry-over last."""
    on, first = events.on[event], NONE
    first_is_in_grace = False
    for lot in range(begin, end):
        if standing.remaining[lot] == 0 or standing.is_closed[lot] or lots.valid_from[lot] > on:
            continue
        if events.lot[event] not in (NONE, lots.parent[lot]) or lots.unit[lot] != events.unit[event]:
            continue
        if not _covers(lots, scope, lot, events.service[event]):
            continue
        is_in_grace = draw_order == CURRENT_TERM_FIRST and lots.expires_on[lot] < on
        if (
            first == NONE
            or (first_is_in_grace and not is_in_grace)
            or (first_is_in_grace == is_in_grace and lots.usable_until[lot] < lots.usable_until[first])
        ):
            first, first_is_in_grace = lot, is_in_grace
    return first


@njit(cache=True, nogil=True)
def _covers(lots: Lots, scope: Integers, lot: int, service: int) -> bool:
    begin, end = lots.scope_start[lot], lots.scope_start[lot + 1]
    if begin == end:
        return True
    for index in range(begin, end):
        if scope[index] == service:
            return True
    return False


@njit(cache=True, nogil=True)
def _reverse(
    rows: Rows,
    count: int,
    event: int,
    events: Events,
    standing: Standing,
    first_part: Integers,
    last_part: Integers,
    taken_back: Integers,
) -> tuple[Rows, int]:
    """Take back the original's parts, last first (R4.5): overage, then lots in reverse of their draw.

    What exceeds the original, or precedes it, becomes negative overage, so that nothing delivered is lost;
    checks/reversals_matched.sql names it.
    """
    on, left, original = events.on[event], events.quantity[event], events.reverses[event]
    overage = 0
    if original != NONE:
        for part in range(last_part[original] - 1, first_part[original] - 1, -1):
            back = min(left, rows[part, QUANTITY] - taken_back[part])
            if back <= 0:
                continue
            taken_back[part] += back
            left -= back
            lot = rows[part, LOT]
            if lot == NONE:
                overage += back
                continue
            rows, count = _emit(rows, count, DRAW, lot, event, on, -back)
            standing.remaining[lot] += back
            if standing.is_closed[lot]:  # R4.6: the units do not return
                rows, count = _close(rows, count, lot, event, on, standing)
    if overage + left > 0:
        rows, count = _emit(rows, count, OVERAGE, NONE, event, on, -(overage + left))
    return rows, count

"""The draws kernel: which lot each delivery draws on, and what lapses when.

One sequential sweep per contract over sorted integer arrays, compiled with numba; no floats, no dates, no tables.
`queries/draws.py` prepares the arrays and turns the result back into rows; rules.md R1, R2, R4.5, R4.6, R7.4 and R9
say what must come out.

The contract's lots arrive in draw order (R2.1, R2.3), so the first eligible lot is always the right one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Rows = np.ndarray[tuple[int, int], np.dtype[np.int64]]

#: Kinds of event, in the order of a day (R1.4): amendments before deliveries.
ADD_UNITS: Final = 0
REMOVE_UNITS: Final = 1
DELIVER: Final = 2
REVERSE: Final = 3

#: Kinds of movement that come out.
GRANT: Final = 0
DRAW: Final = 1
OVERAGE: Final = 2
LAPSE: Final = 3

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
    """Lots in draw order within their contract; dates are days since 1970, quantities in 1/10,000 unit."""

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


@njit(cache=True)
def sweep(
    draw_order: Integers, lot_start: Integers, event_start: Integers, lots: Lots, scope: Integers, events: Events
) -> Rows:
    """Every movement of every contract.

    Args:
        draw_order: per contract, FEFO or CURRENT_TERM_FIRST.
        lot_start: per contract, its first lot, and one more: the number of lots.
        event_start: the same for events.
        lots: all lots, NONE where there is no cap; a lot that never expires carries the largest date.
        scope: services the lots cover, lot i from scope_start[i] to scope_start[i + 1]; none = any service.
        events: all events; `lot` is the pin or the lot amended, NONE without; `reverses` the event taken back.

    Returns:
        Rows (kind, lot, event, on, quantity), chronological within a lot. A draw or overage of a reversal is
        negative. A lapse that a reversal causes after the lot closed names its event (R4.6).
    """
    rows = np.empty((2 * (len(lots.quantity) + len(events.on)) + 8, 5), dtype=np.int64)
    count = 0
    remaining = np.zeros(len(lots.quantity), dtype=np.int64)
    is_capped = lots.carry_over_cap == NONE
    is_closed = np.zeros(len(lots.quantity), dtype=np.bool_)
    first_part = np.zeros(len(events.on) + 1, dtype=np.int64)
    last_part = np.zeros(len(events.on) + 1, dtype=np.int64)
    taken_back = np.zeros(len(rows), dtype=np.int64)
    the_end = np.iinfo(np.int64).max

    for contract in range(len(draw_order)):
        begin, end = lot_start[contract], lot_start[contract + 1]
        for lot in range(begin, end):
            rows, count = _emit(rows, count, GRANT, lot, NONE, lots.valid_from[lot], lots.quantity[lot])
            remaining[lot] = lots.quantity[lot]
        for event in range(event_start[contract], event_start[contract + 1]):
            on = events.on[event]
            rows, count = _close_before(rows, count, on, begin, end, lots, remaining, is_capped, is_closed)
            first_part[event] = count
            kind = events.kind[event]
            if kind == DELIVER:
                rows, count = _deliver(
                    rows, count, event, draw_order[contract], begin, end, lots, scope, events, remaining, is_closed
                )
            elif kind == REVERSE:
                if len(taken_back) < len(rows):
                    taken_back = _grown(taken_back, len(rows))
                rows, count = _reverse(
                    rows, count, event, events, remaining, is_closed, first_part, last_part, taken_back
                )
            else:
                rows, count = _amend(rows, count, event, lots, events, remaining, is_closed)
            last_part[event] = count
        rows, count = _close_before(rows, count, the_end, begin, end, lots, remaining, is_capped, is_closed)
    return rows[:count]


@njit(cache=True)
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


@njit(cache=True)
def _grown(values: Integers, size: int) -> Integers:
    larger = np.zeros(size, dtype=np.int64)
    larger[: len(values)] = values
    return larger


@njit(cache=True)
def _close_before(
    rows: Rows,
    count: int,
    on: int,
    begin: int,
    end: int,
    lots: Lots,
    remaining: Integers,
    is_capped: Flags,
    is_closed: Flags,
) -> tuple[Rows, int]:
    """Apply the carry-over cap (R7.4) and the lapse (R1.2, R1.3) of every day before `on`."""
    never = np.iinfo(np.int32).max
    for lot in range(begin, end):
        if not is_capped[lot] and lots.expires_on[lot] < on:
            is_capped[lot] = True
            excess = remaining[lot] - lots.carry_over_cap[lot]
            if excess > 0:
                rows, count = _emit(rows, count, LAPSE, lot, NONE, lots.expires_on[lot], excess)
                remaining[lot] -= excess
        if not is_closed[lot] and lots.usable_until[lot] < min(on, never):
            is_closed[lot] = True
            if remaining[lot] > 0:
                rows, count = _emit(rows, count, LAPSE, lot, NONE, lots.usable_until[lot], remaining[lot])
                remaining[lot] = 0
    return rows, count


@njit(cache=True)
def _amend(
    rows: Rows, count: int, event: int, lots: Lots, events: Events, remaining: Integers, is_closed: Flags
) -> tuple[Rows, int]:
    """Add units, or take back what is left of them: what was delivered stays delivered.

    Units are granted on the lot's first day even where the amendment was agreed before it (R3.1).
    """
    lot, quantity = events.lot[event], events.quantity[event]
    on = max(events.on[event], lots.valid_from[lot])
    if events.kind[event] == REMOVE_UNITS:
        quantity = -min(quantity, remaining[lot])
    if quantity == 0:
        return rows, count
    rows, count = _emit(rows, count, GRANT, lot, event, on, quantity)
    remaining[lot] += quantity
    if is_closed[lot] and remaining[lot] > 0:  # units added to a closed lot can't be used any more
        rows, count = _emit(rows, count, LAPSE, lot, event, on, remaining[lot])
        remaining[lot] = 0
    return rows, count


@njit(cache=True)
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
    remaining: Integers,
    is_closed: Flags,
) -> tuple[Rows, int]:
    """Draw what is available, in draw order (R2.4); only the excess is overage (R9.1)."""
    on = events.on[event]
    left = events.quantity[event]
    for in_grace in range(2 if draw_order == CURRENT_TERM_FIRST else 1):
        for lot in range(begin, end):
            if left == 0:
                break
            if events.lot[event] not in (NONE, lot):
                continue
            if remaining[lot] == 0 or is_closed[lot] or lots.valid_from[lot] > on:
                continue
            if draw_order == CURRENT_TERM_FIRST and (lots.expires_on[lot] < on) != bool(in_grace):
                continue
            if lots.unit[lot] != events.unit[event] or not _covers(lots, scope, lot, events.service[event]):
                continue
            drawn = min(left, remaining[lot])
            rows, count = _emit(rows, count, DRAW, lot, event, on, drawn)
            remaining[lot] -= drawn
            left -= drawn
    if left > 0:
        rows, count = _emit(rows, count, OVERAGE, NONE, event, on, left)
    return rows, count


@njit(cache=True)
def _covers(lots: Lots, scope: Integers, lot: int, service: int) -> bool:
    begin, end = lots.scope_start[lot], lots.scope_start[lot + 1]
    if begin == end:
        return True
    for index in range(begin, end):
        if scope[index] == service:
            return True
    return False


@njit(cache=True)
def _reverse(
    rows: Rows,
    count: int,
    event: int,
    events: Events,
    remaining: Integers,
    is_closed: Flags,
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
            if is_closed[lot]:  # R4.6: the units do not return
                rows, count = _emit(rows, count, LAPSE, lot, event, on, back)
            else:
                remaining[lot] += back
    if overage + left > 0:
        rows, count = _emit(rows, count, OVERAGE, NONE, event, on, -(overage + left))
    return rows, count

"""Requests in words: the page's answer, and why work is not covered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dashboard import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from dashboard.work_requests.work import Work

#: What request_cover finds, as the page says it.
COVERS: Final = {
    "covered": "covered",
    "over-committed": "too little is left for it",
    "too late": "after the last usable day",
    "too early": "before the first usable day",
    "out of scope": "service out of scope",
    "nothing held": "nothing is left",
}


def answer(work: Work) -> str:
    """The page in one sentence, true for any work."""
    if work.in_flight.is_empty():
        return "No request is in flight"
    if work.over.is_empty():
        return _covered(work)
    clients = work.over["account_id"].n_unique()
    first = work.over.row(0, named=True)
    over = f"{fmt.quantity_in_words(first['over_quantity'], first['unit'])} over"
    # Work can be uncovered while units are left: it is out of their scope, or beyond their term.
    is_too_much = work.over.select((pl.col("over_quantity") == -pl.col("left_quantity")).all()).item()
    if clients == 1:
        what = "more than it holds" if is_too_much else "work that no lot covers"
        return f"{first['account_name']} has booked {what}: it is {over}"
    what = "more than they hold" if is_too_much else "work that no lot covers"
    return f"{clients:,} clients have booked {what}: {first['account_name']} is {over}"


def shortfall(row: Mapping[str, Any]) -> str:
    """Why the work booked under a contract is not covered, in parts; empty where it is.

    Args:
        row: a row of commitments.
    """
    late, early, out_of_scope = (row[f"{why}_quantity"] for why in ("late", "early", "out_of_scope"))
    parts = [
        (late, COVERS["too late"]),
        (early, COVERS["too early"]),
        (out_of_scope, COVERS["out of scope"]),
        (row["over_quantity"] - late - early - out_of_scope, "more than is left for it"),
    ]
    return ", ".join(f"{fmt.quantity(quantity, row['unit'])} {why}" for quantity, why in parts if quantity)


def by_unit(quantities: Mapping[str, Decimal]) -> str:
    """Quantities of several units side by side: `110.5 h, 14 days`; units are never added."""
    said = [fmt.quantity(quantity, unit) for unit, quantity in sorted(quantities.items()) if quantity]
    return ", ".join(said) or "none"


def _covered(work: Work) -> str:
    count = work.in_flight.height
    short = work.waiting.filter(pl.col("short_quantity") > 0).height
    if short:
        would = f"{fmt.count(short, 'request')} waiting for approval would not be"
        return f"All booked work is covered; {would}" if work.booked.height else f"Nothing is booked; {would} covered"
    if count == 1:
        return "The one request in flight is covered by what its client holds"
    return f"All {count:,} requests in flight are covered by what their clients hold"

"""What amendments do to the lots of a walked contract (R7)."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.property.accounts import NIL
from tests.property.layers import POLICIES
from tests.property.lots import received

if TYPE_CHECKING:
    from datetime import date

    from tests.property.brute_force import Walk
    from tests.property.layers import Layer
    from tests.property.lots import Lot, Row

ONE_DAY = timedelta(days=1)


def amend(walk: Walk, change: Row, day: date) -> None:
    lot = walk.lots[change["lot_id"]]
    kind = change["kind"]
    if kind == "termination":
        terminate(walk, lot, change, day)
    elif lot.ended_on:
        add_too_late(walk, lot, change, day)
    elif kind == "extension":
        extend(walk, lot, change, day)
    elif kind == "transfer":
        transfer(walk, lot, change, day)
    elif kind == "price_change":
        change_price(walk, lot, change, day)
    else:
        change_units(walk, lot, change, day)


def extend(walk: Walk, lot: Lot, change: Row, day: date) -> None:
    """Before the lapse nothing is recognised; after it the units come back, at nil (R7.1)."""
    was_open = lot.is_open(day)
    lot.extend(day, change["new_expires_on"])
    if not was_open:
        for layer in lot.layers:
            walk.reading.lapse(lot.lot_id, change["amendment_id"], day, -layer.lapsed_closed)
            layer.reinstate()


def change_units(walk: Walk, lot: Lot, change: Row, day: date) -> None:
    """Units are added, or as many as are left are taken back with their part of the amount (R7.7)."""
    quantity, amount = Fraction(change["quantity"]), Fraction(change["amount"])
    if change["kind"] == "remove_units":
        taken = min(quantity, lot.own.units.left)
        quantity, amount = -taken, -amount * taken / quantity
        walk.reading.moved[change["amendment_id"]] = (taken, -amount)
    if not quantity:
        return
    walk.reading.grants.append((lot.lot_id, change["amendment_id"], day, quantity))
    lot.own.grant(quantity, dict.fromkeys(POLICIES, amount))
    lot.own.ratable.change_price(day, lot.term_end, amount)
    if not lot.is_open(day):
        walk.reading.lapse(lot.lot_id, change["amendment_id"], day, lot.own.units.left)
        lot.own.close(walk.escheat_rate)


def change_price(walk: Walk, lot: Lot, change: Row, day: date) -> None:
    """Of what was delivered too, or only of what is left (R7.5); with it the term may move."""
    if change["new_expires_on"]:
        extend(walk, lot, change, day)
    amount, catches_up = Fraction(change["amount"]), change["treatment"] == "cumulative_catch_up"
    if amount:
        lot.own.concede(amount, catches_up=catches_up)
        lot.own.ratable.concede(day, lot.term_end, amount, catches_up=catches_up)


def transfer(walk: Walk, source: Lot, change: Row, day: date) -> None:
    """Units move with what is carried of them, as a layer of the target (R7.2): the lot's own before its layers'."""
    target = walk.lots[change["to_lot_id"]]
    wanted = Fraction(change["quantity"])
    moved, prices, booked = NIL, dict.fromkeys(POLICIES, NIL), dict.fromkeys(POLICIES, NIL)
    for layer in source.layers:
        quantity = min(wanted - moved, layer.units.left)
        if quantity:
            for policy, price in _take(walk, source, layer, quantity, source.shown_on(day)).items():
                prices[policy] += price
                booked[policy] += walk.rounded(price)
            moved += quantity
    if not moved:
        return
    walk.reading.moved[change["amendment_id"]] = (moved, booked["on_delivery"])
    walk.reading.grants.append((source.lot_id, change["amendment_id"], source.shown_on(day), -moved))
    walk.reading.grants.append((target.lot_id, change["amendment_id"], target.shown_on(day), moved))
    arrived = received(target, target.shown_on(day), moved, prices, booked)
    arrived.estimate(walk.estimate(target, day))
    if not target.is_open(day):
        walk.reading.lapse(target.lot_id, change["amendment_id"], day, moved)
        arrived.close(walk.escheat_rate)


def _take(walk: Walk, source: Lot, layer: Layer, quantity: Fraction, day: date) -> dict[str, Fraction]:
    """Units leave a layer: what is carried of them under each policy, exact.

    Source and layer are each rounded by themselves (R10.1), and would not always add up to what was billed (R13.2).
    So what moves is settled at its rounded amount in the end, and what the exact one lacks of it is kept as a residue.
    """
    carried = {policy: account.carrying for policy, account in layer.accounts.items()}
    carried["ratable"] = layer.ratable.unrecognised(day)
    prices = {policy: amount / layer.units.left * quantity for policy, amount in carried.items()}
    layer.grant(-quantity, {policy: -price for policy, price in prices.items()})
    layer.ratable.change_price(day, source.term_end, -prices["ratable"])
    for policy, price in prices.items():
        layer.moved[policy] -= walk.rounded(price)
        layer.residue[policy] += price - walk.rounded(price)
    return prices


def terminate(walk: Walk, lot: Lot, change: Row, day: date) -> None:
    """Service ends when the day begins: what is billed and neither earned nor escheated is adjustment (R7.6)."""
    if lot.ended_on:
        return
    walk.reading.lapse(lot.lot_id, change["amendment_id"], day, lot.left)
    lot.ended_on = day
    for layer in lot.layers:
        layer.end()
        layer.residue = dict.fromkeys(POLICIES, NIL)
        billed = walk.billed(lot, day) if layer is lot.own else NIL
        for policy, account in layer.accounts.items():
            account.adjust(billed + layer.moved[policy] - layer.now(policy).gone)
        layer.ratable.adjust(day, billed + layer.moved["ratable"] - layer.ratable.settle(day))


def bill_after_end(walk: Walk, lot: Lot, day: date) -> None:
    """What is billed or credited once service has ended is earned or lost that day."""
    amount = walk.billed(lot, day) - walk.billed(lot, day - ONE_DAY)
    if amount:
        for account in lot.own.accounts.values():
            account.adjust(amount)
        lot.own.ratable.adjust(day, amount)


def add_too_late(walk: Walk, lot: Lot, change: Row, day: date) -> None:
    """Service has ended: units can't be used any more, and only billings count."""
    if change["kind"] == "add_units":
        quantity = Fraction(change["quantity"])
        walk.reading.grants.append((lot.lot_id, change["amendment_id"], day, quantity))
        walk.reading.lapse(lot.lot_id, change["amendment_id"], day, quantity)

"""R13: what holds of every book whatever happens in it, on thousands of random books.

Numbers are those of the rule. What the rule's own words exclude is said by each test; everything else is left in:
every kind of amendment, carry-over and caps, estimates, assessments, escheat, reversals, use beyond the lots.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from tests.property import changed
from tests.property.agreed import billed_as_agreed
from tests.property.books import seeded
from tests.property.conftest import BOOKS
from tests.property.figures import THE_END
from tests.property.layers import POLICIES, Amounts
from tests.property.portfolio import Findings, Portfolio, assert_holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.property.brute_force import Row

MONTH_ENDS = [date(2023, 11, 30), date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]
SOME_DAYS = [*MONTH_ENDS, date(2024, 4, 14), date(2024, 5, 1), date(2024, 9, 30), date(2025, 1, 17), THE_END]
#: Of every four books at least three have a lot, and so something to hold a rule against.
MOST = BOOKS * 3 // 4
NIL = Decimal(0)
NOTHING = Amounts(*[NIL] * len(Amounts._fields))

Revenue = dict[Any, Amounts]


def revenue_to(books: Portfolio, days: Sequence[date]) -> Revenue:
    """(lot, policy, day) -> what is recognised by its close."""
    rows = books.run("revenue_by_lot", "lot_id", "policy", "period_end", boundaries=list(days))
    reached: Revenue = {}
    for lot_id, policy in {key[:2] for key in rows}:
        periods = (_amounts(rows.get((lot_id, policy, day))) for day in days)
        reached |= zip(((lot_id, policy, day) for day in days), accumulate(periods, Amounts.plus), strict=True)
    return reached


def _amounts(row: Row | None) -> Amounts:
    return Amounts._make(row[part] for part in Amounts._fields) if row else NOTHING


def rollforward_foots(books: Portfolio) -> Findings:
    rows = books.run("liability_rollforward", "contract_id", "policy", "period_end", boundaries=SOME_DAYS)
    findings = Findings()
    for contract in books.contracts:
        for policy in (*POLICIES, "booked"):
            periods = [rows[contract["contract_id"], policy, day] for day in SOME_DAYS[1:]]
            for row in periods:
                parts = [row[f"revenue_{part}"] for part in Amounts._fields[:-1]]
                footed = row["opening"] + row["billings"] - row["refunds"] - row["escheat"] - sum(parts)
                what = f"{policy} {row['period_end']}"
                findings.same(contract["contract_id"], f"closing {what}", footed, row["closing"])
                findings.same(contract["contract_id"], f"total {what}", sum(parts), row["revenue_total"])
            for row, after in pairwise(periods):
                what = f"opening {policy} {after['period_end']}"
                findings.same(contract["contract_id"], what, row["closing"], after["opening"])
    return findings


def test_1_the_rollforward_foots_and_opens_where_it_closed(books: Portfolio) -> None:
    """Nothing is excluded."""
    assert_holds(rollforward_foots, books, at_least=BOOKS)


def closed_books_are_settled(books: Portfolio) -> Findings:
    revenue = revenue_to(books, [THE_END])
    balances = books.run("lot_balance", "lot_id", as_of=THE_END)
    findings = Findings()
    for contract in books.contracts:
        for names, billed in billed_as_agreed(books, contract):
            for policy in POLICIES:
                if all(_has_closed(balances[name], contract, policy) for name in names):
                    reached = [revenue.get((name, policy, THE_END), NOTHING).gone for name in names]
                    findings.same(contract["contract_id"], f"{names} {policy}", billed, sum(reached))
    return findings


def _has_closed(balance: Row, contract: Row, policy: str) -> bool:
    if policy == "ratable":
        return (balance["expires_on"] or contract["ends_on"]) is not None
    return bool(balance["remaining_quantity"] == 0)


def test_2_at_final_close_revenue_refunds_and_escheat_are_what_was_billed(books: Portfolio) -> None:
    """Nothing is excluded. Each lot, but each contract where units move between lots or billings name no lot.

    A lot that never ends has no final close, unless its units are used.
    """
    assert_holds(closed_books_are_settled, books, at_least=BOOKS // 2)


def units_are_conserved(books: Portfolio) -> Findings:
    findings = Findings()
    for day in SOME_DAYS:
        for row in books.run("lot_balance", "lot_id", as_of=day).values():
            gone = row["drawn_quantity"] + row["lapsed_quantity"]
            what = f"{row['lot_id']} by {day}: of {row['granted_quantity']} are gone {gone}"
            holds = 0 <= gone <= row["granted_quantity"] and min(row["drawn_quantity"], row["lapsed_quantity"]) >= 0
            left = row["granted_quantity"] - gone
            findings.same(row["contract_id"], what, (True, left), (holds, row["remaining_quantity"]))
    return findings


def test_3_never_is_more_consumed_and_lapsed_than_there_was_nor_less_than_nothing(books: Portfolio) -> None:
    """Nothing is excluded; the quantity of a lot is what it has with its amendments."""
    assert_holds(units_are_conserved, books, at_least=MOST)


def waiting_policies_agree(books: Portfolio) -> Findings:
    revenue = revenue_to(books.changed(changed.nothing_expected_unused), SOME_DAYS)
    findings = Findings()
    for lot in books.rows["lots"]:
        for day in SOME_DAYS:
            wanted = revenue.get((lot["lot_id"], "on_delivery", day), NOTHING)
            for policy in ("proportional", "remote"):
                got = revenue.get((lot["lot_id"], policy, day), NOTHING)
                findings.same(lot["contract_id"], f"{lot['lot_id']} {policy} {day}", tuple(wanted), tuple(got))
    return findings


def test_4_with_nothing_expected_unused_policies_2_3_and_4_are_the_same(books: Portfolio) -> None:
    """No amendments are excluded: the books are those of the others, with estimates of nil and no assessments."""
    assert_holds(waiting_policies_agree, books, at_least=MOST)


def policies_end_together(books: Portfolio) -> Findings:
    revenue = revenue_to(books.changed(changed.as_agreed), [THE_END])
    findings = Findings()
    for lot in books.rows["lots"]:
        if lot["expires_on"]:
            ends = [revenue.get((lot["lot_id"], policy, THE_END), NOTHING).revenue for policy in POLICIES]
            findings.same(lot["contract_id"], lot["lot_id"], [ends[0]] * len(ends), ends)
    return findings


def test_5_without_amendments_or_escheat_all_policies_end_at_the_same_revenue(books: Portfolio) -> None:
    """Amendments and escheat are excluded, and lots that never end: they don't end under any policy."""
    assert_holds(policies_end_together, books, at_least=BOOKS * 2 // 3)


def cumulatives_agree(books: Portfolio) -> Findings:
    days = [MONTH_ENDS[0] + timedelta(days=number) for number in range((MONTH_ENDS[-1] - MONTH_ENDS[0]).days + 1)]
    by_days, by_months, by_one = (
        _added_up(books, some, to)
        for some, to in ((days, MONTH_ENDS), (MONTH_ENDS, MONTH_ENDS), (MONTH_ENDS[-1:], MONTH_ENDS[-1:]))
    )
    in_all = _added_up(books, MONTH_ENDS, MONTH_ENDS[-1:])
    contracts = {lot["lot_id"]: lot["contract_id"] for lot in books.rows["lots"]}
    findings = Findings()
    for wanted, got in ((by_days, by_months), (in_all, by_one)):
        for key in wanted.keys() | got.keys():
            parts = [tuple(some.get(key, NOTHING)) for some in (wanted, got)]
            findings.same(contracts[key[0]], str(key), *parts)
    return findings


def _added_up(books: Portfolio, days: Sequence[date], to: Sequence[date]) -> Revenue:
    """(lot, policy, day) -> what the periods between `days` add up to in the periods between the days `to`."""
    revenue: Revenue = {}
    for row in books.opened.run("revenue_by_lot", boundaries=list(days)).iter_rows(named=True):
        key = (row["lot_id"], row["policy"], next(day for day in to if row["period_end"] <= day))
        revenue[key] = revenue.get(key, NOTHING).plus(_amounts(row))
    return {key: amounts for key, amounts in revenue.items() if any(amounts)}


def test_6_a_cumulative_is_the_same_in_days_in_months_and_in_one_period(books: Portfolio) -> None:
    """Nothing is excluded."""
    assert_holds(cumulatives_agree, books, at_least=BOOKS // 2)


def split_lines_count_the_same(books: Portfolio) -> Findings:
    rng = seeded(7)
    halves = books.changed(lambda book: changed.in_two(book, rng))
    findings = Findings()
    wanted, got = ((revenue_to(some, SOME_DAYS), _overage(some)) for some in (books, halves))
    for lot in books.rows["lots"]:
        for policy in POLICIES:
            for day in SOME_DAYS:
                key = (lot["lot_id"], policy, day)
                parts = [tuple(revenue.get(key, NOTHING)) for revenue, _ in (wanted, got)]
                findings.same(lot["contract_id"], str(key), *parts)
    for beyond in wanted[1].keys() | got[1].keys():
        findings.same(str(beyond[0]), f"overage {beyond}", wanted[1].get(beyond, NIL), got[1].get(beyond, NIL))
    return findings


def _overage(books: Portfolio) -> dict[tuple[object, ...], Decimal]:
    """Units beyond the lots; their price is rounded line by line (R9.2)."""
    overage: dict[tuple[object, ...], Decimal] = {}
    for row in books.opened.run("overage").iter_rows(named=True):
        key = tuple(row[part] for part in ("contract_id", "service_date", "service_type", "unit", "status"))
        overage[key] = overage.get(key, NIL) + row["quantity"]
    return overage


def test_7_splitting_a_line_in_two_on_the_same_day_changes_nothing_in_total(books: Portfolio) -> None:
    """No amendments are excluded. A line that is taken back stays whole: what takes it back names one line."""
    assert_holds(split_lines_count_the_same, books, at_least=MOST)


def revenue_only_rises(books: Portfolio) -> Findings:
    days = [date(2023, 10, 1) + timedelta(days=9 * number) for number in range(80)]
    periods = books.changed(changed.only_forward).opened.run("revenue_by_lot", boundaries=[*days, THE_END])
    findings = Findings()
    for row in periods.iter_rows(named=True):
        risen = row["ratable"] + row["delivery"] + row["breakage"] + row["adjustment"]
        what = f"{row['lot_id']} {row['policy']} falls to {row['period_end']}"
        findings.same(row["contract_id"], what, NIL, min(risen, NIL))
    return findings


def test_8_without_what_takes_back_revenue_never_falls(books: Portfolio) -> None:
    """Reversals, amendments and rises of the use expected are excluded.

    So is escheat: it takes back what policy 3 has recognised of units it expected to lapse, unless the estimate was net
    of it (R5.6), and nothing in a random book makes that so.
    """
    assert_holds(revenue_only_rises, books, at_least=BOOKS // 2)


def amounts_scale(books: Portfolio) -> Findings:
    scaled = revenue_to(books.changed(changed.other_currency), SOME_DAYS)
    revenue = revenue_to(books, SOME_DAYS)
    findings = Findings()
    for lot in books.rows["lots"]:
        times = changed.times_of(books.contract(lot["contract_id"]))
        for policy in POLICIES:
            for day in SOME_DAYS:
                key = (lot["lot_id"], policy, day)
                wanted = tuple(part * times for part in revenue.get(key, NOTHING))
                findings.same(lot["contract_id"], str(key), wanted, tuple(scaled.get(key, NOTHING)))
    return findings


def test_9_scaling_all_amounts_scales_what_is_recognised(books: Portfolio) -> None:
    """Nothing is excluded. Rounding would hide what is exact: the books are scaled to the minor units of another
    currency, so that it scales along, and every cent must.
    """
    assert_holds(amounts_scale, books, at_least=MOST)

"""What the figures say of random books, through the real path, against the second reading of the rules."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from tests.property.conftest import BOOKS
from tests.property.figures import THE_END, overage_revenue, policies_of
from tests.property.layers import Amounts
from tests.property.portfolio import Findings, Portfolio, assert_holds

if TYPE_CHECKING:
    from collections.abc import Callable

#: Closing days, some within months; before the first everything counts to the first, after the last nothing moves.
BOUNDARIES = [
    date(2023, 12, 20),
    date(2024, 1, 31),
    date(2024, 2, 14),
    date(2024, 2, 29),
    date(2024, 3, 31),
    date(2024, 6, 30),
    date(2025, 1, 17),
    THE_END,
]


def revenue_of_lots(books: Portfolio) -> Findings:
    got = books.run("revenue_by_lot", "lot_id", "policy", "period_end", boundaries=BOUNDARIES)
    findings = Findings()
    for lot in books.rows["lots"]:
        contract = books.contract(lot["contract_id"])
        for shown_as, policy in policies_of(contract).items():
            before = Amounts()
            for day in BOUNDARIES:
                now = books.expected.lot(lot["lot_id"], policy, day)
                row = got.get((lot["lot_id"], shown_as, day))
                amounts = tuple(row[part] for part in Amounts._fields) if row else tuple(Amounts())
                findings.same(
                    lot["contract_id"], f"{lot['lot_id']} {shown_as} to {day}", tuple(now.minus(before)), amounts
                )
                before = now
    return findings


def rollforward(books: Portfolio) -> Findings:
    got = books.run("liability_rollforward", "contract_id", "policy", "period_end", boundaries=BOUNDARIES)
    findings = Findings()
    for contract in books.contracts:
        for shown_as, policy in policies_of(contract).items():
            for wanted in books.expected.rollforward(contract, policy, BOUNDARIES):
                row = got[contract["contract_id"], shown_as, wanted["period_end"]]
                got_amounts = {name: row[name] for name in wanted}
                findings.same(contract["contract_id"], shown_as, wanted, got_amounts)
    return findings


def units_of_lots(books: Portfolio) -> Findings:
    findings = Findings()
    for day in BOUNDARIES[1::2]:
        got = books.run("lot_balance", "lot_id", as_of=day)
        for lot in books.rows["lots"]:
            lot_id, row = lot["lot_id"], got[lot["lot_id"]]
            wanted = books.expected.units(lot_id, day)
            units = tuple(row[f"{name}_quantity"] for name in ("granted", "drawn", "lapsed"))
            findings.same(lot["contract_id"], f"{lot_id} granted, drawn, lapsed by {day}", wanted, units)
    return findings


def draws(books: Portfolio) -> Findings:
    """What every line drew of which lots, in the order it did."""
    wanted: dict[str, dict[str, Fraction]] = {}
    got: dict[str, dict[str, Fraction]] = {}
    for key, lot_id, _, quantity in books.expected.reading.draws:
        _add(wanted.setdefault(key, {}), lot_id, quantity)
    for row in books.opened.run("draws").iter_rows(named=True):
        _add(got.setdefault(row["consumption_id"], {}), row["lot_id"], Fraction(row["quantity"]))
    findings = Findings()
    for line in books.rows["consumption"]:
        parts = [list(side.get(line["consumption_id"], {}).items()) for side in (wanted, got)]
        findings.same(line["contract_id"], line["consumption_id"], *parts)
    return findings


def _add(drawn: dict[str, Fraction], lot_id: str, quantity: Fraction) -> None:
    drawn[lot_id] = drawn.get(lot_id, Fraction(0)) + quantity


def overage(books: Portfolio) -> Findings:
    got: dict[str, list[object]] = {}
    for row in books.opened.run("overage").iter_rows(named=True):
        got.setdefault(row["consumption_id"], []).append((row["status"], row["quantity"], row["revenue"]))
    findings, reading = Findings(), books.expected.reading
    for line in books.rows["consumption"]:
        contract = books.contract(line["contract_id"])
        wanted: list[object] = []
        if line["consumption_id"] in reading.overage:
            rates = books.expected.of_contract("rate_card", line["contract_id"])
            status, revenue = overage_revenue(reading, line, rates, contract["currency"])
            wanted = [(status, reading.overage[line["consumption_id"]], revenue)]
        findings.same(line["contract_id"], line["consumption_id"], wanted, got.get(line["consumption_id"], []))
    return findings


def catch_ups(books: Portfolio) -> Findings:
    got = books.run("catch_ups", "lot_id", "posted_on")
    findings = Findings()
    wanted = {key: amount for key, amount in books.expected.reading.catch_ups.items() if amount}
    contracts = {lot["lot_id"]: lot["contract_id"] for lot in books.rows["lots"]}
    for key in wanted.keys() | got.keys():
        amount = got[key]["amount"] if key in got else 0
        findings.same(contracts[key[0]], f"catch-up of {key[0]} on {key[1]}", wanted.get(key, 0), amount)
    return findings


def postings(books: Portfolio) -> Findings:
    """The lines of the sub-ledger add up to what the lots recognise."""
    findings = Findings()
    posted: dict[tuple[str, str], Amounts] = {}
    for row in books.opened.run("postings").iter_rows(named=True):
        key = (row["lot_id"], row["policy"])
        amounts = Amounts(Fraction(0), *(Fraction(row[part]) for part in Amounts._fields[1:]))
        posted[key] = posted.get(key, Amounts()).plus(amounts)
    for lot in books.rows["lots"]:
        for policy in ("on_delivery", "proportional", "remote"):
            wanted = tuple(books.expected.lot(lot["lot_id"], policy, THE_END))
            got = tuple(posted.get((lot["lot_id"], policy), Amounts()))
            findings.same(lot["contract_id"], f"postings of {lot['lot_id']} {policy}", wanted, got)
    return findings


@pytest.mark.parametrize("check", [revenue_of_lots, rollforward, units_of_lots, draws, postings])
def test_every_book_says_what_the_rules_say(books: Portfolio, check: Callable[[Portfolio], Findings]) -> None:
    assert_holds(check, books, at_least=BOOKS * 3 // 4)  # the others have no lot


@pytest.mark.parametrize("check", [overage, catch_ups])
def test_what_few_books_have_is_what_the_rules_say(books: Portfolio, check: Callable[[Portfolio], Findings]) -> None:
    assert_holds(check, books, at_least=BOOKS // 20)


def test_only_reversals_of_what_was_not_delivered_fail_a_check(books: Portfolio) -> None:
    assert set(books.opened.failed_checks()) == {"reversals_matched"}

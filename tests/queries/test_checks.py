"""Every check finds what it is there to find: a good book passes them all, a spoiled one fails the one it should."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from queries import catalog
from tests.queries.tiny import (
    OpenBook,
    added,
    assessed,
    billed,
    contract,
    delivered_by,
    estimated,
    extended,
    lot,
    removed,
    repriced,
    terminated,
    transferred,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Callable

POLICIES = ("booked", "on_delivery", "proportional", "ratable", "remote")


@pytest.fixture(scope="module")
def good_book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("monthly", recognition_method="ratable", recognition_convention="month_even"),
            contract("owed", escheat_rate="0.25"),
            contract("open", ends_on="2026-12-31"),
        ],
        lots=[
            lot("C", 10, 1000, "2026-01-01..2026-06-30", grace_until="2026-07-31", carry_over_cap_quantity=2),
            lot("spare", 5, 500, contract_id="C"),
            lot("D", 3, 100),
            lot("forever", 3, 100, "2026-01-01.."),
            lot("open", 3, 100, "2026-01-01.."),
            lot("monthly", 4, 120, "2026-01-01..2026-04-30"),
            lot("first", 10, 1000, "2026-01-01..2026-06-30", contract_id="moved"),
            lot("second", 10, 900, "2026-07-01..2026-12-31", contract_id="moved"),
            lot("longer", 10, 1000, "2026-01-01..2026-03-31"),
            lot("stopped", 10, 1000),
            lot("owed", 10, 1000),
            lot("doubted", 10, 1000),
        ],
        consumption=[
            used("U1", "C", "2026-02-01", 4),
            used("U2", "C", "2026-02-02", -1, reverses="U1"),
            used("U3", "D", "2026-02-03", 5),
            used("U4", "C", "2026-02-04", 1, lot_id="spare"),
            used("U5", "longer", "2026-05-04", 2),
            used("U6", "stopped", "2026-02-04", 3),
            used("U7", "moved", "2026-08-04", 11),
            used("U8", "doubted", "2026-08-04", 1),
        ],
        amendments=[
            added("A1", "C", "2026-03-01", 2, 200),
            removed("A2", "C", "2026-04-01", 1, 100),
            transferred("A3", "moved", "first..second", "2026-06-01", 3),
            extended("A4", "longer", "2026-04-15", "2026-09-30"),
            terminated("A5", "stopped", "2026-07-01"),
            repriced("A6", "doubted", "2026-05-01", -100, treatment="cumulative_catch_up"),
        ],
        breakage_estimates=[estimated("E1", "2026-01-01", "0.2")],
        remote_assessments=[assessed("R1", "doubted", "2026-03-01")],
        billings=[
            billed("B1", "C", "2026-01-01", 1500),
            billed("B2", "C", "2026-05-01", -50),
            billed("B3", "stopped", "2026-01-01", 1000),
            billed("B4", "stopped", "2026-07-01", -400),
        ],
        consumption_departments=delivered_by("U1", Design="0.25", Build="0.75"),
    )


def test_a_good_book_and_the_sample_fail_no_check(good_book: OpenBook, sample_book: OpenBook) -> None:
    assert good_book.failed_checks() == {}
    assert sample_book.failed_checks() == {}


def misstated(name: str, column: str, wrong: str, where: str) -> str:
    """SQL that lets a figure with boundaries say something wrong which no table could make it say."""
    honest = catalog.figure(name).sql.replace(f"MACRO {name}(", f"MACRO honest_{name}(")
    return (
        f"{honest} CREATE OR REPLACE MACRO {name}(boundaries DATE[]) AS TABLE"
        f" SELECT * REPLACE (CASE WHEN {where} THEN {wrong} ELSE {column} END AS {column})"
        f" FROM honest_{name}(boundaries) AS honest"
    )


class Spoiled(NamedTuple):
    """The check that must notice, how the open book is spoiled, and the first ids of the rows it must return."""

    check: str
    by: str
    named: list[tuple[str | None, ...]]


C_2026 = "contract_id = 'C' AND policy = 'on_delivery' AND period_end = DATE '2026-12-31'"

SPOILED = {
    "a delivery without a draw": Spoiled(
        "delivered_is_drawn_overage",
        "DELETE FROM source.movements WHERE event_id = 'U1'",
        [("C", "U1")],
    ),
    "a delivery drawn twice": Spoiled(
        "delivered_is_drawn_overage",
        "INSERT INTO source.movements FROM source.movements WHERE event_id = 'U3' AND kind = 'overage'",
        [("D", "U3")],
    ),
    "departments with too little": Spoiled(
        "department_shares_add_up",
        "UPDATE source.consumption_departments SET share = 0.749999999999 WHERE department = 'Build'",
        [("U1",)],
    ),
    "a department that earns what its contract does not": Spoiled(
        "departments_reconcile",
        misstated("department_revenue", "amount", "amount + 0.01", f"{C_2026} AND department = 'Design'"),
        [("C", "on_delivery")],
    ),
    "departments of a contract that earns nothing": Spoiled(
        "departments_reconcile",
        misstated("department_revenue", "contract_id", "'nothing'", f"{C_2026} AND department = 'Build'"),
        [("C", "on_delivery"), ("nothing", "on_delivery")],
    ),
    "a draw before the first day": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.lots SET valid_from = DATE '2026-02-04' WHERE lot_id = 'D'",
        [("U3", "D")],
    ),
    "a draw after the last day": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.movements SET moved_on = DATE '2026-08-01' WHERE event_id = 'U1'",
        [("U1", "C")],
    ),
    "a draw after an extended end": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.amendments SET new_expires_on = DATE '2026-05-03' WHERE amendment_id = 'A4'",
        [("U5", "longer")],
    ),
    "a draw after the end the lot came to": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.lot_terms SET usable_until = DATE '2026-05-03' WHERE lot_id = 'longer'",
        [("U5", "longer")],
    ),
    "a draw on the day service stopped": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.amendments SET effective_on = DATE '2026-02-04' WHERE amendment_id = 'A5'",
        [("U6", "stopped")],
    ),
    "a draw outside the scope": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.lots SET scope = 'training|coaching' WHERE lot_id = 'D'",
        [("U3", "D")],
    ),
    "a draw in another unit": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.lots SET unit = 'day' WHERE lot_id = 'D'",
        [("U3", "D")],
    ),
    "a draw on another contract": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.movements SET lot_id = 'C' WHERE event_id = 'U3' AND kind = 'draw'",
        [("U3", "C")],
    ),
    "a draw against the pin": Spoiled(
        "draws_inside_the_right",
        "UPDATE source.movements SET lot_id = 'C' WHERE event_id = 'U4'",
        [("U4", "C")],
    ),
    "a lot the draws forgot": Spoiled(
        "granted_is_drawn_lapsed_remaining",
        "DELETE FROM source.movements WHERE lot_id = 'D'",
        [("D", "D")],
    ),
    "more granted than bought": Spoiled(
        "granted_is_drawn_lapsed_remaining",
        "INSERT INTO source.movements FROM source.movements WHERE lot_id = 'forever' AND kind = 'grant'",
        [("forever", "forever")],
    ),
    "more lapsed than was there": Spoiled(
        "granted_is_drawn_lapsed_remaining",
        "INSERT INTO source.movements FROM source.movements WHERE lot_id = 'spare' AND kind = 'lapse'",
        [("C", "spare")],
    ),
    "a draw on units that come later": Spoiled(
        "granted_is_drawn_lapsed_remaining",
        "UPDATE source.movements SET movement_no = -1 WHERE event_id = 'U6'",
        [("stopped", "stopped")],
    ),
    "units that arrive without leaving": Spoiled(
        "granted_is_drawn_lapsed_remaining",
        "UPDATE source.movements SET quantity = 0 WHERE event_id = 'A3' AND lot_id = 'first';"
        "UPDATE source.movements SET quantity = 10 WHERE kind = 'lapse' AND lot_id = 'first'",
        [("moved", "first"), ("moved", "second")],
    ),
    "units that stay with a lot that was terminated": Spoiled(
        "granted_is_drawn_lapsed_remaining",
        "DELETE FROM source.movements WHERE lot_id = 'stopped' AND kind = 'lapse'",
        [("stopped", "stopped")],
    ),
    "units brought back twice": Spoiled(
        "granted_is_drawn_lapsed_remaining",
        "INSERT INTO source.movements FROM source.movements WHERE event_id = 'A4' AND kind = 'lapse'",
        [("longer", "longer")],
    ),
    "an entry that debits more than it credits": Spoiled(
        "journal_balances",
        misstated("journal_entries", "debit", "debit + 0.01", "contract_id = 'C' AND entry = 'billing' AND debit > 0"),
        [("C",)],
    ),
    "revenue on the wrong account": Spoiled(
        "journal_is_the_rollforward",
        misstated(
            "journal_entries", "account", "'revenue_breakage'", "contract_id = 'D' AND account = 'revenue_delivery'"
        ),
        [("D",), ("D",)],
    ),
    "a lapse that earns too little": Spoiled(
        "lots_end_at_their_price",
        "UPDATE source.postings SET breakage = breakage - 0.01"
        " WHERE lot_id = 'spare' AND policy = 'remote' AND cause = 'lapse'",
        [("C", "remote")],
    ),
    "escheat that is owed and earned": Spoiled(
        "lots_end_at_their_price",
        "UPDATE source.postings SET breakage = breakage + escheat WHERE lot_id = 'owed' AND policy = 'proportional'",
        [("owed", "proportional")],
    ),
    "a termination that waives nothing": Spoiled(
        "lots_end_at_their_price",
        "DELETE FROM source.movements WHERE lot_id = 'stopped' AND kind = 'waive'",
        [("stopped", policy) for policy in POLICIES],
    ),
    "a term over which too much is spread": Spoiled(
        "lots_end_at_their_price",
        "UPDATE source.ratable_terms SET spread = spread + 10 * denominator WHERE lot_id = 'monthly'",
        [("monthly", "booked"), ("monthly", "ratable")],
    ),
    "a currency that earns what its contracts do not": Spoiled(
        "periods_reconcile",
        misstated("recognition_by_period", "closing", "closing + 0.01", "policy = 'remote' AND billings > 0"),
        [("USD", "remote")],
    ),
    "a currency no contract has": Spoiled(
        "periods_reconcile",
        misstated("recognition_by_period", "currency", "'EUR'", "policy = 'remote' AND billings > 0"),
        [("EUR", "remote"), ("USD", "remote")],
    ),
    "a reversal of nothing": Spoiled(
        "reversals_matched",
        "UPDATE source.consumption SET reverses = NULL WHERE consumption_id = 'U2'",
        [(None,)],
    ),
    "a reversal of more than was delivered": Spoiled(
        "reversals_matched",
        "UPDATE source.consumption SET quantity = -4.0001 WHERE consumption_id = 'U2'",
        [("U1",)],
    ),
    "a reversal before its delivery": Spoiled(
        "reversals_matched",
        "UPDATE source.consumption SET service_date = DATE '2026-01-31' WHERE consumption_id = 'U2'",
        [("U1",)],
    ),
    "a life that opens with something": Spoiled(
        "rollforward_foots",
        misstated("liability_rollforward", "opening", "opening + 7", C_2026),
        [("C", "on_delivery")],
    ),
    "a closing that its parts do not add up to, nor what comes next": Spoiled(
        "rollforward_foots",
        misstated("liability_rollforward", "closing", "closing - 0.01", C_2026),
        [("C", "on_delivery")] * 2,
    ),
    "a total that is not its components": Spoiled(
        "rollforward_foots",
        misstated("liability_rollforward", "revenue_total", "revenue_total + 0.01", C_2026),
        [("C", "on_delivery")],
    ),
    "billed before time": Spoiled(
        "rollforward_foots",
        "UPDATE source.billings SET billed_on = DATE '0001-01-01' WHERE billing_id = 'B2'",
        [("C", policy) for policy in POLICIES],
    ),
    "a term that falls short of the price": Spoiled(
        "rollforward_foots",
        "UPDATE source.ratable_terms SET spread = spread - 10 * denominator WHERE lot_id = 'monthly'",
        [("monthly", "booked"), ("monthly", "ratable")],
    ),
    "a lot whose revenue goes nowhere": Spoiled(
        "rollforward_foots",
        "DELETE FROM source.lot_policies WHERE lot_id = 'spare'",
        [("C", policy) for policy in POLICIES],
    ),
    "a life that earned what no lot did": Spoiled(
        "rollforward_foots",
        misstated("liability_rollforward", "cumulative_revenue", "900", "policy = 'remote' AND contract_id = 'longer'"),
        [("longer", "remote")],
    ),
}


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED.keys())
def test_a_check_names_what_is_wrong(good_book: OpenBook, spoiled: Spoiled) -> None:
    with good_book.spoiled(spoiled.by) as connection:
        rows = connection.sql(catalog.checks()[spoiled.check]).pl()
    ids = [name for name in rows.columns if name.endswith("_id") or name in ("currency", "policy")]
    assert [row[: len(spoiled.named[0])] for row in rows.select(ids).rows()] == spoiled.named


def test_every_check_is_shown_to_fail() -> None:
    assert {spoiled.check for spoiled in SPOILED.values()} == set(catalog.checks())

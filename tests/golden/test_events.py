"""What becomes of the events of a case, each worked by hand from the rules it rests on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.case_files import CaseError
from tests.golden.compare import differences
from tests.golden.samples import contract, expecting, literal, lot, used

ANNUAL = (
    lot("Y1", "10", "10000.00", "2024-01-01", "2024-12-31"),
    lot("Y2", "10", "12000.00", "2025-01-01", "2025-12-31"),
)


def printed(loaded: dict[str, Any]) -> list[str]:
    return [str(difference) for difference in differences(loaded)]


def test_units_added_below_their_stand_alone_price_blend_with_what_is_left() -> None:
    # ASC 606 Example 5 case B: (60 x 100 + 30 x 80) / 90 = 93.33.
    added = {"type": "add_units", "date": "2025-01-01", "lot_id": "L1", "quantity": "30", "amount": "2400.00"}
    bought = contract(
        lot("L1", "120", "12000.00", "2024-01-01", "2026-12-31", ssp_unit="95.00"),
        usage=[used("U1", "2024-05-06", "60"), used("U2", "2025-05-06", "1"), used("U3", "2026-05-06", "89")],
        events=[added],
    )

    expected = expecting(
        literal("on_delivery", bought),
        periods={
            "2024": {"billings": "12000.00", "revenue_delivery": "6000.00", "closing": "6000.00"},
            "2025": {"billings": "2400.00", "revenue_delivery": "93.33", "closing": "8306.67"},
            "2026": {
                "billings": "0.00",
                "revenue_delivery": "8306.67",
                "revenue_adjustment": "0.00",
                "closing": "0.00",
            },
        },
        lots=[{"lot_id": "L1", "amount": "14400.00", "quantity": "150", "consumed": "150", "recognised": "14400.00"}],
    )
    assert printed(expected) == []


@pytest.mark.parametrize(
    ("said", "lot_id"),
    [
        ({"amount": "2850.00"}, "L1+1"),
        ({"amount": "2850.00", "new_lot_id": "L2"}, "L2"),
        ({"amount": "2850.00", "treatment": "separate_contract", "ssp_unit": "99.00"}, "L1+1"),
        ({"amount": "2850.00", "treatment": "new_lot", "ssp_unit": "99.00"}, "L1+1"),
        ({"amount": "2850.00", "lot_id": "L2", "expires_on": "2026-12-31"}, "L2"),
    ],
)
def test_units_added_at_their_stand_alone_price_are_a_lot_of_their_own(said: dict[str, str], lot_id: str) -> None:
    added = {"type": "add_units", "date": "2025-01-01", "lot_id": "L1", "quantity": "30", **said}
    bought = contract(
        lot("L1", "120", "12000.00", "2024-01-01", "2026-12-31", ssp_unit="95.00"),
        usage=[used("U1", "2024-05-06", "60"), used("U2", "2025-05-06", "70")],
        events=[added],
    )

    expected = expecting(
        literal("on_delivery", bought),
        periods={
            "2025": {"billings": "2850.00", "revenue_delivery": "6950.00", "closing": "1900.00"},
            "2026": {"revenue_breakage": "1900.00", "closing": "0.00"},
        },
        lots=[
            {"lot_id": "L1", "amount": "12000.00", "quantity": "120", "consumed": "120", "recognised": "12000.00"},
            {"lot_id": lot_id, "amount": "2850.00", "quantity": "30", "lapsed": "20", "recognised": "2850.00"},
        ],
        draws=[
            {"usage_id": "U1", "lot_id": "L1", "quantity": "60"},
            {"usage_id": "U2", "lot_id": "L1", "quantity": "60"},
            {"usage_id": "U2", "lot_id": lot_id, "quantity": "10"},
        ],
    )
    assert printed(expected) == []


def test_services_repriced_and_extended_are_spread_over_the_new_term() -> None:
    # ASC 606 Example 7: 100,000 a year for three years; at the end of the second the third falls to 80,000 and three
    # more years cost 200,000: 280,000 over four years are 70,000 a year.
    repriced = {"type": "price_change_ratable", "date": "2025-01-01", "amount": "180000.00", "billed": "280000.00"}
    cleaning = lot("L1", "1", "300000.00", "2023-01-01", "2025-12-31")
    cleaning["billings"] = [{"date": "2023-01-01", "amount": "200000.00"}]
    loaded = literal(
        "ratable",
        contract(cleaning, events=[{**repriced, "new_expires_on": "2028-12-31"}]),
        convention="month_even",
    )

    expected = expecting(
        loaded,
        periods={
            "2023": {"billings": "200000.00", "revenue_ratable": "100000.00"},
            "2024": {"revenue_ratable": "100000.00", "closing": "0.00"},
            "2025": {"billings": "280000.00", "revenue_ratable": "70000.00", "revenue_adjustment": "0.00"},
            "2026": {"revenue_ratable": "70000.00"},
            "2027": {"revenue_ratable": "70000.00"},
            "2028": {"revenue_ratable": "70000.00", "closing": "0.00", "cumulative_revenue": "480000.00"},
        },
        lots=[{"lot_id": "L1", "amount": "480000.00", "recognised": "480000.00"}],
    )
    assert printed(expected) == []


@pytest.mark.parametrize(
    "named",
    [
        {"lot_id": "Y1", "to_lot_id": "Y2"},
        {"from_lot_id": "Y1", "to_lot_id": "Y2"},
        {"from_lot": "Y1", "to_lot": "Y2"},
        {"source_lot_id": "Y1", "target_lot_id": "Y2"},
    ],
)
def test_transferred_units_keep_their_price_and_take_the_end_of_their_new_lot(named: dict[str, str]) -> None:
    moved = {"type": "transfer", "date": "2024-12-01", "quantity": "3", **named}
    loaded = literal(
        "on_delivery",
        contract(*ANNUAL, usage=[used("U1", "2024-02-05", "4"), used("U2", "2025-02-05", "13")], events=[moved]),
    )

    expected = expecting(
        loaded,
        periods={
            "2024": {"billings": "10000.00", "revenue_delivery": "4000.00", "revenue_breakage": "3000.00"},
            "2025": {"opening": "3000.00", "billings": "12000.00", "revenue_delivery": "15000.00", "closing": "0.00"},
        },
        lots=[
            {
                "lot_id": "Y1",
                "quantity": "7",
                "amount": "7000.00",
                "consumed": "4",
                "lapsed": "3",
                "recognised": "7000.00",
            },
            {"lot_id": "Y2", "quantity": "13", "amount": "15000.00", "consumed": "13", "recognised": "15000.00"},
        ],
        draws=[
            {"usage_id": "U1", "lot_id": "Y1", "quantity": "4"},
            {"usage_id": "U2", "lot_id": "Y2", "quantity": "13"},
        ],
    )
    assert printed(expected) == []


def test_transferred_units_keep_a_price_that_is_no_round_amount() -> None:
    # 10,000 / 30 a unit (R7.2, R10.1): five are 1,666.67; four of them are used for 1,333.33, one lapses for 333.34.
    moved = {"type": "transfer", "date": "2024-12-15", "quantity": "5", "lot_id": "Y1", "to_lot_id": "Y2"}
    bought = contract(
        lot("Y1", "30", "10000.00", "2024-01-01", "2024-12-31"),
        lot("Y2", "30", "12000.00", "2025-01-01", "2025-12-31"),
        usage=[used("U1", "2024-06-01", "7"), used("U2", "2025-02-01", "33"), used("U3", "2025-06-06", "1")],
        events=[moved],
    )

    expected = expecting(
        literal("on_delivery", bought),
        periods={
            "2024": {"revenue_delivery": "2333.33", "revenue_breakage": "6000.00", "closing": "1666.67"},
            "2025": {"revenue_delivery": "13333.33", "revenue_breakage": "333.34", "closing": "0.00"},
        },
        lots=[{"lot_id": "Y1", "amount": "8333.33"}, {"lot_id": "Y2", "amount": "13666.67"}],
    )
    assert printed(expected) == []


def test_a_lot_that_an_event_brings_leaves_the_others_their_shares_of_the_price() -> None:
    added = {"type": "add_units", "date": "2025-01-01", "lot_id": "A", "quantity": "5", "amount": "60.00"}
    sold = [
        {**lot(lot_id, "10", "0.00", "2024-01-01", "2025-12-31"), "amount": None, "ssp_unit": "12.00"}
        for lot_id in ("A", "B")
    ]
    loaded = literal("on_delivery", contract(*sold, transaction_price="200.00", events=[added]))

    expected = expecting(loaded, ssp_allocation={"A": "100.00", "B": "100.00", "A+1": "60.00"})
    assert printed(expected) == []


@pytest.mark.parametrize("layer", ["Y1>Y2", "T1"])
def test_a_layer_of_transferred_units_may_have_a_name_of_its_own(layer: str) -> None:
    moved = {"type": "transfer", "date": "2024-12-01", "quantity": "3", "lot_id": "Y1", "to_lot_id": "Y2"}
    loaded = literal("on_delivery", contract(*ANNUAL, usage=[used("U2", "2025-02-05", "13")], events=[moved]))

    expected = expecting(
        loaded,
        lots=[
            {"lot_id": "Y1", "amount": "7000.00", "quantity": "7", "recognised": "7000.00"},
            {"lot_id": "Y2", "amount": "12000.00", "quantity": "10", "recognised": "12000.00"},
            {"lot_id": layer, "amount": "3000.00", "quantity": "3", "recognised": "3000.00"},
        ],
        draws=[
            {"usage_id": "U2", "lot_id": "Y2", "quantity": "10"},
            {"usage_id": "U2", "lot_id": layer, "quantity": "3"},
        ],
    )
    assert printed(expected) == []


def test_a_lot_that_an_event_brings_may_have_a_name_of_its_own() -> None:
    added = {"type": "add_units", "date": "2025-01-01", "quantity": "5", "amount": "60.00", "pricing": "standalone"}
    loaded = literal("on_delivery", contract(lot("A", "10", "100.00", "2024-01-01", "2025-12-31"), events=[added]))

    expected = expecting(loaded, lots=[{"lot_id": "A", "quantity": "10"}, {"lot_id": "B", "amount": "60.00"}])
    assert printed(expected) == []


@pytest.mark.parametrize("step", [1, -1])
def test_events_of_every_kind_go_together_in_any_order(step: int) -> None:
    # Each has 100.00 a unit; what of 2024 is left lapses as breakage (R4.3), but for the lot that ends (R7.6):
    # 6 x 100 of From, Price 1000 + 100, Less 1000 - 200 (R7.5), More 1000 + 250 (R7.7). In 2025 Longer and To with 4.
    names = ("Longer", "From", "Price", "Less", "Ends", "More")
    lots = [lot(name, "10", "1000.00", "2024-01-01", "2024-12-31") for name in names]
    events = [
        {"type": "expiry_extension", "lot_id": "Longer", "date": "2024-06-01", "new_expires_on": "2025-12-31"},
        {"type": "transfer", "lot_id": "From", "date": "2024-06-02", "quantity": "4", "to_lot_id": "To"},
        {"type": "price_change_ratable", "lot_id": "Price", "date": "2024-06-03", "amount": "100.00"},
        {"type": "price_concession", "lot_id": "Less", "date": "2024-06-04", "amount": "200.00"},
        {"type": "termination", "lot_id": "Ends", "date": "2024-06-05", "refund": "300.00"},
        {"type": "add_units", "lot_id": "More", "date": "2024-06-06", "quantity": "5", "amount": "250.00"},
    ]
    events[3]["treatment"] = "prospective"
    bought = contract(*lots, lot("To", "10", "2000.00", "2025-01-01", "2025-12-31"), events=events[::step])

    expected = expecting(
        literal("on_delivery", bought),
        periods={
            "2024": {
                "billings": "6350.00",
                "refunds": "500.00",
                "revenue_breakage": "3750.00",
                "revenue_adjustment": "700.00",
                "closing": "1400.00",
            },
            "2025": {"billings": "2000.00", "revenue_breakage": "3400.00", "closing": "0.00"},
        },
    )
    assert printed(expected) == []


def test_a_termination_that_names_no_lot_ends_them_all() -> None:
    ended = {"type": "termination", "date": "2024-07-01", "refund": "500.00"}
    loaded = literal(
        "on_delivery",
        contract(
            lot("A", "10", "1000.00", "2024-01-01", "2024-12-31"),
            lot("B", "10", "2000.00", "2024-01-01", "2025-12-31"),
            usage=[used("U1", "2024-02-05", "4"), used("U2", "2024-07-01", "1")],
            events=[ended],
            overage_rates={"training": "150.00"},
        ),
    )

    expected = expecting(
        loaded,
        periods={
            "2024": {
                "billings": "3000.00",
                "refunds": "500.00",
                "revenue_delivery": "400.00",
                "revenue_adjustment": "2100.00",
                "closing": "0.00",
                "overage_revenue": "150.00",
            },
            "2025": {"revenue_total": "0.00", "closing": "0.00"},
        },
        lots=[{"lot_id": "A", "lapsed": "6", "recognised": "500.00"}, {"lot_id": "B", "recognised": "2000.00"}],
    )
    assert printed(expected) == []


def test_an_extension_of_the_carry_over_reaches_to_its_end() -> None:
    moved = {"type": "expiry_extension", "date": "2024-06-01", "new_expires_on": "2025-06-30"}
    loaded = literal(
        "on_delivery",
        contract(
            lot("A", "10", "1000.00", "2024-01-01", "2024-12-31"),
            usage=[used("U1", "2025-12-31", "4")],
            events=[{**moved, "new_grace_until": "2025-12-31"}],
        ),
    )

    expected = expecting(
        loaded, periods={"2025": {"revenue_delivery": "400.00", "revenue_breakage": "600.00", "closing": "0.00"}}
    )
    assert printed(expected) == []


def test_what_is_invoiced_for_a_change_may_be_listed() -> None:
    invoices = [{"date": "2024-03-01", "amount": "30.00"}, {"date": "2025-03-01", "amount": "20.00"}]
    added = {"type": "add_units", "date": "2024-02-01", "quantity": "5", "amount": "50.00", "billings": invoices}
    loaded = literal("on_delivery", contract(lot("A", "10", "200.00", "2024-01-01", "2025-12-31"), events=[added]))

    expected = expecting(loaded, periods={"2024": {"billings": "230.00"}, "2025": {"billings": "20.00"}})
    assert printed(expected) == []


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "merger", "date": "2024-02-01"}, "'merger' is not a type of event"),
        ({"type": "price_concession", "date": "2024-02-01"}, "price_concession of 2024-02-01 names no lot"),
        ({"type": "transfer", "date": "2024-02-01", "lot_id": "Y1"}, "None is not a number"),
    ],
)
def test_an_event_that_says_too_little_fails_in_one_line(event: dict[str, str], reason: str) -> None:
    loaded = expecting(literal("on_delivery", contract(*ANNUAL, events=[event])), draws=[])

    with pytest.raises(CaseError, match=reason):
        printed(loaded)

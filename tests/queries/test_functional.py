"""Revenue in the seller's own currency at historical rates: functional_revenue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, billed, contract, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("own", currency="EUR"),
            contract("yen", currency="JPY"),
            contract("spread", recognition_method="ratable"),
        ],
        lots=[
            lot("goods 1", 1, 450, "2026-01-01..", contract_id="goods"),
            lot("goods 2", 1, 550, "2026-01-01..", contract_id="goods"),
            lot("arrears", 10, 1000),
            lot("partly", 10, 1000),
            lot("reversed", 10, 1000),
            lot("spread", 4, 400, "2026-02-27..2026-03-02"),
            lot("cents", 3, 100),
            lot("own", 10, 1000),
            lot("yen", 10, 1000),
            lot("too early", 10, 1000),
        ],
        consumption=[
            used("G1", "goods", "2026-03-01", 1, lot_id="goods 1"),
            used("G2", "goods", "2026-06-01", 1, lot_id="goods 2"),
            used("A1", "arrears", "2026-02-01", 4),
            used("A2", "arrears", "2026-03-10", 6),
            used("P1", "partly", "2026-02-01", 4),
            used("P2", "partly", "2026-03-10", 6),
            used("R1", "reversed", "2026-03-05", 6),
            used("R2", "reversed", "2026-03-20", -2, reverses="R1"),
            used("R3", "reversed", "2026-06-10", 6),
            used("C1", "cents", "2026-02-01", 1),
            used("C2", "cents", "2026-03-01", 1),
            used("C3", "cents", "2026-06-01", 1),
            used("O1", "own", "2026-02-01", 1),
            used("Y1", "yen", "2026-02-01", 1),
            used("E1", "too early", "2026-01-05", 1),
        ],
        billings=[
            billed("B01", "goods", "2026-01-31", 200, fx_rate="1.5"),
            billed("B02", "goods", "2026-03-01", 250),
            billed("B03", "goods", "2026-06-01", 550),
            billed("B04", "arrears", "2026-03-01", 1000),
            billed("B05", "partly", "2026-01-20", 300, fx_rate="1.5"),
            billed("B06", "partly", "2026-03-01", 700),
            billed("B07", "reversed", "2026-01-31", 500, fx_rate="1.5"),
            billed("B08", "reversed", "2026-03-01", 500),
            billed("B09", "cents", "2026-01-20", 100, fx_rate="1.2345"),
        ],
        fx_rates=[
            {"rate_on": "2026-01-15", "rate": "1.2"},
            {"rate_on": "2026-03-01", "rate": "1.7"},
            {"rate_on": "2026-06-01", "rate": "1.9"},
        ],
    )


@pytest.mark.parametrize(
    ("contract_id", "policy", "amounts"),
    [
        # IFRIC 22, example 4: 200 x 1.50 + 250 x 1.70 = 725; 550 x 1.90 = 1,045.
        ("goods", "on_delivery", ["2026-03-31  725", "2026-06-30  1045"]),
        # 400 earned before they are billed, at the latest rate before that day; the invoice settles them first.
        ("arrears", "on_delivery", ["2026-02-28  480", "2026-03-31  1020", "2026-06-30  0"]),
        # 300 x 1.50 + 100 x 1.20; 600 of the second invoice.
        ("partly", "on_delivery", ["2026-02-28  570", "2026-03-31  1020", "2026-06-30  0"]),
        # 500 x 1.50 + 100 x 1.70 = 920, of which the last 200 go back at 1.70 and 1.50, and come again at these; then
        # 400 x 1.70.
        ("reversed", "on_delivery", ["2026-03-31  600", "2026-06-30  1000"]),
        # 100 a day, not billed: two days at 1.20, two at 1.70.
        ("spread", "ratable", ["2026-02-28  240", "2026-03-31  340", "2026-06-30  0"]),
        ("spread", "booked", ["2026-02-28  240", "2026-03-31  340", "2026-06-30  0"]),
        # 33.33, 66.67 and 100 x 1.2345 = 41.1459, 82.3041 and 123.45, rounded to date.
        ("cents", "on_delivery", ["2026-02-28  41.15", "2026-03-31  41.15", "2026-06-30  41.15"]),
        ("own", "on_delivery", ["2026-02-28  100", "2026-03-31  0", "2026-06-30  0"]),
    ],
)
def test_revenue_takes_the_rate_of_what_was_billed_for_it(
    book: OpenBook, contract_id: str, policy: str, amounts: list[str]
) -> None:
    days = ["2026-02-28", "2026-03-31", "2026-06-30"]
    rows = book.run("functional_revenue", boundaries=days, contract=contract_id).filter(policy=policy)
    assert across(rows.select("period_end", "amount"))[1:] == text("\n".join(amounts))
    assert set(rows["functional_currency"]) == {"EUR"}


def test_a_reversal_takes_back_the_rates_it_was_earned_at(book: OpenBook) -> None:
    days = ["2026-03-05", "2026-03-20", "2026-06-10"]
    rows = book.run("functional_revenue", boundaries=days, contract="reversed").filter(policy="on_delivery")
    assert [str(amount) for amount in rows["amount"]] == ["920.000", "-320.000", "1000.000"]


def test_a_contract_in_a_currency_without_rates_is_left_out(book: OpenBook) -> None:
    assert book.run("functional_revenue", boundaries=["2026-12-31"], contract="yen").is_empty()


def test_revenue_before_the_first_rate_has_no_amount(book: OpenBook) -> None:
    rows = book.run("functional_revenue", boundaries=["2026-02-28"], contract="too early").filter(policy="on_delivery")
    assert rows["amount"].to_list() == [None]

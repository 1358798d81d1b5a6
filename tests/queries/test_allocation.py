"""The price of lots sold together: lot_prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, contract, earned, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("bundle", transaction_price=47_500),
            contract("thirds", transaction_price=100),
            contract("yen", transaction_price=1000, currency="JPY"),
            contract("dinar", transaction_price="0.01", currency="KWD"),
            contract("sevenths", transaction_price=100),
            contract("partly", transaction_price=1000),
            contract("credits", transaction_price="99.99"),
            contract("priced", transaction_price=9999),
        ],
        lots=[
            lot("training", 18, None, contract_id="bundle", standalone_price=1650, unit="day"),
            lot("consulting", 120, None, contract_id="bundle", standalone_price=225),
            *(lot(f"third {n}", 1, None, contract_id="thirds", standalone_price=10) for n in "cab"),
            *(lot(f"yen {n}", 1, None, contract_id="yen", standalone_price=10) for n in "cab"),
            *(lot(f"dinar {n}", 1, None, contract_id="dinar", standalone_price=10) for n in "cab"),
            lot("seventh 1", 1, None, contract_id="sevenths", standalone_price=5),
            lot("seventh 2", 2, None, contract_id="sevenths", standalone_price=5),
            lot("seventh 4", "0.4", None, contract_id="sevenths", standalone_price=50),
            lot("own", 10, 400, contract_id="partly", standalone_price=1),
            lot("rest 1", 1, None, contract_id="partly", standalone_price=1),
            lot("rest 2", 2, None, contract_id="partly", standalone_price=1),
            lot("many", 1000, None, contract_id="credits", standalone_price="0.0125"),
            lot("one", 1, None, contract_id="credits", standalone_price="17.4999"),
            lot("alone", 10, 400, contract_id="priced"),
        ],
        consumption=[
            used("U1", "bundle", "2026-02-18", 6, unit="day"),
            used("U2", "thirds", "2026-02-18", 1),
        ],
        amendments=[added("A1", "third c", "2026-03-01", 1, 10, contract_id="thirds")],
    )


def test_lots_without_an_amount_share_the_transaction_price_by_stand_alone_price(book: OpenBook) -> None:
    # bundle, golden case O24: 29,700 and 27,000 of 56,700. thirds, yen, dinar: what is left over goes to the first by
    # id. sevenths: 14.2857, 28.5714, 57.1429; the largest remainder gets the cent. partly: 1,000 - 400. credits: 12.50
    # and 17.4999 of 29.9999 are 41.6626 and 58.3274; at 0.013 a credit it would be 42.62.
    assert across(book.run("lot_prices")) == text("""
        lot_id      contract_id  amount    is_allocated
        alone       priced       400       False
        consulting  bundle       22619.05  True
        dinar a     dinar        0.004     True
        dinar b     dinar        0.003     True
        dinar c     dinar        0.003     True
        many        credits      41.66     True
        one         credits      58.33     True
        own         partly       400       False
        rest 1      partly       200       True
        rest 2      partly       400       True
        seventh 1   sevenths     14.29     True
        seventh 2   sevenths     28.57     True
        seventh 4   sevenths     57.14     True
        third a     thirds       33.34     True
        third b     thirds       33.33     True
        third c     thirds       33.33     True
        training    bundle       24880.95  True
        yen a       yen          334       True
        yen b       yen          333       True
        yen c       yen          333       True
    """)


def test_an_allocated_price_is_recognised_like_any_other(book: OpenBook) -> None:
    # 6 of 18 days; 22,619.05 and 16,587.30 lapse. In thirds the first lot by id is drawn; an amendment adds its own.
    days = ["2026-02-28", "2026-12-31"]
    assert earned(book, "on_delivery", "bundle", *days) == ["delivery 8293.65", "delivery 8293.65 breakage 39206.35"]
    assert earned(book, "on_delivery", "thirds", *days) == ["delivery 33.34", "delivery 33.34 breakage 76.66"]
    assert [str(amount) for amount in book.run("lot_terms", contract="bundle")["amount"]] == ["22619.050", "24880.950"]

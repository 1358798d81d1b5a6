"""A narrowed question is answered as if the other contracts did not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from queries import catalog
from tests.queries.tiny import account, added, assessed, billed, contract, estimated, lot, used

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from queries.catalog import Figure
    from tests.queries.tiny import OpenBook

BOUNDARIES = ["2025-12-31", "2026-03-31", "2026-06-30"]
VALUES = {
    "as_of": "2026-03-31",
    "boundaries": BOUNDARIES,
    "earlier": "2026-02-28",
    "within_days": 365,
    "dimension": "segment",
    "current_until": "2026-04-30",
    "lot": "one lot",
    "added_days": 30,
    "burn": 2,
    "more_monthly": 1,
    "carried_days": 30,
    "carried_at_most": 2,
    "behind_by": 0,
    "ends_within": 365,
    "left_from": 0.3,
    "late_from": 0.75,
    "overdrawn_within": 30,
    "grace_within": 90,
    "first_day": "2026-02-01",
    "last_day": "2026-03-31",
}
ONE = {
    "contract": "one",
    "account": "Acme",
    "owner": "Team A",
    "vehicle": "SOW",
    "currency": "USD",
    "segment": "Enterprise",
    "region": "North",
}
TWO = {
    "contract": "two",
    "account": "Beta",
    "owner": "Team B",
    "vehicle": "pool",
    "currency": "JPY",
    "segment": "(none)",
    "region": "(none)",
}
FILTERED = {"one": ONE, "two": TWO}
#: Filters find contracts before any figure is asked: each is shown to by figures whose rows belong to a contract, a
#: client, a lot and a delivery. The others are asked with one filter, and with all at once.
BY_EACH_FILTER = {"portfolio_summary", "liability_rollforward", "lot_balance", "requests_by_project", "deliveries"}
FIGURES = pytest.mark.parametrize("figure", catalog.figures().values(), ids=lambda figure: figure.name)
#: One contract agrees with itself, and no lot has ended: nothing to score or learn from; the lot asked about is of one.
SILENT = {"policy_consistency", "analogs", "backtest", "forecast_scores", "lot_what_if"}


def rows(name: str) -> dict[str, list[dict[str, object]]]:
    """A contract with something for every figure to say; no lot ends before the day asked about."""
    return {
        "lots": [
            lot(f"{name} lot", 10, 1000, "2026-01-01..2026-06-30", contract_id=name),
            lot(
                f"{name} days",
                5,
                300,
                "2026-02-01..2026-12-31",
                contract_id=name,
                unit="day",
                carry_over_cap_quantity=4,
            ),
        ],
        "consumption": [
            used(f"{name} 1", name, "2026-02-01", 4, project_id=f"{name} project", request_id=f"{name} done"),
            used(f"{name} 2", name, "2026-02-02", -1, reverses=f"{name} 1"),
            used(f"{name} 3", name, "2026-03-01", 12, unit="day"),
        ],
        "consumption_departments": [{"consumption_id": f"{name} 1", "department": "Design", "share": 1}],
        "breakage_estimates": [estimated(f"{name} estimate", "2026-02-15", "0.8", contract_id=name)],
        "remote_assessments": [assessed(f"{name} judged", name, "2026-03-15", lot_id=f"{name} days")],
        "amendments": [added(f"{name} more", f"{name} lot", "2026-03-01", 2, 200, contract_id=name)],
        "billings": [
            billed(f"{name} bill", name, "2026-01-01", 900),
            billed(f"{name} credit", name, "2026-02-01", -20),
        ],
        "rate_card": [{"contract_id": name, "overage_rate": 20}],
        "projects": [{"project_id": f"{name} project", "contract_id": name, "program_id": name, "name": "Move"}],
        "requests": [request(f"{name} done", name, "delivered"), request(f"{name} open", name, "approved")],
    }


def request(request_id: str, contract_id: str, status: str) -> dict[str, object]:
    return {
        "request_id": request_id,
        "contract_id": contract_id,
        "title": "Help",
        "quantity": 1,
        "status": status,
        "requested_on": "2026-02-01",
    }


def described(*names: str) -> dict[str, list[dict[str, object]]]:
    clients = {"one": account("Acme", segment="Enterprise", region="North"), "two": account("Beta")}
    sold = {
        "one": contract(
            "one", account_id="Acme", recognition_method="proportional", recognition_convention="month_even"
        ),
        "two": contract(
            "two",
            account_id="Beta",
            owner="Team B",
            vehicle="pool",
            currency="JPY",
            recognition_method="ratable",
            recognition_convention="month_actual",
        ),
    }
    tables: dict[str, list[dict[str, object]]] = {
        "accounts": [clients[name] for name in names],
        "contracts": [sold[name] for name in names],
        "breakage_estimates": [estimated("everybody's", "2026-02-01", "0.1")],
        "fx_rates": [
            {"currency": currency, "functional_currency": "EUR", "rate_on": "2026-01-01", "rate": rate}
            for currency, rate in (("USD", "0.9"), ("JPY", "0.006"))
        ],
        "programs": [{"program_id": n, "account_id": clients[n]["account_id"], "name": f"Growth {n}"} for n in names],
    }
    for name in names:
        for table, given in rows(name).items():
            tables.setdefault(table, []).extend(given)
    return tables


@pytest.fixture(scope="module")
def together(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(**described("one", "two"))


@pytest.fixture(scope="module")
def alone(new_book: Callable[..., OpenBook]) -> dict[str, OpenBook]:
    return {name: new_book(**described(name)) for name in ("one", "two")}


def answer(book: OpenBook, figure: Figure, **filters: str) -> pl.DataFrame:
    """The figure's rows; their numbers in the ledger apart, which count everybody's movements."""
    parameters = {name: VALUES[name] for name in figure.parameters}
    return book.run(figure.name, **parameters, **filters).drop("movement_no", strict=False)


@FIGURES
@pytest.mark.parametrize("name", ["one", "two"])
def test_filters_show_what_a_book_of_those_contracts_alone_would_show(
    figure: Figure, name: str, together: OpenBook, alone: dict[str, OpenBook]
) -> None:
    expected = answer(alone[name], figure)
    assert expected.height > 0 or figure.name in SILENT
    by_one = [{key: value} for key, value in FILTERED[name].items()]
    asked = by_one if figure.name in BY_EACH_FILTER else [{"contract": name}, FILTERED[name]]
    assert [filters for filters in asked if not answer(together, figure, **filters).equals(expected)] == []


@FIGURES
def test_filters_that_contradict_each_other_leave_nothing(figure: Figure, together: OpenBook) -> None:
    assert answer(together, figure, contract="one", owner="Team B").is_empty()


def test_filters_given_together_must_all_hold_and_an_empty_one_asks_nothing(together: OpenBook) -> None:
    both = together.run("lot_balance", as_of="2026-03-31")
    assert both["contract_id"].unique().sort().to_list() == ["one", "two"]
    assert together.run("lot_balance", as_of="2026-03-31", owner=None, currency=None).equals(both)
    narrowed = together.run("lot_balance", as_of="2026-03-31", owner="Team A", currency="USD", region="North")
    assert narrowed["contract_id"].unique().to_list() == ["one"]


def test_a_narrowed_question_leaves_the_next_one_whole(together: OpenBook) -> None:
    together.run("contract_totals", as_of="2026-03-31", contract="one")
    assert set(together.run("contract_totals", as_of="2026-03-31")["contract_id"]) == {"one", "two"}

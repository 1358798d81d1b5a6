"""Policy scenarios: their text, and what they change."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from queries.scenario import Rule, Scenario, ScenarioError
from tests.queries.tiny import OpenBook, book, contract, lot, used

if TYPE_CHECKING:
    from pathlib import Path

YEAR = ["2025-12-31", "2026-06-30", "2026-12-31"]


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> OpenBook:
    """Two contracts of 1,200.00 for 12 hours each: training as an SOW, advice as a pool, both booked on delivery."""
    return book(
        tmp_path_factory.mktemp("store"),
        contracts=[contract("T", vehicle="SOW"), contract("A", vehicle="pool: three years")],
        lots=[lot("T", 12, 1200, service="training"), lot("A", 12, 1200, service="advice")],
        consumption=[used("t", "T", "2026-02-01", 3), used("a", "A", "2026-02-01", 6)],
        breakage_estimates=[{"estimate_id": "E", "effective_on": "2026-01-01", "rate": "0.5"}],
    )


def booked(firm: OpenBook, scenario: str = "", **filters: str) -> list[str]:
    """Booked revenue of each contract in the first half of the year, as text."""
    rows = firm.run("liability_rollforward", boundaries=YEAR[:2], scenario=scenario, **filters)
    found = rows.filter(policy="booked").sort("contract_id").select("contract_id", "revenue_total")
    return [f"{name} {amount.normalize():f}" for name, amount in found.iter_rows()]


@pytest.mark.parametrize(
    ("scenario", "first_half"),
    [
        ("", ["A 600", "T 300"]),
        ("all:on_delivery", ["A 600", "T 300"]),
        # 181 of 365 days of 1,200.00
        ("all:ratable", ["A 595.07", "T 595.07"]),
        # six of twelve equal months
        ("all:ratable/month_even", ["A 600", "T 600"]),
        ("service=training:ratable", ["A 600", "T 595.07"]),
        ("vehicle=pool%3A three years:ratable", ["A 595.07", "T 300"]),
        ("contract=T:ratable; all:proportional", ["A 1200", "T 595.07"]),
        # 3 of 6 hours expected at a recorded 50 %; 6 of 6
        ("all:proportional", ["A 1200", "T 600"]),
        # 3 of 9 hours expected at 25 %; 6 of 9
        ("all:proportional; breakage=0.25", ["A 800", "T 400"]),
        ("all:proportional; breakage=0", ["A 600", "T 300"]),
        # contract before service before vehicle before all, and of two the last
        ("contract=T:proportional; service=training:ratable; all:remote", ["A 600", "T 600"]),
        ("all:ratable; all:proportional", ["A 1200", "T 600"]),
    ],
)
def test_booked_is_what_the_scenario_says(firm: OpenBook, scenario: str, first_half: list[str]) -> None:
    assert booked(firm, scenario) == first_half


def test_the_four_policies_keep_their_recorded_estimates_unless_the_scenario_has_its_own(firm: OpenBook) -> None:
    recorded = firm.run("revenue_by_lot", boundaries=YEAR).filter(pl.col("policy") != "booked")
    under_policies = firm.run("revenue_by_lot", boundaries=YEAR, scenario="all:ratable")
    under_estimate = firm.run("revenue_by_lot", boundaries=YEAR, scenario="breakage=0.25")

    assert under_policies.filter(pl.col("policy") != "booked").equals(recorded)
    assert not under_estimate.filter(policy="proportional").equals(recorded.filter(policy="proportional"))


def test_a_scenario_is_gone_after_its_question(firm: OpenBook) -> None:
    before = booked(firm)
    booked(firm, "all:ratable/month_even; breakage=0.1")

    assert booked(firm) == before


def test_a_scenario_and_a_filter_together_show_the_filtered_part_of_the_scenario(firm: OpenBook) -> None:
    assert booked(firm, "all:proportional; breakage=0.25", contract="T") == ["T 400"]
    assert booked(firm, "all:ratable/month_even", vehicle="SOW") == ["T 600"]


def test_a_contract_with_a_carry_over_cap_is_valued_anew_too(tmp_path: Path) -> None:
    """3 of 9 hours expected at 25 %, in a contract that is walked."""
    capped = book(
        tmp_path,
        lots=[lot("C", 12, 1200, grace_until="2027-06-30", carry_over_cap_quantity=2)],
        consumption=[used("c", "C", "2026-02-01", 3)],
    )

    assert booked(capped, "all:proportional; breakage=0.25") == ["C 400"]


def test_a_cautious_estimate_comes_from_the_forecast_and_never_takes_more_than_it(firm: OpenBook) -> None:
    """The book is dated after the lots ended, so nothing is left to forecast and nothing changes."""
    assert booked(firm, "all:proportional; breakage=cautious") == booked(firm, "all:proportional")


def test_a_cautious_estimate_is_the_lower_end_of_what_open_lots_are_forecast_to_leave(tmp_path: Path) -> None:
    """3 of 12 hours are used; from the snapshot's day, 1 January 2027, 12 less the low quantile are expected to be."""
    running = book(
        tmp_path,
        lots=[lot(name, 12, 1200, "2026-01-01..2027-12-31") for name in ("R", "S")],
        consumption=[used("r", "R", "2026-02-01", 3), used("s", "S", "2026-02-01", 9)],
    )

    def earned(**filters: str) -> dict[str, Decimal]:
        rows = running.run(
            "revenue_by_lot",
            boundaries=["2025-12-31", "2026-12-31", "2027-01-31"],
            scenario="all:proportional; breakage=cautious",
            **filters,
        ).filter(policy="booked")
        return dict(
            rows.group_by("contract_id")
            .agg(pl.col("delivery", "breakage").sum())
            .select("contract_id", pl.col("delivery") + pl.col("breakage"))
            .rows()
        )

    low = running.run("unused_forecast", as_of="2027-01-01", contract="R")["low_quantity"][0]
    assert 0 < low < 9
    assert earned()["R"] == (1200 * 3 / (12 - low)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert earned(contract="R") == {"R": earned()["R"]}


@pytest.mark.parametrize(
    "text",
    ["", "all:ratable", "service=a b:remote", "contract=C%3A7:ratable/month_half; all:on_delivery; breakage=0.15"],
)
def test_a_scenario_reads_back_as_it_was_written(text: str) -> None:
    assert str(Scenario.parse(text)) == text


def test_values_may_hold_what_separates() -> None:
    scenario = Scenario((Rule("service", "A: b; c=d/e", "ratable"),))

    assert Scenario.parse(str(scenario)) == scenario


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ratable", "'ratable' is no rule. Write one like service=Training:ratable or all:on_delivery."),
        ("owner=X:ratable", "'owner=X:ratable': owner is none of all, vehicle, service, contract."),
        ("all:evenly", "'all:evenly': evenly is none of ratable, on_delivery, proportional, remote."),
        ("all:ratable/weekly", "weekly is none of daily, month_even, month_half, month_actual."),
        ("service:ratable", "'service:ratable': service needs a value."),
        ("all=X:ratable", "'all=X:ratable': all takes no value."),
        ("breakage=much", "breakage=much is neither recorded, cautious nor a rate from 0 to 1."),
        ("breakage=1.01", "breakage=1.01: a rate is from 0 to 1, with at most 12 places."),
        ("breakage=nan", "breakage=nan: a rate is from 0 to 1, with at most 12 places."),
    ],
)
def test_a_text_that_is_no_scenario_says_why(firm: OpenBook, text: str, reason: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        booked(firm, text)

    assert str(raised.value).endswith(reason)

"""What came of past forecasts: quarter_forecasts, unused_by_quarter, forecast_scores, backtest."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from queries.catalog import FigureError
from tests.queries.tiny import across, contract, extended, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
WEIGHTS = np.array([0.075, 0.1, 0.2, 0.25, 0.2, 0.1, 0.075])
SOLD = "lot_id, expires_on, quantity"
FIRST_QUARTER = "2025-10-03..2026-03-31"


@pytest.fixture(scope="module")
def quarters(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[contract("within", currency="EUR")],
        lots=[
            lot("first", 100, 1000, FIRST_QUARTER),
            lot("unused", 100, 1000, FIRST_QUARTER),
            lot("prolonged", 100, 1000, FIRST_QUARTER),
            lot("second", 100, 1000, "2026-01-01..2026-06-29"),
            lot("sold late", 100, 1000, "2026-01-10..2026-03-15"),
            lot("old", 10, 100, "2024-01-01..2024-04-15"),
            lot("too old", 10, 100, "2024-01-01..2024-03-31"),
            lot("forever", 10, 100, "2026-01-01.."),
            lot("within", 10, 100, "2025-10-05..2025-12-20"),
            lot("capped", 10, 100, "2025-07-01..2025-09-15", grace_until="2025-12-15", carry_over_cap_quantity=2),
        ],
        consumption=[
            used("F1", "first", "2025-11-01", 30),
            used("F2", "first", "2026-02-01", 20),
            used("S1", "second", "2026-02-01", 30),
            used("C1", "capped", "2025-08-01", 2),
            used("C2", "capped", "2025-11-01", 1),
        ],
        amendments=[extended("A1", "prolonged", "2026-02-01", "2026-06-30")],
    )


def test_a_quarter_is_compared_with_the_end_of_the_very_lots_it_was_forecast_for(quarters: OpenBook) -> None:
    # On 31 December first, unused and prolonged were to end in March: 50 and 100 units of 10 did, prolonged moved on;
    # sold late was not there yet. Of capped 6 lapsed at the cap in September; on the last of it 2 were left, and 1 in
    # the end: 10. On 30 June, the day before it began, it was not there either. old was forecast on 31 March 2024.
    rows = quarters.run("quarter_forecasts", as_of="2026-03-31")
    columns = ["currency", "quarter_start", "origin", "is_past", "lot_count", "lapsed_amount"]
    assert across(rows.select(columns))[1:] == text("""
        USD  2024-04-01  2024-03-31  True   1  100
        USD  2025-10-01  2025-09-30  True   1  10
        USD  2026-01-01  2025-12-31  True   3  1500
        USD  2026-04-01  2026-03-31  False  2  -
    """)


def test_a_quarter_is_forecast_at_every_quarter_end_of_three_years_and_on_the_day_itself(
    new_book: Callable[..., OpenBook],
) -> None:
    book = new_book(lots=[lot("C", 10, 100, "2022-01-01..2026-12-31")])
    rows = book.run("quarter_forecasts", as_of="2026-02-14")
    ends = [f"{year}-{end}" for year in (2023, 2024, 2025) for end in ("03-31", "06-30", "09-30", "12-31")]
    assert [str(day) for day in rows["origin"]] == [*ends, "2026-02-14"]
    assert set(rows["quarter_start"]) == {date(2026, 10, 1)}
    on_a_quarter_end = book.run("quarter_forecasts", as_of="2025-12-31")
    assert [str(day) for day in on_a_quarter_end["origin"]] == ["2022-12-31", *ends]
    # Days asked about in between are not part of the record.
    again = book.run("quarter_forecasts", as_of="2026-03-31")
    assert [str(day) for day in again["origin"]] == [*ends, "2026-03-31"]


def test_what_a_quarter_was_forecast_is_the_sum_of_its_lots_forecasts(quarters: OpenBook) -> None:
    for row in quarters.run("quarter_forecasts", as_of="2026-03-31").to_dicts():
        lots = quarters.run("unused_forecast", as_of=str(row["origin"]), currency=row["currency"])
        lots = lots.filter(lots["usable_until"].dt.truncate("1q") == row["quarter_start"])
        assert row["lot_count"] == lots.height
        assert float(row["expected_amount"]) == pytest.approx(float(lots["expected_amount"].sum()), abs=0.02)
        assert 0 <= row["low_amount"] <= row["high_amount"] <= 1000 * lots.height


def test_past_quarters_beside_their_forecast_and_those_to_come(quarters: OpenBook) -> None:
    # In the first quarter of 2026 50 units of first, 100 of unused and 100 of sold late lapsed, 10 each.
    # Two years back from April 2026 is April 2024.
    rows = quarters.run("unused_by_quarter", as_of="2026-03-31", currency="USD")
    columns = ["quarter_start", "is_past", "lot_count", "lapsed_amount"]
    assert across(rows.select(columns))[1:] == text("""
        2024-04-01  True   1  100
        2025-10-01  True   1  70
        2026-01-01  True   3  2500
        2026-04-01  False  2  -
    """)
    forecast = quarters.run("quarter_forecasts", as_of="2026-03-31", currency="USD")
    amounts = ["quarter_start", "expected_amount", "low_amount", "high_amount"]
    assert rows.select(amounts).equals(forecast.select(amounts))


def test_the_quarter_under_way_adds_what_has_lapsed_in_it(quarters: OpenBook) -> None:
    # On 20 March sold late has ended with 100 units of 10 unused; first and unused are open.
    amounts = ["lot_count", "expected_amount", "low_amount", "high_amount"]
    open_lots = quarters.run("quarter_forecasts", as_of="2026-03-20", currency="USD")
    lots, *ahead = open_lots.filter(quarter_start=date(2026, 1, 1), origin=date(2026, 3, 20)).select(amounts).row(0)
    row = quarters.run("unused_by_quarter", as_of="2026-03-20", currency="USD").filter(quarter_start=date(2026, 1, 1))
    assert row.select(amounts).row(0) == (lots, *(amount + 1000 for amount in ahead))
    assert row.select("is_past", "lapsed_amount").row(0) == (False, None)
    assert lots == 2


def test_a_quarter_under_way_whose_lots_have_all_ended_leaves_what_has_lapsed(quarters: OpenBook) -> None:
    assert across(quarters.run("unused_by_quarter", as_of="2025-12-25", currency="EUR"))[1:] == text("""
        EUR  2025-10-01  False  0  100  100  100  -
    """)


def test_a_quarter_is_past_when_its_last_day_is(quarters: OpenBook) -> None:
    rows = quarters.run("unused_by_quarter", as_of="2026-03-30", currency="USD")
    assert across(rows.select("quarter_start", "is_past", "lot_count", "lapsed_amount"))[1:] == text("""
        2024-01-01  True   0  100
        2024-04-01  True   1  100
        2025-10-01  True   1  70
        2026-01-01  False  2  -
        2026-04-01  False  2  -
    """)


def test_a_quarter_no_lot_of_which_was_open_before_has_an_outcome_but_no_forecast(quarters: OpenBook) -> None:
    assert across(quarters.run("unused_by_quarter", as_of="2026-03-31", currency="EUR"))[1:] == text("""
        EUR  2025-10-01  True  0  -  -  -  100
    """)


@pytest.fixture(scope="module")
def rivals(new_book: Callable[..., OpenBook]) -> OpenBook:
    """A hundred days from January on, and two lots that had ended before, a hundred days too."""
    return new_book(
        lots=[
            lot("C", 100, 1000, "2025-01-01..2025-04-10"),
            lot("alone", 100, 1000, "2023-10-03..2024-01-10"),
            lot("E1", 10, 100, "2024-09-01..2024-12-09"),
            lot("E2", 10, 100, "2024-09-01..2024-12-09"),
        ],
        consumption=[
            used("C1", "C", "2025-02-01", 45),
            used("C2", "C", "2025-04-05", 15),
            used("A1", "alone", "2023-11-01", 45),
            used("A2", "alone", "2024-01-05", 15),
            used("E1a", "E1", "2024-09-10", "4.55"),
            used("E1b", "E1", "2024-12-05", "2.45"),
            used("E2b", "E2", "2024-12-05", 1),
        ],
    )


def scored(book: OpenBook, as_of: str, method: str, lot_id: str, origin: str) -> dict[str, Any]:
    rows = book.run("forecast_scores", as_of=as_of).filter(
        method=method, lot_id=lot_id, origin=date.fromisoformat(origin)
    )
    assert rows.height == 1
    return rows.to_dicts()[0]


def test_the_run_rate_is_one_number_and_its_score_is_how_far_it_missed(rivals: OpenBook) -> None:
    # On the ninetieth day 45 of 100 are used: 100 - 45 / 0.9 = 50 would be left, and 40 are. 40 lies under all levels.
    row = scored(rivals, "2025-12-31", "run_rate", "C", "2025-03-31")
    assert {name: row[name] for name in ("contract_id", "service", "owner")} == {
        "contract_id": "C",
        "service": "consulting",
        "owner": "Team A",
    }
    numbers = ["elapsed_share", "expected", "middle", "unused", "crps", "held_80", "held_50"]
    assert [row[name] for name in numbers] == pytest.approx([0.9, 0.5, 0.5, 0.4, 0.1, 0, 0])


def test_without_ended_lots_the_rival_with_its_errors_is_the_run_rate(rivals: OpenBook) -> None:
    row, plain = (scored(rivals, "2024-12-31", name, "alone", "2023-12-31") for name in ("conformal", "run_rate"))
    assert {**row, "method": ""} == {**plain, "method": ""}


def test_the_rival_with_its_errors_shifts_the_run_rate_by_what_it_got_wrong(rivals: OpenBook) -> None:
    # At the eighteenth of twenty steps, day 91 of 100, the pace of E1 (4.55 of 10) would leave 0.5, and 0.3 were left;
    # that of alone (45 of 100) 0.505495, and 0.4 were left; that of E2 (nothing) all, and 0.9 were left.
    row = scored(rivals, "2025-12-31", "conformal", "C", "2025-03-31")
    levels = 50 + 100 * np.quantile([0.3 - 0.5, 0.4 - (1 - 0.45 / 0.91), 0.9 - 1], LEVELS)
    assert [row["expected"], row["middle"], row["unused"]] == pytest.approx([levels.mean() / 100, levels[3] / 100, 0.4])
    assert row["crps"] == pytest.approx(crps(levels, 40) / 100)
    # The level of 95% is 39.95: 40 lies above it.
    assert (row["held_80"], row["held_50"]) == (0, 0)


def crps(levels: np.ndarray[Any, Any], outcome: float) -> float:
    missed = outcome - levels
    return float(2 * (WEIGHTS * np.maximum(LEVELS * missed, (LEVELS - 1) * missed)).sum())


def held(levels: list[float], remaining: float, outcome: float, low: float, high: float) -> float:
    """Share of the outcome's own mass between two chances: an atom ends half of the way to the levels beside it."""
    points, chances = np.array([0, *levels, remaining]), np.array([0, *LEVELS, 1])
    near = np.flatnonzero(np.abs(points - outcome) <= 1e-6 * remaining)
    if not near.size:
        return float(low <= np.interp(outcome, points, chances) <= high)
    first, last = near[0], near[-1]
    below = 0.0 if first == 0 else (chances[first - 1] + chances[first]) / 2
    upto = 1.0 if last == 8 else (chances[last] + chances[last + 1]) / 2
    return float(max(0, min(upto, high) - max(below, low)) / (upto - below))


@pytest.fixture(scope="module")
def record(new_book: Callable[..., OpenBook]) -> OpenBook:
    """Thirty-six lots of 2023 to 2025 in two services, some used up, some unused, one added to, one in use yet."""
    lots, lines = [], []
    contracts = [contract(f"C{number}", owner=f"Team {'AB'[number % 2]}") for number in range(4)]
    for number in range(36):
        name, first = f"lot {number:02d}", date(2023, 1, 15) + timedelta(days=27 * number)
        own, service = f"C{number % 4}", ("consulting", "training")[number % 3 == 0]
        term = f"{first}..{first + timedelta(days=130 + 10 * (number % 5))}"
        lots.append(lot(name, 10 + number, 1000, term, contract_id=own, service=service))
        for day, share in ((15, 0.2), (60, 0.1 * (number % 6)), (110, 0.8 if number % 5 == 0 else 0.1)):
            on, quantity = str(first + timedelta(days=day)), round(share * (10 + number), 1)
            if quantity:
                lines.append(used(f"{name} {day}", own, on, quantity, lot_id=name))
    lots.append(lot("open", 10, 100, "2025-06-01..2026-12-31", contract_id="C0"))
    return new_book(contracts=contracts, lots=lots, consumption=lines)


@pytest.fixture(scope="module")
def raw(record: OpenBook) -> pl.DataFrame:
    """Scores of every forecast and rival's forecast of a lot that has ended, worked out again without SQL."""
    record.foresee(date(2026, 2, 15))
    forecasts = record.sql("SELECT origin, lot_id, levels, remaining_quantity, elapsed_share, expected FROM forecasts")
    made = [("forecast", origin, lot_id, levels, expected) for origin, lot_id, levels, _, _, expected in forecasts]
    for method, origin, lot_id, levels in record.sql("SELECT method, origin, lot_id, levels FROM rival_forecasts"):
        made.append((method, origin, lot_id, levels, sum(levels) / len(levels)))
    stood = {(origin, lot_id): (float(had), elapsed) for origin, lot_id, _, had, elapsed, _ in forecasts}
    sold = {lot_id: (last, float(units)) for lot_id, last, units in record.sql(f"SELECT {SOLD} FROM lots")}
    drawn = dict(record.sql("SELECT lot_id, sum(quantity) FROM movements WHERE kind = 'draw' GROUP BY lot_id"))
    rows = []
    for method, origin, lot_id, levels, expected in made:
        last, units = sold[lot_id]
        if origin < last <= date(2026, 2, 15):
            unused = units - float(drawn.get(lot_id, 0))
            had, elapsed = stood[origin, lot_id]
            rows.append(
                {
                    "method": method,
                    "origin": origin,
                    "lot_id": lot_id,
                    "elapsed_share": elapsed,
                    "expected": expected / units,
                    "middle": levels[3] / units,
                    "unused": unused / units,
                    "crps": crps(np.array(levels), unused) / units,
                    "held_80": held(levels, had, unused, 0.1, 0.9),
                    "held_50": held(levels, had, unused, 0.25, 0.75),
                }
            )
    return pl.DataFrame(rows).sort("method", "origin", "lot_id")


def test_scores_are_those_worked_out_again(record: OpenBook, raw: pl.DataFrame) -> None:
    rows = record.run("forecast_scores", as_of="2026-02-15")
    assert rows.height > 100
    keys = ["method", "origin", "lot_id"]
    assert rows.select(keys).equals(raw.select(keys))
    for name in raw.columns[3:]:
        assert np.abs((rows[name] - raw[name]).to_numpy()).max() < 1e-6, name
    assert set(rows["held_80"]) > {0.0, 1.0}  # outcomes at nil straddle the end of an interval


def test_the_quarter_ends_of_three_years_are_scored_and_lots_that_have_ended(record: OpenBook) -> None:
    rows = record.run("forecast_scores", as_of="2026-02-15")
    ends = [
        date(year, month, day) for year in (2023, 2024, 2025) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))
    ]
    assert rows["origin"].unique().sort().to_list() == ends
    assert "open" not in set(rows["lot_id"])
    # A day in between, asked about too, is no part of it; nor is the end of a lot that was yet to come.
    earlier = record.run("forecast_scores", as_of="2024-11-20")
    assert record.run("forecast_scores", as_of="2026-02-15").equals(rows)
    assert set(earlier["origin"]) == {day for day in ends if day < date(2024, 11, 20)}
    last = dict(record.sql("SELECT lot_id, expires_on FROM lots"))
    assert set(earlier["lot_id"]) == {lot_id for lot_id in set(rows["lot_id"]) if last[lot_id] <= date(2024, 11, 20)}


@pytest.mark.parametrize(
    ("dimension", "members"),
    [
        ("all", ["all"]),
        ("service", ["consulting", "training"]),
        ("owner", ["Team A", "Team B"]),
        ("share", ["0 to 25%", "25 to 50%", "50 to 75%", "75 to 100%"]),
        ("origin", [f"{year}-{end}" for year in (2023, 2024, 2025) for end in ("03-31", "06-30", "09-30", "12-31")]),
    ],
)
def test_a_member_of_the_record_is_the_mean_of_its_scores(record: OpenBook, dimension: str, members: list[str]) -> None:
    scores = record.run("forecast_scores", as_of="2026-02-15").with_columns(
        all=pl.lit("all"),
        origin=pl.col("origin").cast(pl.String),
        share=pl.col("elapsed_share").map_elements(lambda share: members[int(share * 4)], pl.String)
        if dimension == "share"
        else pl.lit(""),
    )
    rows = record.run("backtest", as_of="2026-02-15", dimension=dimension)
    assert rows["member", "method"].rows() == [
        (member, method) for member in members for method in ("conformal", "forecast", "run_rate")
    ]
    for row in rows.to_dicts():
        own = scores.filter(pl.col(dimension) == row["member"], pl.col("method") == row["method"])
        unused = own["unused"].to_numpy()
        assert (row["forecast_count"], row["lot_count"]) == (own.height, own["lot_id"].n_unique())
        assert [row[name] for name in ("unused", "crps", "held_80", "held_50", "wape", "bias")] == pytest.approx(
            [
                unused.mean(),
                *(own[name].mean() for name in ("crps", "held_80", "held_50")),
                np.abs(own["middle"].to_numpy() - unused).sum() / unused.sum(),
                own["expected"].sum() / unused.sum(),
            ]
        )


def test_a_record_in_which_nothing_was_left_has_no_error_in_shares_of_it(new_book: Callable[..., OpenBook]) -> None:
    book = new_book(
        lots=[lot("C", 10, 100, "2025-01-01..2025-05-31")],
        consumption=[used("U1", "C", "2025-02-01", 4), used("U2", "C", "2025-05-01", 6)],
    )
    rows = book.run("backtest", as_of="2025-12-31", dimension="all")
    # The pace would have left 10 - 4 / (90 / 151) = 3.2889, and nothing was: below all seven levels.
    assert rows.filter(method="run_rate").drop("crps").row(0) == ("all", "run_rate", 1, 1, 0, None, None, 0, 0)
    assert rows["crps"][2] == pytest.approx(1 - 0.4 / (90 / 151))
    assert rows["forecast_count"].to_list() == [1, 1, 1]


def test_the_record_of_one_contract_is_of_the_forecasts_everybody_gets(record: OpenBook) -> None:
    whole = record.run("forecast_scores", as_of="2026-02-15")
    assert record.run("forecast_scores", as_of="2026-02-15", contract="C1").equals(whole.filter(contract_id="C1"))
    mine = record.run("backtest", as_of="2026-02-15", dimension="owner", owner="Team B")
    everybody = record.run("backtest", as_of="2026-02-15", dimension="owner")
    assert_frame_equal(mine, everybody.filter(member="Team B"))  # but for the order in which scores are added up


def test_only_what_lots_have_is_a_member(record: OpenBook) -> None:
    with pytest.raises(FigureError, match=r"backtest can't use these values: .*all, service, owner, share or origin"):
        record.run("backtest", as_of="2026-02-15", dimension="segment")

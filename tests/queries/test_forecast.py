"""What open lots are forecast to leave unused: unused_forecast, unused_draws, and the totals counted on them."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from queries.forecast.distribution import DRAWS, quantiles
from queries.forecast.forecaster import forecast
from queries.forecast.known import known
from tests.queries.tiny import OpenBook, account, contract, down, extended, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import Row

AS_OF = "2026-02-19"
#: A term of a hundred days of which AS_OF is the fiftieth.
TERM = "2026-01-01..2026-04-10"
LEVELS = {
    "low_quantity": 1,
    "lower_quantity": 2,
    "middle_quantity": 3,
    "upper_quantity": 4,
    "high_quantity": 5,
}
CENT = 0.0051


def past() -> dict[str, list[Row]]:
    """Twenty-four lots of ten hours that ended in 2025, a hundred days each; of every third nothing is left."""
    lots, lines = [], []
    for number in range(24):
        name, first = f"past {number:02d}", date(2025, 1, 1) + timedelta(days=10 * number)
        lots.append(lot(name, 10, 100, f"{first}..{first + timedelta(days=99)}", contract_id=f"past {number % 4}"))
        for day, quantity in ((20, 2), (45, number % 5), (80, 10 if number % 3 == 0 else 1)):
            if quantity:
                on = str(first + timedelta(days=day))
                lines.append(used(f"{name} {day}", f"past {number % 4}", on, quantity, lot_id=name))
    return {"lots": lots, "consumption": lines}


def present() -> dict[str, list[Row]]:
    """Lots that are open on AS_OF."""
    return {
        "accounts": [account("Acme", segment="Enterprise", region="North"), account("Beta", region="South")],
        "contracts": [
            contract("open", account_id="Beta", owner="Team B", vehicle="pool", currency="EUR"),
            contract("yen", currency="JPY"),
        ],
        "lots": [
            lot("open", 100, 1000, TERM),
            lot("slow", 90, 1000, TERM, service="training"),
            lot("fast", 100, 1000, TERM),
            lot("grace", 100, 1000, "2026-01-01..2026-02-15", grace_until="2026-04-10"),
            lot("long", 10, 100, "2025-12-01..2026-12-31"),
            lot("booked", 100, 1000, TERM),
            lot("as fast", 100, 1000, TERM),
            lot("yen", 7, 1000, TERM),
            lot("spent", 10, 100, TERM),
            lot("forever", 10, 100, "2026-01-01.."),
        ],
        "consumption": [
            used("O1", "open", "2026-01-10", 20),
            used("S1", "slow", "2026-01-10", 4),
            used("F1", "fast", "2026-01-10", 40),
            used("G1", "grace", "2026-02-01", 30),
            used("B1", "booked", "2026-01-10", 40),
            used("A1", "as fast", "2026-01-10", 40),
            used("Y1", "yen", "2026-01-10", 1),
            used("X1", "spent", "2026-01-10", 10),
        ],
        "requests": [
            {
                "request_id": "R1",
                "contract_id": "booked",
                "title": "Help",
                "quantity": 45,
                "status": "approved",
                "requested_on": "2026-02-01",
            }
        ],
    }


def together(*parts: dict[str, list[Row]]) -> dict[str, list[Row]]:
    return {name: [row for part in parts for row in part.get(name, [])] for name in {n for part in parts for n in part}}


@pytest.fixture(scope="module")
def firm(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(**together(past(), present()))


def test_without_ended_lots_it_is_one_part_the_pace_so_far_and_two_parts_anything(
    new_book: Callable[..., OpenBook],
) -> None:
    # Half of the term has passed. Of half 30 of 100 are used: the pace would leave 40 of the 70 left, 0.571429 of them,
    # and the mean of anything is a half: (0.571429 + 2 x 0.5) / 3 of 70. unused: (1 + 2 x 0.5) / 3 of 100. ahead: 60
    # used would leave nothing: 1/3 of 40. Anything is 101 equal bins of 2/303, so that 10% is reached at bin 14.65 and
    # 25% at 37.375; with a third at nil before them, 75% at 62.625 and 90% at 85.35.
    book = new_book(
        lots=[lot("half", 100, 1000, TERM), lot("unused", 100, 1000, TERM), lot("ahead", 100, 1000, TERM)],
        consumption=[used("H1", "half", "2026-01-10", 30), used("A1", "ahead", "2026-01-10", 60)],
    )
    assert down(book.run("unused_forecast", as_of=AS_OF)) == text("""
        lot_id              ahead       half        unused
        contract_id         ahead       half        unused
        currency            USD         USD         USD
        usable_until        2026-04-10  2026-04-10  2026-04-10
        unit                hour        hour        hour
        remaining_quantity  40          70          100
        elapsed_share       0.5         0.5         0.5
        used_share          0.6         0.3         0
        learned_from        0           0           0
        expected_quantity   13.3333     36.6667     66.6667
        low_quantity        0           10.255      14.65
        lower_quantity      0           26.1625     37.375
        middle_quantity     9.9         39.7133     75.25
        upper_quantity      25.05       43.8375     100
        high_quantity       34.14       59.745      100
        expected_amount     133.33      366.67      666.67
        low_amount          0           102.55      146.5
        high_amount         341.4       597.45      1000
        runs_out_chance     0.339934    0.006601    0.006601
        runs_out_on         -           -           -
    """)


def test_the_figure_is_the_forecast_of_what_was_known(firm: OpenBook) -> None:
    lots, use = firm.run("known_lots", as_of=AS_OF), firm.run("known_use", as_of=AS_OF)
    rows = firm.run("unused_forecast", as_of=AS_OF)
    assert rows["lot_id"].to_list() == ["as fast", "booked", "fast", "grace", "long", "open", "slow", "yen"]
    asked = rows.select("lot_id", pl.lit(date.fromisoformat(AS_OF)).alias("as_of")).join(
        firm.run("bookings", as_of=AS_OF).select("lot_id", booked="quantity"), on="lot_id", how="left"
    )
    found = forecast(known(lots, use), asked.sort("lot_id"))
    levels = quantiles(found)

    assert rows["remaining_quantity"].to_list() == [60, 60, 60, 70, 10, 80, 86, 6]
    assert rows["learned_from"].to_list() == found.learned_from.tolist() == [24] * 8
    assert_near(rows["expected_quantity"], found.mean * found.remaining, 0.00005)
    assert_near(rows["runs_out_chance"], found.chances[:, 0], 1e-12)
    for name, level in LEVELS.items():
        assert_near(rows[name], levels[:, level], 0.00005)


def test_a_forecast_lies_between_nil_and_what_is_left_and_its_levels_in_their_order(firm: OpenBook) -> None:
    rows = firm.run("unused_forecast", as_of=AS_OF)
    ordered = [*LEVELS, "remaining_quantity"]
    for lower, upper in itertools.pairwise(ordered):
        assert (rows[lower] <= rows[upper]).all()
    assert (rows["low_quantity"] >= 0).all()
    assert (rows["expected_quantity"] <= rows["remaining_quantity"]).all()
    assert rows["runs_out_chance"].is_between(0, 1).all()
    days = rows.filter(rows["runs_out_on"].is_not_null())
    assert days.height > 0
    assert (days["runs_out_on"] >= date.fromisoformat(AS_OF)).all()
    assert (days["runs_out_on"] <= days["usable_until"]).all()


def test_amounts_are_units_at_the_price_the_lot_was_sold_at(firm: OpenBook) -> None:
    rows = firm.run("unused_forecast", as_of=AS_OF)
    steps = {"USD": Decimal("0.01"), "EUR": Decimal("0.01"), "JPY": Decimal(1)}
    sold = {"long": (100, 10), "yen": (1000, 7), "slow": (1000, 90)}
    for name in ("expected", "low", "high"):
        for row in rows.select("lot_id", "currency", f"{name}_quantity", f"{name}_amount").rows():
            lot_id, currency, quantity, amount = row
            price, units = sold.get(lot_id, (1000, 100))
            exact = quantity * price / units
            assert abs(amount - exact) <= steps[currency] / 2
            assert amount % steps[currency] == 0


def test_what_is_booked_will_be_used(firm: OpenBook) -> None:
    # booked and as fast are alike, but for 45 of the 60 units left being booked: no more than 15 can be left.
    rows = {row["lot_id"]: row for row in firm.run("unused_forecast", as_of=AS_OF).to_dicts()}
    assert rows["booked"]["high_quantity"] <= Decimal("15.01")
    assert rows["booked"]["expected_quantity"] <= Decimal("15.01") < rows["as fast"]["high_quantity"]
    assert {**rows["as fast"], "lot_id": "fast", "contract_id": "fast"} == rows["fast"]


def test_of_a_lot_in_grace_after_a_cap_what_is_left_is_forecast(new_book: Callable[..., OpenBook]) -> None:
    # 2 of 10 used; at the close of March 6 of the other 8 lapse, and 2 are carried over.
    book = new_book(
        lots=[lot("C", 10, 100, "2026-01-01..2026-03-31", grace_until="2026-06-30", carry_over_cap_quantity=2)],
        consumption=[used("U1", "C", "2026-02-01", 2)],
    )
    row = book.run("watch_list", as_of="2026-04-30").to_dicts()[0]
    assert row["remaining_quantity"] == 2
    assert 0 < row["expected_quantity"] <= row["high_quantity"] <= 2
    assert book.run("unused_forecast", as_of="2026-04-30")["remaining_quantity"].to_list() == [2]


def later() -> dict[str, list[Row]]:
    """What comes after AS_OF: deliveries, deliveries posted late, an extension, lots sold, one that ends at once."""
    return {
        "lots": [lot("new", 10, 100, "2026-02-20..2026-12-31"), lot("brief", 10, 100, "2026-02-20..2026-03-01")],
        "consumption": [
            used("Z1", "open", "2026-03-01", 60),
            used("Z2", "slow", "2026-01-20", 50, posted_on="2026-02-20"),
            *(
                used(f"Z {n}", f"past {n % 4}", "2025-12-01", 3, posted_on="2026-03-01", lot_id=f"past {n}")
                for n in range(22, 24)
            ),
        ],
        "amendments": [extended("Z3", "fast", "2026-03-01", "2026-12-31")],
    }


def test_nothing_that_came_later_changes_what_was_forecast(new_book: Callable[..., OpenBook], firm: OpenBook) -> None:
    knowing = new_book(**together(past(), present(), later()))
    for figure in ("unused_forecast", "unused_draws"):
        assert knowing.run(figure, as_of=AS_OF).equals(firm.run(figure, as_of=AS_OF))
    assert not knowing.run("unused_forecast", as_of="2026-03-02").equals(
        firm.run("unused_forecast", as_of="2026-03-02")
    )
    totals = ["currency", "quarter_start", "origin", "lot_count", "expected_amount", "low_amount", "high_amount"]
    assert (
        knowing.run("quarter_forecasts", as_of=AS_OF)
        .select(totals)
        .equals(firm.run("quarter_forecasts", as_of=AS_OF).select(totals))
    )


def test_a_snapshot_opened_twice_is_forecast_the_same_and_days_do_not_mix(firm: OpenBook) -> None:
    again = OpenBook(firm.snapshot)
    again.run("unused_forecast", as_of="2026-03-05")  # another day first
    for figure in ("unused_forecast", "unused_draws", "quarter_forecasts", "forecast_scores", "watch_list"):
        assert again.run(figure, as_of=AS_OF).equals(firm.run(figure, as_of=AS_OF)), figure
    assert set(again.run("unused_draws", as_of=AS_OF)["origin"]) == set(firm.run("unused_draws", as_of=AS_OF)["origin"])


@pytest.mark.parametrize(
    "narrowed",
    [
        {"contract": "open"},
        {"account": "Beta"},
        {"owner": "Team B"},
        {"vehicle": "pool"},
        {"currency": "EUR"},
        {"segment": "(none)"},
        {"region": "South"},
    ],
    ids=str,
)
def test_the_forecast_of_a_lot_does_not_depend_on_who_asks(firm: OpenBook, narrowed: dict[str, str]) -> None:
    for figure in ("unused_forecast", "unused_draws", "watch_list"):
        whole = firm.run(figure, as_of=AS_OF).filter(lot_id="open")
        assert whole.height > 0
        assert firm.run(figure, as_of=AS_OF, **narrowed).equals(whole)
    euro = firm.run("quarter_forecasts", as_of=AS_OF).filter(currency="EUR")
    assert firm.run("quarter_forecasts", as_of=AS_OF, **narrowed).equals(euro)


def test_a_book_first_asked_by_one_client_learns_from_everybody(firm: OpenBook) -> None:
    again = OpenBook(firm.snapshot)
    assert again.run("unused_forecast", as_of=AS_OF, contract="open")["learned_from"].to_list() == [24]


def test_every_lot_is_drawn_two_hundred_times_as_its_levels_say(firm: OpenBook) -> None:
    rows = firm.run("unused_draws", as_of=AS_OF).filter(origin=date.fromisoformat(AS_OF))
    levels = firm.run("unused_forecast", as_of=AS_OF)
    price = {"long": 10, "yen": 1000 / 7, "slow": 1000 / 90}
    assert rows.height == DRAWS * levels.height
    for row in levels.to_dicts():
        of_lot = rows.filter(lot_id=row["lot_id"])
        assert of_lot["draw_no"].to_list() == list(range(1, DRAWS + 1))
        unit = price.get(row["lot_id"], 10)
        assert_near(of_lot["remaining"], [float(row["remaining_quantity"]) * unit] * DRAWS, 1e-6)
        drawn = (of_lot["amount"] / unit).sort().to_numpy()
        assert drawn[0] >= 0
        assert drawn[-1] <= float(row["remaining_quantity"])
        # The draws are at 0.25%, 0.75%, … so that a level lies between the two beside it.
        for name, level in zip(LEVELS, (0.1, 0.25, 0.5, 0.75, 0.9), strict=True):
            above = round(level * DRAWS)
            assert drawn[above - 1] - 0.0001 <= float(row[name]) <= drawn[above] + 0.0001


def test_lots_are_not_drawn_in_step_nor_against_each_other(firm: OpenBook) -> None:
    rows = firm.run("unused_draws", as_of=AS_OF).filter(origin=date.fromisoformat(AS_OF))
    wide = rows.pivot("lot_id", index="draw_no", values="amount").drop("draw_no")
    among = np.corrcoef(wide.select("open", "slow", "as fast", "fast", "grace").to_numpy().T)
    pairs = among[np.triu_indices(5, 1)]
    assert (abs(pairs) < 0.9).all()
    assert pairs.mean() > 0


def interval(rows: pl.DataFrame) -> list[float]:
    """The 80% interval of the lots' sum: added up draw by draw."""
    worlds = np.zeros(DRAWS)
    np.add.at(worlds, rows["draw_no"].to_numpy() - 1, rows["amount"].to_numpy())
    return [float(end) for end in np.quantile(worlds, [0.1, 0.9])]


@pytest.mark.parametrize("dimension", ["service", "segment", "owner"])
def test_intervals_of_groups_are_those_of_their_lots_draws_added_up(firm: OpenBook, dimension: str) -> None:
    watched = firm.run("watch_list", as_of=AS_OF)
    draws = firm.run("unused_draws", as_of=AS_OF).filter(origin=date.fromisoformat(AS_OF))
    rows = firm.run("unused_by_group", as_of=AS_OF, dimension=dimension)
    assert set(rows["currency", "member"].rows()) == set(watched["currency", dimension].rows())
    for row in rows.to_dicts():
        lots = watched.filter((pl.col("currency") == row["currency"]) & (pl.col(dimension) == row["member"]))
        assert (row["lot_count"], row["expected_amount"]) == (lots.height, lots["expected_amount"].sum())
        assert_interval(row, draws.filter(pl.col("lot_id").is_in(lots["lot_id"].implode())))


def test_intervals_of_the_portfolio_are_those_of_all_draws_added_up(firm: OpenBook) -> None:
    draws = firm.run("unused_draws", as_of=AS_OF).filter(origin=date.fromisoformat(AS_OF))
    rows = firm.run("portfolio_summary", as_of=AS_OF)
    assert rows["currency"].to_list() == ["EUR", "JPY", "USD"]
    for row in rows.to_dicts():
        assert_interval(row, draws.filter(currency=row["currency"]))
    # Wider than lots that miss alone would make it, narrower than lots that miss in step.
    usd, lots = rows.filter(currency="USD").to_dicts()[0], firm.run("watch_list", as_of=AS_OF, currency="USD")
    assert usd["expected_amount"] == lots["expected_amount"].sum()
    assert usd["high_amount"] - usd["low_amount"] < sum(lots["high_amount"] - lots["low_amount"])


def test_intervals_of_quarters_are_those_of_their_lots_draws_added_up(firm: OpenBook) -> None:
    draws = firm.run("unused_draws", as_of=AS_OF)
    rows = firm.run("quarter_forecasts", as_of=AS_OF)
    assert rows.height > len(set(rows["origin"])) > 3
    for row in rows.to_dicts():
        quarter = pl.col("usable_until").dt.truncate("1q") == row["quarter_start"]
        lots = draws.filter(quarter, origin=row["origin"], currency=row["currency"])
        assert lots.height == DRAWS * row["lot_count"]
        assert_interval(row, lots)


def test_a_day_is_foreseen_once_and_says_how_far_it_is(firm: OpenBook) -> None:
    again, told = OpenBook(firm.snapshot), list[tuple[int, int]]()
    day = date.fromisoformat(AS_OF)
    assert not again.foresees(day)
    again.foresee(day, lambda done, every: told.append((done, every)))
    assert told == [(done, 13) for done in range(14)]  # twelve quarter ends and the day
    assert again.foresees(day)
    assert not again.foresees(date(2025, 12, 31))  # it was foreseen, but its own three years begin a quarter earlier
    assert not again.foresees(date(2022, 12, 31))
    count = "SELECT count(*) FROM forecasts"
    there = again.sql(count)
    again.foresee(day)
    again.run("watch_list", as_of=AS_OF)
    assert again.sql(count) == there


def assert_near(found: pl.Series, expected: object, by: float) -> None:
    assert np.abs(found.cast(pl.Float64).to_numpy() - np.asarray(expected)).max() <= by


def assert_interval(row: dict[str, object], draws: pl.DataFrame) -> None:
    step = 0.501 if row["currency"] == "JPY" else CENT
    shown = [float(str(row[name])) for name in ("low_amount", "high_amount")]
    assert shown == pytest.approx(interval(draws), abs=step)

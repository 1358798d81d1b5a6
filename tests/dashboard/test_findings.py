"""The sentences over the charts are true for dull selections too, and every selection can be drawn."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import polars as pl
import pytest

from dashboard.charts import analogs, expiry_calendar, forecast_change, recognition, unused_by_quarter
from dashboard.charts.base import money_axis, month_axis, month_labels, nice_ticks
from dashboard.charts.recognition import Basis, Comparison
from dashboard.theme import LIGHT

AS_OF = date(2026, 11, 22)


def amounts(*values: float | None) -> pl.Series:
    return pl.Series([None if value is None else Decimal(value) for value in values], dtype=pl.Decimal(18, 3))


def calendar(*months: tuple[date, int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "month_start": [start for start, _, _ in months],
            "lot_count": [1] * len(months),
            "remaining_amount": amounts(*(held for _, held, _ in months)),
            "expected_amount": amounts(*(lapse for _, _, lapse in months)),
        }
    )


def test_the_month_to_watch_is_the_one_in_which_most_lapses() -> None:
    rows = calendar((date(2026, 12, 1), 900_000, 40_000), (date(2027, 1, 1), 600_000, 450_000))
    title = "January 2027 is the month to watch: $450k of the $600k that ends then is forecast to lapse"
    assert expiry_calendar.finding(rows, AS_OF, "USD").title == title


def test_one_month_and_nothing_to_lapse_have_sentences_of_their_own() -> None:
    one = calendar((date(2026, 12, 1), 9_000, 4_000))
    title = "All of the open balance ends in December: $4,000 of $9,000 is forecast to lapse"
    assert expiry_calendar.finding(one, AS_OF, "USD").title == title
    none = calendar((date(2026, 12, 1), 9_000, 0))
    assert expiry_calendar.finding(none, AS_OF, "USD").title == "Nothing of the open balance is forecast to lapse"


def test_what_ends_after_the_months_shown_is_said() -> None:
    rows = calendar((date(2026, 12, 1), 9_000, 4_000), (date(2029, 1, 1), 80_000, 10_000))
    said = expiry_calendar.finding(rows, AS_OF, "USD").subtitle
    assert "Not shown: $80k that ends after January 2028, $10k of it forecast to lapse." in said
    assert len(expiry_calendar.draw(rows, AS_OF, "USD", LIGHT).data[0].x) == expiry_calendar.MONTHS


def quarters(*rows: tuple[date, bool, int | None, int | None]) -> pl.DataFrame:
    """Quarters with an expected amount, an interval of 20% either way, and what lapsed."""
    expected = [value for _, _, value, _ in rows]
    return pl.DataFrame(
        {
            "quarter_start": [start for start, *_ in rows],
            "is_past": [is_past for _, is_past, *_ in rows],
            "expected_amount": amounts(*expected),
            "low_amount": amounts(*(None if value is None else value * 0.8 for value in expected)),
            "high_amount": amounts(*(None if value is None else value * 1.2 for value in expected)),
            "lapsed_amount": amounts(*(lapsed for *_, lapsed in rows)),
        }
    )


HELD, MISSED = (date(2026, 4, 1), True, 100_000, 110_000), (date(2026, 7, 1), True, 100_000, 150_000)
UNTESTED = (date(2026, 1, 1), True, None, 50_000)
NEXT, AFTER = (date(2026, 10, 1), False, 352_000, None), (date(2027, 1, 1), False, 301_000, None)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (quarters(HELD, MISSED, NEXT, AFTER), "$653k is forecast to lapse in the next two quarters"),
        (quarters(HELD, NEXT), "$352k is forecast to lapse in Q4 26"),
        (quarters(HELD, MISSED), "Nothing is open that could still lapse"),
        (quarters((date(2026, 10, 1), False, 0, None)), "Nothing is forecast to lapse in Q4 26"),
    ],
)
def test_the_breakage_title(rows: pl.DataFrame, title: str) -> None:
    assert unused_by_quarter.finding(rows, "USD").title == title
    assert unused_by_quarter.draw(rows, "USD", LIGHT).layout.height == 400


def test_only_quarters_that_had_a_forecast_are_counted_as_held_or_not() -> None:
    rows = quarters(UNTESTED, HELD, MISSED, NEXT)
    assert unused_by_quarter.held(rows) == (1, 2)
    assert "1 of the last 2 held" in unused_by_quarter.finding(rows, "USD").subtitle
    assert "none has been put to the test yet" in unused_by_quarter.finding(quarters(UNTESTED, NEXT), "USD").subtitle


def basis(name: str, *revenue: int, breakage: tuple[int, ...] = ()) -> Basis:
    return Basis(name, LIGHT.actual, [Decimal(amount) for amount in revenue], [Decimal(amount) for amount in breakage])


ENDS = [date(2026, 11, 30), date(2026, 12, 31)]
SPAN = "From November to December 2026"


@pytest.mark.parametrize(
    ("first", "second", "title"),
    [
        ((12, 28), (40, 121_000), f"{SPAN}, on delivery books $121k less than ratable"),
        ((9_000, 500), (500, 500), f"{SPAN}, on delivery books $8,500 more than ratable"),
        ((-700, 0), (-200, 0), f"{SPAN}, on delivery books $500 less than ratable"),
        ((500, 0), (0, 500), f"{SPAN}, on delivery and ratable book the same in total"),
        ((500, 1), (500, 1), f"{SPAN}, on delivery and ratable book the same in every month"),
    ],
)
def test_the_recognition_title_adds_the_months_up(first: tuple[int, ...], second: tuple[int, ...], title: str) -> None:
    compared = Comparison(basis("on delivery", *first), basis("ratable", *second), [])
    assert recognition.finding(compared, SPAN, "month", "USD").title == title
    figure = recognition.draw(compared, ENDS, ["Nov 2026", "Dec 2026"], "USD", LIGHT)
    assert figure.layout.height == recognition.HEIGHT


def test_one_period_of_the_recognition_chart_is_drawn_as_points() -> None:
    compared = Comparison(basis("on delivery", 5), basis("ratable", 7), [basis("remote", 5)])
    figure = recognition.draw(compared, ENDS[1:], ["Dec 2026"], "USD", LIGHT)
    assert figure.data[0].mode == "lines+markers"


def test_breakage_is_said_of_the_policy_that_has_it() -> None:
    compared = Comparison(basis("on delivery", 300, 200, breakage=(0, 200)), basis("ratable", 250, 250), [])
    assert "$200 of on delivery is breakage." in recognition.finding(compared, SPAN, "month", "USD").subtitle


def test_labels_at_the_ends_of_lines_that_meet_make_room_for_each_other() -> None:
    heights = recognition.apart([10.0, 10.0, 11.0, 100.0], 19)
    assert [round(after - before, 6) >= 19 for before, after in pairwise(heights)] == [True] * 3
    assert heights[3] == 100.0
    assert recognition.apart([0.0, 50.0], 19) == [0.0, 50.0]


def test_quarters_are_labelled_by_their_names() -> None:
    assert recognition.period_ticks(ENDS, ["Q3 2026", "Q4 2026"]) == ["Q3 2026", "Q4 2026"]
    assert recognition.period_ticks(ENDS, ["Nov 2026", "Dec 2026"]) == ["Nov<br>2026", "Dec"]


def test_ticks_are_few_and_round() -> None:
    assert nice_ticks(0, 843_000) == [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]
    assert money_axis([0.0, 0.0], "USD")["ticktext"] == ["$0"]
    assert money_axis([-25_000, 50_000], "USD", 3)["ticktext"] == ["\N{MINUS SIGN}$25k", "$0", "$25k", "$50k"]


def test_months_name_their_year_only_where_it_changes() -> None:
    assert month_labels([date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]) == [
        "Nov<br>2026",
        "Dec",
        "Jan<br>2027",
    ]
    assert len(month_axis(date(2024, 1, 18), date(2029, 1, 17))["tickvals"]) <= 14


def changes(**moved: int) -> pl.DataFrame:
    return pl.DataFrame({"cause": list(moved), "lot_count": [1] * len(moved), "amount": amounts(*moved.values())})


def test_a_move_of_the_forecast_names_what_moved_it_most() -> None:
    moved = changes(new=40_000, time=15_000, use=-85_000)
    said = forecast_change.finding(Decimal(500_000), moved, date(2026, 10, 31), AS_OF, "USD")
    assert said.title == "The forecast fell by $30k since 31 October; delivered: \N{MINUS SIGN}$85k"


def test_a_forecast_that_did_not_move_says_so_and_is_drawn() -> None:
    said = forecast_change.finding(Decimal(0), changes(), date(2026, 10, 31), AS_OF, "USD")
    assert said.title == "The forecast has not moved since 31 October"
    drawn = forecast_change.draw(Decimal(0), changes(), date(2026, 10, 31), AS_OF, "USD", LIGHT)
    assert list(drawn.data[0].y) == [0, 0]


def test_the_steps_of_a_move_lead_from_what_was_forecast_to_what_is() -> None:
    drawn = forecast_change.draw(Decimal(100), changes(use=-30, new=10), date(2026, 10, 31), AS_OF, "USD", LIGHT)
    assert list(drawn.data[0].base) == [0, 100, 80, 0]
    assert list(drawn.data[0].y) == [100, 10, 30, 80]


def test_lots_alike_say_between_which_shares_they_ended() -> None:
    curves = pl.DataFrame(
        {
            "analog_no": [1, 1, 2],
            "weight": [0.5, 0.5, 0.2],
            "unused_share": [0.25, 0.25, 0.6],
            "elapsed_share": [0.0, 1.0, 1.0],
            "remaining_share": [1.0, 0.25, 0.6],
        }
    )
    assert analogs.finding(curves).title == "Of lots like this one, 25% to 60% was left in the end"
    own = pl.DataFrame({"on_date": [AS_OF], "elapsed_share": [0.5], "remaining_share": [0.7]})
    assert len(analogs.draw(curves, own, LIGHT).data) == 4


@pytest.mark.parametrize(
    ("amounts", "ending", "title"),
    [
        ([], None, "Nothing is forecast to be left unused"),
        ([], "Q1 27", "Nothing is forecast to be left unused in Q1 27"),
        ([100], "Q1 27", "1 lot makes up the $100 that open lots are forecast to leave unused in Q1 27"),
        (
            [60, 30, 20],
            "Q1 27",
            "1 lot of 3 makes up half of the $110 that open lots are forecast to leave unused in Q1 27",
        ),
        (
            [40, 40, 20, 20],
            None,
            "2 lots of 4 make up half of the $120 that open lots are forecast to leave unused",
        ),
    ],
)
def test_the_contributors_say_how_few_make_up_half(amounts: list[int], ending: str | None, title: str) -> None:
    lots = pl.DataFrame({"expected_amount": amounts}, schema={"expected_amount": pl.Decimal(18, 3)})
    assert unused_by_quarter.contributors(lots, ending, "USD") == title

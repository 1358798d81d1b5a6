"""The track record says what the backtest says, sentence by sentence, and says so where there is too little of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from dashboard import format as fmt
from dashboard import track_record
from dashboard.charts import track_record as charts
from dashboard.theme import DARK, LIGHT
from dashboard.track_record import ENOUGH, against, bias, change, compared, history, quarter_totals, than, too_little
from tests.queries import tiny

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from queries.book import Book

    Visit = Callable[..., AppTest]

AS_OF = date(2026, 11, 22)


def unescaped(markdown: str) -> str:
    return markdown.replace("\\", "")


def said(app: AppTest) -> str:
    assert not app.exception, app.exception
    return unescaped(app.title[0].value)


def findings(app: AppTest) -> list[str]:
    return [unescaped(header.value) for header in app.header]


@pytest.fixture
def as_of(book: Book) -> date:
    return book.snapshot.dated_on


def test_the_headline_is_the_backtest_of_all_lots(visit: Visit, book: Book, as_of: date) -> None:
    rows = book.run("backtest", as_of=as_of, dimension="all", currency="USD")
    by_method = {row["method"]: row for row in rows.iter_rows(named=True)}
    own = by_method["forecast"]
    smaller = 1 - own["crps"] / by_method["run_rate"]["crps"]
    app = visit("track_record")

    assert said(app) == (
        f"Of the 80% intervals, {own['held_80']:.0%} held; the forecast's error is {smaller:.0%} smaller than the run"
        " rate's"
    )
    assert f"{own['forecast_count']:,} forecasts of {own['lot_count']} ended lots" in unescaped(app.markdown[0].value)
    assert [metric.value for metric in app.metric][-1] == f"{own['forecast_count']:,}"
    assert len(app.get("plotly_chart")) == 2
    assert len(app.dataframe) == 2
    assert not app.warning


@pytest.mark.parametrize(
    ("by", "dimension"), [("Share of term", "share"), ("Service", "service"), ("Owner", "owner"), ("Day", "origin")]
)
def test_the_table_is_the_backtest_by_what_is_chosen(
    visit: Visit, book: Book, as_of: date, by: str, dimension: str
) -> None:
    rows = book.run("backtest", as_of=as_of, dimension=dimension, currency="USD").filter(method="forecast")
    shown = visit("track_record", by=by).dataframe[0].value

    assert sorted(str(member).removesuffix(" 00:00:00") for member in shown["member"]) == rows["member"].to_list()
    assert sorted(shown["forecast_count"]) == sorted(rows["forecast_count"])
    has_figures = shown["forecast_count"] >= ENOUGH
    assert (shown["crps"].notna() == has_figures).all()
    assert (shown["crps_run_rate"].notna() == has_figures).all()


@pytest.mark.parametrize("name", ["owner", "segment", "vehicle", "currency"])
def test_every_filter_narrows_the_record(visit: Visit, book: Book, as_of: date, name: str) -> None:
    wide = visit("track_record")
    value = wide.selectbox(key=name).options[-1]
    rows = book.run("backtest", as_of=as_of, dimension="all", **{"currency": "USD", name: value})
    app = visit("track_record", **{name: value})
    made = rows.filter(method="forecast")["forecast_count"].sum()

    assert said(app) != said(wide)
    assert f"{made:,} forecasts" in unescaped(app.markdown[0].value) or "Too little history" in said(app)


def test_a_quarter_of_the_link_is_shown_and_the_last_ended_one_at_first(visit: Visit, book: Book, as_of: date) -> None:
    rows = book.run("quarter_forecasts", as_of=as_of, currency="USD")
    last_ended = rows.filter("is_past")["quarter_start"].max()
    coming = rows.filter(~pl.col("is_past"))["quarter_start"].unique().sort()[1]
    for shown, app in (
        (last_ended, visit("track_record")),
        (coming, visit("track_record", quarter=charts.name(coming))),
    ):
        assert not app.exception
        assert app.selectbox(key="quarter").value == charts.name(shown)
        own = rows.filter(quarter_start=shown)
        assert charts.quarter_finding(own, as_of, "USD").title in findings(app)
        assert (
            app.dataframe[1].value["lot_count"].to_list() == own.sort("origin", descending=True)["lot_count"].to_list()
        )


def test_every_quarter_has_its_sentence_and_its_chart(book: Book, as_of: date) -> None:
    rows = book.run("quarter_forecasts", as_of=as_of)
    for (currency, _), own in rows.group_by("currency", "quarter_start", maintain_order=True):
        assert charts.quarter_finding(own, as_of, currency).title
        assert charts.draw_quarter(own, currency, DARK).layout.height == 400


def test_a_quarter_or_a_breakdown_that_does_not_exist_is_named(visit: Visit) -> None:
    app = visit("track_record", quarter="Q9 1999", by="Colour")
    assert said(app)
    warned = unescaped(" ".join(warning.value for warning in app.warning))
    assert "There is no quarter “Q9 1999”; showing Q3 2026." in warned
    assert "There is no breakdown by “Colour”; showing Share of term." in warned


def test_a_day_before_the_book_began_says_what_to_relax(visit: Visit) -> None:
    app = visit("track_record", as_of="2019-06-30", owner="Team Alder")
    assert not app.exception
    assert "ick a later as-of day" in unescaped(app.info[0].value)


def test_an_early_day_has_too_little_history_and_says_until_when(visit: Visit, book: Book) -> None:
    day = date(2023, 6, 30)
    overall = book.run("backtest", as_of=day, dimension="all", currency="USD")
    known = history(overall, book.run("watch_list", as_of=day, currency="USD"))
    app = visit("track_record", as_of=day.isoformat())

    assert not known.is_enough
    assert said(app) == too_little(known, day)[0]
    assert too_little(known, day)[1] in unescaped(app.info[0].value)
    assert not app.metric


def test_a_filter_that_leaves_too_little_is_named(visit: Visit, book: Book, as_of: date) -> None:
    views = (
        {"owner": owner, "segment": segment, "vehicle": vehicle}
        for owner in book.run("lot_balance", as_of=as_of)["owner"].unique().sort()
        for segment in book.run("lot_balance", as_of=as_of)["segment"].unique().sort()
        for vehicle in ("three-year pool",)
    )
    narrow = next(
        view
        for view in views
        if 0
        < book.run("backtest", as_of=as_of, dimension="all", currency="USD", **view)
        .filter(method="forecast")["forecast_count"]
        .sum()
        < ENOUGH
    )
    app = visit("track_record", **narrow)

    assert "Too little history" in said(app)
    assert "Relax" in unescaped(app.info[0].value)


def test_a_store_of_one_lot_says_what_is_missing(tmp_path: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.book(
        tmp_path,
        lots=[tiny.lot("A", 10, 1000)],
        billings=[tiny.billed("A-1", "A", "2026-01-01", 1000)],
        consumption=[tiny.used("U1", "A", "2026-02-10", 4)],
    )
    monkeypatch.setenv("DRAWDOWN_STORE", str(tmp_path))
    app = visit("track_record", as_of="2026-05-31")

    assert said(app) == (
        "Too little history to judge the forecast: none of the 30 forecasts needed can be held against what came"
    )
    assert unescaped(app.info[0].value) == (
        "No lot that was forecast has ended yet. A record needs 30; a lot gives one for each quarter end of its term."
        " The 1 lot now open will add about 3, the next lot ends on 31 December: more lots have to be bought and end"
        " before it says anything."
    )


def test_an_empty_store_says_what_to_run(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAWDOWN_STORE", str(tmp_path))
    app = visit("track_record")
    assert not app.exception
    assert "holds no snapshot" in unescaped(app.error[0].value)


def record(*members: tuple[str, int, tuple[float, float, float]]) -> pl.DataFrame:
    """backtest of members with a number of forecasts, and the errors of forecast, run rate and its past errors."""
    return pl.DataFrame(
        [
            {
                "member": member,
                "method": method,
                "forecast_count": count,
                "lot_count": count // 2,
                "unused": 0.3,
                "wape": 0.5,
                "crps": error,
                "bias": 1.0,
                "held_80": 0.8,
                "held_50": 0.5,
            }
            for member, count, errors in members
            for method, error in zip(track_record.METHODS, errors, strict=True)
        ]
    )


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (
            record(("0 to 25%", 40, (0.13, 0.41, 0.18)), ("75 to 100%", 40, (0.056, 0.09, 0.062))),
            (
                "The forecast errs least all along the term: by 13.0% of a lot at 0 to 25% of the term, by 5.6% at"
                " 75 to 100%"
            ),
        ),
        (
            record(("50 to 75%", 40, (0.13, 0.41, 0.18))),
            "The forecast errs least: by 13.0% of a lot at 50 to 75% of the term",
        ),
        (
            record(("0 to 25%", 40, (0.13, 0.41, 0.18)), ("75 to 100%", 40, (0.09, 0.09, 0.062))),
            "The forecast errs least at 0 to 25% of the term, not at other shares of it",
        ),
        (
            record(("0 to 25%", 40, (0.0, 0.0, 0.0))),
            "Nowhere along the term does the forecast err less than a run rate",
        ),
    ],
)
def test_the_title_of_the_errors_is_true_for_any_record(rows: pl.DataFrame, title: str) -> None:
    shares = compared(rows)
    assert charts.error_finding(shares).title == title
    assert len(charts.draw_errors(shares, LIGHT).data) == 3


def test_members_with_too_few_forecasts_have_counts_and_no_figures() -> None:
    shown = compared(record(("A", ENOUGH, (0.1, 0.2, 0.3)), ("B", ENOUGH - 1, (0.1, 0.2, 0.3))))
    assert shown.select("member", "forecast_count", "crps", "crps_run_rate", "crps_conformal").rows() == [
        ("A", 30, 0.1, 0.2, 0.3),
        ("B", 29, None, None, None),
    ]


@pytest.mark.parametrize(
    ("error", "rival", "words", "figure"),
    [
        (0.42, 1.0, "58% smaller than X", "\N{MINUS SIGN}58%"),
        (1.03, 1.0, "3.0% larger than X", "+3.0%"),
        (1.0, 1.0, "as large as X", "0%"),
        (0.0, 0.0, "as large as X", "0%"),
        (0.1, 0.0, "larger than X", "more"),
    ],
)
def test_errors_are_compared_in_words(error: float, rival: float, words: str, figure: str) -> None:
    assert than(against(error, rival), "X") == words
    assert change(error, rival) == figure


def test_a_bias_is_said_of_what_came() -> None:
    assert [bias(value) for value in (0.997, 1.25, 1.0, None)] == ["0.3% less", "25% more", "the same", "nothing came"]


def lots(*terms: tuple[date, date | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "lot_id": [f"L{number}" for number in range(len(terms))],
            "valid_from": [first for first, _ in terms],
            "usable_until": [last for _, last in terms],
        },
        schema={"lot_id": pl.String, "valid_from": pl.Date, "usable_until": pl.Date},
    )


YEAR = (date(2026, 1, 1), date(2026, 12, 31))
NEXT = (date(2026, 7, 1), date(2027, 6, 30))


@pytest.mark.parametrize(
    ("made", "open_lots", "advice"),
    [
        (
            24,
            lots(NEXT, YEAR, YEAR),
            (
                "There are 24 forecasts of 12 lots that have ended since. A record needs 30; a lot gives one for each"
                " quarter end of its term. About 2 more lots have to end for that: as many do on 31 December."
            ),
        ),
        (
            28,
            lots(YEAR, NEXT),
            (
                "There are 28 forecasts of 14 lots that have ended since. A record needs 30; a lot gives one for each"
                " quarter end of its term. About 1 more lot has to end for that: the next lot ends on 31 December."
            ),
        ),
        (
            2,
            lots(YEAR, NEXT, (date(2026, 1, 1), None)),
            (
                "There are 2 forecasts of 1 lot that has ended since. A record needs 30; a lot gives one for each"
                " quarter end of its term. The 2 lots now open will add about 6 by 30 June 2027, the next lot ends on"
                " 31 December: more lots have to be bought and end before it says anything."
            ),
        ),
        (
            0,
            lots(),
            (
                "No lot that was forecast has ended yet. A record needs 30; a lot gives one for each quarter end of its"
                " term. No lot is open that could add to it."
            ),
        ),
    ],
)
def test_too_little_history_says_what_is_there_and_what_is_missing(
    made: int, open_lots: pl.DataFrame, advice: str
) -> None:
    rows = record(("all", made, (0.1, 0.2, 0.3)))
    known = history(rows if made else rows.clear(), open_lots)
    title, words = too_little(known, AS_OF)
    assert words == advice
    assert (f"only {made} of the 30" if made else "none of the 30") in title


def forecasts(start: date, *rows: tuple[date, int, int | None]) -> pl.DataFrame:
    """quarter_forecasts of one quarter: the day, what was expected (give or take 20%), and what came."""

    def money(*values: float | None) -> pl.Series:
        return pl.Series([None if value is None else Decimal(value) for value in values], dtype=pl.Decimal(18, 3))

    return pl.DataFrame(
        {
            "currency": "USD",
            "quarter_start": start,
            "origin": [origin for origin, _, _ in rows],
            "is_past": [came is not None for *_, came in rows],
            "lot_count": 16,
            "expected_amount": money(*(expected for _, expected, _ in rows)),
            "low_amount": money(*(expected * 0.8 for _, expected, _ in rows)),
            "high_amount": money(*(expected * 1.2 for _, expected, _ in rows)),
            "lapsed_amount": money(*(came for *_, came in rows)),
        }
    )


Q3, Q4, Q1 = date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 1)
LONG_AGO, A_YEAR_AGO = date(2024, 6, 30), date(2025, 6, 30)
BEFORE, EVE = date(2026, 3, 31), date(2026, 6, 30)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (
            forecasts(Q3, (LONG_AGO, 90_000, 80_000), (A_YEAR_AGO, 520_000, 610_000), (EVE, 700_000, 690_000)),
            "A year ahead, $520k was forecast to lapse in Q3 2026; the 16 lots then open left $610k",
        ),
        (
            forecasts(Q3, (BEFORE, 520_000, 610_000), (EVE, 700_000, 690_000)),
            "Three months ahead, $520k was forecast to lapse in Q3 2026; the 16 lots then open left $610k",
        ),
        (
            forecasts(Q3, (EVE, 0, 0)),
            "On 30 June, $0 was forecast to lapse in Q3 2026; the 16 lots then open left $0",
        ),
        (
            forecasts(Q1, (EVE, 500_000, None), (AS_OF, 520_000, None)),
            "$520k is forecast to lapse in Q1 2027; on 30 June it was $500k",
        ),
        (
            forecasts(Q4, (EVE, 500_000, None), (AS_OF, 220_000, None)),
            "$220k is still forecast to lapse in Q4 2026; on 30 June it was $500k",
        ),
        (forecasts(Q1, (AS_OF, 520_000, None)), "$520k is forecast to lapse in Q1 2027, forecast for the first time"),
        (
            forecasts(Q4, (EVE, 500_000, None)),
            "Nothing more is forecast to lapse in Q4 2026; on 30 June it was $500k",
        ),
    ],
)
def test_the_title_of_a_quarter_is_true_for_any_of_them(rows: pl.DataFrame, title: str) -> None:
    assert charts.quarter_finding(rows, AS_OF, "USD").title == title
    assert charts.draw_quarter(rows, "USD", LIGHT).layout.height == 400


def test_quarter_totals_are_those_forecast_before_the_quarter_began() -> None:
    rows = pl.concat(
        [
            forecasts(Q3, (A_YEAR_AGO, 500_000, 610_000), (EVE, 700_000, 690_000), (date(2026, 9, 30), 10, 10)),
            forecasts(Q1, (EVE, 500_000, None)),
        ]
    )
    assert quarter_totals(rows) == (1, 2)
    assert quarter_totals(rows.filter(~pl.col("is_past"))) == (0, 0)


def test_what_came_outside_its_interval_stands_out() -> None:
    rows = forecasts(Q3, (A_YEAR_AGO, 500_000, 610_000), (EVE, 700_000, 690_000))
    line = next(trace for trace in charts.draw_quarter(rows, "USD", LIGHT).data if trace.mode == "lines+markers")
    assert list(line.marker.color) == [LIGHT.attention, LIGHT.actual]
    assert "1 of 2 intervals held" in charts.quarter_finding(rows, AS_OF, "USD").subtitle
    assert fmt.money(610_000, "USD") in charts.quarter_finding(rows, AS_OF, "USD").title

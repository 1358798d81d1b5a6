"""Every page answers with the figures behind it, follows the filters, and says what it can't show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from dashboard import format as fmt
from dashboard import parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from queries.book import Book

    Visit = Callable[..., AppTest]

PAGES = ("portfolio", "burn_down", "breakage", "recognition")


def said(app: AppTest) -> str:
    """The page's headline, as it reads."""
    assert not app.exception, app.exception
    return unescaped(app.title[0].value)


def unescaped(markdown: str) -> str:
    return markdown.replace("\\", "")


def warned(app: AppTest) -> str:
    assert not app.exception, app.exception
    return unescaped(" ".join(warning.value for warning in app.warning))


@pytest.fixture
def as_of(book: Book) -> date:
    return book.snapshot.dated_on


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_on_its_answer_with_figures_a_chart_and_a_table(visit: Visit, page: str) -> None:
    app = visit(page)
    assert any(character.isdigit() for character in said(app))
    assert 3 <= len(app.metric) <= 5
    assert app.get("plotly_chart")
    assert len(app.dataframe) >= 1
    assert not app.warning


def test_a_page_waits_for_its_first_chart_to_be_drawn_and_for_no_other(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(parts, "time", SimpleNamespace(sleep=waits.append))
    assert len(visit("breakage").get("plotly_chart")) > 1
    assert waits == [parts.DRAWN_IN]


def test_the_portfolio_headline_is_the_summary_of_the_larger_currency(visit: Visit, book: Book, as_of: date) -> None:
    summary = book.run("portfolio_summary", as_of=as_of).sort("open_amount", descending=True).row(0, named=True)
    headline = said(visit("portfolio"))
    for column in ("open_amount", "expected_amount", "low_amount", "high_amount"):
        assert fmt.money(summary[column], summary["currency"]) in headline
    assert f"{summary['client_count']} clients" in headline


def test_each_change_is_against_the_previous_snapshot_on_its_own_day(visit: Visit, book: Book, earlier: Book) -> None:
    now, before = (
        asked.run("portfolio_summary", as_of=asked.snapshot.dated_on, currency="USD")["open_amount"][0]
        for asked in (book, earlier)
    )
    assert visit("portfolio").metric[0].delta.replace("\\", "") == fmt.change(now - before, "USD")


def test_the_first_snapshot_has_nothing_to_compare_with(visit: Visit, earlier: Book) -> None:
    app = visit("portfolio", snapshot=earlier.snapshot.dated_on.isoformat())
    assert said(app)
    assert all(not metric.delta for metric in app.metric)


def test_other_currencies_are_named_and_not_added(visit: Visit, book: Book, as_of: date) -> None:
    euros = book.run("portfolio_summary", as_of=as_of, currency="EUR")["open_amount"][0]
    app = visit("portfolio")
    assert fmt.money(euros, "EUR") in unescaped(app.markdown[0].value)
    assert fmt.money(euros, "EUR") in said(visit("portfolio", currency="EUR"))


def test_burn_down_opens_on_the_lot_most_at_risk(visit: Visit, book: Book, as_of: date) -> None:
    top = book.run("watch_list", as_of=as_of, currency="USD").row(0, named=True)
    headline = said(visit("burn_down"))
    assert headline.startswith(top["account_name"])
    assert fmt.of_total(fmt.rough(top["expected_quantity"]), top["granted_quantity"], top["unit"]) in headline


def test_a_link_to_a_lot_or_a_contract_is_followed(visit: Visit, book: Book, as_of: date) -> None:
    lot = book.run("watch_list", as_of=as_of, currency="USD").row(7, named=True)
    assert said(visit("burn_down", lot=lot["lot_id"])).startswith(lot["account_name"])
    assert said(visit("burn_down", contract=lot["contract_id"])).startswith(lot["account_name"])


@pytest.mark.parametrize("status", ["upcoming", "grace", "exhausted", "ended"])
def test_a_lot_of_any_status_has_its_page(visit: Visit, book: Book, as_of: date, status: str) -> None:
    lots = book.run("lot_balance", as_of=as_of, currency="USD").filter(status=status)
    app = visit("burn_down", lot=lots["lot_id"][0])
    assert said(app).startswith(lots["account_name"][0])
    assert not app.warning


def test_a_lot_hidden_by_a_filter_says_by_which(visit: Visit, book: Book, as_of: date) -> None:
    euro_lot = book.run("watch_list", as_of=as_of, currency="EUR")["lot_id"][0]
    assert "hidden by currency USD" in warned(visit("burn_down", lot=euro_lot))


def test_breakage_says_what_moved_the_forecast_since_the_previous_snapshot(
    visit: Visit, book: Book, earlier: Book, as_of: date
) -> None:
    moved = book.run("unused_change", as_of=as_of, earlier=earlier.snapshot.dated_on, currency="USD")["amount"].sum()
    (header,) = (item for item in visit("breakage").header if item.value.startswith("The forecast"))
    assert f"{'rose' if moved > 0 else 'fell'} by {fmt.money(abs(moved), 'USD')}" in unescaped(header.value)


def test_a_what_if_of_the_link_is_answered_with_its_figures(visit: Visit, book: Book, as_of: date) -> None:
    asked = book.run("unused_what_if", as_of=as_of, added_days=91, burn=1.1, currency="USD").row(0, named=True)
    app = visit("breakage", more_time="3 months", burn="10% higher")
    (answer,) = (item.value for item in app.markdown if "would be left instead" in item.value)
    assert unescaped(answer).startswith(fmt.money(asked["what_if_amount"], "USD"))


def test_the_breakage_headline_adds_up_the_next_two_quarters(visit: Visit, book: Book, as_of: date) -> None:
    quarters = book.run("unused_by_quarter", as_of=as_of, currency="USD").filter(is_past=False)
    assert fmt.money(quarters["expected_amount"].head(2).sum(), "USD") in said(visit("breakage"))


@pytest.mark.parametrize("page", PAGES)
def test_filters_of_the_link_narrow_the_page(visit: Visit, book: Book, as_of: date, page: str) -> None:
    owner = book.run("watch_list", as_of=as_of, currency="USD")["owner"][0]
    app = visit(page, owner=owner)
    assert said(app) != said(visit(page)) or page == "burn_down"
    assert f"owner {owner}" in unescaped(app.markdown[0].value)
    assert not app.warning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", "X"),
        ("segment", "X"),
        ("vehicle", "X"),
        ("currency", "X"),
        ("snapshot", "1999-01-01"),
        ("as_of", "tomorrow"),
        ("as_of", "2999-01-01"),
        ("owner", "$x$ [a](b) <script>"),
    ],
)
def test_a_value_of_the_link_that_does_not_exist_is_named(visit: Visit, name: str, value: str) -> None:
    app = visit("portfolio", **{name: value})
    assert value in warned(app)
    assert said(app) == said(visit("portfolio"))


@pytest.mark.parametrize("name", ["lot", "contract"])
def test_a_lot_that_does_not_exist_is_named(visit: Visit, name: str) -> None:
    assert f"There is no {name} “X”" in warned(visit("burn_down", **{name: "X"}))


def test_a_choice_made_anew_takes_the_notice_away(visit: Visit) -> None:
    app = visit("portfolio", owner="X")
    app.selectbox(key="owner").select_index(0).run()
    assert not warned(app)


def test_another_snapshot_takes_the_day_with_it(visit: Visit, earlier: Book) -> None:
    app = visit("portfolio")
    app.selectbox(key="snapshot").select(earlier.snapshot.dated_on.isoformat()).run()
    assert said(app)
    assert app.date_input(key="as_of").value == earlier.snapshot.dated_on
    assert not app.warning


@pytest.mark.parametrize("page", PAGES)
def test_a_day_before_the_book_began_says_what_to_relax(visit: Visit, page: str) -> None:
    app = visit(page, as_of="2019-06-30", owner="Team Alder")
    assert not app.exception
    assert "ick a later as-of day" in unescaped(app.info[0].value)


def test_an_empty_view_names_the_filter_to_relax(visit: Visit, book: Book, as_of: date) -> None:
    lots = book.run("lot_balance", as_of=as_of)
    owners = lots["owner"].unique().sort()
    segments = lots["segment"].unique().sort()
    vehicle = "three-year pool"
    empty = next(
        (owner, segment)
        for owner in owners
        for segment in segments
        if book.run("watch_list", as_of=as_of, currency="EUR", owner=owner, segment=segment, vehicle=vehicle).is_empty()
    )
    app = visit("portfolio", currency="EUR", owner=empty[0], segment=empty[1], vehicle=vehicle)
    assert not app.exception
    assert "Relax" in app.info[0].value or "Clear the filters" in app.info[0].value


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_store_says_what_to_run(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv("DRAWDOWN_STORE", str(tmp_path))
    app = visit(page)
    assert not app.exception
    assert "holds no snapshot" in unescaped(app.error[0].value)
    assert "make run" in app.markdown[0].value


def test_how_a_figure_is_computed_is_shown_on_opening(visit: Visit) -> None:
    app = visit("portfolio")
    assert not app.code
    app.session_state["how_Lots with the most money at risk"] = True
    assert "CREATE OR REPLACE MACRO watch_list" in app.run().code[0].value

"""What leadership does before it decides on a forecast, in a real browser: look how good forecasts have been."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from dashboard.charts import track_record as charts
from data.snapshots import open_snapshot
from queries.book import Book
from tests.browser.server import settled, visit
from tests.browser.test_journeys import choose, expect_query

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 30)"}


def headline(book: Book) -> str:
    rows = book.run("backtest", as_of=book.snapshot.dated_on, dimension="all", currency="USD")
    held = rows.filter(method="forecast")["held_80"][0]
    return f"Of the 80% intervals, {held:.0%} held; the forecast's error is"


def title_of(book: Book, label: str | None = None) -> str:
    """The finding about a quarter; about the last that has ended if none is named."""
    as_of = book.snapshot.dated_on
    rows = book.run("quarter_forecasts", as_of=as_of, currency="USD")
    label = label or charts.name(rows.filter("is_past")["quarter_start"].max())
    start = next(start for start in rows["quarter_start"].unique() if charts.name(start) == label)
    return charts.quarter_finding(rows.filter(quarter_start=start), as_of, "USD").title


def cell(page: Page, text: str) -> Locator:
    """A cell of the first table; the canvas it is drawn on keeps its cells as text."""
    return page.get_by_test_id("stDataFrame").first.locator("td").get_by_text(text, exact=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_on_how_many_intervals_held(page: Page, address: str, book: Book, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit(page, f"{address}/track_record")
    expect(page.locator("h1")).to_contain_text(headline(book))
    drawn = page.locator(".js-plotly-plot .main-svg:first-child")
    expect(drawn).to_have_count(2)
    for chart in range(2):
        expect(drawn.nth(chart)).to_have_css("background-color", PAPER[scheme])


def test_another_breakdown_changes_the_table_and_stays_in_the_link(page: Page, address: str, book: Book) -> None:
    owner = book.run("backtest", as_of=book.snapshot.dated_on, dimension="owner", currency="USD")["member"][0]
    visit(page, f"{address}/track_record")
    expect(cell(page, "75 to 100%")).to_be_attached()
    page.get_by_role("radio", name="Owner").click()
    expect(cell(page, owner)).to_be_attached()
    expect(cell(page, "75 to 100%")).to_have_count(0)
    settled(page)
    expect_query(page, by="Owner")
    page.reload()
    expect(cell(page, owner)).to_be_attached()
    settled(page)


def test_another_quarter_changes_the_chart_and_survives_a_reload(page: Page, address: str, book: Book) -> None:
    # A choice that has to be scrolled to closes again while it is scrolled.
    page.set_viewport_size({"width": 1280, "height": 2000})
    visit(page, f"{address}/track_record")
    expect(page.get_by_role("heading", name=title_of(book), exact=True)).to_be_visible()
    choose(page, "Forecast through time of", "Q1 2027")
    chosen = page.get_by_role("heading", name=title_of(book, "Q1 2027"), exact=True)
    expect(chosen).to_be_visible()
    settled(page)
    expect_query(page, quarter="Q1 2027")
    page.reload()
    expect(chosen).to_be_visible()
    settled(page)


def test_the_page_opens_from_breakage_whatever_that_was_broken_down_by(page: Page, address: str, book: Book) -> None:
    visit(page, f"{address}/breakage?by=Segment")
    page.get_by_role("link", name="Track record").click()
    expect(page.locator("h1")).to_contain_text(headline(book))
    expect(cell(page, "75 to 100%")).to_be_attached()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    settled(page)


def test_the_record_and_the_breakage_of_a_citys_contracts(
    page: Page, philadelphia: Path, philadelphia_address: str
) -> None:
    visit(page, f"{philadelphia_address}/track_record")
    # Asked only now: the server has kept its forecasts.
    book = Book(open_snapshot(philadelphia))
    expect(page.locator("h1")).to_contain_text(headline(book))
    expect(page.get_by_role("heading", name=title_of(book), exact=True)).to_be_visible()
    page.get_by_role("radio", name="Service").click()
    expect(cell(page, "Legal Services")).to_be_attached()
    settled(page)

    visit(page, f"{philadelphia_address}/breakage")
    expect(page.locator("h1")).to_contain_text("forecast to lapse")
    expect(page.get_by_role("heading", name="The forecast")).to_contain_text("since 30 September")
    expect(page.locator(".js-plotly-plot .main-svg:first-child")).to_have_count(2)

"""What people do, in a real browser: follow a client, filter, share a link, change the snapshot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from dashboard import format as fmt
from tests.browser.hands import choose, expect_query, tick_row
from tests.browser.server import settled, visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from queries.book import Book

pytestmark = pytest.mark.browser

PAGES = ("", "burn_down", "breakage", "recognition")


def headline(page: Page) -> str:
    return page.locator("h1").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_each_page_opens_drawn_in_the_scheme_of_the_browser(page: Page, address: str, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit(page, f"{address}/{path}")
    paper = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 30)"}[scheme]
    expect(page.locator(".js-plotly-plot .main-svg").first).to_have_css("background-color", paper)


def test_a_client_of_the_portfolio_opens_its_burn_down(page: Page, address: str, book: Book) -> None:
    lots = book.run("watch_list", as_of=book.snapshot.dated_on, currency="USD")
    visit(page, address)
    tick_row(page, 3)
    expect(page.locator("h1")).to_contain_text(lots["account_name"][2])
    settled(page)
    expect_query(page, lot=lots["lot_id"][2])


def test_a_row_of_burn_down_changes_the_client_in_the_url(page: Page, address: str, book: Book) -> None:
    clients = book.run("client_risk", as_of=book.snapshot.dated_on, currency="USD")
    visit(page, f"{address}/burn_down")
    tick_row(page, 2)
    expect(page.locator("h1")).to_contain_text(clients["account_name"][1])
    settled(page)
    expect_query(page, client=clients["account_id"][1])


def test_a_filter_changes_the_chart_and_its_link_shows_the_same(page: Page, address: str, book: Book) -> None:
    lots = book.run("watch_list", as_of=book.snapshot.dated_on, currency="USD")
    owner = lots["owner"][0]
    visit(page, address)
    before = headline(page)
    finding = page.locator("h2").first.inner_text()
    choose(page, "Owner", owner)
    expect(page.locator("h1")).not_to_have_text(before)
    settled(page)
    expect_query(page, owner=owner)
    assert page.locator("h2").first.inner_text() != finding
    filtered = headline(page)
    page.reload()
    expect(page.locator("h1")).to_have_text(filtered)
    # Left while it is still being drawn, a page loses its filters to the framework: let it finish.
    settled(page)
    page.get_by_role("link", name="Breakage").click()
    expect(page.locator("h1")).to_contain_text("lapse in")
    settled(page)
    expect_query(page, owner=owner)


def test_a_bad_link_is_named(page: Page, address: str) -> None:
    visit(page, f"{address}/?owner=Nobody")
    expect(page.get_by_test_id("stAlert")).to_contain_text("There is no owner “Nobody”; showing all owners.")


def test_another_snapshot_moves_the_day_and_stays_in_the_link(page: Page, address: str, earlier: str) -> None:
    visit(page, address)
    choose(page, "Snapshot", earlier)
    expect(page.get_by_text(re.compile("as of 30 September 2026"))).to_be_visible()
    settled(page)
    expect_query(page, snapshot=earlier)
    page.reload()
    expect(page.get_by_text(re.compile("as of 30 September 2026"))).to_be_visible()


def test_recognition_shows_more_months(page: Page, address: str, book: Book) -> None:
    visit(page, f"{address}/recognition")
    before = headline(page)
    choose(page, "Months shown", "36 months")
    expect(page.locator("h1")).not_to_have_text(before)
    settled(page)
    expect_query(page, span="36 months")


def test_how_a_figure_is_computed_shows_its_sql(page: Page, address: str) -> None:
    visit(page, address)
    page.get_by_role("button", name="How is this computed?").first.click()
    expect(page.get_by_text("CREATE OR REPLACE MACRO watch_list").first).to_be_visible()


def test_the_download_holds_what_is_filtered(page: Page, address: str, book: Book) -> None:
    as_of = book.snapshot.dated_on
    lots = book.run("watch_list", as_of=as_of, currency="EUR")
    visit(page, f"{address}/?currency=EUR")
    expect(page.locator("h1")).to_contain_text(fmt.symbol("EUR"))
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    assert download.value.suggested_filename == f"watch_list-{as_of}.csv"
    assert len(download.value.path().read_text().splitlines()) == lots.height + 1

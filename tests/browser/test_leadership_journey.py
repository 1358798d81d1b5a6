"""Leadership's question: how much of a quarter will be left unused, by whom, and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import pytest
from playwright.sync_api import expect

from dashboard import format as fmt
from dashboard.charts.unused_by_quarter import quarter
from tests.browser.hands import choose, expect_asked, tick_row
from tests.browser.server import settled, visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from queries.book import Book

pytestmark = pytest.mark.browser


def test_from_a_quarter_to_its_contributors_to_why(page: Page, address: str, book: Book) -> None:
    asked = {"as_of": book.snapshot.dated_on, "currency": "USD"}
    ahead = book.run("unused_by_quarter", **asked).filter(~pl.col("is_past")).row(1, named=True)
    ending = pl.col("usable_until").dt.truncate("1q") == ahead["quarter_start"]
    lots = book.run("watch_list", **asked).filter(ending, pl.col("expected_amount") > 0)
    name, total = quarter(ahead["quarter_start"]), fmt.money(ahead["expected_amount"], "USD")

    visit(page, f"{address}/breakage")
    expect(page.get_by_text("Select a row to see why")).to_be_visible()
    settled(page)
    choose(page, "Ending in", name)
    expect(page.get_by_role("heading", name=re.compile(f"{re.escape(total)} that open .* in {name}"))).to_be_visible()
    settled(page)
    expect_asked(page, "ending", name)

    tick_row(page, 1, alt="Open lots by forecast unused")
    page.wait_for_url(re.compile("/burn_down"))
    settled(page)
    expect(page.locator("h1")).to_contain_text(lots["account_name"][0])
    expect_asked(page, "lot", lots["lot_id"][0])

    why = page.get_by_text("Why: the ended lots this forecast rests on")
    why.scroll_into_view_if_needed()
    why.click()
    expect(page.get_by_role("heading", name=re.compile("of lots like this one", re.IGNORECASE))).to_be_visible()


def test_from_a_number_to_what_adds_up_to_it(page: Page, address: str, book: Book) -> None:
    asked = {"as_of": book.snapshot.dated_on, "currency": "USD"}
    total = book.run("portfolio_summary", **asked)["expected_amount"][0]

    visit(page, address)
    page.get_by_role("button", name="Explain").nth(2).click()
    expect(page.get_by_text(f"expected_amount adds up to {total:,}")).to_be_visible()
    expect(page.get_by_text("CREATE OR REPLACE MACRO portfolio_summary")).to_be_visible()


def test_a_view_is_kept_and_comes_back_as_it_was(page: Page, address: str) -> None:
    visit(page, f"{address}/breakage?owner=Team+Cedar&by=Owner")
    said = page.locator("h1").inner_text()
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("textbox", name="Keep this view as").fill("Cedar")
    page.get_by_role("textbox", name="Keep this view as").press("Tab")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Cedar", exact=True)).to_be_visible()

    visit(page, f"{address}/breakage?owner=Team+Birch")
    expect(page.locator("h1")).not_to_have_text(said)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("link", name="Cedar", exact=True).click()
    expect(page.locator("h1")).to_have_text(said)
    settled(page)
    expect_asked(page, "owner", "Team Cedar")
    expect_asked(page, "by", "Owner")

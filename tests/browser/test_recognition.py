"""What a controller does on Recognition, in a real browser: suppose other policies, follow an amount to its lots."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from dashboard import format as fmt
from tests.browser.hands import choose, expect_asked, tick_row
from tests.browser.server import settled, visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from queries.book import Book

pytestmark = pytest.mark.browser


def test_a_rule_shows_its_difference_and_outlives_a_reload(page: Page, address: str) -> None:
    visit(page, f"{address}/recognition")
    page.get_by_role("radio", name="Scenario").click()
    expect(page.locator("h1")).to_contain_text("No scenario yet")
    choose(page, "Rule for", "every lot")
    settled(page)
    page.get_by_role("button", name="Add rule").click()
    expect(page.locator("h1")).to_contain_text("the scenario books")
    settled(page)
    expect_asked(page, "scenario", "all:ratable")
    difference = page.locator("h1").inner_text()
    page.reload()
    expect(page.locator("h1")).to_have_text(difference)
    expect(page.get_by_text("every lot: ratable").first).to_be_visible()


def test_a_contract_opens_its_derivation_and_it_adds_up(page: Page, address: str, book: Book) -> None:
    contract = book.run("policy_difference", as_of=book.snapshot.dated_on, currency="USD").row(1, named=True)
    visit(page, f"{address}/recognition")
    tick_row(page, 2, alt="Contracts by difference between the policies")
    amount = fmt.money_in_full(contract["on_delivery"], "USD")
    expect(page.locator("h1")).to_contain_text(f"({contract['contract_id']}): {amount} on delivery")
    settled(page)
    expect_asked(page, "contract", contract["contract_id"])
    expect_asked(page, "view", "Derivation")
    expect(
        page.get_by_text(re.compile(rf"before \+ {re.escape(amount)} in \d+ postings? = .* to date"))
    ).to_be_visible()
    page.reload()
    expect(page.locator("h1")).to_contain_text(f"({contract['contract_id']}): {amount} on delivery")


def test_a_section_is_exported_as_a_workbook(page: Page, address: str, book: Book) -> None:
    page.goto(f"{address}/recognition?view=Journal")
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="XLSX").first.click()
    assert download.value.suggested_filename == f"journal_entries-{book.snapshot.dated_on}.xlsx"
    assert download.value.path().read_bytes().startswith(b"PK")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("section", ["Policies", "Scenario", "Position", "Departments"])
def test_each_chart_is_drawn_in_the_scheme_of_the_browser(page: Page, address: str, section: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit(page, f"{address}/recognition?view={section}&scenario=all:remote")
    paper = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 30)"}[scheme]
    expect(page.locator(".js-plotly-plot .main-svg").first).to_have_css("background-color", paper)

"""Finance's question: what another policy would change, in which contract, and how each amount comes about."""

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


def test_from_a_scenario_to_its_difference_to_a_contract_to_its_derivation(
    page: Page, address: str, book: Book
) -> None:
    asked = {"as_of": book.snapshot.dated_on, "currency": "USD"}
    contracts = book.run("policy_difference", **asked)

    visit(page, f"{address}/recognition")
    page.get_by_role("radio", name="Scenario").click()
    choose(page, "Rule for", "every lot")
    settled(page)
    page.get_by_role("button", name="Add rule").click()
    expect(page.locator("h1")).to_contain_text("the scenario books")
    settled(page)
    expect_asked(page, "scenario", "all:ratable")

    tick_row(page, 1, alt="Contracts by difference between the scenario and what it is compared with")
    expect(page.locator("h1")).to_contain_text("under the scenario")
    settled(page)
    expect_asked(page, "view", "Derivation")
    found = re.search(r"\((\S+)\): (\S+) under the scenario", page.locator("h1").inner_text())
    assert found
    own = contracts.filter(contract_id=found[1]).row(0, named=True)
    assert found[2] == fmt.money_in_full(own["ratable"], "USD")
    expect(
        page.get_by_text(re.compile(rf"before \+ {re.escape(found[2])} in \d+ postings? = .* to date"))
    ).to_be_visible()

"""What finance does at a month's end, in a real browser: close it, and find what was posted late for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from data.closes import list_closes
from data.snapshots import list_snapshots
from queries.book import Book
from queries.restatement import compare, moved_contracts
from tests.browser.server import serving
from tests.shared_forecasts import copy_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own_store(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of its own: closing a month changes what every page of it shows."""
    return copy_store(store, tmp_path_factory.mktemp("closing") / "store")


@pytest.fixture(scope="module")
def own_address(own_store: Path) -> Iterator[str]:
    with serving(own_store) as address:
        yield address


def open_page(page: Page, link: str) -> None:
    """Open the page and wait for its last section: two books are opened and compared before it is drawn."""
    page.goto(link)
    expect(page.get_by_role("heading", name="Closed months")).to_be_visible()
    idle(page)


def idle(page: Page) -> None:
    """Wait as long as a first comparison takes until the script has run to its end."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")


def test_a_contract_that_moved_shows_the_source_rows_that_moved_it(page: Page, address: str, store: Path) -> None:
    before, after = map(Book, list_snapshots(store))
    contracts = moved_contracts(compare(before, after, before.snapshot.dated_on, currency="USD"))
    chosen = contracts["contract_id"][1]
    open_page(page, f"{address}/restatement")
    expect(page.locator("h1")).to_contain_text(re.compile(r"moved by .* since the snapshot of 30 September; \d+ late"))
    expect(page.get_by_role("heading", name=f"Source rows that moved {contracts['contract_id'][0]}")).to_be_visible()

    # The tables are canvases that push each other down as they appear: the second lists the contracts.
    tables = page.get_by_test_id("stDataFrame")
    tables.nth(3).locator("canvas").first.wait_for()
    tables.nth(1).locator(".dvn-scroller").click(position={"x": 18, "y": 35 * 2 + 17})
    source_rows = page.get_by_role("heading", name=f"Source rows that moved {chosen}")
    expect(source_rows).to_be_visible()
    idle(page)
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query) == {"contract": [chosen]})
    page.reload()
    expect(source_rows).to_be_visible()
    idle(page)


def test_a_month_is_closed_and_what_is_late_goes_to_the_next(page: Page, own_address: str, own_store: Path) -> None:
    september = list_snapshots(own_store)[0]
    open_page(page, f"{own_address}/restatement?snapshot={september.dated_on}")
    expect(page.get_by_text("No month is closed")).to_be_visible()
    page.get_by_role("button", name="Close September 2026").click()
    page.get_by_role("button", name="Close September 2026 on the snapshot of 30 Sep 2026").click()

    refused = page.get_by_text("2026-10-31 is after 2026-09-30, the day of the snapshot")
    expect(refused).to_be_visible()
    expect(page.get_by_role("button", name="Close October 2026")).to_be_disabled()
    idle(page)
    (closed,) = list_closes(own_store)
    assert closed.snapshot_id == september.snapshot_id

    open_page(page, f"{own_address}/restatement")
    opened = page.get_by_role("heading", name="October 2026, the first open month")
    expect(opened).to_be_visible()
    late = page.get_by_text(re.compile(r"October 2026 is reported with \+\$\d+k of revenue of closed months"))
    expect(late).to_be_visible()

"""Whoever runs Drawdown, in a real browser: files in, their faults seen, good rows published, a snapshot restored."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from data.snapshots import list_snapshots
from tests.browser.server import serving, settled
from tests.queries.tiny import book, lot, used

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two snapshots to write to; the tests below go on from each other's."""
    own = tmp_path_factory.mktemp("own") / "store"
    deliveries = [used("D1", "C1", "2026-02-01", 3), used("D2", "C1", "2026-03-01", 1)]
    for known in (deliveries[:1], deliveries):
        book(own, lots=[lot("C1", quantity=10, amount=1000, term="2026-01-01..")], consumption=known)
    return own


@pytest.fixture(scope="module")
def own_address(own_store: Path) -> Iterator[str]:
    with serving(own_store) as address:
        yield address


@pytest.fixture
def deliveries(tmp_path: Path) -> Path:
    """Three deliveries, one of them of a contract nobody knows."""
    path = tmp_path / "consumption.csv"
    path.write_text(
        "consumption_id,contract_id,line_no,service_date,posted_on,service_type,unit,quantity\n"
        "N1,C1,11,2026-04-01,2026-04-01,consulting,hour,1\n"
        "N2,C-UNKNOWN,12,2026-04-01,2026-04-01,consulting,hour,1\n"
        "N3,C1,13,2026-04-01,2026-04-01,consulting,hour,1\n"
    )
    return path


def test_bad_rows_are_seen_the_good_ones_published_and_taken_back(
    page: Page, own_address: str, own_store: Path, deliveries: Path
) -> None:
    earlier, before = list_snapshots(own_store)
    page.goto(f"{own_address}/data")
    settled(page)
    page.locator("input[type=file]").set_input_files(deliveries)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("h1")).to_have_text("1 of 3 rows is rejected: nothing would be published")
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).first.click()
    rejected = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert {row["line"] for row in rejected} == {"3"}
    assert ("contract_id", "C-UNKNOWN") in {(row["column"], row["value"]) for row in rejected}
    assert list_snapshots(own_store) == [earlier, before]
    page.get_by_role("button", name="Publish the good rows, keep the 1 rejected row out").click()
    expect(page.locator("h1")).to_contain_text("with 2 rows; 1 rejected row kept")
    published = list_snapshots(own_store)[-1]
    assert published.row_count("consumption") == before.row_count("consumption") + 2
    settled(page)
    page.get_by_role("combobox", name=re.compile(r"Snapshot\b")).click()
    expect(page.get_by_role("option", name=f"{before.dated_on} no. {before.number}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="→ Portfolio of")).to_be_visible()

    page.goto(f"{own_address}/data?view=Snapshots")
    settled(page)
    page.get_by_role("combobox", name="Snapshot to work on").click()
    page.get_by_role("option", name=before.snapshot_id).click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text(f"Set aside: {published.snapshot_id}")).to_be_visible()
    page.get_by_role("button", name=f"Make {before.snapshot_id} the current one").click()
    expect(page.get_by_text(f"{before.snapshot_id} is the current snapshot now.")).to_be_visible()
    assert list_snapshots(own_store) == [earlier, before]
    page.get_by_role("combobox", name="Snapshot to work on").click()
    page.get_by_role("option", name=earlier.snapshot_id).click()
    page.get_by_role("button", name="Show the snapshot of").click()
    page.wait_for_url(f"**snapshot={earlier.dated_on}+no.+{earlier.number}*")
    expect(page.get_by_role("link", name="→ Portfolio of")).to_be_visible()


def test_a_damaged_file_is_named_and_the_last_good_snapshot_served(page: Page, own_store: Path) -> None:
    earlier, broken = list_snapshots(own_store)
    broken.path("lots").write_bytes(b"")
    with serving(own_store) as address:
        page.goto(f"{address}/recognition")
        settled(page)
        notice = page.get_by_test_id("stAlert")
        expect(notice).to_contain_text("lots.parquet is missing or damaged")
        expect(notice).to_contain_text("is shown")
        page.goto(f"{address}/data?view=Snapshots")
        settled(page)
        page.get_by_role("button", name="Verify", exact=True).click()
        expect(page.get_by_text(re.compile("1 of 1 snapshot verified has faults"))).to_be_visible()
    assert list_snapshots(own_store) == [earlier, broken]

"""A CSM's Monday: the call list, the first client, what would help, and what the client is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.hands import tick_row
from tests.browser.server import settled, visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def slide(page: Page, label: str, steps: int) -> None:
    """Move a slider by the keyboard."""
    handle = page.get_by_role("slider", name=re.compile(label))
    handle.focus()
    for _ in range(steps):
        handle.press("ArrowRight")


def test_from_the_call_list_to_a_client_a_what_if_and_its_statement(page: Page, address: str) -> None:
    visit(page, f"{address}/watch_list")
    tick_row(page, 1)
    page.wait_for_url(re.compile("/burn_down"))
    settled(page)
    said = page.get_by_role("combobox", name=re.compile("Client")).input_value()
    expect(page.locator("h1")).to_contain_text(said)

    hint = page.get_by_text("move a slider to see what it changes")
    expect(hint).to_be_visible()
    slide(page, "Move the end by", 3)
    answer = page.get_by_text(re.compile("would be left instead of"))
    expect(answer).to_contain_text("With the end 3 months later")
    expect(hint).to_be_hidden()
    before = answer.inner_text()
    slide(page, "Book more a month", 4)
    expect(answer).not_to_have_text(before)
    page.wait_for_url(re.compile("extension=3"))

    page.get_by_role("button", name="Statement").click()
    page.wait_for_url(re.compile("/statement"))
    settled(page)
    expect(page.get_by_role("combobox", name=re.compile("Client")).first).to_have_value(re.compile(re.escape(said)))
    expect(page.get_by_test_id("stMetric").first).to_be_visible()

"""What axe finds on every page and section, and on every page in the dark: nothing, beyond Streamlit's own markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.pages import FIRST_SECTIONS, PAGES
from tests.browser.server import loaded, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PAPER: Final = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 30)"}
#: What Streamlit's own markup breaks, and no call of ours changes: rule, and what the offending element is.
STREAMLITS_OWN: Final = {
    # The area to drop files on is labelled and called a presentation at once; its button does the same by keyboard.
    ("presentation-role-conflict", 'data-testid="stFileUploaderDropzone"'),
}
#: Texts of charts on the paper of the page, which axe can't judge: those with less contrast than can be read.
_PALE_TEXTS: Final = """
paper => {
  const luminance = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
    .map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = luminance(paper);
  return [...document.querySelectorAll('.js-plotly-plot .main-svg :is(text, tspan)')]
    .filter(text => /\\w/.test(text.textContent) && !text.querySelector('tspan') && text.getClientRects().length)
    .filter(text => {
      const ink = luminance(getComputedStyle(text).fill);
      return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05) < 4.5;
    })
    .map(text => text.textContent);
}
"""


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab for all pages: what they load is loaded once."""
    tab = browser.new_page(viewport={"width": 1280, "height": 1100})
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def known() -> set[tuple[str, str]]:
    """The popovers looked into so far: the scheme, and what the button says."""
    return set()


@pytest.mark.parametrize(
    ("scheme", "name"), [("light", name) for name in PAGES] + [("dark", name) for name in FIRST_SECTIONS]
)
def test_nothing_bars_anyone(
    tab: Page, address: str, known: set[tuple[str, str]], scheme: Literal["light", "dark"], name: str
) -> None:
    tab.emulate_media(color_scheme=scheme)
    tab.goto(f"{address}/{PAGES[name]}")
    loaded(tab)
    closed = tab.get_by_test_id("stExpander").locator("details:not([open]) > summary")
    while closed.count():
        closed.first.click()
    loaded(tab)
    for chart in tab.locator(".js-plotly-plot .main-svg:first-child").all():
        expect(chart).to_have_css("background-color", PAPER[scheme])
    assert violations(tab, scheme) == []
    assert tab.evaluate(_PALE_TEXTS, PAPER[scheme]) == []
    popovers = tab.get_by_test_id("stMain").get_by_test_id("stPopover").get_by_role("button")
    for place, label in enumerate(popovers.all_inner_texts()):
        if (scheme, label) not in known:
            known.add((scheme, label))
            popovers.nth(place).click()
            expect(tab.get_by_test_id("stPopoverBody")).to_be_visible()
            settled(tab)
            assert violations(tab, scheme, "[data-testid=stPopoverBody]") == []
            tab.keyboard.press("Escape")
            expect(tab.get_by_test_id("stPopoverBody")).to_be_hidden()


def violations(page: Page, scheme: Literal["light", "dark"], within: str | None = None) -> list[tuple[str, str, str]]:
    """The rules broken, each with the element and what to do, apart from those of Streamlit's own markup."""
    # Dark is the same page in other colours.
    rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if scheme == "dark" else {}
    found: dict[str, Any] = Axe().run(page, within, {"resultTypes": ["violations"], **rules}).response
    return [
        (broken["id"], node["html"], node["failureSummary"])
        for broken in found["violations"]
        for node in broken["nodes"]
        if not any(broken["id"] == rule and mark in node["html"] for rule, mark in STREAMLITS_OWN)
    ]

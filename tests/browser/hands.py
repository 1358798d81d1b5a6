"""What a person does with a page: choose, tick a row, and see the link follow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import TimeoutError as LateError

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: Where a row's box to tick is, in pixels, and how high a row is.
_BOX, _ROW = 18, 35
_TRIES, _TRY_MILLISECONDS = 4, 4_000


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of the list whose label begins so; as a person would, open it again where it closed.

    A list closes when the page moves under it, as it does while the charts above are still being drawn.
    """
    box = page.get_by_role("combobox", name=re.compile(rf"{label}\b"))
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(_TRIES):
        box.click()
        try:
            wanted.click(timeout=_TRY_MILLISECONDS)
        except LateError:
            continue
        return
    wanted.click()


def tick_row(page: Page, row: int, *, alt: str | None = None) -> None:
    """Select a row, the first being 1, of the first table or of the one described so: tables are drawn on a canvas."""
    frame = page.get_by_test_id("stDataFrame").filter(visible=True).first
    if alt is not None:
        frame = page.get_by_test_id("stDataFrame").filter(has=page.locator(f'[aria-label$=": {alt}"]'))
    frame.scroll_into_view_if_needed()
    frame.locator(".dvn-scroller").click(position={"x": _BOX, "y": _ROW * row + _ROW // 2})


def expect_asked(page: Page, name: str, value: str) -> None:
    """Wait until the URL asks for a value: the browser writes it shortly after the page has settled."""
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get(name) == [value])


def expect_query(page: Page, **wanted: str) -> None:
    """Wait until the URL asks for exactly this."""
    asked = {name: [value] for name, value in wanted.items()}
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query) == asked)

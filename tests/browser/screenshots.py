"""Pictures of every page, light and dark: `python -m tests.browser.screenshots`, which `make screenshots` calls.

Those of docs/screenshots are 1280 wide. `--width 400 --out ELSEWHERE` takes them as a phone shows them, to look at.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image
from playwright.sync_api import expect

from tests.browser.pages import PAGES
from tests.browser.server import PAGE_MILLISECONDS, ROOT, browsing, loaded, serving, settled

if TYPE_CHECKING:
    from typing import Literal

    from playwright.sync_api import Browser, Page

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
WIDTH: Final = 1280
HEIGHT: Final = 1240
#: Enough for flat colours and the edges of their letters; a third of the bytes.
COLOURS: Final = 256


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=ROOT / ".store" / "sample")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument(
        "--pages", nargs="*", choices=list(PAGES), default=list(PAGES), metavar="PAGE", help="a few only"
    )
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with serving(asked.store) as address, browsing() as browser:
        for scheme in SCHEMES:
            page = _open(browser, scheme, asked.width)
            for name in asked.pages:
                picture = _taken(page, f"{address}/{PAGES[name]}")
                (asked.out / f"{name}-{scheme}.png").write_bytes(picture)
            page.close()


def _open(browser: Browser, scheme: Literal["light", "dark"], width: int) -> Page:
    return browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)


def _taken(page: Page, link: str) -> bytes:
    """A page as a small PNG, once all there is to see of it is painted."""
    page.goto(link)
    loaded(page)
    for chart in page.locator(".js-plotly-plot").filter(visible=True).all():
        expect(chart.locator(".main-svg").first).to_be_visible(timeout=PAGE_MILLISECONDS)
    # Tables are canvases, painted after they have their size.
    for table in page.get_by_test_id("stDataFrame").filter(visible=True).all():
        table.locator("canvas").first.wait_for()
    page.evaluate("() => new Promise(done => requestIdleCallback(done))")
    settled(page)
    return _small(page.screenshot(animations="disabled"))


def _small(png: bytes) -> bytes:
    """The same picture with fewer colours and the best compression."""
    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    main()

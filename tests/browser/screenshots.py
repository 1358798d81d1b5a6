"""Screenshots of every page, light and dark, at two widths: `python -m tests.browser.screenshots`.

Those in docs/screenshots are few and small: every page in light at 1280 and one in dark.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.browser.server import browsing, serving, settled, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = {
    "portfolio": "",
    "burn_down": "burn_down",
    "breakage": "breakage",
    "track_record": "track_record",
    "recognition": "recognition",
    "recognition_scenario": "recognition?view=Scenario&scenario=all:remote",
    "recognition_position": "recognition?view=Position",
    "restatement": "restatement",
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 1920)
HEIGHT = 1240


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path(".store/sample"))
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--all", action="store_true", help="keep every scheme and width, not only those of the docs")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with serving(asked.store) as address, browsing() as browser:
        for name, path in PAGES.items():
            for scheme in SCHEMES:
                for width in WIDTHS:
                    if asked.all or is_documented(name, scheme, width):
                        picture = asked.out / f"{name}-{scheme}-{width}.png"
                        shoot(browser, f"{address}/{path}", scheme, width, picture)


def is_documented(name: str, scheme: str, width: int) -> bool:
    return width == WIDTHS[0] and (scheme == "light" or name == "burn_down")


def shoot(browser: Browser, link: str, scheme: Literal["light", "dark"], width: int, picture: Path) -> None:
    page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
    try:
        visit(page, link)
        # The tables are canvases: once the last one has its size, the page is painted.
        page.get_by_test_id("stDataFrame").filter(visible=True).first.locator("canvas").first.wait_for()
        page.evaluate("() => new Promise(done => requestIdleCallback(done))")
        settled(page)
        page.screenshot(path=picture, animations="disabled")
    finally:
        page.close()


if __name__ == "__main__":
    main()

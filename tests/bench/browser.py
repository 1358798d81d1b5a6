"""Time what people wait for in the browser: a filter until its chart is repainted, and the first page of all.

    python -m tests.bench.browser [--store .store/sample]

Every time is taken inside the page, by its own clock: from the click on a choice until the page's first chart has
changed for the last time and two frames have passed, so that it is on the screen. A view seen before in the run is told
apart from a first one, whose figures are asked anew.

The first page is timed from its address to its chart, on a server just started that has shown nothing yet, in an
empty browser. What is warm is what every start finds: compiled modules, the files in the system's cache, and what the
store keeps of forecasts and books. A minimal page of Streamlit, DuckDB and Plotly (minimal_app.py) is served in turn
with it, so that a busy machine slows both alike.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import expect
from rich.console import Console
from rich.table import Table

from tests.browser.pages import PAGES
from tests.browser.server import APP, PAGE_MILLISECONDS, ROOT, browsing, loaded, serving, settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playwright.sync_api import Browser, Page

CHANGES: Final = 32
STARTS: Final = 5
#: The pages timed: each one whose first section has a chart that follows the filters.
FIRST_SECTIONS: Final = tuple(name for name, link in PAGES.items() if "view=" not in link)
#: How often each filter is chosen; people begin with their own clients.
WEIGHTS: Final = {"Owner": 5, "Segment": 3, "Vehicle": 2, "Currency": 1}
#: How often someone goes back to a view they had, rather than on to another.
GOES_BACK: Final = 0.4

#: What a chart consists of once it is drawn.
_MARKS: Final = ".js-plotly-plot .main-svg :is(.point, .trace, .shapelayer) path"
#: Notes when a choice is clicked, and when the first chart is on the screen after its last change.
_WATCH: Final = """
() => {
  window.drawn = {clicked: 0, painted: 0, changed: 0};
  const note = event => {
    if (!event.target.closest('[role=option]')) return;
    window.drawn = {clicked: event.timeStamp, painted: 0, changed: 0};
  };
  addEventListener('pointerdown', note, true);
  const chart = () => document.querySelector('.js-plotly-plot');
  new MutationObserver(changes => {
    const first = chart(), drawn = window.drawn;
    if (!first || !changes.some(change => first.contains(change.target))) return;
    const changed = drawn.changed = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (drawn.changed === changed) drawn.painted = performance.now();
    }));
  }).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
}
"""
#: Whether the script has run after the click, its chart is on the screen, and nothing has changed for a while.
_DONE: Final = """
() => {
  const drawn = window.drawn, now = performance.now();
  const rests = document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning';
  return rests && now - drawn.clicked > 300 && now - drawn.changed > 150
    && (drawn.painted > 0 || now - drawn.clicked > 2000);
}
"""
#: The time since the address was opened at which the first chart has its marks on the screen.
_FIRST_CHART: Final = """
marks => new Promise(done => {
  const look = () => document.querySelector(marks)
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    : requestAnimationFrame(look);
  look();
})
"""


@dataclass(frozen=True)
class Change:
    """One choice in one filter: milliseconds to the repainted chart, and whether the view had been seen before."""

    page: str
    milliseconds: float
    is_repeated: bool


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=ROOT / ".store" / "sample")
    parser.add_argument("--pages", nargs="*", default=FIRST_SECTIONS, help="those to filter; all that have a chart")
    parser.add_argument("--changes", type=int, default=CHANGES, help="how often each page is filtered")
    parser.add_argument("--starts", type=int, default=STARTS, help="how often each server is started")
    asked = parser.parse_args()
    with browsing() as browser:
        if asked.starts:
            Console().print(_starts(browser, asked.store, asked.starts))
        if asked.changes:
            with serving(asked.store) as address:
                changes = [change for name in asked.pages for change in _changes(browser, address, name, asked.changes)]
            Console().print(_table(changes))


def _starts(browser: Browser, store: Path, runs: int) -> Table:
    """The first page of a fresh server, beside the minimal one."""
    own, minimal = [], []
    with tempfile.TemporaryDirectory() as elsewhere:
        for _ in range(runs):
            own.append(_first_chart(browser, store, APP, ROOT))
            minimal.append(_first_chart(browser, store, ROOT / "tests" / "bench" / "minimal_app.py", Path(elsewhere)))
    table = Table("What", "Median", "Least", "Most", title=f"First page of a fresh server, {runs} starts of each")
    for name, times in (("Portfolio", own), ("minimal page", minimal)):
        table.add_row(name, *(f"{time:,.0f} ms" for time in (median(times), min(times), max(times))))
    table.add_row("ratio", f"{median(own) / median(minimal):.2f}")
    return table


def _first_chart(browser: Browser, store: Path, app: Path, folder: Path) -> float:
    """Milliseconds from the address of a server just started to its first chart."""
    quiet = ("--server.headless=true", "--browser.gatherUsageStats=false")
    with serving(store, *quiet, app=app, folder=folder) as address:
        page = _open(browser)
        page.goto(address, wait_until="commit")
        milliseconds: float = page.evaluate(_FIRST_CHART, _MARKS)
        page.context.close()
    return milliseconds


def _changes(browser: Browser, address: str, name: str, wanted: int) -> Iterable[Change]:
    """Filter a page as people do: on to another view, or back to one they had."""
    page = _open(browser)
    page.goto(f"{address}/{PAGES[name]}")
    loaded(page)
    if page.get_by_test_id("stPlotlyChart").count():
        expect(page.locator(_MARKS).first).to_be_attached(timeout=PAGE_MILLISECONDS)
        page.evaluate(_WATCH)
        yield from _walk(page, name, wanted)
    page.context.close()


def _walk(page: Page, name: str, wanted: int) -> Iterable[Change]:
    choices = {label: _options(page, label) for label in WEIGHTS}
    weights = {label: weight for label, weight in WEIGHTS.items() if len(choices[label]) > 1}
    rng = random.Random(name)  # noqa: S311  the same walk each time
    view: dict[str, str] = {}
    seen: list[dict[str, str]] = [dict(view)]
    done = 0
    for _ in range(2 * wanted):
        if done == wanted:
            return
        label, option = _step(rng, view, seen, choices, weights)
        view[label] = option
        is_repeated = view in seen
        seen.append(dict(view))
        taken = _choose(page, label, option)
        if taken is not None:
            done += 1
            yield Change(name, taken, is_repeated)
        elif not page.get_by_test_id("stPlotlyChart").count():
            # Nothing matches: whoever sees that begins anew.
            page.goto(page.url.split("?", maxsplit=1)[0])
            settled(page)
            page.evaluate(_WATCH)
            view.clear()


def _step(
    rng: random.Random,
    view: dict[str, str],
    seen: Sequence[dict[str, str]],
    choices: dict[str, list[str]],
    weights: dict[str, int],
) -> tuple[str, str]:
    """The next choice: one that leads back to a view seen before, or a new one."""
    steps = [(label, option) for label in weights for option in choices[label] if option != view.get(label)]
    back = [step for step in steps if {**view, step[0]: step[1]} in seen]
    if back and rng.random() < GOES_BACK:
        return rng.choice(back)
    label = rng.choices(list(weights), list(weights.values()))[0]
    return rng.choice([step for step in steps if step[0] == label])


def _options(page: Page, label: str) -> list[str]:
    page.get_by_role("combobox", name=re.compile(rf"{label}\b")).click()
    options = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    return options


def _choose(page: Page, label: str, option: str) -> float | None:
    """Milliseconds from the click on an option to the repainted chart; None where no chart changed."""
    page.get_by_role("combobox", name=re.compile(rf"{label}\b")).click()
    page.get_by_role("option", name=option, exact=True).click()
    page.wait_for_function(_DONE, timeout=PAGE_MILLISECONDS)
    drawn: dict[str, Any] = page.evaluate("() => window.drawn")
    return drawn["painted"] - drawn["clicked"] if drawn["painted"] else None


def _table(changes: Sequence[Change]) -> Table:
    """Median, p95 and worst of first and repeated views, by page and of all."""
    columns = ("changes", "median", "p95", "most")
    table = Table("Page", "View", *columns, title="From a choice in a filter to the repainted chart, milliseconds")
    for page in (*dict.fromkeys(change.page for change in changes), "every page"):
        of_page = [change for change in changes if page in (change.page, "every page")]
        for said, kinds in (("first", (False,)), ("again", (True,)), ("either", (False, True))):
            times = [change.milliseconds for change in of_page if change.is_repeated in kinds]
            if len(times) > 1:
                p95 = quantiles(times, n=20, method="inclusive")[-1]
                table.add_row(
                    page, said, str(len(times)), *(f"{time:,.0f}" for time in (median(times), p95, max(times)))
                )
        table.add_section()
    return table


def _open(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 1280, "height": 1100}).new_page()


if __name__ == "__main__":
    main()

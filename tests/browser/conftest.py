from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from data.importer import import_files
from data.mapping_file import load_mapping
from data.snapshots import list_snapshots, open_snapshot
from queries.book import Book
from tests.browser.server import PAGE_MILLISECONDS, browsing, serving
from tests.dashboard.small_store import publish_last
from tests.shared_forecasts import share_forecasts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

#: Streamlit looks for its server under the page's own address first; the answer is a 404 by design.
EXPECTED_ERROR = "_stcore/"
#: A city's quarterly reports; they are not part of the repository.
REPORTS = Path(__file__).parents[3] / "shared" / "real" / "philadelphia" / "raw"
#: Those of half a year: lots that have ended, and others to forecast.
FIRST_REPORTS = 3


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_last(tmp_path_factory.mktemp("store"), months=2)


@pytest.fixture(scope="session")
def book(store: Path) -> Book:
    return Book(open_snapshot(store))


@pytest.fixture(scope="session")
def earlier(store: Path) -> str:
    """The date of the snapshot before the latest."""
    return list_snapshots(store)[0].dated_on.isoformat()


@pytest.fixture(scope="session")
def address(store: Path) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture(scope="session")
def philadelphia(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the city's first reports, imported once."""
    if not REPORTS.is_dir():
        pytest.skip("the city's reports, ../shared, are not part of the repository")
    store = share_forecasts(tmp_path_factory.mktemp("philadelphia"))
    files = sorted(REPORTS.glob("*.csv"))[:FIRST_REPORTS]
    import_files(files, load_mapping("philadelphia"), store, accept_good=True, on_file=lambda *_: None)
    return store


@pytest.fixture(scope="session")
def philadelphia_address(philadelphia: Path) -> Iterator[str]:
    with serving(philadelphia) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PAGE_MILLISECONDS)  # whatever is expected may have to be computed first
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="session")
def profile(browser: Browser) -> BrowserContext:
    """One person's browser: what it has loaded once of the dashboard it need not load again."""
    profile = browser.new_context(viewport={"width": 1280, "height": 1100})
    profile.set_default_timeout(PAGE_MILLISECONDS)
    return profile


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A page that fails its test on an error in the console or a traceback on the screen; it remembers nothing."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and EXPECTED_ERROR not in message.location["url"]:
            errors.append(message.text)

    profile.set_storage_state({"cookies": [], "origins": []})
    page = profile.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    tracebacks = page.get_by_test_id("stException").count()
    page.close()
    assert not errors, errors
    assert tracebacks == 0

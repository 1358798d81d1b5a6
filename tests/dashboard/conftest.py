from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, app_test

from dashboard import parts
from data.snapshots import list_snapshots, open_snapshot
from queries.book import Book
from tests.dashboard.small_store import publish_last

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

APP = Path(__file__).parents[2] / "dashboard" / "app.py"


@pytest.fixture(scope="session", autouse=True)
def found_once() -> Iterator[None]:
    """As in a server, components are looked for among the installed packages once, and scripts are compiled once.

    There is no browser to give a chart to.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        patch.setattr(parts, "DRAWN_IN", 0)
        patch.setattr(app_test, "ScriptCache", cache(app_test.ScriptCache))
        yield


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_last(tmp_path_factory.mktemp("store"), months=2)


@pytest.fixture(scope="session")
def book(store: Path) -> Book:
    """The latest snapshot, asked past the dashboard."""
    return Book(open_snapshot(store))


@pytest.fixture(scope="session")
def earlier(store: Path) -> Book:
    """The snapshot before it."""
    return Book(list_snapshots(store)[0])


@pytest.fixture
def visit(store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page by its link."""
    monkeypatch.setenv("DRAWDOWN_STORE", str(store))

    def open_page(page: str, **query: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        app.switch_page(f"app_pages/{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_page

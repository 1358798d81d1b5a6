from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from data.sample import SNAPSHOT_DATES, known_by, write_history
from data.snapshots import publish
from tests.queries import tiny
from tests.shared_forecasts import share_forecasts

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def new_book(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tiny.OpenBook]:
    """Publish a few rows and open them: `new_book(lots=[…], consumption=[…])`."""

    def make(**tables: Any) -> tiny.OpenBook:
        return tiny.book(tmp_path_factory.mktemp("store"), **tables)

    return make


@pytest.fixture(scope="session")
def sample_book(tmp_path_factory: pytest.TempPathFactory) -> tiny.OpenBook:
    """The last snapshot of the sample portfolio: some 900 lots and 19,000 deliveries."""
    known = known_by(write_history(), SNAPSHOT_DATES[-1])
    store = share_forecasts(tmp_path_factory.mktemp("sample"))
    return tiny.OpenBook(publish(store, known, SNAPSHOT_DATES[-1], {"mapping": "sample"}))

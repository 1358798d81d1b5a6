"""The random books every test of this folder asks about, published and opened once."""

from __future__ import annotations

import pytest

from tests.property.drawn import drawn_books
from tests.property.portfolio import Portfolio, portfolio

#: What R13 is held against, at the least.
BOOKS = 2000


@pytest.fixture(scope="session")
def books() -> Portfolio:
    return portfolio(drawn_books(BOOKS))

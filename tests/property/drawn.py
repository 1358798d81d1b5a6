"""Random books as hypothesis draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.property.books import Nastiness, random_book, seeded

if TYPE_CHECKING:
    from tests.property.brute_force import Rows

KINDS = (
    Nastiness(faults=False),
    Nastiness(faults=False, everybody=True),
    Nastiness(faults=False, early=True),
    Nastiness(everybody=True),
)

books = st.builds(lambda seed, kind: random_book(seeded(seed), kind), st.integers(0, 2**48), st.sampled_from(KINDS))


def drawn_books(count: int) -> list[Rows]:
    """So many, the same on every run."""
    drawn: list[Rows] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(book=books)
    def draw(book: Rows) -> None:
        drawn.append(book)

    draw()
    return drawn

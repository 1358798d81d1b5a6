"""Who delivered: shares of lines, taken back with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.tiny import across, delivered_by, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


def test_departments_have_their_shares_of_what_was_delivered(new_book: Callable[..., OpenBook]) -> None:
    # Design: 0.25 x 12 = 3; Data: 0.75 x 12 + 4 - 1 = 12, the reversal counted by the shares of what it takes back
    # and no delivery itself.
    book = new_book(
        lots=[lot("C", 100, 1000)],
        consumption=[
            used("U1", "C", "2026-01-10", 12),
            used("U2", "C", "2026-02-10", 4),
            used("U3", "C", "2026-03-10", -1, reverses="U2"),
            used("U4", "C", "2026-03-12", 2),
            used("U5", "C", "2026-07-01", 50),  # after the day asked about
        ],
        consumption_departments=[
            *delivered_by("U1", Design="0.25", Data="0.75"),
            *delivered_by("U2", Data=1),
            *delivered_by("U5", Design=1),
        ],
    )
    assert across(book.run("consumption_by_department", as_of="2026-06-30")) == text("""
        contract_id  department       unit  delivery_count  delivered_quantity  first_on    last_on
        C            Data             hour  2               12                  2026-01-10  2026-02-10
        C            Design           hour  1               3                   2026-01-10  2026-01-10
        C            (no department)  hour  1               2                   2026-03-12  2026-03-12
    """)

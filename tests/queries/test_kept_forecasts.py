"""Kept forecasts: they are read again, and nothing but the wait depends on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from queries import kept_forecasts, outlook
from queries.book import Book
from tests.queries import tiny
from tests.queries.tiny import lot, used

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from data.snapshots import Snapshot

AS_OF = "2026-03-31"
FIGURES = ("unused_forecast", "forecast_scores", "quarter_forecasts")


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """A lot that ended in every half-year of three, and one that is open."""
    terms = [
        *(f"{year}-{start}..{year}-{end}" for year in (2023, 2024, 2025) for start, end in HALVES),
        "2026-01-01..2026-12-31",
    ]
    return tiny.book(
        tmp_path,
        lots=[lot(f"L{place}", 100, 1000, term) for place, term in enumerate(terms)],
        consumption=[used(f"U{place}", f"L{place}", term[:10], 10 * place) for place, term in enumerate(terms)],
    ).snapshot


HALVES = (("01-01", "06-30"), ("07-01", "12-31"))


def answers(snapshot: Snapshot) -> list[pl.DataFrame]:
    """What a book opened anew says."""
    book = Book(snapshot)
    return [book.run(name, as_of=AS_OF) for name in FIGURES]


def same(first: list[pl.DataFrame], second: list[pl.DataFrame]) -> bool:
    return all(one.equals(other) for one, other in zip(first, second, strict=True))


def test_kept_forecasts_are_read_again_and_say_the_same(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    made = answers(snapshot)
    assert made[0].height == 1
    assert made[1].height > 0
    monkeypatch.setattr(outlook, "forecast", None)  # whoever forecasts now fails
    assert same(answers(snapshot), made)


@pytest.mark.parametrize("content", [b"", b"PAR1 torn"])
def test_damaged_ones_are_made_again(snapshot: Snapshot, content: bytes) -> None:
    made = answers(snapshot)
    for path in snapshot.derived.iterdir():
        path.write_bytes(content)
    assert same(answers(snapshot), made)
    assert all(path.stat().st_size > len(content) for path in snapshot.derived.iterdir())


def test_other_code_reads_none_of_them(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(snapshot)
    before = {path.name for path in snapshot.derived.iterdir()}
    monkeypatch.setattr(kept_forecasts, "_version", lambda: "another")
    answers(snapshot)
    assert len({path.name for path in snapshot.derived.iterdir()} - before) == len(before)


def test_a_store_that_cant_be_written_goes_without(snapshot: Snapshot) -> None:
    snapshot.derived.parent.write_text("no folder")
    assert same(answers(snapshot), answers(snapshot))

"""Kept forecasts: they are read again, and nothing but the wait depends on them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from data.snapshots import open_snapshot
from queries import computed, outlook
from queries import kept as store_keeps
from queries.book import Book
from tests.queries import tiny
from tests.queries.tiny import lot, used

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from data.snapshots import Snapshot

AS_OF = "2026-03-31"
FIGURES = ("unused_forecast", "forecast_scores", "quarter_forecasts")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lot that ended in every half-year of three, and one that is open."""
    terms = [
        *(f"{year}-{start}..{year}-{end}" for year in (2023, 2024, 2025) for start, end in HALVES),
        "2026-01-01..2026-12-31",
    ]
    store = tmp_path_factory.mktemp("store")
    tiny.book(
        store,
        lots=[lot(f"L{place}", 100, 1000, term) for place, term in enumerate(terms)],
        consumption=[used(f"U{place}", f"L{place}", term[:10], 10 * place) for place, term in enumerate(terms)],
    )
    return store


HALVES = (("01-01", "06-30"), ("07-01", "12-31"))


@pytest.fixture
def snapshot(store: Path, tmp_path: Path) -> Snapshot:
    """Whose forecasts nobody has asked for."""
    return open_snapshot(copied(store, tmp_path))


@pytest.fixture(scope="module")
def asked(store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[pl.DataFrame]]:
    """A store in which forecasts are kept, and what was said when they were made."""
    own = copied(store, tmp_path_factory.mktemp("asked"))
    return own, answers(open_snapshot(own))


@pytest.fixture
def kept(asked: tuple[Path, list[pl.DataFrame]], tmp_path: Path) -> Snapshot:
    """Whose forecasts are kept."""
    return open_snapshot(copied(asked[0], tmp_path))


@pytest.fixture
def made(asked: tuple[Path, list[pl.DataFrame]]) -> list[pl.DataFrame]:
    return asked[1]


def copied(store: Path, to: Path) -> Path:
    shutil.copytree(store, to, dirs_exist_ok=True)
    return to


def answers(snapshot: Snapshot) -> list[pl.DataFrame]:
    """What a book opened anew says."""
    book = Book(snapshot)
    return [book.run(name, as_of=AS_OF) for name in FIGURES]


def same(first: list[pl.DataFrame], second: list[pl.DataFrame]) -> bool:
    return all(one.equals(other) for one, other in zip(first, second, strict=True))


def test_kept_forecasts_are_read_again_and_say_the_same(
    kept: Snapshot, made: list[pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made[0].height == 1
    assert made[1].height > 0
    monkeypatch.setattr(outlook, "forecast", None)  # whoever forecasts now fails
    assert same(answers(kept), made)


def test_what_a_book_computes_is_read_again_and_is_the_same(
    kept: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed_anew = open_snapshot(copied(kept.folder.parent.parent, tmp_path / "anew"))
    shutil.rmtree(computed_anew.derived)
    names = ("draws", "postings", "lot_terms", "ratable_spans")
    expected = [Book(computed_anew).run(name) for name in names]
    for step in ("unit_ledger", "walk", "instalments"):
        monkeypatch.setattr(computed, step, None)  # whoever computes now fails
    assert same([Book(kept).run(name) for name in names], expected)


@pytest.mark.parametrize("content", [b"", b"PAR1 torn"])
def test_damaged_ones_are_made_again(kept: Snapshot, made: list[pl.DataFrame], content: bytes) -> None:
    for path in kept.derived.iterdir():
        path.write_bytes(content)
    assert same(answers(kept), made)
    assert all(path.stat().st_size > len(content) for path in kept.derived.iterdir())


def test_other_code_reads_none_of_them(kept: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name for path in kept.derived.iterdir()}
    monkeypatch.setattr(store_keeps, "_version", lambda: "another")
    answers(kept)
    assert len({path.name for path in kept.derived.iterdir()} - before) == len(before) > 0


def test_a_store_that_cant_be_written_goes_without(snapshot: Snapshot, made: list[pl.DataFrame]) -> None:
    shutil.rmtree(snapshot.derived.parent, ignore_errors=True)
    snapshot.derived.parent.write_text("no folder")
    assert same(answers(snapshot), made)

"""The large book: the same each time, as skewed as it says, and a book like any other."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from data.large_book import large_book, write_large_book
from data.large_terms import DATED_ON, LARGEST, LARGEST_SHARE, Size
from data.schema import AMENDMENT_KINDS, RECOGNITION_METHODS
from data.snapshots import publish
from data.staging import staging_in
from queries.book import Book

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 20_000


def tables(rows: int) -> dict[str, pl.DataFrame]:
    parts: dict[str, list[pl.DataFrame]] = {}
    for name, part in large_book(Size.of(rows)):
        parts.setdefault(name, []).append(part)
    return {name: pl.concat(of_table) for name, of_table in parts.items()}


@pytest.fixture(scope="module")
def book() -> dict[str, pl.DataFrame]:
    return tables(ROWS)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Book:
    folder: Path = tmp_path_factory.mktemp("large")
    with staging_in(folder) as staging:
        write_large_book(staging, Size.of(ROWS))
        return Book(publish(folder / "store", staging, DATED_ON, {}))


def test_it_is_the_same_each_time(book: dict[str, pl.DataFrame]) -> None:
    again = tables(ROWS)

    assert again.keys() == book.keys()
    assert [name for name, rows in again.items() if not rows.equals(book[name])] == []


def test_it_is_as_large_as_asked(book: dict[str, pl.DataFrame]) -> None:
    assert [book[name].height for name in ("consumption", "lots", "contracts")] == [ROWS, 600, 200]


def test_the_rows_of_a_part_are_not_those_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.large_deliveries._PART", 1_000)
    parts = [part for name, part in large_book(Size.of(ROWS)) if name == "consumption"]
    rows = pl.concat(parts)

    assert len(parts) > 5
    assert rows["line_no"].to_list() == list(range(1, ROWS + 1))
    assert rows["consumption_id"].n_unique() == ROWS
    assert rows.group_by("contract_id").len().height == sum(part["contract_id"].n_unique() for part in parts)


def test_one_contract_holds_a_twentieth_and_none_as_much(book: dict[str, pl.DataFrame]) -> None:
    counts = book["consumption"]["contract_id"].value_counts(sort=True)

    assert counts.row(0) == (LARGEST, round(ROWS * LARGEST_SHARE))
    assert counts["count"][1] < ROWS * LARGEST_SHARE
    assert counts["count"].median() < ROWS / 200 * 0.6


def test_a_third_of_the_lots_is_still_open(book: dict[str, pl.DataFrame]) -> None:
    lots = book["lots"]

    assert 0.25 < (lots["expires_on"] >= DATED_ON).mean() < 0.4
    assert lots["valid_from"].min() < date(2020, 3, 1)


def test_it_has_what_makes_draws_hard(book: dict[str, pl.DataFrame]) -> None:
    consumption = book["consumption"]

    assert 0.02 < consumption["reverses"].count() / ROWS < 0.04
    assert 0.02 < consumption["lot_id"].count() / ROWS < 0.04
    assert set(consumption.filter(pl.col("quantity") < 0)["reverses"].is_not_null()) == {True}
    assert set(book["contracts"]["recognition_method"]) == set(RECOGNITION_METHODS)
    assert book["contracts"]["draw_order"].n_unique() == 2
    assert book["lots"]["scope"].n_unique() == 4


def test_two_contracts_of_a_hundred_are_amended_in_every_way() -> None:
    amendments = tables(100_000)["amendments"]

    assert amendments["contract_id"].n_unique() == 20
    assert set(AMENDMENT_KINDS) - set(amendments["kind"]) == {"remove_units"}


def test_its_figures_hold_together(opened: Book) -> None:
    assert opened.failed_checks() == {}


def test_some_of_it_is_beyond_the_lots_and_little(opened: Book) -> None:
    overage = opened.run("overage")["quantity"].sum()
    drawn = opened.run("draws")["quantity"].sum()

    assert 0 < overage < drawn / 10

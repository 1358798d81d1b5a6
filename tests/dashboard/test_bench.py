"""What the benchmark measures is what the pages ask and what the draws draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from dashboard.bench import by_pandas, doors, floors
from dashboard.bench.pages import Answered, Of, Question, Shown, answers, p95, pages, waits
from dashboard.session import View
from data.large_book import write_large_book
from data.large_terms import DATED_ON, LARGEST, Size
from data.snapshots import publish
from data.staging import staging_in
from queries.book import Book

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from data.snapshots import Snapshot

    Visit = Callable[..., AppTest]

ROWS = 4_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder: Path = tmp_path_factory.mktemp("large")
    with staging_in(folder) as staging:
        write_large_book(staging, Size.of(ROWS))
        return publish(folder / "store", staging, DATED_ON, {})


def about(view: View, parameters: dict[str, object]) -> Of:
    """What a question of a page is narrowed to."""
    filters = {**view.filters, **parameters}
    if "contract" in filters:
        return Of.CONTRACT
    if "account" in filters:
        return Of.CLIENT
    if "currency" in filters:
        return Of.VIEW
    return Of.EVERY_CURRENCY if filters else Of.EVERYTHING


@pytest.mark.parametrize("page", pages(DATED_ON))
def test_what_a_page_asks_when_it_is_opened_is_measured(
    visit: Visit, earlier: Book, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    asked: set[tuple[str, Of]] = set()
    ask = View.ask

    def noted(view: View, figure: str, **parameters: object) -> pl.DataFrame:
        asked.add((figure, about(view, parameters)))
        return ask(view, figure, **parameters)

    monkeypatch.setattr(View, "ask", noted)
    owner = earlier.source("contracts", currency="USD")["owner"][0]
    # The first snapshot has nothing before it to compare with.
    app = visit(page.lower().replace(" ", "_").replace("-", "_"), snapshot=str(earlier.snapshot.dated_on), owner=owner)

    assert not app.exception
    measured = {(question.figure, question.of) for question in pages(DATED_ON)[page]}
    # The sidebar's question, which every page has.
    assert asked | {("open_balance", Of.EVERYTHING)} == measured | {("open_balance", Of.EVERYTHING)}


def test_pages_are_asked_under_every_filter_and_for_the_largest_contract(large: Snapshot) -> None:
    book = Book(large)
    account = book.source("contracts", contract=LARGEST)["account_id"][0]
    answered = list(answers(book, Shown(LARGEST, account)))

    assert {one.page for one in answered} == set(pages(DATED_ON))
    assert all(one.seconds > 0 for one in answered)
    narrowed = [one.filters for one in answered]
    assert {name for filters in narrowed for name in filters} == {
        *("currency", "owner", "segment", "vehicle", "contract", "account"),
    }
    assert {"contract": LARGEST} in narrowed
    assert {"account": account} in narrowed


def test_a_page_waits_as_long_as_the_slow_ones_of_its_answers() -> None:
    seconds = [float(place) for place in range(101)]
    answered = [Answered("Portfolio", Question("watch_list"), {}, one) for one in seconds]

    assert p95(seconds) == 95
    assert waits(answered) == (101, 50, 95)


def test_pandas_draws_what_the_draws_draw(large: Snapshot) -> None:
    doors.make_draws(large)
    ledger = pl.concat(pl.read_parquet(path) for path in large.derived.glob("*unit_ledger*"))
    contracts, lots, consumption = by_pandas.tables(large, ROWS)

    def in_order(draws: pl.DataFrame) -> pl.DataFrame:
        columns = ("event_id", "lot_id", "quantity_units")
        return draws.select(columns).group_by("event_id", "lot_id").sum().sort("event_id", "lot_id")

    drawn = in_order(pl.from_pandas(by_pandas.draw(contracts, lots, consumption)))
    of_contracts = pl.col("contract_id").is_in(contracts["contract_id"].tolist())
    own = in_order(ledger.filter(of_contracts, pl.col("kind").is_in(["draw", "overage"])))
    assert drawn.height > ROWS / 2
    assert drawn["lot_id"].null_count() > 0
    assert drawn.equals(own.cast(dict(drawn.schema)))


def test_every_floor_takes_time_and_leaves_nothing(large: Snapshot) -> None:
    doors.make_draws(large)
    store = large.folder.parent.parent
    kept = sorted(large.derived.iterdir())
    found = [floors.publish_floor(store), floors.draws_floor(store, kept), floors.marts_floor(kept, kept)]

    assert all(floor.work > 0 and floor.writing > 0 for floor in found)
    assert sorted(large.derived.iterdir()) == kept
    assert {path.name for path in store.iterdir() if path.is_dir()} == {"snapshots", "derived"}

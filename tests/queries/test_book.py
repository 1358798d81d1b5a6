"""The one door: `Book.run` says what there is when asked wrongly, and answers many threads as it answers one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from itertools import product
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from queries.book import FILTERS, Book
from queries.calendar import month_ends
from queries.catalog import FigureError
from tests.queries.tiny import account, contract, lot

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(lots=[lot("C", 365, 365)])


def test_an_unknown_figure_is_answered_with_those_there_are(book: OpenBook) -> None:
    with pytest.raises(FigureError, match=r"There is no figure balance\. There are: analogs, .*, watch_list\.$"):
        book.run("balance", as_of="2026-03-31")


def test_an_unknown_parameter_is_answered_with_those_it_takes(book: OpenBook) -> None:
    with pytest.raises(FigureError, match=r"expiring_lots does not take day, weeks\. It takes: as_of DATE, within"):
        book.run("expiring_lots", as_of="2026-03-31", within_days=30, weeks=4, day=1)
    with pytest.raises(FigureError, match=r"filters: contract, account, owner, vehicle, currency, segment, region\.$"):
        book.run("lot_balance", as_of="2026-03-31", client="Acme")


def test_a_missing_parameter_is_named(book: OpenBook) -> None:
    with pytest.raises(FigureError, match=r"expiring_lots needs as_of, within_days\. It takes: as_of DATE, within"):
        book.run("expiring_lots")
    with pytest.raises(FigureError, match=r"liability_rollforward needs boundaries"):
        book.run("liability_rollforward")


@pytest.mark.parametrize(
    ("figure", "parameters"),
    [
        ("lot_balance", {"as_of": "soon"}),
        ("lot_balance", {"as_of": "2026-02-30"}),
        ("lot_balance", {"as_of": 20260331}),
        ("recognition_by_period", {"as_of": "soon"}),
        ("recognition_by_period", {"as_of": "31.03.2026"}),
        ("recognition_by_period", {"boundaries": ["2026-01-31", "soon"]}),
        ("recognition_by_period", {"boundaries": "2026-01-31"}),
        ("expiring_lots", {"as_of": "2026-03-31", "within_days": "many"}),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(
    book: OpenBook, figure: str, parameters: dict[str, object]
) -> None:
    with pytest.raises(FigureError, match=rf"{figure} can't use these values|as_of must be a date like 2026-03-31"):
        book.run(figure, **parameters)


@pytest.mark.parametrize("figure", ["lot_balance", "portfolio_summary"])
def test_no_day_at_all_is_a_missing_one(book: OpenBook, figure: str) -> None:
    with pytest.raises(FigureError, match=rf"{figure} needs as_of\. It takes: as_of DATE;"):
        book.run(figure, as_of=None)
    with pytest.raises(FigureError, match=r"recognition_by_period needs boundaries\. It takes: boundaries DATE\[\];"):
        book.run("recognition_by_period", boundaries=None)


@pytest.fixture(scope="module")
def book_of_fives(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        accounts=[account("5", segment="5", region="5"), account("Acme")],
        contracts=[contract("5", account_id="5", owner="5", vehicle="5")],
        lots=[lot("5", 10, 1000), lot("C", 10, 1000)],
    )


@pytest.mark.parametrize("filter_", FILTERS)
def test_a_filter_value_that_is_no_text_is_compared_as_text(book_of_fives: OpenBook, filter_: str) -> None:
    found = ["5"] if filter_ != "currency" else []  # no currency is a number
    assert book_of_fives.run("lot_balance", as_of="2026-03-31", **{filter_: 5})["lot_id"].to_list() == found
    assert book_of_fives.run("lot_balance", as_of="2026-03-31", **{filter_: 6}).is_empty()


def test_a_book_of_a_snapshot_answers_at_once(book: OpenBook) -> None:
    assert (
        Book(book.snapshot).run("lot_balance", as_of="2026-03-31").equals(book.run("lot_balance", as_of="2026-03-31"))
    )


@pytest.mark.parametrize("figure", ["lot_balance", "recognition_by_period"])
@pytest.mark.parametrize("day", [date(2026, 3, 31), datetime(2026, 3, 31, 12)], ids=["date", "moment"])  # noqa: DTZ001 - civil
def test_a_day_can_be_a_text_a_date_or_a_moment_of_it(book: OpenBook, figure: str, day: date) -> None:
    answer = book.run(figure, as_of="2026-03-31")
    assert answer.height > 0
    assert book.run(figure, as_of=day).equals(answer)


@pytest.mark.parametrize(
    ("as_of", "months", "ends"),
    [
        (date(2026, 1, 31), 2, [date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31)]),
        (date(2026, 1, 15), 1, [date(2025, 12, 31), date(2026, 1, 15)]),
        (date(2026, 12, 31), 1, [date(2026, 11, 30), date(2026, 12, 31)]),
        (date(2024, 3, 1), 2, [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 1)]),
        (date(2024, 2, 28), 1, [date(2024, 1, 31), date(2024, 2, 28)]),
    ],
)
def test_month_ends_close_each_month_up_to_the_day_after_the_opening(
    as_of: date, months: int, ends: list[date]
) -> None:
    assert month_ends(as_of, months) == ends


def test_boundaries_default_to_the_twelve_months_up_to_the_day_asked_about(book: OpenBook) -> None:
    periods = book.run("recognition_by_period", as_of="2026-03-15").filter(policy="ratable")
    assert periods["period_end"].to_list() == [
        *(date(2025, month + 1, 1) - date.resolution for month in range(4, 12)),
        date(2025, 12, 31),
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 15),
    ]
    # A unit a day: 31, 28, 15.
    assert [str(amount) for amount in periods["revenue_ratable"].tail(4)] == ["0.000", "31.000", "28.000", "15.000"]


def test_boundaries_given_win_over_the_default(book: OpenBook) -> None:
    periods = book.run("recognition_by_period", as_of="2026-03-15", boundaries=["2026-01-31", date(2026, 2, 10)])
    assert periods["period_end"].unique().to_list() == [date(2026, 2, 10)]


def test_a_book_of_nothing_answers_every_figure_with_no_row(new_book: Callable[..., OpenBook]) -> None:
    empty = new_book(accounts=[{"account_id": "Acme"}])
    answers = [
        empty.run("lot_balance", as_of="2026-03-31"),
        empty.run("portfolio_summary", as_of="2026-03-31"),
        empty.run("unused_by_quarter", as_of="2026-03-31"),
        empty.run("recognition_by_period", as_of="2026-03-31"),
        empty.run("draws"),
    ]
    assert [answer.height for answer in answers] == [0] * 5
    assert empty.failed_checks() == {}


#: Eight figures, each asked about five parts of the sample.
QUESTIONS = [
    (figure, parameters | narrowed)
    for (figure, parameters), narrowed in product(
        [
            ("lot_terms", {}),
            ("overage", {}),
            ("postings", {}),
            ("open_requests", {"as_of": "2026-10-31"}),
            ("contract_totals", {"as_of": "2026-06-30"}),
            ("lot_balance", {"as_of": "2026-10-31"}),
            ("expiring_lots", {"as_of": "2026-08-31", "within_days": 90}),
            ("consumption_by_project", {"as_of": "2026-09-30"}),
        ],
        [
            {},
            {"currency": "EUR"},
            {"region": "Europe"},
            {"segment": "Enterprise", "currency": "USD"},
            {"owner": "nobody"},
        ],
    )
]


def test_eight_threads_get_the_answers_one_thread_gets(sample_book: OpenBook) -> None:
    alone = [sample_book.run(figure, **parameters) for figure, parameters in QUESTIONS]
    assert len({(figure, answer.height) for (figure, _), answer in zip(QUESTIONS, alone, strict=True)}) > 30
    fresh = Book(sample_book.snapshot)
    start = Barrier(8)

    def ask_all(thread: int) -> list[pl.DataFrame]:
        # Each thread begins elsewhere, so that different questions meet.
        start.wait()
        turned = [*QUESTIONS[thread * 5 :], *QUESTIONS[: thread * 5]]
        answers = [fresh.run(figure, **parameters) for figure, parameters in turned]
        return [*answers[len(QUESTIONS) - thread * 5 :], *answers[: len(QUESTIONS) - thread * 5]]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(ask_all, range(8)))
    wrong = [
        (thread, QUESTIONS[number])
        for thread, answers in enumerate(together)
        for number, answer in enumerate(answers)
        if not answer.equals(alone[number])
    ]
    assert wrong == []

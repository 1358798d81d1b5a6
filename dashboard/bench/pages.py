"""What each page asks when it is opened, and how long the answers take under the filters people set."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, auto
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from queries.calendar import BEGINNING, month_ends

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from queries.book import Book

#: What a question is narrowed to.
Filters = dict[str, str]

#: How many choices of each filter are tried.
_CHOICES: Final = 2


class Of(Enum):
    """What a question is about."""

    VIEW = auto()  # what passes the filters
    EVERY_CURRENCY = auto()  # the same without the currency
    EVERYTHING = auto()
    CLIENT = auto()  # the client shown
    CONTRACT = auto()  # the contract shown


class Question(NamedTuple):
    """A figure that a page asks, with the parameters it sets besides the day."""

    figure: str
    of: Of = Of.VIEW
    parameters: Mapping[str, object] = {}


class Shown(NamedTuple):
    """The contract, and its client, that a page about one shows."""

    contract: str
    account: str


class Answered(NamedTuple):
    """How long one question of a page took, in seconds."""

    page: str
    question: Question
    filters: Filters
    seconds: float


def pages(as_of: date) -> dict[str, Sequence[Question]]:
    """What each page asks when it is opened in its first section, but for what it compares with.

    Args:
        as_of: the day asked about.
    """
    last_month = {"first_day": month_ends(as_of, 2)[0] + timedelta(days=1), "last_day": month_ends(as_of, 2)[1]}
    of_contract = ("burn_down", "lot_events", "lot_reach", "open_requests", "commitments")
    of_requests = ("commitments", "requests_by_project", "request_lines", "requests_by_stage")
    watched = Question("watch_list")
    return {
        "Portfolio": (
            Question("open_balance", Of.EVERYTHING),
            Question("expiry_calendar"),
            Question("portfolio_summary", Of.EVERY_CURRENCY),
            watched,
        ),
        "Watch-list": (Question("watch_flags"),),
        "Burn-down": (
            watched,
            Question("lot_balance"),
            *(Question(figure, Of.CONTRACT) for figure in of_contract),
            Question("client_risk"),
        ),
        "Requests": tuple(map(Question, of_requests)),
        "Statement": (
            Question("statement_balances", Of.CLIENT, last_month),
            Question("deliveries", Of.CLIENT, last_month),
            Question("burn_down", Of.CLIENT),
        ),
        "Breakage": (
            Question("unused_by_quarter"),
            watched,
            Question("unused_what_if", parameters={"added_days": 0, "burn": 1.0}),
            Question("unused_by_group", parameters={"dimension": "service"}),
        ),
        "Track record": (
            *(Question("backtest", parameters={"dimension": dimension}) for dimension in ("all", "share")),
            watched,
            Question("quarter_forecasts"),
        ),
        "Recognition": (
            *(Question(figure) for figure in ("recognition_by_period", "policy_difference", "net_positions")),
            Question("policy_difference", parameters={"boundaries": [BEGINNING, as_of]}),
        ),
    }


def answers(book: Book, also: Shown) -> Iterator[Answered]:
    """Ask every page its questions under several filters, each once, after all have been asked once before.

    Args:
        book: an open book.
        also: shown once besides what the watch-list of each view names first.
    """
    as_of, views = book.snapshot.dated_on, _views(book)
    asked = [(page, question) for page, questions in pages(as_of).items() for question in questions]
    for _, question in asked:
        ask(book, question, _narrowed(question, views[0], also))
    for place, view in enumerate(views):
        shown = [*_first(book, view), *([also] if place == 0 else [])]
        for page, question in asked:
            for filters in _places(question, view, shown):
                begun = perf_counter()
                ask(book, question, filters)
                yield Answered(page, question, filters, perf_counter() - begun)


def ask(book: Book, question: Question, filters: Filters) -> None:
    """Ask one question of a page about the book's day."""
    book.run(question.figure, as_of=book.snapshot.dated_on, **question.parameters, **filters)


def p95(seconds: Sequence[float]) -> float:
    """The time that 95 of 100 answers keep within."""
    return quantiles(seconds, n=20, method="inclusive")[-1]


class Waits(NamedTuple):
    """How long the answers of a page take, in seconds."""

    answers: int
    median: float
    p95: float


def waits(answered: Sequence[Answered]) -> Waits:
    """The median and the 95th percentile of some answers."""
    seconds = [one.seconds for one in answered]
    return Waits(len(seconds), median(seconds), p95(seconds))


def _views(book: Book) -> list[Filters]:
    """The filters tried: a currency, as every page has one, by itself and with a choice of each other filter."""
    contracts, accounts = book.source("contracts"), book.source("accounts")
    currency: str = contracts["currency"].mode().sort()[0]
    choices = {"owner": contracts["owner"], "segment": accounts["segment"], "vehicle": contracts["vehicle"]}
    return [
        {"currency": currency},
        *(
            {"currency": currency, name: value}
            for name, values in choices.items()
            for value in values.drop_nulls().unique().sort().head(_CHOICES)
        ),
    ]


def _first(book: Book, view: Filters) -> list[Shown]:
    """What the pages about one client or contract show of a view; empty where no lot is open."""
    watched = book.run("watch_list", as_of=book.snapshot.dated_on, **view).head(1)
    return [Shown(*row) for row in watched.select("contract_id", "account_id").iter_rows()]


def _places(question: Question, view: Filters, shown: Sequence[Shown]) -> list[Filters]:
    if question.of in (Of.CLIENT, Of.CONTRACT):
        return [_narrowed(question, view, one) for one in shown]
    return [_narrowed(question, view, None)]


def _narrowed(question: Question, view: Filters, shown: Shown | None) -> Filters:
    every_currency = {name: value for name, value in view.items() if name != "currency"}
    if question.of is Of.EVERYTHING:
        return {}
    if question.of is Of.EVERY_CURRENCY:
        return every_currency
    if shown and question.of is Of.CONTRACT:
        return {"contract": shown.contract}
    if shown and question.of is Of.CLIENT:
        return {**every_currency, "account": shown.account}
    return view

"""Statements say, kind by kind, what `drawdown query` says: for every client and month of the sample."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl
import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.statement.month import Month, month, months
from dashboard.statement.statement import Statement, Units, statements
from queries import catalog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from queries.book import Book

MONTHS = months(date(2023, 11, 1), date(2026, 10, 31))
LAST_DAY = "2026-10-31"
#: What adds up: a client's units of one kind bought in one currency.
PLACE = ["account_id", "unit", "currency"]
Figures = dict[tuple[str, str, str], tuple[Decimal, ...]]
Query: TypeAlias = "Callable[..., pl.DataFrame]"


@pytest.fixture(scope="module")
def query(store: Path) -> Query:
    """Ask a figure as people do: by the command, as CSV."""

    def ask(figure: str, **parameters: str) -> pl.DataFrame:
        settings = [text for name, value in parameters.items() for text in ("--set", f"{name}={value}")]
        result = CliRunner().invoke(app, ["query", figure, "--store", str(store), "--format", "csv", *settings])
        assert result.exit_code == 0, result.output
        types = {column.name: _type(column.type) for column in catalog.figure(figure).columns}
        return pl.read_csv(io.StringIO(result.stdout), schema_overrides=types)

    return ask


def _type(sql: str) -> Any:
    decimal = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", sql)
    return pl.Decimal(int(decimal[1]), int(decimal[2])) if decimal else {"DATE": pl.Date}.get(sql, pl.String)


@pytest.fixture(scope="module")
def found(book: Book) -> dict[Month, dict[str, Statement]]:
    """Every statement of the sample, without the charts, which have no totals and take as long as all else."""
    no_course = book.run("burn_down", as_of="2000-01-01")

    def ask(figure: str, **parameters: Any) -> pl.DataFrame:
        return no_course if figure == "burn_down" else book.run(figure, **parameters)

    asked = [month(key, book.snapshot.dated_on) for key in MONTHS]
    assert len(asked) == 36
    return {one: statements(ask, book.snapshot, one, only="") for one in asked}


@pytest.fixture(scope="module")
def ledger(query: Query) -> pl.DataFrame:
    """Every movement of a lot, with its client, its kind as statements tell it, and what it adds to what is left."""
    events = query("lot_events", as_of=LAST_DAY)
    transfers = events.filter(pl.col("kind").is_in(["transfer_in", "transfer_out"]))["event_id"].to_list()
    assert transfers
    is_grant, is_moved = pl.col("kind") == "grant", pl.col("event_id").is_in(transfers)
    sign = pl.when(is_grant).then(1).otherwise(-1)
    terms = query("lot_terms").select("lot_id", *PLACE, "usable_until")
    return (
        query("movements")
        .join(terms, on="lot_id")
        .with_columns(
            kind=pl.when(is_grant & is_moved & (pl.col("quantity") > 0))
            .then(pl.lit("transferred_in"))
            .when(is_grant & is_moved)
            .then(pl.lit("transferred_out"))
            .otherwise("kind"),
            change=pl.col("quantity") * sign,
            worth=pl.col("amount") * sign,
        )
    )


def test_what_became_of_the_units_of_every_client_in_every_month(
    ledger: pl.DataFrame, found: dict[Month, dict[str, Statement]]
) -> None:
    checked = 0
    for asked, made in found.items():
        said = {
            (one.account_id, of.unit, of.currency): (*of.units, of.closing_amount)
            for one in made.values()
            for of in one.totals
        }
        expected = _expected(ledger, asked)
        assert said == expected, asked
        checked += len(expected)
    assert checked > 5_000


def _expected(ledger: pl.DataFrame, asked: Month) -> Figures:
    """The units of a statement and the price of the last, as the ledger has them."""
    known = ledger.filter(pl.col("moved_on") <= asked.last_day)
    is_before = pl.col("moved_on") < asked.first_day

    def of(kind: str) -> pl.Expr:
        return pl.col("change").filter(~is_before & (pl.col("kind") == kind)).sum()

    by_lot = known.group_by("lot_id", *PLACE).agg(
        opening=pl.col("change").filter(is_before).sum(),
        bought=of("grant"),
        transferred_in=of("transferred_in"),
        transferred_out=-of("transferred_out"),
        restored=of("lapse").clip(lower_bound=0),
        used=-of("draw"),
        lapsed=(-of("lapse")).clip(lower_bound=0),
        closing=pl.col("change").sum(),
        worth=pl.col("worth").sum(),
        moves=(~is_before & (pl.col("change") != 0)).sum(),
    )
    stated = by_lot.filter((pl.col("opening") != 0) | (pl.col("closing") != 0) | (pl.col("moves") > 0))
    rows = stated.group_by(PLACE).agg(pl.col(*Units._fields, "worth").sum())
    return {row[:3]: row[3:] for row in rows.iter_rows()}


def test_what_is_left_and_its_last_usable_day(query: Query, found: dict[Month, dict[str, Statement]]) -> None:
    """Asked of lot_balance itself, at both ends of a term and in the midst of the sample."""
    for key in ("2024-12", "2026-03", "2026-10"):
        asked = next(one for one in found if one.key == key)
        rows = query("lot_balance", as_of=str(asked.last_day)).filter(pl.col("remaining_quantity") > 0)
        said = [
            (lot.lot_id, one.account_id, lot.units.closing, lot.closing_amount, lot.usable_until)
            for one in found[asked].values()
            for lot in one.lots
            if lot.units.closing > 0
        ]
        names = ("lot_id", "account_id", "remaining_quantity", "remaining_amount", "usable_until")
        assert sorted(said) == sorted(rows.select(names).iter_rows())


def test_the_last_usable_day_of_every_lot_in_every_month(
    ledger: pl.DataFrame, found: dict[Month, dict[str, Statement]]
) -> None:
    ends = dict(ledger.select("lot_id", "usable_until").unique().iter_rows())
    checked = 0
    for made in found.values():
        for one in made.values():
            for lot in one.lots:
                assert lot.usable_until == ends[lot.lot_id]
                days = [part.until for part in lot.left]
                assert not days or days[-1] == lot.usable_until or lot.capped_on
                checked += 1
    assert checked > 5_000


def test_every_client_with_a_balance_or_a_delivery_has_a_statement(
    book: Book, query: Query, ledger: pl.DataFrame, found: dict[Month, dict[str, Statement]]
) -> None:
    """And nobody else; it says what was delivered, and what of it no lot covered at which price."""
    clients = book.source("contracts").select("contract_id", "account_id", "currency")
    served = book.source("consumption").join(clients, on="contract_id")
    beyond = query("overage").drop("currency", strict=False).join(clients, on="contract_id")
    for asked, made in found.items():
        in_month = pl.col("service_date").is_between(asked.first_day, asked.last_day)
        delivered = _sums(served.filter(in_month), "quantity")
        assert {place: (value,) for place, value in _delivered(made).items()} == delivered
        assert _beyond(made) == _sums(beyond.filter(in_month), "quantity", "revenue")
        assert set(made) == {place[0] for place in (*_expected(ledger, asked), *delivered)}


def _sums(rows: pl.DataFrame, *columns: str) -> Figures:
    found = rows.group_by(PLACE).agg(pl.col(columns).sum())
    return {row[:3]: row[3:] for row in found.iter_rows()}


def _delivered(made: dict[str, Statement]) -> dict[tuple[str, str, str], Decimal]:
    return {(one.account_id, *key): value for one in made.values() for key, value in one.delivered.items()}


def _beyond(made: dict[str, Statement]) -> Figures:
    added_up: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for one in made.values():
        for row in one.beyond:
            place = (one.account_id, row.unit, row.currency)
            added_up[place] = [added_up[place][0] + row.quantity, added_up[place][1] + row.amount]
    return {place: (quantity, amount) for place, (quantity, amount) in added_up.items()}

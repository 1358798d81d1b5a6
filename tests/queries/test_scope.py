"""What a question under a scope is answered: as if the contracts of everybody else did not exist."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from data.schema import TABLES
from queries import catalog
from queries.close import Fixed, late, reported
from queries.restatement import compare, source_changes
from queries.scope import EVERYTHING, Scope
from tests.queries import test_narrowing as narrowing
from tests.queries.tiny import account, contract, lot, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from queries.book import Book
    from queries.catalog import Figure
    from tests.queries.tiny import OpenBook, Row

MINE, THEIRS = "Team Cedar", "Team Birch"
OWNERS = (MINE, THEIRS)
FIGURES = pytest.mark.parametrize("figure", catalog.figures().values(), ids=lambda figure: figure.name)
#: Forecasts learn from the lots of the whole book, whoever asks: only their rows are narrowed.
FORECAST = {"forecasts", "forecast_changes", "analog_curves", "rival_forecasts"}
#: What a question may ask for, of the other team's: each must find nothing.
FOREIGN = {"contract": "Birch alone", "owner": THEIRS}
#: Each team has nothing to be compared with itself, or no lot that has ended and was forecast.
SILENT = {"policy_consistency"}
QUESTIONS = narrowing.VALUES | {"dimension": "owner"}


def team(owner: str) -> dict[str, list[Row]]:
    """A team's contracts: one of a client of its own, one of a client it shares with the other team."""
    name = owner.removeprefix("Team ")
    alone, shared = f"{name} alone", f"{name} shared"
    terms = {"owner": owner, "vehicle": "SOW" if owner == MINE else "pool"}
    tables: dict[str, list[Row]] = {
        "accounts": [account(f"{name}'s client", segment=f"{name}'s segment"), account("Shared client")],
        "contracts": [
            contract(alone, account_id=f"{name}'s client", recognition_method="ratable", **terms),
            contract(shared, account_id="Shared client", recognition_method="proportional", **terms),
        ],
        "programs": [{"program_id": owner, "account_id": f"{name}'s client", "name": f"{name}'s programme"}],
    }
    for contract_id in (alone, shared):
        for table, rows in narrowing.rows(contract_id).items():
            tables.setdefault(table, []).extend(_of_program(row, owner) for row in rows)
        ended = lot(
            f"{contract_id} ended", 8, 400, "2025-01-01..2025-12-31", contract_id=contract_id, carry_over_cap_quantity=8
        )
        tables["lots"].append(ended)
        tables["consumption"].append(used(f"{contract_id} 0", contract_id, "2025-05-01", 5))
    return tables


def _of_program(row: Row, owner: str) -> Row:
    return row | {"program_id": owner} if "program_id" in row else row


def described(*owners: str) -> dict[str, list[Row]]:
    """The tables of some teams, with what belongs to nobody."""
    tables: dict[str, list[Row]] = {
        name: narrowing.described("one")[name] for name in ("breakage_estimates", "fx_rates")
    }
    for owner in owners:
        for name, rows in team(owner).items():
            there = tables.setdefault(name, [])
            there.extend(row for row in rows if row not in there)
    tables["breakage_estimates"] = [row for row in tables["breakage_estimates"] if row.get("contract_id") != "one"]
    return tables


@pytest.fixture(scope="module")
def together(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(**described(*OWNERS))


@pytest.fixture(scope="module")
def alone(new_book: Callable[..., OpenBook]) -> dict[str, OpenBook]:
    return {owner: new_book(**described(owner)) for owner in OWNERS}


def scope(*owners: str) -> Scope:
    return Scope(frozenset(owners))


def answers(book: Book, figure: Figure, **filters: str) -> list[pl.DataFrame]:
    """The figure's rows for each lot it can be asked about; their numbers in the ledger count everybody's movements."""
    lots = [f"{name} {of} lot" for name in ("Cedar", "Birch") for of in ("alone", "shared")]
    asked = [{"lot": one} for one in lots] if "lot" in figure.parameters else [{}]
    own = [{name: QUESTIONS[name] for name in figure.parameters} | one for one in asked]
    return [book.run(figure.name, **one, **filters).drop("movement_no", strict=False) for one in own]


def is_forecast(figure: Figure) -> bool:
    return any(catalog.reads(figure.name, table) for table in FORECAST)


def texts(rows: pl.DataFrame) -> str:
    """Every value of some rows, as one text."""
    return " ".join(map(str, rows.iter_rows()))


@FIGURES
@pytest.mark.parametrize("owner", OWNERS)
def test_every_figure_under_a_scope_is_that_of_a_book_of_its_contracts_alone(
    figure: Figure, owner: str, together: OpenBook, alone: dict[str, OpenBook]
) -> None:
    seen, expected = answers(together.seen_by(scope(owner)), figure), answers(alone[owner], figure)
    assert any(rows.height for rows in seen) or figure.name in SILENT
    (other,) = (name.removeprefix("Team ") for name in OWNERS if name != owner)
    assert not [rows for rows in seen if other in texts(rows)]
    if is_forecast(figure):
        # What is forecast of one's own lots may rest on others' lots; which rows there are, and of whom, may not.
        assert [rows.height for rows in seen] == [rows.height for rows in expected]
        keys = [name for name, type_ in expected[0].schema.items() if type_ == pl.String]
        seen, expected = ([rows.select(keys).sort(keys) for rows in both] for both in (seen, expected))
    assert all(one.equals(other) for one, other in zip(seen, expected, strict=True))


@FIGURES
def test_filters_can_not_name_what_is_out_of_scope(figure: Figure, together: OpenBook) -> None:
    seen = together.seen_by(scope(MINE))
    found = {name: sum(rows.height for rows in answers(seen, figure, **{name: of})) for name, of in FOREIGN.items()}
    assert found == dict.fromkeys(FOREIGN, 0)


@FIGURES
def test_who_owns_nothing_sees_nothing(figure: Figure, together: OpenBook) -> None:
    assert not any(rows.height for rows in answers(together.seen_by(scope()), figure))


@pytest.mark.parametrize("text", ["contract=Birch alone:remote", "all:ratable", "breakage=cautious"])
def test_a_scenario_reaches_no_further_than_the_scope(
    text: str, together: OpenBook, alone: dict[str, OpenBook]
) -> None:
    asked = {"boundaries": QUESTIONS["boundaries"], "scenario": text}
    seen = together.seen_by(scope(MINE)).run("liability_rollforward", **asked)
    assert seen["contract_id"].unique().sort().to_list() == ["Cedar alone", "Cedar shared"]
    if text != "breakage=cautious":
        assert seen.equals(alone[MINE].run("liability_rollforward", **asked))


@pytest.mark.parametrize("table", TABLES)
def test_every_source_table_under_a_scope_is_that_of_a_book_of_its_contracts_alone(
    table: str, together: OpenBook, alone: dict[str, OpenBook]
) -> None:
    for owner in OWNERS:
        seen, expected = together.seen_by(scope(owner)).source(table), alone[owner].source(table)
        assert seen.drop("line_no", strict=False).equals(expected.drop("line_no", strict=False))


def test_every_table_of_a_book_is_narrowed_or_belongs_to_nobody(together: OpenBook) -> None:
    """A new table must say whose its rows are, or be named here with the reason why they are nobody's."""
    nobodys = {
        "currencies",  # minor units by currency
        "fx_rates",  # exchange rates
        "instalments",  # the calendar months of spans, by their days alone
    }
    tables = {name for (name,) in together.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'source'")}
    views = together.seen_by(scope())
    left = {name for name in tables if _row_count(views, name)}
    assert left <= nobodys | {"breakage_estimates"}
    assert nobodys <= tables


def _row_count(book: Book, table: str) -> int:
    with book._narrowed({}) as cursor:  # noqa: SLF001  computed tables have no other door
        counted = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert counted is not None
    return int(counted[0])


def test_a_scope_over_a_scope_never_widens_it(together: OpenBook) -> None:
    narrow = together.seen_by(scope(MINE))
    for wider in (EVERYTHING, scope(*OWNERS), scope(MINE)):
        assert narrow.seen_by(wider).visible == narrow.visible
    assert narrow.seen_by(scope(THEIRS)).visible == frozenset()
    assert together.visible is None


def test_a_scope_leaves_the_book_and_its_checks_whole(together: OpenBook) -> None:
    before = together.run("lot_balance", as_of="2026-03-31")
    together.seen_by(scope(MINE)).run("lot_balance", as_of="2026-03-31")
    assert together.run("lot_balance", as_of="2026-03-31").equals(before)
    assert together.seen_by(scope(MINE)).failed_checks() == {}


def test_owners_add_up(together: OpenBook) -> None:
    """The parts are the whole: no contract is lost between scopes."""
    whole = together.run("portfolio_summary", as_of="2026-03-31")
    parts = [together.seen_by(scope(owner)).run("portfolio_summary", as_of="2026-03-31") for owner in OWNERS]
    for amount in ("open_amount", "deferred_revenue", "backlog"):
        assert sum(part[amount].sum() for part in parts) == whole[amount].sum()


UNTIL = date(2026, 2, 28)


@pytest.fixture(scope="module")
def handed_over(new_book: Callable[..., OpenBook]) -> tuple[OpenBook, OpenBook]:
    """Two snapshots; between them a contract goes to the other team, and each gets a late delivery."""

    def tables(moving_to: str, *late_rows: Row) -> dict[str, list[Row]]:
        owners = {"stays": MINE, "moves": moving_to, "theirs": THEIRS}
        return {
            "contracts": [contract(name, owner=owner, account_id=f"{name} client") for name, owner in owners.items()],
            "lots": [lot(name, 10, 1000) for name in owners],
            "consumption": [used(f"{name} 1", name, "2026-01-10", 1) for name in owners] + list(late_rows),
        }

    added = [used(f"{name} 2", name, "2026-01-20", 2) for name in ("stays", "moves", "theirs")]
    return new_book(**tables(MINE)), new_book(**tables(THEIRS, *added))


def seen(pair: tuple[OpenBook, OpenBook], *owners: str) -> tuple[Book, Book]:
    return pair[0].seen_by(scope(*owners)), pair[1].seen_by(scope(*owners))


def test_a_comparison_has_each_contract_where_the_newer_snapshot_puts_it(
    handed_over: tuple[OpenBook, OpenBook],
) -> None:
    whole = compare(*handed_over, UNTIL)
    for owner, own in ((MINE, ["stays"]), (THEIRS, ["moves", "theirs"])):
        rows = compare(*seen(handed_over, owner), UNTIL)
        assert rows.equals(whole.filter(pl.col("contract_id").is_in(own)))
        changes = source_changes(*seen(handed_over, owner), UNTIL)
        assert changes["contract_id"].unique().sort().to_list() == own
        assert changes["key"].to_list() == [f"{name} 2" for name in own]


def test_reported_and_late_amounts_have_each_contract_where_the_newest_snapshot_puts_it(
    handed_over: tuple[OpenBook, OpenBook],
) -> None:
    closed, days = date(2026, 1, 31), [date(2025, 12, 31), date(2026, 1, 31), UNTIL]
    whole = reported([Fixed(closed, handed_over[0])], handed_over[1], days)
    whole_late = late(Fixed(closed, handed_over[0]), handed_over[1])
    assert set(whole_late["contract_id"]) == {"stays", "moves", "theirs"}
    for owner, own in ((MINE, ["stays"]), (THEIRS, ["moves", "theirs"])):
        before, after = seen(handed_over, owner)
        rows = reported([Fixed(closed, before)], after, days)
        assert rows.equals(whole.filter(pl.col("contract_id").is_in(own)))
        assert late(Fixed(closed, before), after).equals(whole_late.filter(pl.col("contract_id").is_in(own)))


def test_an_estimate_for_every_contract_that_changed_is_shown_to_everyone(new_book: Callable[..., OpenBook]) -> None:
    books = [new_book(**described(*OWNERS)), None]
    changed = described(*OWNERS)
    changed["breakage_estimates"] = [
        row | {"rate": "0.2"} if row["estimate_id"] == "everybody's" else row for row in changed["breakage_estimates"]
    ]
    books[1] = new_book(**changed)
    pair = [book.seen_by(scope(MINE)) for book in books if book is not None]
    rows = source_changes(pair[0], pair[1], date(2026, 3, 31))
    assert rows.select("key", "contract_id").rows() == [("everybody's", None)]

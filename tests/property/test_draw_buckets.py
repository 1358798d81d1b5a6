"""Draws do not depend on how the contracts are cut into buckets, on the order of rows, or on what was drawn before."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from queries.draw_buckets import buckets, unit_ledger
from queries.draws import UnitLedger
from queries.redraw import digests, redrawn, touched
from tests.property.books import Nastiness, random_book, seeded
from tests.property.tables import merged, prefixed, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from tests.property.brute_force import Row, Rows

BOOKS = 50
#: The lines of the largest contract, many times those of any other.
LARGEST = 900
ALL_IN_ONE = 10**9
DRAWN_FROM = ("contracts", "lots", "amendments", "consumption")
#: Changes that a contract's draws can see, by table: the column, and what becomes of its value.
SEEN = {
    "contracts": lambda row: row | {"draw_order": "fefo" if row["draw_order"] != "fefo" else "current_term_first"},
    "lots": lambda row: row | {"quantity": row["quantity"] + 1},
    "amendments": lambda row: row | {"effective_on": row["effective_on"].replace(day=1)},
    "consumption": lambda row: row | {"quantity": row["quantity"] * 2},
}


def random_rows(first: int, count: int) -> Rows:
    """Books of one contract each, faults and all, numbered from `first`."""
    return merged(prefixed(random_book(seeded(number), Nastiness()), number) for number in range(first, first + count))


def with_a_large_contract(rows: Rows) -> Rows:
    """The first contract that uses anything does so again and again."""
    lines = [row for row in rows["consumption"] if row["contract_id"] == rows["consumption"][0]["contract_id"]]
    more = [
        line | {"consumption_id": f"{line['consumption_id']} again {number}", "line_no": number}
        for number in range(LARGEST // len(lines))
        for line in lines
    ]
    return rows | {"consumption": [*rows["consumption"], *more]}


def opened(
    rows: Rows, schema: str = "main", connection: duckdb.DuckDBPyConnection | None = None
) -> duckdb.DuckDBPyConnection:
    connection = connection or duckdb.connect()
    for name, table in tables(rows).items():
        connection.register("given", table)
        connection.execute(f"CREATE TABLE {schema}.{name} AS FROM given")
    return connection


def whole(ledgers: Iterable[UnitLedger]) -> UnitLedger:
    return UnitLedger(*(pl.concat(parts) for parts in zip(*ledgers, strict=True)))


def same(one: UnitLedger, other: UnitLedger) -> bool:
    return all(rows.equals(others) for rows, others in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def rows() -> Rows:
    return with_a_large_contract(random_rows(0, BOOKS))


@pytest.fixture(scope="module")
def connection(rows: Rows) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(rows) as connection:
        yield connection


@pytest.fixture(scope="module")
def expected(connection: duckdb.DuckDBPyConnection) -> UnitLedger:
    return whole(unit_ledger(connection, ALL_IN_ONE))


def test_movements_are_numbered_through_by_contract(expected: UnitLedger) -> None:
    contracts = expected.movements["contract_id"]
    assert expected.movements["movement_no"].to_list() == list(range(len(contracts)))
    assert contracts.is_sorted()
    assert contracts.n_unique() > BOOKS // 2


@pytest.mark.parametrize("size", [1, 20, LARGEST])
def test_buckets_of_any_size_give_the_same_ledger(
    connection: duckdb.DuckDBPyConnection, expected: UnitLedger, size: int
) -> None:
    assert len(buckets(connection, size)) > 1
    assert same(whole(unit_ledger(connection, size)), expected)


def test_buckets_follow_each_other_and_a_large_contract_has_its_own(
    connection: duckdb.DuckDBPyConnection, rows: Rows
) -> None:
    cut = buckets(connection, 100)
    largest = rows["consumption"][-1]["contract_id"]
    assert (largest, largest) in cut
    assert any(first < last for first, last in cut)
    assert all(before.last < after.first for before, after in pairwise(cut))


def test_the_order_of_rows_does_not_matter(rows: Rows, expected: UnitLedger) -> None:
    turned = rows | {name: rows[name][::-1] for name in DRAWN_FROM}
    with opened(turned) as connection:
        assert same(whole(unit_ledger(connection, 100)), expected)


def test_a_snapshot_without_contracts_has_a_ledger_of_no_rows(expected: UnitLedger) -> None:
    with opened(merged([])) as connection:
        ledger = whole(unit_ledger(connection))
    assert [rows.height for rows in ledger] == [0, 0]
    assert [rows.schema for rows in ledger] == [rows.schema for rows in expected]


@pytest.mark.parametrize("table", DRAWN_FROM)
def test_what_draws_read_touches_its_contract(connection: duckdb.DuckDBPyConnection, rows: Rows, table: str) -> None:
    changed, *others = rows[table]
    with opened(rows | {table: [SEEN[table](changed), *others]}) as now:
        assert touched(digests(now), digests(connection)).to_list() == [changed["contract_id"]]


def test_what_draws_do_not_read_touches_none(connection: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    dearer = [row | {"amount": 12345} for row in rows["lots"]]
    with opened(rows | {"lots": dearer[::-1]}) as now:
        assert touched(digests(now), digests(connection)).to_list() == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [40, ALL_IN_ONE])
def test_drawing_again_what_changed_gives_what_drawing_all_gives(
    rows: Rows, expected: UnitLedger, connection: duckdb.DuckDBPyConnection, seed: int, size: int
) -> None:
    later = changed(rows, seeded(seed), seed)
    with opened(later) as now:
        now.execute("CREATE SCHEMA earlier")
        for name, kept in (("unit_ledger", expected.movements), ("lot_ends", expected.ends)):
            now.register("given", kept)
            now.execute(f"CREATE TABLE earlier.{name} AS FROM given")
        differ = touched(digests(now), digests(connection))
        assert 0 < len(differ) < BOOKS
        anew = whole(unit_ledger(now, ALL_IN_ONE))
        assert not same(anew, expected)
        assert same(whole(redrawn(now, differ, size)), anew)


def changed(rows: Rows, rng: Random, seed: int) -> Rows:
    """A later state: contracts went, others came, of some a row of what they are drawn from changed, went or came."""
    later = {name: list(given) for name, given in rows.items()}
    gone = {row["contract_id"] for row in rng.sample(rows["contracts"], 3)}
    for name in DRAWN_FROM:
        later[name] = [row for row in later[name] if row["contract_id"] not in gone]
        for place in rng.sample(range(len(later[name])), 3):
            later[name][place] = SEEN[name](later[name][place])
    for name in ("amendments", "consumption"):
        del later[name][rng.randrange(len(later[name]))]
        later[name].append(_twin(later[name][rng.randrange(len(later[name]))]))
    came = random_rows(1000 * (seed + 1), 3)
    return {name: [*later[name], *(row for row in came[name] if name in DRAWN_FROM)] for name in later}


def _twin(row: Row) -> Row:
    """The same once more, under an id of its own."""
    key = "amendment_id" if "amendment_id" in row else "consumption_id"
    return row | {key: f"{row[key]} twin"}

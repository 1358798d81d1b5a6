"""Draws do not depend on how the contracts are cut into buckets, nor on the order of rows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from queries.draw_buckets import buckets, unit_ledger
from queries.draws import UnitLedger
from tests.property.books import Nastiness, random_book, seeded
from tests.property.tables import merged, prefixed, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.property.brute_force import Rows

BOOKS = 50
#: The lines of the largest contract, many times those of any other.
LARGEST = 900
ALL_IN_ONE = 10**9


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


def opened(rows: Rows) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, table in tables(rows).items():
        connection.register("given", table)
        connection.execute(f"CREATE TABLE {name} AS FROM given")
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
    turned = rows | {name: rows[name][::-1] for name in rows}
    with opened(turned) as connection:
        assert same(whole(unit_ledger(connection, 100)), expected)


def test_a_snapshot_without_contracts_has_a_ledger_of_no_rows(expected: UnitLedger) -> None:
    with opened(merged([])) as connection:
        ledger = whole(unit_ledger(connection))
    assert [rows.height for rows in ledger] == [0, 0]
    assert [rows.schema for rows in ledger] == [rows.schema for rows in expected]

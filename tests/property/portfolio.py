"""Many random books in one snapshot, and the way from a contract that breaks a rule to the smallest that does."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.property.figures import Expected
from tests.property.shown import only, shown, smaller
from tests.property.tables import merged, prefixed, published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from queries.book import Book
    from tests.property.brute_force import Row, Rows

#: Seconds to publish and open a snapshot are spent once for that many attempts at a smaller book.
ATTEMPTS = 300


@dataclass
class Broken:
    """What a test found wrong with a contract."""

    contract_id: str
    what: str
    wanted: object
    got: object

    def __str__(self) -> str:
        return (
            f"{self.contract_id}: {self.what}\n  by the rules {_plain(self.wanted)}\n  got          {_plain(self.got)}"
        )


@dataclass
class Findings:
    """How much a test compared, and what was not as it should be."""

    count: int = 0
    contracts: set[str] = field(default_factory=set)
    broken: list[Broken] = field(default_factory=list)

    def same(self, contract_id: str, what: str, wanted: object, got: object) -> None:
        self.count += 1
        self.contracts.add(contract_id)
        if wanted != got:
            self.broken.append(Broken(contract_id, what, wanted, got))


@dataclass
class Portfolio:
    """Books of one contract each, with ids that do not meet, in one snapshot."""

    books: list[Rows] = field(repr=False)

    @cached_property
    def rows(self) -> Rows:
        return merged(self.books)

    @cached_property
    def expected(self) -> Expected:
        return Expected(self.rows)

    @cached_property
    def opened(self) -> Book:
        with tempfile.TemporaryDirectory() as store:
            return published(self.rows, Path(store))

    @property
    def contracts(self) -> list[Row]:
        return self.rows["contracts"]

    def contract(self, contract_id: str) -> Row:
        return self._by_id[contract_id]

    @cached_property
    def _by_id(self) -> dict[str, Row]:
        return {row["contract_id"]: row for row in self.contracts}

    def run(self, name: str, *key: str, **parameters: object) -> dict[Any, Row]:
        """A figure's rows by their key."""
        rows = self.opened.run(name, **parameters).iter_rows(named=True)
        return {tuple(row[part] for part in key) if len(key) > 1 else row[key[0]]: row for row in rows}

    def changed(self, change: Callable[[Rows], Rows]) -> Portfolio:
        """The same books, each with a change."""
        return Portfolio([change(book) for book in self.books])


def portfolio(books: Iterable[Rows]) -> Portfolio:
    return Portfolio([prefixed(book, number) for number, book in enumerate(books)])


def assert_holds(check: Callable[[Portfolio], Findings], books: Portfolio, at_least: int = 1) -> None:
    """Nothing is broken, in so many contracts; else the smallest book found that breaks the rule is shown."""
    findings = check(books)
    if findings.broken:
        guilty = {item.contract_id for item in findings.broken}
        book = min((only(books.rows, contract_id) for contract_id in guilty), key=lambda book: len(shown(book)))
        book, found = _smallest(check, book)
        counted = f"{len(findings.broken)} of {findings.count} are wrong, in {len(guilty)} contracts, e.g."
        pytest.fail(f"{counted}\n{found[0]}\n{shown(book)}", pytrace=False)
    assert len(findings.contracts) >= at_least


def _smallest(check: Callable[[Portfolio], Findings], book: Rows) -> tuple[Rows, list[Broken]]:
    """The book with everything left out without which it still breaks the rule, and how it does."""
    found = check(Portfolio([book])).broken
    while True:
        candidates = [candidate for candidate in smaller(book) if candidate["contracts"]][:ATTEMPTS]
        numbered = [prefixed(candidate, number) for number, candidate in enumerate(candidates)]
        broken = check(Portfolio(numbered)).broken if numbered else []
        if not broken:
            return book, found
        number = int(broken[0].contract_id.split(".")[0])
        book, found = candidates[number], [item for item in broken if item.contract_id.startswith(f"{number}.")]


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, tuple):
        return f"({', '.join(_plain(part) for part in value)})"
    return f"{float(value):.12g}" if isinstance(value, (Decimal, Fraction)) else str(value)

"""The figures asked under one method about what a case lists: its periods, its contracts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.golden.case_ids import plain
from tests.golden.values import civil

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from queries.book import Book
    from tests.golden.case_files import Case


class Asked(NamedTuple):
    """A book asked under one method over what a case lists: periods, days."""

    book: Book
    method: str
    inputs: Case

    @property
    def periods(self) -> list[Case]:
        """The case's periods."""
        found: list[Case] = self.inputs["periods"]
        return found

    def rows(self, figure: str, **parameters: object) -> list[dict[str, Any]]:
        """A figure's rows under the method."""
        found: pl.DataFrame = self.book.run(figure, **parameters)
        return [row for row in found.iter_rows(named=True) if row.get("policy", self.method) == self.method]

    def by_period(self, figure: str, **parameters: object) -> dict[str, list[Case]]:
        """A figure's rows of each period, by the period's label."""
        found: dict[str, list[Case]] = {}
        for chain in _chains(self.periods):
            rows = self.rows(figure, boundaries=_boundaries(chain), **parameters)
            for period in chain:
                found[period["label"]] = [row for row in rows if row["period_end"] == civil(period["end"])]
        return found


class Contract(NamedTuple):
    """One contract of a book."""

    asked: Asked
    contract_id: str

    @property
    def method(self) -> str:
        """The method asked about."""
        return self.asked.method

    @property
    def inputs(self) -> Case:
        """The contract as the case has it; empty, if the case expects figures of one it does not have."""
        contracts: list[Case] = self.asked.inputs["contracts"]
        own = {"contract_id": self.contract_id}
        return next((found for found in contracts if found["contract_id"] == self.contract_id), own)

    def rows(self, figure: str, **parameters: object) -> list[Case]:
        """A figure's rows for the contract under the method, with the case's own ids."""
        found = self.asked.rows(figure, contract=self.contract_id, **parameters)
        return [{column: self._own(column, value) for column, value in row.items()} for row in found]

    def by_period(self, figure: str) -> dict[str, Case]:
        """A figure's row of each period, by the period's label."""
        found = self.asked.by_period(figure, contract=self.contract_id)
        return {label: rows[0] if rows else {} for label, rows in found.items()}

    def _own(self, column: str, value: Any) -> Any:
        is_qualified = column in ("lot_id", "consumption_id") and value is not None
        return plain(self.contract_id, value) if is_qualified else value


def whole(periods: list[Case]) -> list[date]:
    """The opening and the closing day of all periods together."""
    return [min(map(_opening, periods)), max(civil(period["end"]) for period in periods)]


def _chains(periods: list[Case]) -> list[list[Case]]:
    """The periods in runs without gap or overlap: a case may ask about months and their years."""
    found: list[list[Case]] = []
    for period in sorted(periods, key=lambda period: (period["start"], period["end"])):
        before = _opening(period)
        chain = next((chain for chain in found if civil(chain[-1]["end"]) == before), None)
        if chain is None:
            found.append([period])
        else:
            chain.append(period)
    return found


def _boundaries(chain: list[Case]) -> list[date]:
    return [_opening(chain[0]), *(civil(period["end"]) for period in chain)]


def _opening(period: Case) -> date:
    return civil(period["start"]) - timedelta(days=1)

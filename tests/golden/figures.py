"""What a case expects of a contract beside what the figures say, block by block."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.golden.case_ids import plain
from tests.golden.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from queries.book import Book
    from tests.golden.case_files import Case

THE_END: Final = date(9999, 12, 31)
NOT_COMPUTED: Final = "not computed"

_NIL: Final = Decimal("0.000")
_PERIOD_COLUMNS: Final = (
    "opening",
    "billings",
    "refunds",
    "revenue_ratable",
    "revenue_delivery",
    "revenue_breakage",
    "revenue_total",
    "closing",
    "cumulative_revenue",
    "overage_revenue",
)
#: Components no figure has yet: they must be nil in the case.
_ABSENT: Final = ("escheat_reclass", "revenue_adjustment")
_LOT_COLUMNS: Final = {
    "amount": "granted_amount",
    "quantity": "granted_quantity",
    "consumed": "drawn_quantity",
    "lapsed": "lapsed_quantity",
    "remaining": "remaining_quantity",
}
_DRAW_COLUMNS: Final = {"usage_id": "consumption_id", "lot_id": "lot_id", "quantity": "quantity"}
_OVERAGE_COLUMNS: Final = {
    "usage_id": "consumption_id",
    "date": "service_date",
    "quantity": "quantity",
    "revenue": "revenue",
    "status": "status",
}


class Pair(NamedTuple):
    """One value a case expects, and the one the figures have."""

    period: str
    field: str
    expected: Any
    got: Any


class Contract(NamedTuple):
    """The contract asked about, under one method over the case's periods."""

    book: Book
    contract_id: str
    method: str
    periods: list[Case]

    def rows(self, figure: str, **parameters: object) -> list[dict[str, Any]]:
        """A figure's rows for the contract under the method, with the case's own ids."""
        found: pl.DataFrame = self.book.run(figure, contract=self.contract_id, **parameters)
        return [
            {column: self._own(column, value) for column, value in row.items()}
            for row in found.iter_rows(named=True)
            if row.get("policy", self.method) == self.method
        ]

    def _own(self, column: str, value: Any) -> Any:
        is_qualified = column in ("lot_id", "consumption_id") and value is not None
        return plain(self.contract_id, value) if is_qualified else value


def contract_pairs(contract: Contract, expected: Case) -> Iterator[Pair]:
    """Everything expected of the contract; a block no figure answers is not computed, unless it is empty."""
    for block, wanted in expected.items():
        if block in _BLOCKS:
            yield from _BLOCKS[block](contract, wanted or [])
        elif wanted:
            yield Pair("-", block, wanted, NOT_COMPUTED)


def _periods(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    if not contract.periods:
        return
    opening = date.fromisoformat(contract.periods[0]["start"]) - timedelta(days=1)
    ends = {period["label"]: date.fromisoformat(period["end"]) for period in contract.periods}
    rows = contract.rows("liability_rollforward", boundaries=[opening, *ends.values()])
    by_end = {row["period_end"]: row for row in rows}
    for wanted in expected:
        label = wanted.get("period")
        row = by_end.get(ends.get(label), {})
        got = {field: row[field] for field in _PERIOD_COLUMNS if row} | dict.fromkeys(_ABSENT, _NIL)
        yield from _fields(str(label), "", wanted, {"period": label, **got})


def _lots(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    balances = {row["lot_id"]: row for row in contract.rows("lot_balance", as_of=THE_END)}
    revenue = {row["lot_id"]: row for row in contract.rows(f"revenue_{contract.method}", boundaries=[THE_END])}
    for wanted in expected:
        lot_id = wanted.get("lot_id")
        got: Case = {"lot_id": lot_id}
        if lot_id in balances:
            parts = [revenue.get(lot_id, {}).get(part, _NIL) for part in ("ratable", "delivery", "breakage")]
            got |= _renamed(balances[lot_id], _LOT_COLUMNS) | {"recognised": sum(parts, _NIL)}
        yield from _fields("-", f"lots.{lot_id}.", wanted, got)


def _draws(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    return _lines("draws", expected, contract.rows("draws"), _DRAW_COLUMNS)


def _overage(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    return _lines("overage", expected, contract.rows("overage"), _OVERAGE_COLUMNS)


def _rpo(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    for wanted in expected:
        day = wanted.get("date")
        columns = {"rpo_total": "backlog", "deferred_net": "deferred_net"}
        row = next((_renamed(row, columns) for row in contract.rows("backlog", as_of=day)), {})
        yield from _fields(str(day), "rpo.", wanted, {"date": day, **row})


_BLOCKS: Final[dict[str, Callable[[Contract, list[Case]], Iterator[Pair]]]] = {
    "periods": _periods,
    "lots": _lots,
    "draws": _draws,
    "overage": _overage,
    "rpo": _rpo,
}


def _lines(block: str, expected: list[Case], rows: list[Case], columns: dict[str, str]) -> Iterator[Pair]:
    """Line by line, in order; one that only one side has is compared as a whole."""
    got = (_renamed(row, columns) for row in rows)
    for count, (wanted, line) in enumerate(zip_longest(expected, got), start=1):
        if wanted is None or line is None:
            yield Pair("-", f"{block}.{count}", _line(wanted, columns), _line(line, columns))
        else:
            yield from _fields("-", f"{block}.{count}.", wanted, line)


def _line(line: Case | None, columns: dict[str, str]) -> str | None:
    return None if line is None else " ".join(shown(line.get(field)) for field in columns)


def _fields(period: str, place: str, expected: Case, got: Case) -> Iterator[Pair]:
    for field, wanted in expected.items():
        yield Pair(period, f"{place}{field}", wanted, got.get(field, NOT_COMPUTED))


def _renamed(row: Case, columns: dict[str, str]) -> Case:
    return {field: row[column] for field, column in columns.items()}

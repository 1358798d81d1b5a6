"""What a case expects of a whole policy in the functional currency, beside what the figure says."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tests.golden.pairs import NOT_COMPUTED, Pair
from tests.golden.values import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.golden.asked import Asked
    from tests.golden.case_files import Case

_NIL: Final = Decimal("0.000")


def functional_pairs(asked: Asked, expected: Case) -> Iterator[Pair]:
    """Revenue in the functional currency, by contract and in total; a contract without any has nil."""
    currency = expected.get("currency")
    periods = asked.by_period("functional_revenue") if listed(expected, "periods") else {}
    for wanted in listed(expected, "periods"):
        label = str(wanted.get("period"))
        rows = [row for row in periods.get(label, []) if row["functional_currency"] == currency]
        yield from _period_pairs(label, wanted, rows if label in periods else None)


def _period_pairs(label: str, wanted: Case, rows: list[Case] | None) -> Iterator[Pair]:
    if rows is None:
        yield Pair(label, "functional", wanted, NOT_COMPUTED)
        return
    amounts = {row["contract_id"]: row["amount"] for row in rows}
    for contract_id, amount in (wanted.get("by_contract") or {}).items():
        yield Pair(label, f"functional.{contract_id}", amount, amounts.get(contract_id, _NIL))
    if "total" in wanted:
        yield Pair(label, "functional.total", wanted["total"], sum(amounts.values(), _NIL))

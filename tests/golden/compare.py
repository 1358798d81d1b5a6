"""Hold a golden case against the figures: every difference is one line."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from data.snapshots import publish
from queries.book import Book
from tests.golden.case_tables import Case, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

THE_END = date(9999, 12, 31)

_PERIOD_FIELDS = {
    "opening": "opening",
    "billings": "billings",
    "refunds": "refunds",
    "revenue_ratable": "revenue_ratable",
    "revenue_delivery": "revenue_delivery",
    "revenue_breakage": "revenue_breakage",
    "revenue_total": "revenue_total",
    "closing": "closing",
    "cumulative_revenue": "cumulative_revenue",
    "overage_revenue": "overage_revenue",
}
#: Components no figure has yet: they must be nil in the case.
_ABSENT = ("escheat_reclass", "revenue_adjustment")
_KNOWN = {"periods", "lots", "draws", "overage", "rpo"}


class Difference(NamedTuple):
    """One figure that is not what the case expects."""

    case: str
    policy: str
    contract: str
    period: str
    field: str
    expected: str
    got: str


def differences(case: Case, methods: set[str] | None = None) -> list[Difference]:
    """Every figure of a case that differs, for the policies of the given methods (all if None)."""
    found: list[Difference] = []
    for policy in case["inputs"]["policies"]:
        if methods is not None and policy["method"] not in methods:
            continue
        try:
            with tempfile.TemporaryDirectory() as store:
                book = Book(publish(Path(store), tables(case, policy), THE_END, {}))
                found += _policy_differences(book, case, policy)
        except NotImplementedError as error:
            found.append(Difference(case["id"], policy["policy_id"], "-", "-", "input", str(error), "not supported"))
    return found


def _policy_differences(book: Book, case: Case, policy: Case) -> Iterator[Difference]:
    method = policy["method"]
    for contract_id, expected in case["expected"][policy["policy_id"]]["contracts"].items():
        checks: list[tuple[str, str, Any, Any]] = [
            *_periods(book, case, contract_id, method, expected["periods"]),
            *_lots(book, contract_id, method, expected["lots"]),
            *_draws(book, contract_id, expected["draws"]),
            *_overage(book, contract_id, expected["overage"]),
            *_rpo(book, contract_id, method, expected.get("rpo", [])),
            *(("-", field, expected[field], "not computed") for field in sorted(set(expected) - _KNOWN)),
        ]
        for period, field, wanted, got in checks:
            if not _same(wanted, got):
                yield Difference(case["id"], policy["policy_id"], contract_id, period, field, str(wanted), _shown(got))


def _periods(
    book: Book, case: Case, contract_id: str, method: str, expected: list[Case]
) -> Iterator[tuple[str, str, Any, Any]]:
    periods = case["inputs"]["periods"]
    opening = date.fromisoformat(periods[0]["start"]) - timedelta(days=1)
    ends = [date.fromisoformat(period["end"]) for period in periods]
    rows = book.run("liability_rollforward", boundaries=[opening, *ends], contract=contract_id)
    by_end = {row["period_end"]: row for row in rows.iter_rows(named=True) if row["policy"] == method}
    for period, end in zip(expected, ends, strict=True):
        for field, column in _PERIOD_FIELDS.items():
            yield period["period"], field, period[field], by_end[end][column]
        for field in _ABSENT:
            yield period["period"], field, period[field], Decimal(0)


def _lots(book: Book, contract_id: str, method: str, expected: list[Case]) -> Iterator[tuple[str, str, Any, Any]]:
    balances = _by(book.run("lot_balance", as_of=THE_END, contract=contract_id), "lot_id")
    revenue = _by(book.run(f"revenue_{method}", boundaries=[THE_END], contract=contract_id), "lot_id")
    for lot in expected:
        balance, recognised = balances[lot["lot_id"]], revenue[lot["lot_id"]]
        got = {
            "amount": balance["granted_amount"],
            "quantity": balance["granted_quantity"],
            "consumed": balance["drawn_quantity"],
            "lapsed": balance["lapsed_quantity"],
            "remaining": balance["remaining_quantity"],
            "recognised": sum(recognised.get(part, 0) for part in ("ratable", "delivery", "breakage")),
        }
        for field, value in got.items():
            yield "-", f"lots.{lot['lot_id']}.{field}", lot[field], value


def _draws(book: Book, contract_id: str, expected: list[Case]) -> Iterator[tuple[str, str, Any, Any]]:
    rows = book.run("draws", contract=contract_id)
    got = [(row["consumption_id"], row["lot_id"], row["quantity"]) for row in rows.iter_rows(named=True)]
    wanted = [(draw["usage_id"], draw["lot_id"], Decimal(draw["quantity"])) for draw in expected]
    yield "-", "draws", wanted, got


def _overage(book: Book, contract_id: str, expected: list[Case]) -> Iterator[tuple[str, str, Any, Any]]:
    rows = book.run("overage", contract=contract_id).iter_rows(named=True)
    got = [(row["consumption_id"], row["service_date"], row["quantity"], row["revenue"], row["status"]) for row in rows]
    wanted = [
        (
            line["usage_id"],
            date.fromisoformat(line["date"]),
            Decimal(line["quantity"]),
            Decimal(line["revenue"]),
            line["status"],
        )
        for line in expected
    ]
    yield "-", "overage", wanted, got


def _rpo(book: Book, contract_id: str, method: str, expected: list[Case]) -> Iterator[tuple[str, str, Any, Any]]:
    for position in expected:
        rows = book.run("backlog", as_of=position["date"], contract=contract_id).iter_rows(named=True)
        row = next(row for row in rows if row["policy"] == method)
        got = {"date": position["date"], "rpo_total": row["backlog"], "deferred_net": row["deferred_net"]}
        for field, value in position.items():
            yield position["date"], f"rpo.{field}", value, got.get(field, "not computed")


def _by(rows: pl.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in rows.iter_rows(named=True)}


def _same(wanted: Any, got: Any) -> bool:
    return Decimal(wanted) == got if isinstance(got, Decimal) else bool(wanted == got)


def _shown(got: Any) -> str:
    return f"{got:.2f}" if isinstance(got, Decimal) else str(got)

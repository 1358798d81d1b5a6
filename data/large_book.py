"""A large book to measure with: seeded and skewed, written in parts, so that its size needs no memory."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from data.large_deliveries import SERVICES, deliveries
from data.large_terms import (
    LAST_DAY,
    SCOPES,
    UNITS,
    contract_ids,
    days,
    draw_terms,
    has_project,
    ids,
    lot_ids,
    named,
)
from data.schema import DRAW_ORDERS, RATABLE_CONVENTIONS, RECOGNITION_METHODS, TABLES, TREATMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.large_terms import Size, Terms
    from data.staging import Staging

_SEED: Final = 20_000_000
_TEAMS: Final = ("Alder", "Beech", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine", "Rowan", "Yew")
_SEGMENTS: Final = ("Enterprise", "Mid-market", "Public", "Small business")
_REGIONS: Final = ("Americas", "Asia-Pacific", "Europe")
_VEHICLES: Final = ("SOW", "credit purchase", "pool", "service order")
_CURRENCIES: Final = {"USD": 0.6, "EUR": 0.25, "GBP": 0.15}
#: Shares of lots with days of grace and with a cap on what is carried over.
_IN_GRACE: Final = 0.1
_CAPPED: Final = 0.03
_GRACE_DAYS: Final = 60
_EXTENSION_DAYS: Final = 90
#: Of how many contracts one is amended, has requests, or is judged remote.
_ONE_AMENDED: Final = 50
_ONE_ASKING: Final = 30
_ONE_REMOTE: Final = 3
_AMENDMENTS: Final = ("extension", "transfer", "price_change", "add_units", "termination")


def write_large_book(staging: Staging, size: Size) -> None:
    """Write the tables of the large book.

    Args:
        staging: an empty one.
        size: how large a book.
    """
    for table in TABLES.values():
        columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        staging.connection.execute(f"CREATE TABLE {table.name} ({columns})")
    for name, rows in large_book(size):
        staging.connection.register("part", rows.to_arrow())
        staging.connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM part")
        staging.connection.unregister("part")


def large_book(size: Size) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables of the large book in parts, each with its name; those that do not come are empty."""
    rng = np.random.default_rng(_SEED)
    terms = draw_terms(size, rng)
    contracts = _contracts(terms, rng)
    lots = _lots(terms, rng)
    yield "accounts", _accounts(terms)
    yield "contracts", contracts
    yield "lots", lots
    yield "billings", lots.select("contract_id", "lot_id", "amount", billing_id="lot_id", billed_on="valid_from")
    yield "projects", _projects(terms)
    yield "requests", _requests(terms, rng)
    yield "amendments", _amendments(terms, rng)
    yield "breakage_estimates", _estimates()
    yield "remote_assessments", _assessments(contracts, rng)
    for part in deliveries(terms, rng):
        yield "consumption", part


def _account_count(terms: Terms) -> int:
    return 1 + len(terms.rows) // 4


def _accounts(terms: Terms) -> pl.DataFrame:
    number = np.arange(_account_count(terms))
    return pl.DataFrame(
        {
            "account_id": ids("A", number),
            "name": "Client " + pl.Series(number).cast(pl.String),
            "segment": named(_SEGMENTS, number % len(_SEGMENTS)),
            "region": named(_REGIONS, number % len(_REGIONS)),
        }
    )


def _contracts(terms: Terms, rng: np.random.Generator) -> pl.DataFrame:
    count, first = len(terms.rows), terms.starts[:-1]
    starts_on = terms.valid_from[first]
    return pl.DataFrame(
        {
            "contract_id": contract_ids(np.arange(count)),
            "account_id": ids("A", rng.integers(0, _account_count(terms), count)),
            "owner": "Team " + named(_TEAMS, rng.integers(0, len(_TEAMS), count)),
            "vehicle": named(_VEHICLES, rng.integers(0, len(_VEHICLES), count)),
            "booked_on": days(starts_on - rng.integers(0, 40, count)),
            "starts_on": days(starts_on),
            "ends_on": days(np.maximum.reduceat(terms.expires_on, first)),
            "currency": rng.choice(list(_CURRENCIES), count, p=list(_CURRENCIES.values())),
            "transaction_price": np.add.reduceat(terms.quantity * terms.price, first),
            "recognition_method": rng.choice(RECOGNITION_METHODS, count, p=(0.35, 0.35, 0.2, 0.1)),
            "recognition_convention": rng.choice(RATABLE_CONVENTIONS, count, p=(0.7, 0.1, 0.1, 0.1)),
            "draw_order": rng.choice(DRAW_ORDERS, count, p=(0.85, 0.15)),
        }
    )


def _lots(terms: Terms, rng: np.random.Generator) -> pl.DataFrame:
    count = len(terms.contract)
    in_grace, capped = (pl.Series(rng.random(count) < share) for share in (_IN_GRACE, _CAPPED))
    return pl.DataFrame(
        {
            "lot_id": lot_ids(np.arange(count)),
            "contract_id": contract_ids(terms.contract),
            "service": named(SERVICES, rng.integers(0, len(SERVICES), count)),
            "unit": named(UNITS, terms.unit[terms.contract]),
            "quantity": terms.quantity,
            "amount": terms.quantity * terms.price,
            "valid_from": days(terms.valid_from),
            "expires_on": days(terms.expires_on),
            "grace_until": days(terms.expires_on + _GRACE_DAYS),
            "carry_over_cap_quantity": terms.quantity // 5,
            "scope": named(tuple(SCOPES), terms.scope),
        }
    ).with_columns(
        grace_until=pl.when(in_grace | capped).then("grace_until"),
        carry_over_cap_quantity=pl.when(capped).then("carry_over_cap_quantity"),
    )


def _projects(terms: Terms) -> pl.DataFrame:
    contract_id = contract_ids(np.flatnonzero(has_project(np.arange(len(terms.rows)))))
    return pl.DataFrame({"project_id": "P-" + contract_id, "contract_id": contract_id, "name": "Roll-out"})


def _requests(terms: Terms, rng: np.random.Generator) -> pl.DataFrame:
    """What some contracts have asked for, half of it on a day to come."""
    contract = np.arange(0, len(terms.rows), _ONE_ASKING)
    count = len(contract)
    is_scheduled = pl.Series(rng.integers(0, 2, count) == 1)
    return pl.DataFrame(
        {
            "request_id": ids("R", contract),
            "contract_id": contract_ids(contract),
            "title": "Workshop",
            "service_type": named(SERVICES, rng.integers(0, len(SERVICES), count)),
            "unit": named(UNITS, terms.unit[contract]),
            "quantity": rng.integers(2, 40, count),
            "status": named(("requested", "approved"), rng.integers(0, 2, count)),
            "requested_on": days(LAST_DAY - rng.integers(1, 60, count)),
            "scheduled_for": days(LAST_DAY + rng.integers(5, 90, count)),
        }
    ).with_columns(
        status=pl.when(is_scheduled).then(pl.lit("scheduled")).otherwise("status"),
        scheduled_for=pl.when(is_scheduled).then("scheduled_for"),
    )


def _amendments(terms: Terms, rng: np.random.Generator) -> pl.DataFrame:
    """One change each to the first lot of some contracts, all kinds in turn; the largest contract has none."""
    contract = np.arange(1, len(terms.rows), _ONE_AMENDED)
    lot = terms.starts[contract]
    kind = np.arange(len(contract)) % len(_AMENDMENTS)
    # Units can only move where the contract has a second lot; the first is extended where it has none.
    kind[(kind == _AMENDMENTS.index("transfer")) & (terms.starts[contract + 1] - lot == 1)] = 0
    tenth = 1 + terms.quantity[lot] // 10
    amount = tenth * terms.price[lot]
    is_ = {name: pl.Series(kind == code) for code, name in enumerate(_AMENDMENTS)}
    return pl.DataFrame(
        {
            "amendment_id": ids("M", contract),
            "contract_id": contract_ids(contract),
            "lot_id": lot_ids(lot),
            "kind": named(_AMENDMENTS, kind),
            "effective_on": days(terms.valid_from[lot] + rng.integers(0, terms.elapsed[lot])),
            "quantity": tenth,
            "amount": amount,
            "new_expires_on": days(terms.expires_on[lot] + _EXTENSION_DAYS),
            "to_lot_id": lot_ids(lot + 1),
            "treatment": named(TREATMENTS, rng.integers(0, len(TREATMENTS), len(contract))),
        }
    ).with_columns(
        quantity=pl.when(is_["transfer"] | is_["add_units"]).then("quantity"),
        amount=pl.when(is_["price_change"]).then(-pl.col("amount")).when(is_["add_units"]).then("amount"),
        new_expires_on=pl.when(is_["extension"]).then("new_expires_on"),
        to_lot_id=pl.when(is_["transfer"]).then("to_lot_id"),
        treatment=pl.when(is_["price_change"]).then("treatment"),
    )


def _estimates() -> pl.DataFrame:
    """One of the whole portfolio."""
    return pl.DataFrame({"estimate_id": ["E"], "effective_on": [date(2019, 1, 1)], "rate": [Decimal("0.1")]})


def _assessments(contracts: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Some contracts booked under the policy have been judged."""
    judged = contracts.filter(recognition_method="remote").gather_every(_ONE_REMOTE)
    return judged.select(
        "contract_id",
        assessment_id="contract_id",
        assessed_on=days(LAST_DAY - rng.integers(1, 400, judged.height)),
        evidence=pl.lit("No use in a year"),
    )

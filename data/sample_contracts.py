"""The sample firm's paperwork: clients, contracts, lots, invoices, amendments, rates and recorded judgements.

Every frame carries `known_on`, the day its row became known.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from data.sample_book import plus_months
from data.sample_catalog import (
    ANY_SERVICE,
    FIRST_PURCHASE,
    LAST_SNAPSHOT,
    REMOTE_EVIDENCE,
    SERVICE_OF,
    hundredths,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np

    from data.sample_book import Contract, Lot

_BILLED_QUARTERLY: Final = 0.12
_BILLED_WITHIN_DAYS: Final = 25
_HAS_RATE_CARD: Final = 0.5
_REVISED_AFTER_DAYS: Final = 240
_DORMANT_DAYS: Final = 90
_RATE_AT_START: Final = 1.08
_RATE_STEP: Final = 0.0025
_RATE_PULL: Final = 0.01


def lots_by_id(book: Mapping[str, Contract]) -> dict[str, Lot]:
    """Every lot of the book by its id."""
    return {
        f"{contract_id}-{number}": lot
        for contract_id, contract in book.items()
        for number, lot in enumerate(contract.lots, start=1)
    }


def accounts(book: Mapping[str, Contract]) -> pl.DataFrame:
    """The clients, known from their first purchase."""
    first_contracts: dict[str, Contract] = {}
    for contract in book.values():
        first_contracts.setdefault(contract.client.account_id, contract)
    return pl.DataFrame(
        [
            {
                "account_id": account_id,
                "name": contract.client.name,
                "segment": contract.client.segment,
                "region": contract.client.region,
                "known_on": contract.booked_on,
            }
            for account_id, contract in first_contracts.items()
        ]
    )


def contracts(book: Mapping[str, Contract]) -> pl.DataFrame:
    """The contracts but for what grows with their lots, see `contracts_as_known`."""
    return pl.DataFrame(
        [
            {
                "contract_id": contract_id,
                "account_id": contract.client.account_id,
                "owner": contract.client.owner,
                "vehicle": contract.vehicle,
                "booked_on": contract.booked_on,
                "currency": contract.client.currency,
                "recognition_method": contract.method,
                "recognition_convention": contract.convention,
                "draw_order": contract.draw_order,
            }
            for contract_id, contract in book.items()
        ]
    )


def contracts_as_known(every: pl.DataFrame, known_lots: pl.DataFrame, known_amendments: pl.DataFrame) -> pl.DataFrame:
    """The contracts as far as their lots and amendments were known: term and price grow with each renewal."""
    terms = known_lots.group_by("contract_id").agg(
        pl.col("valid_from").min().alias("starts_on"),
        pl.col("expires_on").max().alias("ends_on"),
        pl.col("amount").sum(),
    )
    added = known_amendments.group_by("contract_id").agg(pl.col("amount").sum().alias("added"))
    return (
        every.join(terms, on="contract_id")
        .join(added, on="contract_id", how="left")
        .with_columns(transaction_price=(pl.col("amount") + pl.col("added").fill_null(0)).cast(pl.Decimal(18, 2)))
        .drop("amount", "added")
    )


def lots(book: Mapping[str, Contract]) -> pl.DataFrame:
    """The purchased tranches."""
    contract_of = _contract_of(book)
    return pl.DataFrame(
        [
            {
                "lot_id": lot_id,
                "contract_id": contract_of[lot_id],
                "service": lot.offer.service,
                "unit": lot.offer.unit,
                "quantity": lot.quantity,
                "amount": lot.amount(lot.quantity),
                "valid_from": lot.valid_from,
                "expires_on": lot.expires_on,
                "grace_until": lot.grace_until,
                "carry_over_cap_quantity": lot.carry_over_cap,
                "scope": "|".join(lot.scope),
                "standalone_price": lot.standalone_price,
                "known_on": lot.bought_on,
            }
            for lot_id, lot in lots_by_id(book).items()
        ],
        infer_schema_length=None,
    ).with_columns(hundredths("quantity", "amount", "carry_over_cap_quantity", "standalone_price"))


def amendments(book: Mapping[str, Contract]) -> pl.DataFrame:
    """Units added to lots, at the lots' own unit price."""
    contract_of = _contract_of(book)
    added = [(lot_id, lot, lot.addition) for lot_id, lot in lots_by_id(book).items() if lot.addition]
    return pl.DataFrame(
        [
            {
                "amendment_id": f"{lot_id}-A1",
                "contract_id": contract_of[lot_id],
                "lot_id": lot_id,
                "kind": "add_units",
                "effective_on": addition.effective_on,
                "quantity": addition.quantity,
                "amount": lot.amount(addition.quantity),
                "known_on": addition.effective_on,
            }
            for lot_id, lot, addition in added
        ]
    ).with_columns(hundredths("quantity", "amount"))


def billings(book: Mapping[str, Contract], rates: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Invoices: in advance, by quarter, or by year for a three-year pool; added units on their day."""
    rows = [
        {
            "billing_id": f"{contract_id}-{number}-B{part}",
            "contract_id": contract_id,
            "lot_id": f"{contract_id}-{number}",
            "billed_on": billed_on,
            "amount": amount,
            "currency": contract.client.currency,
        }
        for contract_id, contract in book.items()
        for number, lot in enumerate(contract.lots, start=1)
        for part, (billed_on, amount) in enumerate(_instalments(lot, rng), start=1)
    ]
    day_rates = rates.select("currency", billed_on="rate_on", fx_rate="rate")
    return (
        pl.DataFrame(rows)
        .filter(pl.col("billed_on") <= LAST_SNAPSHOT)
        .join(day_rates, on=["currency", "billed_on"], how="left", maintain_order="left")
        .with_columns(pl.col("fx_rate").fill_null(1), *hundredths("amount"), known_on="billed_on")
        .drop("currency")
    )


def _instalments(lot: Lot, rng: np.random.Generator) -> Iterator[tuple[date, int]]:
    amount = lot.amount(lot.quantity)
    months_apart, parts = 0, 1
    if lot.is_pool:
        months_apart, parts = 12, 3
    elif rng.random() < _BILLED_QUARTERLY:
        months_apart, parts = 3, 4
    billed_on = lot.bought_on + timedelta(days=int(rng.integers(1, _BILLED_WITHIN_DAYS)))
    for part in range(parts):
        rest = amount // parts * (parts - 1)
        yield plus_months(billed_on, part * months_apart), amount - rest if part == parts - 1 else amount // parts
    if lot.addition:
        yield lot.addition.effective_on, lot.amount(lot.addition.quantity)


def breakage_estimates(book: Mapping[str, Contract], rng: np.random.Generator) -> pl.DataFrame:
    """The estimates recorded for contracts recognised in proportion, each revised once."""
    rows = []
    for contract_id, contract in book.items():
        if contract.method == "proportional":
            first = int(rng.integers(3, 7)) * 5
            revised = max(first + int(rng.choice([-10, -5, 5])), 5)
            starts_on = contract.lots[0].valid_from
            rows += [
                (f"{contract_id}-E1", contract_id, contract.booked_on, first),
                (f"{contract_id}-E2", contract_id, starts_on + timedelta(days=_REVISED_AFTER_DAYS), revised),
            ]
    columns = ["estimate_id", "contract_id", "effective_on", "rate"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(hundredths("rate"), known_on="effective_on")


def remote_assessments(book: Mapping[str, Contract], last_used: Mapping[str, date]) -> pl.DataFrame:
    """The judgements made on contracts under that policy whose client went quiet before the units lapsed."""
    rows = []
    for contract_id, contract in book.items():
        if contract.method == "remote" and contract_id in last_used:
            assessed_on = last_used[contract_id] + timedelta(days=_DORMANT_DAYS)
            if assessed_on < max(lot.usable_until for lot in contract.lots):
                rows.append((f"{contract_id}-R1", contract_id, assessed_on, REMOTE_EVIDENCE, assessed_on))
    return pl.DataFrame(
        rows, schema=["assessment_id", "contract_id", "assessed_on", "evidence", "known_on"], orient="row"
    )


def rate_card(book: Mapping[str, Contract], rng: np.random.Generator) -> pl.DataFrame:
    """The agreed price of overage, for the services of about half the contracts; the rest is unpriced (R9.3)."""
    rows = []
    for contract_id, contract in book.items():
        if rng.random() < _HAS_RATE_CARD:
            lot = contract.lots[0]
            types = SERVICE_OF if lot.scope == (ANY_SERVICE,) else lot.scope
            rows += [(contract_id, type_, lot.standalone_price, contract.booked_on) for type_ in types]
    columns = ["contract_id", "service_type", "overage_rate", "known_on"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(hundredths("overage_rate"))


def fx_rates(rng: np.random.Generator) -> pl.DataFrame:
    """Dollars per euro on every day, a walk that is pulled back to where it started."""
    days = pl.date_range(FIRST_PURCHASE - timedelta(days=60), LAST_SNAPSHOT, eager=True)
    rates = [_RATE_AT_START]
    for step in rng.normal(0, _RATE_STEP, len(days) - 1):
        rates.append(rates[-1] + step + _RATE_PULL * (_RATE_AT_START - rates[-1]))
    return pl.DataFrame({"rate_on": days, "rate": rates}).with_columns(
        pl.col("rate").round(4).cast(pl.Decimal(18, 4)),
        currency=pl.lit("EUR"),
        functional_currency=pl.lit("USD"),
        known_on="rate_on",
    )


def _contract_of(book: Mapping[str, Contract]) -> dict[str, str]:
    return {lot_id: lot_id.rpartition("-")[0] for lot_id in lots_by_id(book)}

"""The sample firm's invoices and credit notes, and the rates of the days they were written."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from data.sample_book import plus_months
from data.sample_catalog import FIRST_PURCHASE, LAST_SNAPSHOT, hundredths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    from data.sample_book import Contract, Lot

_BILLED_QUARTERLY: Final = 0.12
_BILLED_WITHIN_DAYS: Final = 25
_RATE_AT_START: Final = 1.08
_RATE_STEP: Final = 0.0025
_RATE_PULL: Final = 0.01


class Invoice(NamedTuple):
    """An invoice in cents; a credit note is below 0."""

    billed_on: date
    amount: int


def planned_invoices(book: Mapping[str, Contract], rng: np.random.Generator) -> dict[str, list[Invoice]]:
    """Each lot's invoices as agreed at its sale: in advance, by quarter, or by year for a three-year pool."""
    return {
        f"{contract_id}-{number}": _instalments(lot, rng)
        for contract_id, contract in book.items()
        for number, lot in enumerate(contract.lots, start=1)
    }


def billings(
    book: Mapping[str, Contract], planned: Mapping[str, Sequence[Invoice]], rates: pl.DataFrame
) -> pl.DataFrame:
    """What was invoiced: as planned until a lot ended early, and what amendments billed or gave back on their day."""
    rows = [
        (f"{lot_id or contract_id}-B{part}", contract_id, lot_id, *invoice, contract.client.currency)
        for contract_id, contract in book.items()
        for lot_id, invoices in _invoiced(contract_id, contract, planned)
        for part, invoice in enumerate(invoices, start=1)
    ]
    columns = ["billing_id", "contract_id", "lot_id", "billed_on", "amount", "currency"]
    day_rates = rates.select("currency", billed_on="rate_on", fx_rate="rate")
    return (
        pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
        .filter(pl.col("billed_on") <= LAST_SNAPSHOT)
        .join(day_rates, on=["currency", "billed_on"], how="left", maintain_order="left")
        .with_columns(pl.col("fx_rate").fill_null(1), *hundredths("amount"), known_on="billed_on")
        .drop("currency")
    )


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


def _instalments(lot: Lot, rng: np.random.Generator) -> list[Invoice]:
    months_apart, parts = 0, 1
    if lot.is_pool:
        months_apart, parts = 12, 3
    elif rng.random() < _BILLED_QUARTERLY:
        months_apart, parts = 3, 4
    billed_on = lot.bought_on + timedelta(days=int(rng.integers(1, _BILLED_WITHIN_DAYS)))
    dates = [plus_months(billed_on, part * months_apart) for part in range(parts)]
    return _in_parts(lot.amount(lot.quantity), dates)


def _in_parts(amount: int, dates: Sequence[date]) -> list[Invoice]:
    """The amount on several days, alike but for the last, which takes the odd cents."""
    part = amount // len(dates)
    *others, last = dates
    return [*(Invoice(billed_on, part) for billed_on in others), Invoice(last, amount - part * len(others))]


def _invoiced(
    contract_id: str, contract: Contract, planned: Mapping[str, Sequence[Invoice]]
) -> Iterator[tuple[str | None, list[Invoice]]]:
    """The invoices of each lot; a bundle is invoiced as a whole, on its first lot's days."""
    if contract.bundle_price is not None:
        yield None, _in_parts(contract.bundle_price, [billed_on for billed_on, _ in planned[f"{contract_id}-1"]])
        return
    for number, lot in enumerate(contract.lots, start=1):
        lot_id = f"{contract_id}-{number}"
        ended_on = next((change.effective_on for change in lot.amendments if change.kind == "termination"), date.max)
        agreed_later = [Invoice(change.effective_on, change.billed) for change in lot.amendments if change.billed]
        yield lot_id, [*(invoice for invoice in planned[lot_id] if invoice.billed_on < ended_on), *agreed_later]

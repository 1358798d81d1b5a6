"""A book of 600,000 lots over six years: what a large firm's controllers would wait for.

Random but seeded. Three deliveries a lot on average, a portfolio estimate of breakage, a fiftieth of the lots repriced,
a third recognised by month.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from data.snapshots import publish

if TYPE_CHECKING:
    from pathlib import Path

    from data.snapshots import Snapshot

LOTS: Final = 600_000
_DELIVERIES: Final = 3 * LOTS
_REPRICED: Final = LOTS // 50
_CLIENTS: Final = 1_000
_FIRST_DAY: Final = np.datetime64("2021-01-01")
_DATED_ON: Final = date(2026, 1, 1)
_MONEY: Final = pl.Decimal(18, 3)
_QUANTITY: Final = pl.Decimal(18, 4)


def publish_large_book(store: Path) -> Snapshot:
    """Publish the large book."""
    rng = np.random.default_rng(600)
    terms = _terms(rng)
    tables = {
        "accounts": _accounts(),
        "contracts": _contracts(terms, rng),
        "lots": _lots(terms),
        "billings": terms.select(
            billing_id="contract_id",
            contract_id="contract_id",
            lot_id="contract_id",
            billed_on="starts_on",
            amount="amount",
        ),
        "consumption": _consumption(terms, rng),
        "amendments": _amendments(terms),
        "breakage_estimates": pl.DataFrame(
            {"estimate_id": ["E"], "effective_on": [date(2020, 1, 1)], "rate": ["0.1"]}
        ).with_columns(pl.col("rate").cast(pl.Decimal(18, 12))),
    }
    return publish(store, {name: rows.to_arrow() for name, rows in tables.items()}, _DATED_ON, {})


def _accounts() -> pl.DataFrame:
    names = [f"Client {number}" for number in range(_CLIENTS)]
    return pl.DataFrame({"account_id": names, "name": names})


def _terms(rng: np.random.Generator) -> pl.DataFrame:
    """One contract with one lot each: id, first and last day, units, price."""
    starts_on = _FIRST_DAY + rng.integers(0, 4 * 365, LOTS)
    days = rng.choice([365, 366, 730, 1096], LOTS)
    return pl.DataFrame(
        {
            "contract_id": [f"C{number:06}" for number in range(LOTS)],
            "starts_on": starts_on,
            "ends_on": starts_on + days - 1,
            "days": days,
            "quantity": rng.integers(10, 400, LOTS),
            "amount": rng.integers(1_000, 50_000, LOTS),
        }
    ).with_columns(
        pl.col("starts_on", "ends_on").cast(pl.Date),
        pl.col("quantity").cast(pl.Int32).cast(_QUANTITY),
        pl.col("amount").cast(pl.Int32).cast(_MONEY),
    )


def _contracts(terms: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    return terms.select(
        "contract_id",
        "starts_on",
        "ends_on",
        account_id=pl.Series([f"Client {number % _CLIENTS}" for number in range(LOTS)]),
        owner=pl.lit("Team"),
        vehicle=pl.lit("SOW"),
        booked_on="starts_on",
        currency=pl.lit("USD"),
        transaction_price="amount",
        recognition_method=pl.Series(rng.choice(["ratable", "on_delivery", "proportional", "remote"], LOTS)),
        recognition_convention=pl.Series(rng.choice(["daily", "month_even"], LOTS, p=[2 / 3, 1 / 3])),
        draw_order=pl.lit("fefo"),
    )


def _lots(terms: pl.DataFrame) -> pl.DataFrame:
    return terms.select(
        "contract_id",
        "quantity",
        "amount",
        lot_id="contract_id",
        service=pl.lit("consulting"),
        unit=pl.lit("hour"),
        valid_from="starts_on",
        expires_on="ends_on",
        scope=pl.lit("any"),
    )


def _consumption(terms: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    of_lot = rng.integers(0, LOTS, _DELIVERIES)
    chosen = terms.select("contract_id", "starts_on", "days")[of_lot]
    after = pl.Series(rng.random(_DELIVERIES)) * chosen["days"]
    return chosen.select(
        "contract_id",
        consumption_id=pl.Series(np.arange(_DELIVERIES)).cast(pl.String),
        line_no=pl.Series(np.arange(_DELIVERIES)),
        service_date=pl.col("starts_on") + pl.duration(days=after.cast(pl.Int64)),
        posted_on=pl.col("starts_on") + pl.duration(days=after.cast(pl.Int64)),
        service_type=pl.lit("consulting"),
        unit=pl.lit("hour"),
        quantity=pl.Series(rng.integers(1, 60, _DELIVERIES)).cast(pl.Int32).cast(_QUANTITY),
    )


def _amendments(terms: pl.DataFrame) -> pl.DataFrame:
    repriced = terms.head(_REPRICED)
    return repriced.select(
        "contract_id",
        amendment_id="contract_id",
        lot_id="contract_id",
        kind=pl.lit("price_change"),
        effective_on=pl.col("starts_on") + pl.duration(days=90),
        amount=pl.lit(-100).cast(pl.Int32).cast(_MONEY),
        treatment=pl.lit("prospective"),
    )

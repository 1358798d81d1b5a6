"""The sample firm's paperwork: clients, contracts, lots, amendments, agreed rates and recorded judgements.

Every frame carries `known_on`, the day its row became known.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from data.sample_book import lots_by_id
from data.sample_catalog import ANY_SERVICE, FIRST_PURCHASE, LAST_SNAPSHOT, REMOTE_EVIDENCE, SERVICE_OF, hundredths

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from data.sample_book import Contract

_HAS_RATE_CARD: Final = 0.5
_REVISED_AFTER_DAYS: Final = 240
_PORTFOLIO_RATE: Final = 8
_LOT_ESTIMATES: Final = 5
_LOT_ESTIMATED_AFTER_DAYS: Final = 90
_DORMANT_DAYS: Final = 90
_LONG_SILENCE: Final = timedelta(days=200)


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
                "escheat_rate": contract.escheat_rate,
                "bundle_price": contract.bundle_price,
            }
            for contract_id, contract in book.items()
        ],
        infer_schema_length=None,
    ).with_columns(hundredths("escheat_rate", "bundle_price"))


def contracts_as_known(every: pl.DataFrame, known_lots: pl.DataFrame, known_amendments: pl.DataFrame) -> pl.DataFrame:
    """The contracts as far as their lots and amendments were known: term and price change with each of them."""
    changed = known_amendments.group_by("lot_id").agg(
        pl.col("new_expires_on").max(),
        ended_on=pl.col("effective_on").filter(pl.col("kind") == "termination").min(),
    )
    signed = pl.when(pl.col("kind") == "remove_units").then(-pl.col("amount")).otherwise("amount")
    repriced = known_amendments.group_by("contract_id").agg(change=signed.sum())
    terms = (
        known_lots.join(changed, on="lot_id", how="left", maintain_order="left")
        .with_columns(
            last_day=pl.coalesce(
                pl.col("ended_on") - pl.duration(days=1), pl.max_horizontal("expires_on", "new_expires_on")
            )
        )
        .group_by("contract_id")
        .agg(starts_on=pl.col("valid_from").min(), ends_on=pl.col("last_day").max(), amount=pl.col("amount").sum())
    )
    agreed = pl.coalesce("bundle_price", "amount") + pl.col("change").fill_null(0)
    return (
        every.join(terms, on="contract_id")
        .join(repriced, on="contract_id", how="left")
        .with_columns(transaction_price=agreed.cast(pl.Decimal(18, 2)))
        .drop("amount", "change", "bundle_price")
    )


def lots(book: Mapping[str, Contract]) -> pl.DataFrame:
    """The purchased tranches."""
    return pl.DataFrame(
        [
            {
                "lot_id": f"{contract_id}-{number}",
                "contract_id": contract_id,
                "service": lot.offer.service,
                "unit": lot.offer.unit,
                "quantity": lot.quantity,
                "amount": lot.amount(lot.quantity) if contract.bundle_price is None else None,
                "valid_from": lot.valid_from,
                "expires_on": lot.expires_on,
                "grace_until": lot.grace_until,
                "carry_over_cap_quantity": lot.carry_over_cap,
                "scope": "|".join(lot.scope),
                "standalone_price": lot.standalone_price,
                "known_on": lot.bought_on,
            }
            for contract_id, contract in book.items()
            for number, lot in enumerate(contract.lots, start=1)
        ],
        infer_schema_length=None,
    ).with_columns(hundredths("quantity", "amount", "carry_over_cap_quantity", "standalone_price"))


def amendments(book: Mapping[str, Contract]) -> pl.DataFrame:
    """What was agreed on lots after they were bought."""
    return pl.DataFrame(
        [
            {
                "amendment_id": f"{contract_id}-{number}-A{place}",
                "contract_id": contract_id,
                "lot_id": f"{contract_id}-{number}",
                "kind": change.kind,
                "effective_on": change.effective_on,
                "quantity": change.quantity,
                "amount": change.amount,
                "new_expires_on": change.new_expires_on,
                "to_lot_id": change.to_lot_id,
                "treatment": change.treatment,
                "known_on": change.effective_on,
            }
            for contract_id, contract in book.items()
            for number, lot in enumerate(contract.lots, start=1)
            for place, change in enumerate(lot.amendments, start=1)
        ],
        infer_schema_length=None,
    ).with_columns(hundredths("quantity", "amount"))


def breakage_estimates(
    book: Mapping[str, Contract], rng: np.random.Generator, rng_of_lots: np.random.Generator
) -> pl.DataFrame:
    """The estimates on record: an old one for the portfolio, one of each proportional contract, a few of single lots.

    A contract's estimate is revised once.

    Args:
        book: the contracts.
        rng: random numbers for the contracts' estimates.
        rng_of_lots: random numbers for the lots'.
    """
    rows: list[tuple[str, str | None, str | None, date, int]] = [
        ("PORTFOLIO-E1", None, None, FIRST_PURCHASE, _PORTFOLIO_RATE)
    ]
    for contract_id, contract in book.items():
        if contract.method == "proportional":
            first = int(rng.integers(3, 7)) * 5
            revised = max(first + int(rng.choice([-10, -5, 5])), 5)
            starts_on = contract.lots[0].valid_from
            rows += [
                (f"{contract_id}-E1", contract_id, None, contract.booked_on, first),
                (f"{contract_id}-E2", contract_id, None, starts_on + timedelta(days=_REVISED_AFTER_DAYS), revised),
            ]
    renewals = [
        (lot_id, contract_id, lot.valid_from + timedelta(days=_LOT_ESTIMATED_AFTER_DAYS))
        for contract_id, contract in book.items()
        if contract.method == "proportional"
        for lot_id, lot in lots_by_id({contract_id: contract}).items()
        if lot.valid_from > contract.lots[0].valid_from + timedelta(days=_REVISED_AFTER_DAYS)
    ]
    known = [renewal for renewal in renewals if renewal[2] <= LAST_SNAPSHOT]
    for place in sorted(rng_of_lots.choice(len(known), _LOT_ESTIMATES, replace=False)):
        lot_id, contract_id, effective_on = known[place]
        rows.append((f"{lot_id}-E1", contract_id, lot_id, effective_on, int(rng_of_lots.integers(0, 8)) * 5))
    columns = ["estimate_id", "contract_id", "lot_id", "effective_on", "rate"]
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None).with_columns(
        hundredths("rate"), known_on="effective_on"
    )


def remote_assessments(book: Mapping[str, Contract], lines: pl.DataFrame) -> pl.DataFrame:
    """The judgements made on contracts under that policy whose client went quiet before the units lapsed.

    Some clients were only very slow to come back: their next delivery proves the judgement wrong.
    """
    uses = lines.group_by("contract_id").agg(pl.col("service_date").unique().sort())
    rows = []
    for contract_id, used_on in uses.sort("contract_id").iter_rows():
        contract = book[contract_id]
        if contract.method != "remote":
            continue
        next_uses = [*used_on[1:], date.max]
        silences = [used for used, next_use in zip(used_on, next_uses, strict=True) if next_use - used > _LONG_SILENCE]
        usable_until = max(lot.usable_until for lot in contract.lots)
        for number, silent_since in enumerate(silences, start=1):
            assessed_on = silent_since + timedelta(days=_DORMANT_DAYS)
            if assessed_on < usable_until:
                rows.append((f"{contract_id}-R{number}", contract_id, assessed_on, REMOTE_EVIDENCE, assessed_on))
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

"""Intake and work of the sample firm: programmes, projects, and the requests behind its deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from data.sample_catalog import LAST_SNAPSHOT, PROGRAM_NAMES, PROJECT_NAMES, SERVICE_OF, hundredths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy as np

    from data.sample_book import Contract

_HAS_PROGRAM: Final = 0.35
_IN_PROGRAM: Final = 0.7
_PROJECTS_AT_MOST: Final = 3
_TRAINING_WITHOUT_PROJECT: Final = 0.7
_DECLINED: Final = 0.03
#: How often a delivery answers a request, by service.
_REQUESTED: Final = {"training": 0.5, "consulting": 0.2, "creative": 0.8, "analytics": 0.5}
_LEAD_DAYS: Final = (8, 75)


def programs(book: Mapping[str, Contract], rng: np.random.Generator) -> pl.DataFrame:
    """A programme for some clients, known from the client's first purchase."""
    first_seen: dict[str, date] = {}
    for contract in book.values():
        first_seen.setdefault(contract.client.account_id, contract.booked_on)
    rows = [
        {
            "program_id": f"G-{account_id}",
            "account_id": account_id,
            "name": str(rng.choice(PROGRAM_NAMES)),
            "known_on": known_on,
        }
        for account_id, known_on in first_seen.items()
        if rng.random() < _HAS_PROGRAM
    ]
    return pl.DataFrame(rows)


def projects(book: Mapping[str, Contract], in_programs: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Up to three projects a lot, one after the other; `place` is a project's place in its lot."""
    with_program = set(in_programs["account_id"])
    rows = []
    for contract_id, contract in book.items():
        account_id = contract.client.account_id
        for number, lot in enumerate(contract.lots, start=1):
            if lot.offer.service == "training" and rng.random() < _TRAINING_WITHOUT_PROJECT:
                continue
            names = PROJECT_NAMES[lot.offer.service]
            chosen = rng.choice(len(names), int(rng.integers(1, _PROJECTS_AT_MOST + 1)), replace=False)
            is_in_program = account_id in with_program and rng.random() < _IN_PROGRAM
            rows += [
                {
                    "project_id": f"{contract_id}-{number}-P{place + 1}",
                    "contract_id": contract_id,
                    "program_id": f"G-{account_id}" if is_in_program else None,
                    "name": names[name],
                    "known_on": lot.bought_on,
                    "lot_id": f"{contract_id}-{number}",
                    "place": place,
                }
                for place, name in enumerate(chosen)
            ]
    return pl.DataFrame(rows)


def with_projects(deliveries: pl.DataFrame, of_lots: pl.DataFrame) -> pl.DataFrame:
    """The deliveries with the project each was done for: a lot's projects follow each other over its term."""
    counts = of_lots.group_by("lot_id").agg(projects=pl.len())
    placed = deliveries.join(counts, on="lot_id", how="left", maintain_order="left").with_columns(
        place=pl.min_horizontal(
            (pl.col("elapsed") * pl.col("projects")).cast(pl.Int64), pl.col("projects").cast(pl.Int64) - 1
        )
    )
    names = of_lots.select("lot_id", "place", "project_id", project="name")
    return placed.join(names, on=["lot_id", "place"], how="left", maintain_order="left").drop("projects", "place")


def requests(deliveries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """What was asked for by the last snapshot, with the day of each step; steps yet to come are there too.

    Args:
        deliveries: with `bought_on`, before which nothing of a lot can be asked for.
        rng: the sample's random numbers.

    Returns:
        requests with approved_on, scheduled_on, delivered_on and declined_on, and the `delivery` they led to.
    """
    odds = pl.col("service_type").replace_strict(SERVICE_OF).replace_strict(_REQUESTED, return_dtype=pl.Float64)
    size = deliveries.height
    drawn = pl.Series(rng.random(size))
    chance = pl.when("is_written").then(0).otherwise(drawn)
    lead = rng.integers(*_LEAD_DAYS, size)
    asked = (
        deliveries.with_columns(
            is_declined=chance > 1 - _DECLINED,
            requested_on=pl.max_horizontal("bought_on", pl.Series(deliveries["service_date"].to_numpy() - lead)),
            patience=pl.Series(rng.uniform(0.1, 0.4, size)),
        )
        .filter((chance < odds) | pl.col("is_declined"))
        .filter(pl.col("requested_on") <= LAST_SNAPSHOT)
        .sort("requested_on", "delivery")
        .with_row_index("number", offset=1)
    )
    wait = (pl.col("service_date") - pl.col("requested_on")).dt.total_days() * pl.col("patience")
    answered_on = pl.col("requested_on") + pl.duration(days=wait.cast(pl.Int64))
    taken_up = ~pl.col("is_declined")
    return asked.select(
        pl.format("R{}", pl.col("number").cast(pl.String).str.zfill(5)).alias("request_id"),
        "contract_id",
        "project_id",
        *hundredths("quantity"),
        title=pl.concat_str(
            pl.col("service_type").str.slice(0, 1).str.to_uppercase() + pl.col("service_type").str.slice(1),
            pl.col("project").str.to_lowercase(),
            separator=" for the ",
            ignore_nulls=True,
        ),
        service_type="service_type",
        unit="unit",
        requested_on="requested_on",
        approved_on=pl.when(taken_up).then(answered_on),
        scheduled_on=pl.when(taken_up).then(pl.col("requested_on") + pl.duration(days=(wait * 2).cast(pl.Int64))),
        scheduled_for=pl.when(taken_up).then("service_date"),
        delivered_on=pl.when(taken_up).then("posted_on"),
        declined_on=pl.when(pl.col("is_declined")).then(answered_on),
        delivery=pl.when(taken_up).then("delivery"),
    )


def requests_as_known(asked: pl.DataFrame, on: date) -> pl.DataFrame:
    """The requests made by a day, with the status each had by then."""
    is_declined = (pl.col("declined_on") <= on).fill_null(value=False)
    status = (
        pl.when(is_declined)
        .then(pl.lit("declined"))
        .when(pl.col("delivered_on") <= on)
        .then(pl.lit("delivered"))
        .when(pl.col("scheduled_on") <= on)
        .then(pl.lit("scheduled"))
        .when(pl.col("approved_on") <= on)
        .then(pl.lit("approved"))
        .otherwise(pl.lit("requested"))
    )
    return asked.filter(pl.col("requested_on") <= on).select(
        "request_id",
        "contract_id",
        "project_id",
        "title",
        "service_type",
        "unit",
        "quantity",
        "requested_on",
        status=status,
        scheduled_for=pl.when((pl.col("scheduled_on") <= on) & ~is_declined).then("scheduled_for"),
    )

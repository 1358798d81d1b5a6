"""The sample portfolio: three years of a services firm that exists nowhere, published month by month.

The whole book is written once from one seed; each snapshot holds what of it was known on its day. No clock is
read, so the same snapshots come out on every run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from data import sample_billings, sample_contracts, sample_work
from data.sample_book import lots_by_id, plus_months, write_book
from data.sample_catalog import FIRST_SNAPSHOT, hundredths
from data.sample_changes import amended
from data.sample_course import course, lines_as_they_went, requests_as_they_went
from data.sample_deliveries import deliver, department_shares, numbered, with_reversals
from data.sample_terms import with_special_terms
from data.snapshots import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    import pyarrow as pa

#: Where `drawdown` keeps the sample.
SAMPLE_STORE: Final = Path(".store/sample")

SEED: Final = 1042
_MONTHS: Final = 36
SNAPSHOT_DATES: Final = tuple(plus_months(FIRST_SNAPSHOT, month) for month in range(_MONTHS))


def publish_sample(store: Path, on_progress: Callable[[int, int], None] | None = None) -> None:
    """Publish the sample portfolio as monthly snapshots; what is already there stays as it is.

    Args:
        store: the store's folder, made if missing.
        on_progress: called after each snapshot with how many are done and how many there are.
    """
    history = write_history()
    for done, on in enumerate(SNAPSHOT_DATES, start=1):
        publish(store, known_by(history, on), on, {"mapping": "sample", "seed": SEED})
        if on_progress is not None:
            on_progress(done, len(SNAPSHOT_DATES))


def write_history() -> dict[str, pl.DataFrame]:
    """Every source table up to the last snapshot, each row with `known_on`, the day it became known.

    Contracts and requests change as time goes by: `known_by` gives their state.
    """
    rng = np.random.default_rng(SEED)
    sold = with_special_terms(write_book(rng), np.random.default_rng((SEED, 1)))
    lots = sample_contracts.lots(sold)
    programs = sample_work.programs(sold, rng)
    projects = sample_work.projects(sold, programs, rng)
    planned = (
        sample_work.with_projects(deliver(lots_by_id(sold), rng), projects)
        .join(lots.select("lot_id", "contract_id", "unit", bought_on="known_on"), on="lot_id", maintain_order="left")
        .with_row_index("delivery")
    )
    requests = sample_work.requests(planned, rng)
    lines = with_reversals(planned, rng)
    rates = sample_billings.fx_rates(rng)
    invoices = sample_billings.planned_invoices(sold, rng)
    book = amended(sold, planned, invoices, np.random.default_rng((SEED, 2)))
    courses = course(planned, lots_by_id(book))
    requests = requests_as_they_went(requests, courses)
    lines = numbered(lines_as_they_went(lines, courses))
    return {
        "accounts": sample_contracts.accounts(book),
        "contracts": sample_contracts.contracts(book),
        "lots": lots,
        "billings": sample_billings.billings(book, invoices, rates),
        "consumption": _consumption(lines, requests),
        "consumption_departments": department_shares(lines, rng),
        "amendments": sample_contracts.amendments(book),
        "breakage_estimates": sample_contracts.breakage_estimates(book, rng, np.random.default_rng((SEED, 3))),
        "remote_assessments": sample_contracts.remote_assessments(book, lines),
        "programs": programs,
        "projects": projects.drop("lot_id", "place"),
        "requests": requests,
        "fx_rates": rates,
        "rate_card": sample_contracts.rate_card(book, rng),
    }


def known_by(history: Mapping[str, pl.DataFrame], on: date) -> dict[str, pa.Table]:
    """The source tables as they stood on a day."""
    known = {
        name: rows.filter(pl.col("known_on") <= on).drop("known_on")
        for name, rows in history.items()
        if "known_on" in rows.columns
    }
    known["contracts"] = sample_contracts.contracts_as_known(history["contracts"], known["lots"], known["amendments"])
    known["requests"] = sample_work.requests_as_known(history["requests"], on)
    return {name: rows.to_arrow(compat_level=pl.CompatLevel.oldest()) for name, rows in known.items()}


def _consumption(lines: pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """The posted lines with the requests they answer."""
    answered = requests.select("delivery", "request_id").drop_nulls()
    return lines.join(answered, on="delivery", how="left", maintain_order="left").select(
        "consumption_id",
        "contract_id",
        pl.when("is_pinned").then("lot_id").alias("lot_id"),
        "line_no",
        "service_date",
        "posted_on",
        "service_type",
        "unit",
        *hundredths("quantity"),
        "reverses",
        "project_id",
        "request_id",
        known_on="posted_on",
    )

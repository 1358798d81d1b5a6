"""The draws as an analyst would write them with pandas: contract by contract, delivery by delivery, lots by their end.

It knows draw orders, scopes, pins, days of grace, overage and reversals, not amendments nor caps on what is carried
over: contracts with either are left out, and the largest.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd  # type: ignore[import-untyped]
import polars as pl

from data.snapshots import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from data.snapshots import Snapshot

#: Deliveries drawn at most, in whole contracts: the time is taken per delivery.
MOST_ROWS: Final = 10_000

_CURRENT_TERM_FIRST: Final = "current_term_first"


class Drawn(NamedTuple):
    """How many deliveries were drawn, and in how many seconds; reading them took no time."""

    rows: int
    seconds: float


def time_by_pandas(store: Path, most_rows: int = MOST_ROWS) -> Drawn:
    """Draw the deliveries of some contracts of the current snapshot.

    Args:
        store: the store's folder.
        most_rows: how many deliveries at most.
    """
    contracts, lots, consumption = tables(open_snapshot(store), most_rows)
    begun = perf_counter()
    draw(contracts, lots, consumption)
    return Drawn(len(consumption), perf_counter() - begun)


def draw(contracts: pd.DataFrame, lots: pd.DataFrame, consumption: pd.DataFrame) -> pd.DataFrame:
    """Draw deliveries first expiring, first out: event_id, lot_id (null = overage), quantity_units (1/10,000 unit).

    Args:
        contracts: those drawn, as `tables` gives them.
        lots: their lots.
        consumption: their deliveries.
    """
    draw_order = contracts.set_index("contract_id")["draw_order"]
    lots = lots.sort_values(["usable_until", "width", "valid_from", "lot_id"])
    for service in consumption["service_type"].unique():
        lots[service] = (lots["scope"] == "any") | lots["scope"].str.contains(service, regex=False)
    lots_of = {key: own.set_index("lot_id") for key, own in lots.groupby(["contract_id", "unit"])}
    draws: list[tuple[str, str | None, int]] = []
    for key, deliveries in consumption.groupby(["contract_id", "unit"]):
        own = lots_of[key]
        parts: dict[str, list[list[Any]]] = {}
        for line in deliveries.sort_values(["service_date", "line_no"]).itertuples():
            if line.quantity < 0:
                drawn = _taken_back(own, line, parts[line.reverses])
            else:
                drawn = _drawn(own, line, draw_order[line.contract_id])
                parts[line.consumption_id] = [list(part) for part in drawn]
            draws += [(line.consumption_id, lot, quantity) for lot, quantity in drawn]
    return pd.DataFrame(draws, columns=["event_id", "lot_id", "quantity_units"])


def _drawn(own: pd.DataFrame, line: Any, draw_order: str) -> list[tuple[str | None, int]]:
    usable = own[
        (own["remaining"] > 0)
        & (own["valid_from"] <= line.service_date)
        & (own["usable_until"] >= line.service_date)
        & own[line.service_type]
    ]
    if not pd.isna(line.lot_id):
        usable = usable[usable.index == line.lot_id]
    if draw_order == _CURRENT_TERM_FIRST:
        usable = usable.iloc[(usable["expires_on"] < line.service_date).argsort(kind="stable")]
    left = line.quantity
    drawn: list[tuple[str | None, int]] = []
    for lot_id, remaining in usable["remaining"].items():
        part = min(left, remaining)
        own.loc[lot_id, "remaining"] -= part
        drawn.append((lot_id, part))
        left -= part
        if left == 0:
            return drawn
    return [*drawn, (None, left)]


def _taken_back(own: pd.DataFrame, line: Any, parts: list[list[Any]]) -> list[tuple[str | None, int]]:
    """Give the parts of a delivery back, the last first; units of a lot that has ended do not return."""
    left = -line.quantity
    drawn: list[tuple[str | None, int]] = []
    for part in reversed(parts):
        lot_id, quantity = part
        back = min(left, quantity)
        if back == 0:
            continue
        part[1] -= back
        left -= back
        if lot_id is not None and own.loc[lot_id, "usable_until"] >= line.service_date:
            own.loc[lot_id, "remaining"] += back
        drawn.append((lot_id, -back))
    return drawn


def tables(snapshot: Snapshot, most_rows: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Contracts with no more deliveries than wanted, their lots and their deliveries, as `draw` takes them."""
    lots = pl.scan_parquet(snapshot.path("lots"))
    consumption = pl.scan_parquet(snapshot.path("consumption"))
    amended = pl.scan_parquet(snapshot.path("amendments")).select("contract_id")
    capped = lots.filter(pl.col("carry_over_cap_quantity").is_not_null()).select("contract_id")
    plain = consumption.join(amended, on="contract_id", how="anti").join(capped, on="contract_id", how="anti")
    # None so large that it would be most of what is drawn.
    counts = plain.group_by("contract_id").len().filter(pl.col("len") <= most_rows // 10).sort("contract_id").collect()
    mixed = counts.sample(fraction=1, shuffle=True, seed=1)
    wanted = mixed.filter(pl.col("len").cum_sum() <= most_rows).lazy().select("contract_id")
    units = pl.col("quantity").cast(pl.Float64) * 10_000
    services = pl.col("scope").str.split("|").list.len()
    return (
        pl.scan_parquet(snapshot.path("contracts")).join(wanted, on="contract_id", how="semi").collect().to_pandas(),
        lots.join(wanted, on="contract_id", how="semi")
        .with_columns(
            usable_until=pl.coalesce("grace_until", "expires_on"),
            remaining=units.round().cast(pl.Int64),
            width=pl.when(pl.col("scope") == "any").then(2**31).otherwise(services),
        )
        .collect()
        .to_pandas(),
        consumption.join(wanted, on="contract_id", how="semi")
        .with_columns(units.round().cast(pl.Int64))
        .collect()
        .to_pandas(),
    )

from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from data import sample
from data.integrity import conform, violations
from data.sample import SNAPSHOT_DATES, known_by, publish_sample, write_history
from data.sample_book import plus_months
from data.schema import TABLES
from data.snapshots import list_snapshots

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

LAST = SNAPSHOT_DATES[-1]
GROWING = ("accounts", "lots", "billings", "consumption", "consumption_departments", "amendments", "fx_rates")


@pytest.fixture(scope="module")
def history() -> dict[str, pl.DataFrame]:
    return write_history()


@pytest.fixture(scope="module")
def latest(history: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return frames(known_by(history, LAST))


def frames(tables: dict[str, pa.Table]) -> dict[str, pl.DataFrame]:
    return {
        name: pl.DataFrame(conform(TABLES[name], {column: rows[column] for column in rows.column_names}))
        for name, rows in tables.items()
    }


def test_snapshots_are_dated_at_36_month_ends() -> None:
    assert (SNAPSHOT_DATES[0], LAST, len(SNAPSHOT_DATES)) == (date(2023, 11, 30), date(2026, 10, 31), 36)
    assert all(on.day == calendar.monthrange(on.year, on.month)[1] for on in SNAPSHOT_DATES)


def test_the_same_seed_gives_the_same_snapshots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "SNAPSHOT_DATES", SNAPSHOT_DATES[::17])
    progress: list[tuple[int, int]] = []
    publish_sample(tmp_path / "one", lambda done, of: progress.append((done, of)))
    publish_sample(tmp_path / "two")
    published = [[snapshot.snapshot_id for snapshot in list_snapshots(tmp_path / store)] for store in ("one", "two")]
    assert published[0] == published[1]
    assert len(set(published[0])) == 3
    assert progress == [(1, 3), (2, 3), (3, 3)]


def test_publishing_again_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "SNAPSHOT_DATES", SNAPSHOT_DATES[:1])
    publish_sample(tmp_path)
    publish_sample(tmp_path)
    assert len(list_snapshots(tmp_path)) == 1


@pytest.mark.parametrize("on", SNAPSHOT_DATES[::7])
def test_each_snapshot_keeps_the_rules_of_the_schema(history: dict[str, pl.DataFrame], on: date) -> None:
    tables = known_by(history, on)
    assert set(tables) == set(TABLES)
    conformed = {
        name: conform(TABLES[name], {column: rows[column] for column in rows.column_names})
        for name, rows in tables.items()
    }
    assert violations(conformed) == []


def test_the_book_is_that_of_a_services_firm(latest: dict[str, pl.DataFrame]) -> None:
    assert latest["accounts"].height == 250
    assert 800 < latest["lots"].height < 1_000
    assert 15_000 < latest["consumption"].height < 25_000
    assert set(latest["lots"]["unit"]) == {"USD", "hour", "day", "credit"}
    assert set(latest["lots"]["service"]) == {"training", "consulting", "creative", "analytics"}
    assert set(latest["contracts"]["vehicle"]) == {"SOW", "service order", "credit purchase", "three-year pool"}
    assert set(latest["contracts"]["recognition_method"]) == {"ratable", "on_delivery", "proportional", "remote"}
    assert set(latest["requests"]["status"]) == {"requested", "approved", "scheduled", "delivered", "declined"}
    assert 0.15 < (latest["contracts"]["currency"] == "EUR").mean() < 0.25
    assert 0.2 < latest["lots"]["grace_until"].is_not_null().mean() < 0.3
    assert latest["amendments"].height > 10
    assert latest["remote_assessments"].height > 0
    assert (latest["requests"]["scheduled_for"] > LAST).sum() > 50


def test_between_a_fifth_and_a_third_of_the_value_lapses(latest: dict[str, pl.DataFrame]) -> None:
    """Contracts all of whose lots have lapsed, by value: what was bought less what was used, at most all of it."""
    added = latest["amendments"].group_by("lot_id").agg(added=pl.col("quantity").sum())
    bought = (
        latest["lots"]
        .join(added, on="lot_id", how="left")
        .with_columns(
            units=(pl.col("quantity") + pl.col("added").fill_null(0)).cast(pl.Float64),
            price=pl.col("amount").cast(pl.Float64) / pl.col("quantity").cast(pl.Float64),
            usable_until=pl.coalesce("grace_until", "expires_on"),
        )
        .group_by("contract_id", "unit")
        .agg(pl.col("units").sum(), pl.col("price").mean(), pl.col("usable_until").max())
        .filter(pl.col("usable_until") <= LAST)
    )
    used = latest["consumption"].group_by("contract_id", "unit").agg(used=pl.col("quantity").cast(pl.Float64).sum())
    unused = (
        bought.join(used, on=["contract_id", "unit"], how="left")
        .with_columns(used=pl.min_horizontal(pl.col("used").fill_null(0), "units"))
        .select(
            ((pl.col("units") - pl.col("used")) * pl.col("price")).sum() / (pl.col("units") * pl.col("price")).sum()
        )
        .item()
    )
    assert 0.20 < unused < 0.36


def test_northwind_burns_its_block_too_slowly(latest: dict[str, pl.DataFrame]) -> None:
    lot = latest["lots"].filter(pl.col("contract_id") == "SO-1042").row(0, named=True)
    used = latest["consumption"].filter(pl.col("contract_id") == "SO-1042")["quantity"].sum()
    assert (lot["quantity"], lot["unit"]) == (200, "hour")
    assert (lot["valid_from"], lot["expires_on"]) == (date(2026, 4, 1), date(2027, 3, 31))
    elapsed_share = Decimal((LAST - lot["valid_from"]).days) / 365
    assert used / 200 < elapsed_share - Decimal("0.1")


@pytest.mark.parametrize(
    ("expires_on", "grace_until"),
    [
        (date(2024, 6, 30), date(2024, 12, 31)),
        (date(2024, 3, 14), date(2024, 9, 14)),
        (date(2024, 8, 30), date(2025, 2, 28)),
        (date(2023, 8, 31), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2024, 8, 31)),
    ],
)
def test_grace_ends_six_months_on_and_keeps_month_ends(expires_on: date, grace_until: date) -> None:
    assert plus_months(expires_on, 6) == grace_until


def test_every_grace_window_is_six_months(latest: dict[str, pl.DataFrame]) -> None:
    graced = latest["lots"].drop_nulls("grace_until")
    assert [plus_months(day, 6) for day in graced["expires_on"]] == graced["grace_until"].to_list()


def test_nothing_is_known_before_its_day(history: dict[str, pl.DataFrame]) -> None:
    for on in SNAPSHOT_DATES[::5]:
        known = frames(known_by(history, on))
        for table, column in [
            ("consumption", "posted_on"),
            ("requests", "requested_on"),
            ("billings", "billed_on"),
            ("contracts", "booked_on"),
            ("amendments", "effective_on"),
            ("fx_rates", "rate_on"),
        ]:
            assert known[table].filter(pl.col(column) > on).is_empty(), (table, on)


def test_the_past_is_only_added_to(history: dict[str, pl.DataFrame]) -> None:
    before, after = (frames(known_by(history, on)) for on in SNAPSHOT_DATES[20:22])
    for table in GROWING:
        kept = after[table].join(before[table], on=TABLES[table].key, how="semi")
        key = list(TABLES[table].key)
        assert kept.sort(key).equals(before[table].sort(key)), table
    late = after["consumption"].filter(
        (pl.col("posted_on") > SNAPSHOT_DATES[20]) & (pl.col("service_date") <= SNAPSHOT_DATES[20])
    )
    assert late.height > 5


def test_requests_only_move_forward(history: dict[str, pl.DataFrame]) -> None:
    order = pl.Enum(["requested", "approved", "scheduled", "delivered", "declined"])
    before, after = (frames(known_by(history, on))["requests"] for on in SNAPSHOT_DATES[20:22])
    moved = before.join(after, on="request_id", suffix="_after")
    assert moved.height == before.height
    assert (moved["status"].cast(order).to_physical() <= moved["status_after"].cast(order).to_physical()).all()
    assert (moved["status"] != moved["status_after"]).sum() > 50


def test_a_delivered_request_has_its_delivery(latest: dict[str, pl.DataFrame]) -> None:
    delivered = latest["requests"].filter(pl.col("status") == "delivered")
    assert set(delivered["request_id"]) == set(latest["consumption"]["request_id"].drop_nulls())


def test_the_price_of_a_contract_is_that_of_its_lots_and_amendments(latest: dict[str, pl.DataFrame]) -> None:
    parts = pl.concat(
        [latest["lots"].select("contract_id", "amount"), latest["amendments"].select("contract_id", "amount")]
    )
    expected = parts.group_by("contract_id").agg(pl.col("amount").sum())
    both = latest["contracts"].join(expected, on="contract_id", how="left")
    assert (both["transaction_price"] == both["amount"]).all()


def test_amendments_keep_the_unit_price(latest: dict[str, pl.DataFrame]) -> None:
    both = latest["amendments"].join(latest["lots"], on="lot_id", suffix="_bought")
    assert (both["amount"] * both["quantity_bought"] == both["amount_bought"] * both["quantity"]).all()


def test_a_fully_billed_lot_is_billed_at_its_price(latest: dict[str, pl.DataFrame]) -> None:
    added = latest["amendments"].group_by("lot_id").agg(added=pl.col("amount").sum())
    billed = latest["billings"].group_by("lot_id").agg(billed=pl.col("amount").sum())
    lapsed = (
        latest["lots"]
        .filter(pl.col("expires_on") <= LAST)
        .join(billed, on="lot_id")
        .join(added, on="lot_id", how="left")
    )
    assert (lapsed["billed"] == lapsed["amount"] + lapsed["added"].fill_null(0)).all()


def test_deliveries_fall_on_workdays_and_come_in_the_units_own_steps(latest: dict[str, pl.DataFrame]) -> None:
    lines = latest["consumption"]
    assert lines["service_date"].dt.weekday().max() == 5
    for unit, step in {"hour": "0.25", "day": "0.5", "credit": "1", "USD": "0.01"}.items():
        quantities = lines.filter(pl.col("unit") == unit)["quantity"].to_list()
        assert all(quantity % Decimal(step) == 0 for quantity in quantities), unit


def test_reversals_follow_what_they_take_back(latest: dict[str, pl.DataFrame]) -> None:
    lines = latest["consumption"]
    pairs = lines.drop_nulls("reverses").join(lines, left_on="reverses", right_on="consumption_id", suffix="_original")
    assert 0.01 < pairs.height / lines.height < 0.03
    assert (pairs["quantity"] == -pairs["quantity_original"]).all()
    assert (pairs["service_date"] > pairs["posted_on_original"]).all()
    assert (pairs["line_no"] > pairs["line_no_original"]).all()


def test_lines_are_numbered_in_order_of_posting(latest: dict[str, pl.DataFrame]) -> None:
    lines = latest["consumption"].sort("line_no")
    assert lines["posted_on"].is_sorted()
    assert lines["line_no"].to_list() == list(range(1, lines.height + 1))


def test_department_shares_add_up_to_one(latest: dict[str, pl.DataFrame]) -> None:
    shares = latest["consumption_departments"].group_by("consumption_id").agg(pl.col("share").sum(), parts=pl.len())
    assert shares.height == latest["consumption"].height
    assert (shares["share"] == 1).all()
    assert 0.08 < (shares["parts"] == 2).mean() < 0.16
    assert latest["consumption_departments"]["department"].n_unique() == 5


def test_every_delivery_fits_a_lot_of_its_contract(latest: dict[str, pl.DataFrame]) -> None:
    covered = latest["lots"].select("contract_id", "unit", pl.col("scope").str.split("|")).explode("scope")
    fitting = latest["consumption"].join(
        covered.with_columns(service_type="scope"), on=["contract_id", "unit", "service_type"], how="anti"
    )
    fungible = covered.filter(pl.col("scope") == "any")
    assert fitting.join(fungible, on=["contract_id", "unit"], how="anti").is_empty()

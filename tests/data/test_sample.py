from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from data import sample
from data.integrity import conform, conform_all, violations
from data.sample import SNAPSHOT_DATES, known_by, publish_sample, write_history
from data.sample_book import plus_months
from data.schema import TABLES
from data.snapshots import list_snapshots
from data.staging import staged

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

LAST = SNAPSHOT_DATES[-1]
GROWING = ("accounts", "lots", "billings", "consumption", "consumption_departments", "amendments", "fx_rates")

#: What an amendment does to the price of its lot.
SIGNED = pl.when(pl.col("kind") == "remove_units").then(-pl.col("amount")).otherwise("amount")


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
    with staged(conform_all(tables)) as staging:
        assert violations(staging.connection) == []


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
    """Unamended contracts all of whose lots have lapsed, by value: bought less used, at most all of it."""
    bought = (
        latest["lots"]
        .join(latest["amendments"], on="contract_id", how="anti")
        .drop_nulls("amount")
        .with_columns(
            units=pl.col("quantity").cast(pl.Float64),
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
    lines = latest["consumption"].filter(pl.col("contract_id") == "SO-1042")
    bills = latest["billings"].filter(pl.col("contract_id") == "SO-1042").select("billed_on", "amount")
    assert (lot["quantity"], lot["unit"], lot["amount"]) == (200, "hour", 40_000)
    assert (lot["valid_from"], lot["expires_on"]) == (date(2026, 4, 1), date(2027, 3, 31))
    assert bills.rows() == [(date(2026, 3, 26), 40_000)]
    assert (lines.height, lines["quantity"].sum()) == (18, 81)
    elapsed_share = Decimal((LAST - lot["valid_from"]).days) / 365
    assert lines["quantity"].sum() / 200 < elapsed_share - Decimal("0.1")


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
            ("breakage_estimates", "effective_on"),
            ("remote_assessments", "assessed_on"),
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


def test_some_deliveries_are_posted_weeks_later(latest: dict[str, pl.DataFrame]) -> None:
    delay = (latest["consumption"]["posted_on"] - latest["consumption"]["service_date"]).dt.total_days()
    assert 0.02 < (delay >= 20).mean() < 0.05
    assert (delay.min(), delay.max()) == (0, 45)


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


def changed_lots(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The amendments beside their lots: `ends_on` is the last usable day as sold, `billed` what they billed."""
    billed = tables["billings"].group_by("lot_id", effective_on="billed_on").agg(billed=pl.col("amount").sum())
    return (
        tables["amendments"]
        .join(billed, on=["lot_id", "effective_on"], how="left", maintain_order="left")
        .join(tables["lots"], on="lot_id", suffix="_bought", maintain_order="left")
        .with_columns(ends_on=pl.coalesce("grace_until", "expires_on"), billed=pl.col("billed").fill_null(0))
    )


def test_few_lots_are_amended_and_every_way_is_seen(latest: dict[str, pl.DataFrame]) -> None:
    rows = changed_lots(latest)
    is_extension, is_price = pl.col("kind") == "extension", pl.col("kind") == "price_change"
    is_end, is_in_term = pl.col("kind") == "termination", pl.col("effective_on") <= pl.col("expires_on")
    is_catch_up = pl.col("treatment") == "cumulative_catch_up"
    for least, case in [
        (4, is_extension & is_in_term),
        (3, is_extension & ~is_in_term & (pl.col("effective_on") <= pl.col("ends_on"))),
        (2, is_extension & (pl.col("effective_on") > pl.col("ends_on"))),
        (4, pl.col("kind") == "transfer"),
        (4, pl.col("kind") == "remove_units"),
        (4, is_price & (pl.col("amount") < 0) & is_catch_up),
        (4, is_price & (pl.col("amount") < 0) & ~is_catch_up),
        (4, is_price & (pl.col("amount") > 0) & (pl.col("new_expires_on") > pl.col("ends_on"))),
        (4, is_end & (pl.col("billed") < 0)),
        (4, is_end & (pl.col("billed") == 0)),
    ]:
        assert least <= rows.filter(case).height < 10, case
    others = rows.filter(pl.col("kind") != "add_units")
    assert 0.02 < others["lot_id"].n_unique() / latest["lots"].height < 0.05
    assert 4 <= rows.filter(pl.len().over("lot_id") > 1)["lot_id"].n_unique() < 10
    assert others["effective_on"].dt.year().unique().sort().to_list() == [2024, 2025, 2026]


def test_an_amendment_bills_or_gives_back_its_amount(latest: dict[str, pl.DataFrame]) -> None:
    rows = changed_lots(latest).filter(pl.col("kind") != "termination")
    sign = rows["kind"].replace_strict({"add_units": 1, "price_change": 1, "remove_units": -1}, default=0)
    assert (rows["billed"] == rows["amount"].fill_null(0) * sign).all()


def test_units_are_added_at_the_lots_price_or_at_a_discount(latest: dict[str, pl.DataFrame]) -> None:
    added = changed_lots(latest).filter(pl.col("kind") == "add_units")
    paid = (added["amount"] * added["quantity_bought"] / (added["amount_bought"] * added["quantity"])).round(4)
    assert set(paid) == {Decimal(1), Decimal("0.95"), Decimal("0.9"), Decimal("0.85")}
    assert 8 < (paid < 1).sum() < 16


def test_units_move_to_the_next_lot_while_both_can_be_used(latest: dict[str, pl.DataFrame]) -> None:
    moves = changed_lots(latest).filter(pl.col("kind") == "transfer")
    same = ["contract_id", "unit"]
    both = moves.join(latest["lots"], left_on=["to_lot_id", *same], right_on=["lot_id", *same], suffix="_target")
    assert both.height == moves.height
    assert both["effective_on"].is_between(both["valid_from_target"], both["ends_on"]).all()


def test_nothing_is_billed_or_used_once_a_lot_was_ended(latest: dict[str, pl.DataFrame]) -> None:
    ended = changed_lots(latest).filter(pl.col("kind") == "termination")
    bills = ended.join(latest["billings"], on="lot_id", suffix="_bill")
    is_refund = (pl.col("billed_on") == pl.col("effective_on")) & (pl.col("amount_bill") < 0)
    assert bills.filter(pl.col("billed_on") >= pl.col("effective_on"), ~is_refund).is_empty()
    lines = ended.join(latest["consumption"], on=["contract_id", "unit"], suffix="_line")
    later_lines = lines.filter(pl.col("service_date") >= pl.col("effective_on"))
    assert 0 < later_lines.height <= 4
    assert (later_lines["service_date"] - later_lines["effective_on"]).dt.total_days().max() < 5
    waiting = ended.join(latest["requests"], on=["contract_id", "unit"], suffix="_request")
    assert set(waiting["status"]) == {"delivered", "declined"}


def test_a_revived_lot_is_used_again(latest: dict[str, pl.DataFrame]) -> None:
    revived = changed_lots(latest).filter(pl.col("kind") == "extension", pl.col("effective_on") > pl.col("ends_on"))
    lines = revived.join(latest["consumption"], on=["contract_id", "unit"], suffix="_line")
    again = lines.filter(pl.col("service_date").is_between("effective_on", "new_expires_on"))
    assert again["lot_id"].n_unique() == revived.height


def test_a_contract_changes_when_its_amendment_is_known(history: dict[str, pl.DataFrame]) -> None:
    """SO-665: 37 hours at 210 added on 13 February 2025, and on 18 April three months more to use them."""
    states = pl.concat(
        frames(known_by(history, on))["contracts"].filter(pl.col("contract_id") == "SO-665")
        for on in SNAPSHOT_DATES[14:18]
    )
    assert states["ends_on"].to_list() == [date(2025, 4, 30)] * 3 + [date(2025, 7, 31)]
    assert (states["transaction_price"] - states["transaction_price"][0]).to_list() == [0, *[7_770] * 3]


def test_the_price_of_a_contract_is_that_of_its_lots_and_amendments(latest: dict[str, pl.DataFrame]) -> None:
    parts = pl.concat(
        [latest["lots"].select("contract_id", "amount"), latest["amendments"].select("contract_id", amount=SIGNED)],
        how="vertical_relaxed",
    )
    expected = parts.group_by("contract_id").agg(pl.col("amount").sum())
    both = latest["contracts"].join(expected.filter(pl.col("amount") > 0), on="contract_id")
    assert both.height == latest["contracts"].height - 3
    assert (both["transaction_price"] == both["amount"]).all()


def test_a_bundle_costs_less_than_its_parts_and_is_billed_as_one(latest: dict[str, pl.DataFrame]) -> None:
    alone = (pl.col("quantity") * pl.col("standalone_price")).sum()
    bundles = (
        latest["lots"]
        .filter(pl.col("amount").is_null())
        .group_by("contract_id")
        .agg(pl.col("service").n_unique(), alone=alone, lots=pl.len())
        .join(latest["contracts"], on="contract_id")
        .join(latest["billings"].group_by("contract_id").agg(billed=pl.col("amount").sum()), on="contract_id")
    )
    assert bundles.select("lots", "service").rows() == [(2, 2)] * 3
    off = (1 - bundles["transaction_price"].cast(pl.Float64) / bundles["alone"].cast(pl.Float64)).to_list()
    assert all(0.07 < discount < 0.16 for discount in off)
    assert (bundles["billed"] == bundles["transaction_price"]).all()
    assert set(latest["billings"].filter(pl.col("lot_id").is_null())["contract_id"]) == set(bundles["contract_id"])


def test_five_small_contracts_owe_unused_value_to_a_government(latest: dict[str, pl.DataFrame]) -> None:
    owing = latest["contracts"].drop_nulls("escheat_rate")
    assert sorted(owing["escheat_rate"]) == [Decimal(rate) / 100 for rate in (10, 12, 15, 20, 25)]
    assert set(owing["recognition_method"]) == {"on_delivery", "proportional", "remote"}
    assert owing["transaction_price"].max() < 60_000


def test_estimates_are_for_the_portfolio_a_contract_or_a_lot(latest: dict[str, pl.DataFrame]) -> None:
    estimates = latest["breakage_estimates"]
    portfolio = estimates.filter(pl.col("contract_id").is_null())
    assert portfolio.select("lot_id", "effective_on", "rate").rows() == [(None, date(2022, 9, 1), Decimal("0.08"))]
    assert estimates["lot_id"].count() == 5
    assert estimates.filter(pl.col("contract_id").is_not_null(), pl.col("lot_id").is_null()).height > 50


def test_a_few_consulting_contracts_are_recognised_unlike_the_others(latest: dict[str, pl.DataFrame]) -> None:
    consulting = latest["lots"].filter(pl.col("service") == "consulting").join(latest["contracts"], on="contract_id")
    clients = dict(consulting.group_by("recognition_method").agg(pl.col("account_id").n_unique()).iter_rows())
    assert clients["on_delivery"] > 80
    assert 3 <= clients["ratable"] <= 6


def test_a_client_judged_gone_may_come_back(latest: dict[str, pl.DataFrame]) -> None:
    judged = latest["remote_assessments"]
    lines = judged.join(latest["consumption"], on="contract_id", suffix="_line")
    wrong = lines.filter(pl.col("service_date") > pl.col("assessed_on"))
    assert 1 <= wrong["assessment_id"].n_unique() < judged.height


def test_a_fully_billed_lot_is_billed_at_its_price(latest: dict[str, pl.DataFrame]) -> None:
    changed = latest["amendments"].group_by("lot_id").agg(change=SIGNED.sum(), kinds=pl.col("kind"))
    billed = latest["billings"].group_by("lot_id").agg(billed=pl.col("amount").sum())
    lapsed = (
        latest["lots"]
        .filter(pl.col("expires_on") <= LAST)
        .join(billed, on="lot_id")
        .join(changed, on="lot_id", how="left")
        .filter(~pl.col("kinds").list.contains("termination").fill_null(value=False))
    )
    assert lapsed.height > 600
    assert (lapsed["billed"] == lapsed["amount"] + lapsed["change"].fill_null(0)).all()


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
    counts = dict(latest["consumption_departments"]["share"].value_counts().iter_rows())
    assert counts[Decimal("0.333333333333")] == counts[Decimal("0.666666666667")] > 400


def test_every_delivery_fits_a_lot_of_its_contract(latest: dict[str, pl.DataFrame]) -> None:
    covered = latest["lots"].select("contract_id", "unit", pl.col("scope").str.split("|")).explode("scope")
    fitting = latest["consumption"].join(
        covered.with_columns(service_type="scope"), on=["contract_id", "unit", "service_type"], how="anti"
    )
    fungible = covered.filter(pl.col("scope") == "any")
    assert fitting.join(fungible, on=["contract_id", "unit"], how="anti").is_empty()

"""Restatement: what changed about the past since an earlier snapshot, which rows changed it, and the closed months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import restatement
from dashboard.closed_months import AMOUNT_NAMES, closed_months
from dashboard.explain import Behind
from dashboard.filters import check, described, forget
from dashboard.parts import Stat, assumptions, chart, figure_row, headline, muted, plain
from dashboard.session import View, current, current_theme, opened, snapshots, store
from dashboard.tables import day_column, ledger_column, picked, section, table, text_column
from data.closes import is_older, list_closes
from queries.calendar import month_ends
from queries.close import narrow
from queries.restatement import compare, moved, moved_contracts, moved_months, source_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from data.closes import Close
    from data.snapshots import Snapshot
    from queries.scope import Scope

_MONTHS: Final = 24
_PICKED_FROM: Final = "moved_contracts"
_ROWS: Final = {
    "contracts": "contract",
    "lots": "lot",
    "billings": "billing",
    "consumption": "delivery",
    "amendments": "amendment",
    "breakage_estimates": "breakage estimate",
    "remote_assessments": "remote assessment",
    "rate_card": "overage rate",
}
_HOW_MOVED: Final = (
    "The deferred revenue roll-forward (liability_rollforward) of both snapshots, contract by contract and month by"
    " month, under the method each contract is booked under: whatever differs is listed."
)
_HOW_SOURCED: Final = (
    "The contract's rows in both snapshots, key by key: those added, removed, or changed in a column that can move"
    " amounts, dated up to the last day compared. Breakage estimates made for every contract are listed with each."
)
_ASSUMPTIONS: Final = (
    "Analysis, not accounting advice. A delivery counts on its service date, whenever it is posted: that is how the"
    " past moves. A closed month is reported as its snapshot had it, and what becomes known of it later is reported in"
    " the first open month (R1.5). A new estimate counts from its effective day and moves nothing before it (R5.2)."
    " Overage is billed in arrears and is not part of revenue here."
)


def render(view: View) -> None:
    """Draw the page."""
    closes = list_closes(store())
    before = _baseline(view, closes)
    if before is None:
        headline("This is the first snapshot: there is none to compare it with", described(view))
    else:
        _moved(view, before)
    closed_months(view, closes)
    assumptions(_ASSUMPTIONS)


def _baseline(view: View, closes: Sequence[Close]) -> Snapshot | None:
    """The earlier snapshot to compare with: the one the last close rests on, unless another is chosen."""
    earlier = [known for known in snapshots() if is_older(known, view.snapshot)]
    labelled: dict[str, Snapshot] = {}
    for snapshot in reversed(earlier):
        dated = snapshot.dated_on.isoformat()
        labelled[snapshot.snapshot_id if dated in labelled else dated] = snapshot
    if not labelled:
        return None
    labels = list(labelled)
    closed_on = closes[-1].snapshot_id if closes else None
    usual = next((label for label, known in labelled.items() if known.snapshot_id == closed_on), labels[0])
    check("baseline", labels, usual)
    with st.sidebar:
        label = st.selectbox(
            "Compared with",
            labels,
            index=labels.index(usual),
            key="baseline",
            bind="query-params",
            on_change=forget,
            args=("baseline",),
            help="An earlier snapshot. At first the one the last closed month rests on, else the one before.",
        )
    return labelled.get(label or usual, labelled[usual])


def _moved(view: View, before: Snapshot) -> None:
    """What moved since an earlier snapshot, from the finding down to the source rows of one contract."""
    until = min(view.as_of, before.dated_on)
    pair = (before, view.snapshot)
    everything = _compared(before.folder, view.snapshot.folder, view.scope, until)
    compared = narrow(everything, pair, view.filters)
    months, contracts = moved_months(compared), moved_contracts(compared)
    context = (
        f"{described(view)} · up to {fmt.full_day(until)}, as known on {fmt.full_day(before.dated_on)} and"
        f" on {fmt.full_day(view.snapshot.dated_on)}"
    )
    if months.is_empty():
        day, since = fmt.day(until, before.dated_on), fmt.day(before.dated_on, until)
        headline(f"Nothing up to {day} has moved since the snapshot of {since}", context)
        _advise(view, everything, pair)
        return
    sources = _sources(before.folder, view.snapshot.folder, view.scope, until).filter(
        pl.col("contract_id").is_null() | pl.col("contract_id").is_in(contracts["contract_id"].to_list())
    )
    is_late = (pl.col("source") == "consumption") & (pl.col("what") == "added")
    late_rows, other_rows = (sources.filter(which).unique(["source", "key"]) for which in (is_late, ~is_late))
    ends = month_ends(until, _MONTHS)
    said = restatement.finding(months, ends, before.dated_on, late_rows.height, other_rows.height, view.currency)
    headline(said.title, context)
    figures = st.container()
    figure = restatement.draw(months, ends, view.currency, current_theme())
    if figure is not None:
        chart(said, figure, "restatement", Behind(view, "moved_months", rows=lambda: months, how=_HOW_MOVED))
    with figures:  # drawn after the chart, which is waited for
        figure_row(_stats(view, months, contracts, late_rows, other_rows), view.currency)
    _months(view, months, ends[0])
    _contracts(view, contracts.join(_per_contract(sources), on="contract_id", how="left"))
    _contract(view, contracts, moved(compared), sources)


def _advise(view: View, everything: pl.DataFrame, pair: tuple[Snapshot, Snapshot]) -> None:
    hiding = [
        name for name in view.filters if moved_months(narrow(everything, pair, view.without(name).filters)).height
    ]
    names = " or ".join(f"{name} “{view.filters[name]}”" for name in hiding)
    st.info(plain(f"Relax {names} to see what has." if hiding else "Compare with an earlier snapshot, or a later day."))


def _stats(
    view: View, months: pl.DataFrame, contracts: pl.DataFrame, late: pl.DataFrame, others: pl.DataFrame
) -> list[Stat]:
    def behind(name: str, rows: pl.DataFrame, adds: str | None = None, how: str = _HOW_MOVED) -> Behind:
        return Behind(view, name, rows=lambda: rows, adds=adds, how=how)

    def moved(label: str, column: str, meaning: str) -> Stat:
        by_month = behind("moved_months", months, column)
        return Stat(label, _signed(months[column].sum(), view.currency), help=meaning, behind=by_month)

    def counted(label: str, rows: pl.DataFrame, meaning: str, why: Behind) -> Stat:
        return Stat(label, f"{rows.height:,}", help=meaning, behind=why)

    posted = f"Deliveries posted since, and {fmt.count(others.height, 'other change')} in the source rows."
    by_month, by_contract = behind("moved_months", months), behind("moved_contracts", contracts)
    return [
        moved("Revenue", "revenue_total", "Change of all months compared; overage is not part of it."),
        moved("Deferred revenue", "deferred_revenue", "Change of the balance on the last day compared."),
        counted("Months moved", months, "Months in which an amount of any contract moved.", by_month),
        counted("Contracts moved", contracts, "Contracts of which any amount moved.", by_contract),
        counted("Late postings", late, posted, behind("source_changes", late, how=_HOW_SOURCED)),
    ]


def _signed(change: fmt.Amount, currency: str) -> str:
    return fmt.change(change, currency) if change else fmt.money(0, currency)


def _months(view: View, months: pl.DataFrame, first: date) -> None:
    shown = months.sort("period_end", descending=True)
    section("Months that moved", "moved_months", shown, view, _HOW_MOVED)
    if first in months["period_end"]:
        muted(f"The month to {fmt.full_day(first)} stands for all the time up to it.")
    currency = view.currency
    table(
        shown.with_columns(change="revenue_total"),
        {
            "period_end": day_column("Month to"),
            "revenue_before": ledger_column("Revenue before", currency, "As the earlier snapshot knew it."),
            "revenue_after": ledger_column("Revenue now", currency, "As the snapshot shown knows it."),
            "change": ledger_column("Change", currency),
            "billings": ledger_column("Billings", currency, "Change of what was invoiced."),
            "overage_revenue": ledger_column("Overage", currency, "Change of what is billed in arrears."),
            "deferred_revenue": ledger_column("Deferred revenue", currency, "Change the month makes to the balance."),
            "contract_count": st.column_config.NumberColumn("Contracts", help="Those that moved."),
        },
        key="moved_months",
        alt="Months that moved, before and now",
    )


def _per_contract(sources: pl.DataFrame) -> pl.DataFrame:
    return sources.group_by("contract_id").agg(source_count=pl.struct("source", "key").n_unique())


def _contracts(view: View, contracts: pl.DataFrame) -> None:
    section("Contracts that moved, the most first", _PICKED_FROM, contracts, view, _HOW_MOVED)
    muted("Select a row to see the source rows that moved it.")
    currency = view.currency
    table(
        contracts,
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "owner": text_column("Owner"),
            "revenue_total": ledger_column("Revenue", currency, "Change of all months compared."),
            "overage_revenue": ledger_column("Overage", currency, "Change of what is billed in arrears."),
            "deferred_revenue": ledger_column("Deferred revenue", currency, "Change on the last day compared."),
            "month_count": st.column_config.NumberColumn("Months", help="Months that moved."),
            "source_count": st.column_config.NumberColumn("Source rows", help="Rows added, removed or changed."),
        },
        key=_PICKED_FROM,
        alt="Contracts that moved",
        on_pick=_pick(contracts),
    )


def _pick(contracts: pl.DataFrame) -> Callable[[], None]:
    """What a click on a row does: put the contract into the URL."""

    def pick() -> None:
        row = picked(_PICKED_FROM)
        if row is not None:
            st.query_params["contract"] = contracts["contract_id"][row]

    return pick


def _contract(view: View, contracts: pl.DataFrame, amounts: pl.DataFrame, sources: pl.DataFrame) -> None:
    """One contract: its amounts that moved, and the source rows that moved them."""
    contract_id = st.query_params.get("contract", contracts["contract_id"][0])
    if contract_id not in contracts["contract_id"]:
        st.warning(
            plain(f"The contract “{contract_id}” is not among those that moved; showing the one that moved most.")
        )
        contract_id = contracts["contract_id"][0]
    own = amounts.filter(pl.col("contract_id") == contract_id).sort("period_end", descending=True, maintain_order=True)
    rows = sources.filter(pl.col("contract_id").is_null() | (pl.col("contract_id") == contract_id))
    section(f"Source rows that moved {contract_id}", "source_changes", rows, view, _HOW_SOURCED)
    muted(own["account_name"][0])
    columns = {
        "dated_on": day_column("Counts from"),
        "source": text_column("Row"),
        "key": text_column("Id"),
        "what": text_column("What"),
        "before": text_column("Before"),
        "after": text_column("Now"),
    }
    table(
        rows.with_columns(
            pl.col("source").replace(_ROWS),
            what=pl.concat_str("what", pl.col("column").str.replace_all("_", " "), separator=" ", ignore_nulls=True),
        ),
        # Where every row was added there is no before, and what the rows say needs the room.
        {name: column for name, column in columns.items() if rows.is_empty() or rows[name].is_not_null().any()},
        key="source_changes",
        alt="Source rows added, removed or changed",
    )
    section(f"Amounts of {contract_id} that moved", "moved", own, view, _HOW_MOVED)
    table(
        own.with_columns(pl.col("component").replace(AMOUNT_NAMES)),
        {
            "period_end": day_column("Month to"),
            "component": text_column("Amount"),
            "before": ledger_column("Before", view.currency),
            "after": ledger_column("Now", view.currency),
            "change": ledger_column("Change", view.currency),
        },
        key="moved",
        alt="Amounts that moved",
    )


@st.cache_data(max_entries=16, show_spinner="Comparing the two snapshots …")
def _compared(before: Path, after: Path, scope: Scope, until: date) -> pl.DataFrame:
    return compare(opened(before, scope), opened(after, scope), until, months=_MONTHS)


@st.cache_data(max_entries=16, show_spinner=False)
def _sources(before: Path, after: Path, scope: Scope, until: date) -> pl.DataFrame:
    return source_changes(opened(before, scope), opened(after, scope), until)


render(current())

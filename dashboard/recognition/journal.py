"""Journal: what to post for a period, by account and by contract, with debits and credits equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.explain import Behind
from dashboard.filters import described
from dashboard.parts import Stat, assumptions, empty, figure_row, headline, plain
from dashboard.recognition import links, totals
from dashboard.recognition.words import BOOKED
from dashboard.session import View, store
from dashboard.tables import ledger_column, section, table, text_column
from data.chart_of_accounts import Account, ChartOfAccountsError, accounts

if TYPE_CHECKING:
    from dashboard.recognition.periods import Periods

_PERIOD: Final = "journal"
_ASSUMPTIONS: Final = (
    "Analysis, not accounting advice. Entries follow the policy each contract is booked under (R8.1): billings credit"
    " deferred revenue, revenue releases it, overage is billed in arrears and passes it by (R9.2), escheat is owed to a"
    " government (R5.6). Deferred revenue holds each contract's net position. Account codes come from accounts.toml in"
    " the store, where there is one, else from Drawdown's default chart of accounts."
)


def render(view: View, periods: Periods) -> None:
    """Draw the section."""
    try:
        chart = accounts(store())
    except ChartOfAccountsError as error:
        headline("The chart of accounts can't be read", described(view))
        st.error(plain(str(error)))
        return
    answer = st.container()
    with st.container(width=220):
        labels = [*reversed(periods.labels())]
        chosen = links.linked(periods.kind.capitalize(), _PERIOD, labels, labels[0])
    end = next(end for end in periods.ends if periods.label(end) == chosen)
    asked = view.ask("journal_entries", boundaries=[periods.opening_of(end), end])
    with answer:
        _answer(view, asked, chosen)
    if asked.is_empty():
        empty(view, "journal_entries", f"There is nothing to post for {chosen}.")
        return
    entries = with_accounts(asked, chart)
    _by_account(view, entries, chosen)
    _entries(view, entries, chosen)
    assumptions(_ASSUMPTIONS)


def with_accounts(entries: pl.DataFrame, chart: dict[str, Account]) -> pl.DataFrame:
    """Entries with the code and name of each account in place of its role."""
    codes, names = ({role: getattr(one, part) for role, one in chart.items()} for part in ("code", "name"))
    return entries.with_columns(
        account_code=pl.col("account").replace_strict(codes, default=pl.col("account"), return_dtype=pl.String),
        ledger_account=pl.col("account").replace_strict(names, default=pl.col("account"), return_dtype=pl.String),
    ).select(
        *("period_end", "contract_id", "account_name", "currency", "entry"),
        *("account_code", "ledger_account", "debit", "credit"),
    )


def _answer(view: View, entries: pl.DataFrame, period: str) -> None:
    currency = view.currency
    debit, credit = (totals.of(entries, side) for side in ("debit", "credit"))
    balance = "debits equal credits" if debit == credit else "debits and credits differ: run “drawdown check”"
    amount = fmt.money_in_full(debit, currency)
    headline(f"The journal for {period} posts {amount}: {balance}", described(view))
    revenue = entries.filter(pl.col("account").str.starts_with("revenue_"))
    earned = totals.of(revenue, "credit") - totals.of(revenue, "debit")

    def stat(label: str, value: str, column: str | None, rows: pl.DataFrame, meaning: str | None = None) -> Stat:
        return Stat(label, value, help=meaning, behind=Behind(view, "journal_entries", column, lambda: rows, column))

    figure_row(
        [
            stat("Debits", amount, "debit", entries),
            stat("Credits", fmt.money_in_full(credit, currency), "credit", entries),
            stat("Revenue", fmt.money_in_full(earned, currency), None, revenue, "Credits less debits, with overage."),
            stat("Contracts", f"{entries['contract_id'].n_unique():,}", None, entries),
        ],
        currency,
    )


def by_account(entries: pl.DataFrame) -> pl.DataFrame:
    """Debits and credits of each entry by account."""
    return (
        entries.group_by("entry", "account_code", "ledger_account")
        .agg(pl.sum("debit"), pl.sum("credit"))
        .sort("entry", "account_code")
    )


def _by_account(view: View, entries: pl.DataFrame, period: str) -> None:
    rows = by_account(entries)
    section(f"{period} by account", "journal_entries", rows, view)
    table(
        totals.under(rows, "entry"),
        {
            "entry": text_column("Entry"),
            "account_code": text_column("Code"),
            "ledger_account": text_column("Account"),
            "debit": ledger_column("Debit", view.currency),
            "credit": ledger_column("Credit", view.currency),
        },
        key="journal_accounts",
        alt="Journal by account, debits and credits in total equal",
        visible_rows=20,
    )


def _entries(view: View, entries: pl.DataFrame, period: str) -> None:
    section(f"{period} by contract", "journal_entries", entries, view)
    links.hint()
    table(
        entries,
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "entry": text_column("Entry"),
            "account_code": text_column("Code"),
            "ledger_account": text_column("Account"),
            "debit": ledger_column("Debit", view.currency),
            "credit": ledger_column("Credit", view.currency),
        },
        key="journal",
        alt="Journal entries by contract",
        on_pick=links.derive(entries, "journal", BOOKED, period),
    )

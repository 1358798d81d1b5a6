"""Judgement: contracts whose use or amendments speak against how they are booked, and services booked in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.explain import Behind
from dashboard.filters import described
from dashboard.parts import Stat, assumptions, figure_row, headline, muted
from dashboard.recognition import links, totals
from dashboard.recognition.words import BOOKED, in_words
from dashboard.tables import TWO_LINES, day_column, ledger_column, quantity_column, section, table, text_column

if TYPE_CHECKING:
    from dashboard.recognition.periods import Periods
    from dashboard.session import View

#: A way to book a service: the policy and, where it is ratable, how it spreads.
_WAYS: Final = (("policy", pl.col("convention")), ("usual_policy", pl.col("usual_convention")))
_ALL: Final = "all questions"
_FLAG: Final = "flag"
_ASSUMPTIONS: Final = (
    "Analysis, not accounting advice. A flag is a question, not an error: whether a policy is right depends on what was"
    " promised, which is in the contract, not in these figures. What is usual for a service is what most of its"
    " contracts have (R3.4, R8.5)."
)


@dataclass(frozen=True)
class Question:
    """A flag as a controller reads it: its name, what was seen, what its amount is, and what to do about it."""

    name: str
    seen: str
    amount: str
    do: str


QUESTIONS: Final = {
    "ratable_behind_delivery": Question(
        "behind delivery",
        "Ratable, but more is delivered than recognised",
        "revenue is behind delivery by this",
        "Ask whether units, not time, measure progress: booked on delivery, this would be recognised already.",
    ),
    "ratable_ended_rights_remain": Question(
        "term over, rights remain",
        "Ratable and fully recognised, but units can still be used",
        "price of the units that remain",
        "Ask whether the term should include carry-over: revenue was taken while an obligation remains.",
    ),
    "ratable_with_overage": Question(
        "overage charged",
        "Ratable, but use beyond the lots is charged",
        "price of what went beyond",
        "A charge for more speaks for a promise of a quantity, not of standing ready: reconsider the policy.",
    ),
    "ratable_with_transfers": Question(
        "units moved",
        "Ratable, but unused units were moved to another lot",
        "price of the units moved",
        "Units that keep their worth speak for a promise of a quantity: reconsider the policy.",
    ),
    "estimate_exceeded": Question(
        "estimate exceeded",
        "As many units are used as were expected in all",
        "price of the units that remain",
        "Lower the breakage estimate: the liability is nil while rights remain.",
    ),
    "used_after_remote": Question(
        "used after remote",
        "Used after further use was judged remote",
        "price of the units used since",
        "Review the judgement, and what it rested on, for similar contracts.",
    ),
    "extended_after_lapse": Question(
        "extended after lapse",
        "Units came back after their lapse was recognised",
        "price of the units that came back",
        "If extending is customary it is an implied promise: reassess earlier breakage.",
    ),
}


def question(flag: str) -> Question:
    """A flag in words; one without words of its own as it is named."""
    return QUESTIONS.get(flag, Question(flag, flag.replace("_", " "), "amount", "Review the contract."))


def render(view: View, _periods: Periods) -> None:
    """Draw the section."""
    flags = view.ask("judgement_flags")
    apart = view.ask("policy_consistency")
    headline(_title(flags, apart), described(view))
    _answer(view, flags, apart)
    if flags.is_empty():
        st.info("No contract shown raises a question. Relax a filter or pick another day to look further.")
    else:
        _by_question(view, flags)
        _by_contract(view, flags)
    _consistency(view, apart)
    assumptions(_ASSUMPTIONS)


def _title(flags: pl.DataFrame, apart: pl.DataFrame) -> str:
    contracts = flags["contract_id"].n_unique()
    others = apart["contract_id"].n_unique()
    booked = f"{fmt.count(others, 'contract')} {'books' if others == 1 else 'book'} a service unlike most"
    if not contracts and not others:
        return "Nothing speaks against how the contracts shown are booked"
    if not contracts:
        return booked
    raised = f"{fmt.count(contracts, 'contract')} {'raises' if contracts == 1 else 'raise'} a question of judgement"
    return f"{raised}; {booked}" if others else raised


def _answer(view: View, flags: pl.DataFrame, apart: pl.DataFrame) -> None:
    late = flags.filter(flag="ratable_behind_delivery")
    figure_row(
        [
            Stat("Questions", f"{flags.height:,}", behind=Behind(view, "judgement_flags", rows=lambda: flags)),
            Stat(
                "Revenue behind delivery",
                fmt.money(totals.of(late, "amount"), view.currency),
                help="Ratable lots.",
                behind=Behind(view, "judgement_flags", "amount", lambda: late, "amount"),
            ),
            Stat(
                "Booked unlike most",
                fmt.money(totals.of(apart, "amount"), view.currency),
                help="Price of their lots.",
                behind=Behind(view, "policy_consistency", "amount", lambda: apart, "amount"),
            ),
        ],
        view.currency,
    )


def _by_question(view: View, flags: pl.DataFrame) -> None:
    rows = (
        flags.group_by("flag", "rule")
        .agg(contracts=pl.col("contract_id").n_unique(), amount=pl.sum("amount"))
        .sort("contracts", "flag", descending=[True, False])
    )
    rows = rows.with_columns(
        question=pl.Series([question(flag).seen for flag in rows["flag"]], dtype=pl.String),
        to_do=pl.Series([question(flag).do for flag in rows["flag"]], dtype=pl.String),
    )
    section("Questions, the most frequent first", "judgement_flags", rows, view)
    table(
        rows,
        {
            "question": st.column_config.TextColumn("What was seen", width=250),
            "rule": text_column("Rule"),
            "contracts": st.column_config.NumberColumn("Contracts"),
            "amount": ledger_column("Amount", view.currency),
            "to_do": st.column_config.TextColumn("What to do", width=310),
        },
        key="questions",
        alt="Questions of judgement with the rule and what to do",
        row_pixels=TWO_LINES,
    )


def _by_contract(view: View, flags: pl.DataFrame) -> None:
    names = {question(flag).seen: flag for flag in flags["flag"].unique().sort()}
    section("Contracts behind them", "judgement_flags", flags, view)
    with st.container(width=480):
        chosen = links.linked("Question", _FLAG, [_ALL, *names], _ALL)
    rows = flags if chosen == _ALL else flags.filter(flag=names[chosen])
    rows = rows.sort(pl.col("amount").abs(), "contract_id", descending=[True, False])
    meaning = "See the question for what the amount is." if chosen == _ALL else question(names[chosen]).amount
    links.hint()
    if chosen != _ALL:
        muted(f"Amount: {meaning}. {question(names[chosen]).do}")
    table(
        rows.with_columns(flag=pl.Series([question(flag).name for flag in rows["flag"]], dtype=pl.String)),
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "flag": text_column("Question"),
            "since": day_column("Since"),
            "quantity": quantity_column("Quantity"),
            "unit": text_column("Unit"),
            "amount": ledger_column("Amount", view.currency, meaning),
        },
        key="flags",
        alt="Contracts that raise a question of judgement",
        on_pick=links.derive(rows, "flags", BOOKED, links.TO_DATE),
    )


def _consistency(view: View, apart: pl.DataFrame) -> None:
    section("Services booked in two ways", "policy_consistency", apart, view)
    if apart.is_empty():
        muted("Every service shown is booked the same way under all its contracts.")
        return
    rows = apart.sort(pl.col("amount").abs(), "contract_id", "service", descending=[True, False, False])
    links.hint()
    both = [pl.concat_str(name, pl.lit(", ") + convention, ignore_nulls=True).alias(name) for name, convention in _WAYS]
    table(
        in_words(rows.with_columns(both), "policy", "usual_policy"),
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "service": text_column("Service"),
            "policy": text_column("Booked"),
            "usual_policy": text_column("Most contracts"),
            "usual_count": st.column_config.NumberColumn("Like most", help="Contracts that book the service this way."),
            "other_count": st.column_config.NumberColumn("Not", help="Contracts that do not."),
            "amount": ledger_column("Price", view.currency, "Of the contract's lots of the service."),
        },
        key="consistency",
        alt="Contracts that book a service unlike most",
        on_pick=links.derive(rows, "consistency", BOOKED, links.TO_DATE),
    )

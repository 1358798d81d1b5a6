"""Policies as people say them, each with its colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

    from dashboard.theme import Theme

#: The four policies, in the order of tables and choices.
MODELLED: Final = ("ratable", "on_delivery", "proportional", "remote")
BOOKED: Final = "booked"
POLICIES: Final = (*MODELLED, BOOKED)

COMPONENTS: Final = {
    "revenue_ratable": "Ratable",
    "revenue_delivery": "Delivery",
    "revenue_breakage": "Breakage",
    "revenue_adjustment": "Adjustment",
}

MEANINGS: Final = {
    "ratable": "Each lot's price evenly over its term (R3).",
    "on_delivery": "Each unit when it is used, the rest when it lapses (R4).",
    "proportional": "Expected breakage in proportion to use, under the recorded estimate (R5).",
    "remote": "Breakage once further use is judged remote, at the latest when it lapses (R6).",
    "booked": "Each contract under the policy it is booked under.",
}


def said(policy: str) -> str:
    """A policy's name: `on delivery`, not on_delivery."""
    return policy.replace("_", " ")


def known(name: str) -> str:
    """The policy of a name people say."""
    return name.replace(" ", "_")


def in_words(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Rows with the policies of some columns as people say them."""
    return rows.with_columns(rows[column].str.replace_all("_", " ") for column in columns)


def colour(policy: str, theme: Theme) -> str:
    """The colour of a policy; what is booked is a mixture of them, in ink."""
    return {
        "ratable": theme.ratable,
        "on_delivery": theme.actual,
        "proportional": theme.proportional,
        "remote": theme.remote,
    }.get(policy, theme.ink)

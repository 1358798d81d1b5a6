"""Whom to call: clients by the money at risk, and how late there is still time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboard.selection import show_picked
from dashboard.tables import day_column, money_column, section, table, text_column, with_interval

if TYPE_CHECKING:
    import polars as pl

    from dashboard.session import View

_TABLE: Final = "burn_down_clients"


def draw(view: View, clients: pl.DataFrame) -> None:
    """Draw the call list; a click on a row shows that client.

    Args:
        view: the view the page shows.
        clients: client_risk.
    """
    if clients.is_empty():
        return
    section("Clients by money at risk", "client_risk", clients, view)
    table(
        with_interval(clients, view.currency),
        {
            "account_name": text_column("Client"),
            "expected_amount": money_column("At risk", view.currency, "Price of the units forecast unused."),
            "interval": text_column("80% interval"),
            "first_end": day_column("First lapse", "First day on which units of its lots at risk lapse."),
            "act_by": day_column(
                "Act by",
                "Last day to begin, at twice the recent pace or the best so far, and still use its lots at risk up; the"
                " day asked about where one is past that.",
            ),
            "beyond_amount": money_column(
                "Beyond reach", view.currency, "Price of what even that pace would leave: extend, or lose it."
            ),
            "owner": text_column("Owner"),
        },
        key=_TABLE,
        alt="Clients by money at risk",
        on_pick=show_picked(clients, _TABLE),
    )

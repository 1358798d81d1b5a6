"""A statement on the page: the tables of the PDF, with the same figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.statement import words
from dashboard.statement.columns import columns_of
from dashboard.tables import day_column, section, table, text_column

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

    from dashboard.session import View
    from dashboard.statement.statement import Holding, Statement


def preview(view: View, statement: Statement) -> None:
    """Draw the tables; `view` is narrowed to the client."""
    for total in statement.totals:
        _balances(view, statement, total)
    _left(view, statement)
    _beyond(view, statement)
    _projects(view, statement)
    _deliveries(view, statement)


def span(statement: Statement) -> dict[str, object]:
    """The statement's days, as its figures are asked for them."""
    return {"first_day": statement.month.first_day, "last_day": statement.month.last_day}


def of_total(view: View, statement: Statement, total: Holding) -> pl.DataFrame:
    """The rows a total adds up."""
    rows = view.ask("statement_balances", **span(statement))
    return rows.filter(unit=total.unit, currency=total.currency)


def _balances(view: View, statement: Statement, total: Holding) -> None:
    lots = statement.lots_of(total)
    columns = columns_of(total.units)
    every: list[Holding] = [*lots, total] if len(lots) > 1 else [*lots]
    rows = pl.DataFrame(
        {
            "service": [*(words.capital(lot.service) for lot in lots), "All"][: len(every)],
            "lot": [*(lot.lot_id for lot in lots), ""][: len(every)],
            **{column.label: [column.of(one.units) for one in every] for column in columns},
        }
    )
    places = words.digits(value for lot in lots for value in lot.units)
    section(words.heading(total, statement.totals), "statement_balances", of_total(view, statement, total), view)
    table(
        rows,
        {
            "service": text_column("Service"),
            "lot": text_column("Lot"),
            **{column.label: _exact(column.label, total.unit, places) for column in columns},
        },
        key=f"balances_{total.unit}_{total.currency}",
        alt=f"{words.heading(total, statement.totals)}: what became of them {words.in_month(statement)}",
    )


def _left(view: View, statement: Statement) -> None:
    if not statement.left:
        return
    rows = pl.DataFrame(
        {
            "usable_until": [left.until for left in statement.left],
            "when": [words.until(left, statement.month.last_day) for left in statement.left],
            "service": [words.capital(left.lot.service) for left in statement.left],
            "lot": [left.lot.lot_id for left in statement.left],
            "left": [words.quantity(left.quantity, left.lot.unit) for left in statement.left],
            "worth": [words.number(left.amount, left.lot.currency) for left in statement.left],
        },
        schema_overrides={"usable_until": pl.Date},
    )
    section("Use next", "statement_balances", view.ask("statement_balances", **span(statement)), view)
    columns = {
        "usable_until": day_column(
            "Usable until",
            "The last usable day, carry-over included; what is above a carry-over cap ends before; empty = no end.",
        ),
        "when": text_column("Time left"),
        "service": text_column("Service"),
        "lot": text_column("Lot"),
        "left": _right("Left"),
        "worth": _right("Worth"),
    }
    table(rows, columns, key="left", alt="What is left, what ends next first")


def _beyond(view: View, statement: Statement) -> None:
    if not statement.beyond:
        return
    rows = pl.DataFrame(
        {
            "contract": [row.contract_id for row in statement.beyond],
            "quantity": [words.quantity(row.quantity, row.unit) for row in statement.beyond],
            "price": [words.beyond_price(row.status, row.amount, row.currency) for row in statement.beyond],
        }
    )
    lines = view.ask("deliveries", **span(statement)).filter(pl.col("overage_status").is_not_null())
    section("Beyond what was bought", "deliveries", lines, view)
    columns = {"contract": text_column("Contract"), "quantity": _right("Delivered"), "price": _right("Price")}
    table(rows, columns, key="beyond", alt="What no lot covered")


def _projects(view: View, statement: Statement) -> None:
    if not statement.projects:
        return
    rows = pl.DataFrame(
        {
            "project": [row.name or "No project" for row in statement.projects],
            "program": [row.program or "" for row in statement.projects],
            "quantity": [words.quantity(row.quantity, row.unit) for row in statement.projects],
        }
    )
    section("What it was used for", "deliveries", view.ask("deliveries", **span(statement)), view)
    columns = {"project": text_column("Project"), "program": text_column("Programme"), "quantity": _right("Delivered")}
    table(rows, columns, key="projects", alt="Deliveries by project")


def _deliveries(view: View, statement: Statement) -> None:
    if not statement.deliveries:
        st.header("Deliveries", anchor=False)
        st.markdown(f"Nothing was delivered {words.in_month(statement)}.")
        return
    lines = statement.deliveries
    rows = pl.DataFrame(
        {
            "service_date": [line.service_date for line in lines],
            "what": [words.what(line) for line in lines],
            "note": [words.note(line) for line in lines],
            "project": [line.project_name or "" for line in lines],
            "by": [line.departments or "" for line in lines],
            "quantity": [words.quantity(line.quantity, line.unit) for line in lines],
        }
    )
    section("Deliveries", "deliveries", view.ask("deliveries", **span(statement)), view)
    columns = {
        "service_date": day_column("Day"),
        "what": st.column_config.TextColumn("Delivery", width=230),
        "quantity": _right("Delivered"),
        "project": text_column("Project"),
        "by": text_column("By"),
        "note": text_column("Note"),
    }
    table(rows, columns, key="deliveries", alt="What was delivered, day by day")


def _exact(label: str, unit: str, places: int) -> ColumnConfig:
    """Quantities to their last decimal."""
    is_money = fmt.is_money(unit)
    decimals = max(places, fmt.minor_digits(unit)) if is_money else places
    return st.column_config.NumberColumn(label, format=f"{fmt.symbol(unit) if is_money else ''}%,.{decimals}f")


def _right(label: str) -> ColumnConfig:
    """Numbers with their units, which differ from row to row."""
    return st.column_config.TextColumn(label, alignment="right")

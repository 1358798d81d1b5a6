"""Track record: how good past forecasts were, beside two rivals, and what was forecast for a quarter day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import track_record as charts
from dashboard.explain import Behind
from dashboard.filters import check, described, forget, segments
from dashboard.parts import Stat, assumptions, empty, figure_row, finding, headline, muted, plain
from dashboard.session import View, current, current_theme
from dashboard.tables import day_column, money_column, section, table, text_column, with_interval
from dashboard.track_record import (
    CONFORMAL,
    ENOUGH,
    METHODS,
    RUN_RATE,
    against,
    bias,
    change,
    compared,
    held,
    history,
    percent,
    quarter_totals,
    than,
    too_little,
)

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

    from dashboard.track_record import History

_ASSUMPTIONS: Final = (
    "Forecasts were made at the quarter ends of the last three years, each from what had been posted by then, with the"
    " terms known then; they are held against what was left when the lot ended. Every lot counts alike, whatever its"
    " size or unit. The error (CRPS) says how far the whole forecast, its spread included, lay from what came, in"
    " shares of the lot: less is better, and being sure and wrong costs most. The run rate is the spreadsheet's: use"
    " goes on at the pace so far. The run rate with its past errors adds the errors it made on lots that had ended by"
    " then. What came of a quarter's forecast is the price of what the lots it was made for left in that quarter: lots"
    " bought later are not part of it."
)
_DIMENSIONS: Final = {"Share of term": "share", "Service": "service", "Owner": "owner", "Day": "origin"}
_MEMBER: Final = {"Share of term": "Term passed", "Day": "Forecast on"}
#: Widths of the columns of figures, in pixels: of their titles.
_WIDTH: Final = 58
_WIDTHS: Final = {"80% held": 77, "50% held": 77, "Run rate": 74, "+ its errors": 84}
_CRPS: Final = "Mean CRPS, in percent of a lot: less is better."


def render(view: View) -> None:
    """Draw the page."""
    overall, open_lots = view.ask("backtest", dimension="all"), view.ask("watch_list")
    if overall.is_empty() and open_lots.is_empty():
        empty(view, "forecast_scores", "No lot that was forecast has ended.")
        return
    known = history(overall, open_lots)
    if known.is_enough:
        _record(view, overall)
    else:
        _too_little(view, known)
    _through_time(view)
    assumptions(_ASSUMPTIONS)


def _record(view: View, overall: pl.DataFrame) -> None:
    row = compared(overall).row(0, named=True)
    smaller = than(against(row["crps"], row[f"crps_{RUN_RATE}"]), "the run rate's")
    tested = f"{fmt.count(row['forecast_count'], 'forecast')} of {fmt.count(row['lot_count'], 'ended lot')}"
    headline(
        f"Of the 80% intervals, {row['held_80']:.0%} held; the forecast's error is {smaller}",
        f"{described(view)} · {tested}",
    )
    figures = st.container()
    shares = compared(view.ask("backtest", dimension="share")).drop_nulls("crps")
    if shares.is_empty():
        muted(f"No share of the term has {ENOUGH} forecasts yet, so how the error falls along it is not shown.")
    else:
        finding(
            charts.error_finding(shares),
            charts.draw_errors(shares, current_theme()),
            "errors",
            Behind(view, "forecast_scores"),
        )
    with figures:  # drawn after the chart, which is waited for
        figure_row(_stats(view, row), view.currency)
    _by(view)


def _stats(view: View, row: dict[str, Any]) -> list[Stat]:
    scores = Behind(view, "forecast_scores")
    error = f"The forecast's error (CRPS) is {row['crps']:.1%} of a lot on average, that of the {{}} {{:.1%}}."
    return [
        Stat(
            "Intervals held",
            f"{row['held_80']:.0%}",
            help="Those of 80%: of a forecast that is right about itself, 80% hold."
            f" Of the 50% intervals {row['held_50']:.0%} held.",
            behind=scores,
        ),
        Stat(
            "Against what came",
            bias(row["bias"]),
            help="What all forecasts together expected, beside what was left: neither more nor less is best.",
            behind=scores,
        ),
        Stat(
            "Error v. run rate",
            change(row["crps"], row[f"crps_{RUN_RATE}"]),
            help=error.format(METHODS[RUN_RATE], row[f"crps_{RUN_RATE}"]),
            behind=scores,
        ),
        Stat(
            "… with past errors",
            change(row["crps"], row[f"crps_{CONFORMAL}"]),
            help=error.format(METHODS[CONFORMAL], row[f"crps_{CONFORMAL}"]),
            behind=scores,
        ),
        Stat(
            "Forecasts tested",
            f"{row['forecast_count']:,}",
            help=f"Of {fmt.count(row['lot_count'], 'lot')} that {'has' if row['lot_count'] == 1 else 'have'} ended"
            " since, each forecast at every quarter end of its term.",
            behind=scores,
        ),
    ]


def _too_little(view: View, known: History) -> None:
    title, advice = too_little(known, view.as_of)
    headline(title, described(view))
    wider = [name for name in view.filters if _is_enough(view.without(name))]
    names = " or ".join(f"{name} “{view.filters[name]}”" for name in wider)
    st.info(plain(f"{advice} Relax {names} to see a record." if wider else advice))


def _is_enough(view: View) -> bool:
    return history(view.ask("backtest", dimension="all"), view.ask("watch_list")).is_enough


def _by(view: View) -> None:
    """The record by what might make forecasts better or worse."""
    names = tuple(_DIMENSIONS)
    title = st.container()
    by = segments("By", names, "by")
    rows = view.ask("backtest", dimension=_DIMENSIONS[by])
    with title:
        section("Where forecasts were good, and where less so", "backtest", rows, view)
    record = compared(rows)
    is_day = by == "Day"
    shown = record.with_columns(
        pl.col("^(held|wape|crps).*$") * 100,
        bias=(pl.col("bias") - 1) * 100,
        member=pl.col("member").str.to_date() if is_day else pl.col("member"),
    ).sort("member", descending=is_day)
    label = _MEMBER.get(by, by)
    table(
        shown,
        {
            "member": day_column(label) if is_day else text_column(label),
            "forecast_count": _number_column("Forecasts", "%,.0f", 82, "Those of lots that have ended since."),
            "lot_count": _number_column("Lots", "%,.0f", 58, "Lots they were of."),
            "held_80": _percent_column("80% held", "80% intervals that held.", 0),
            "held_50": _percent_column("50% held", "50% intervals that held.", 0),
            "bias": _number_column("Bias", "%+.0f%%", _WIDTH, "What was forecast over what was left."),
            "wape": _percent_column("WAPE", "Mean absolute error of the median, in percent of what was left.", 0),
            "crps": _percent_column("Error", _CRPS, 1),
            f"crps_{RUN_RATE}": _percent_column("Run rate", f"Error of the run rate. {_CRPS}", 1),
            f"crps_{CONFORMAL}": _percent_column(
                "+ its errors", f"Error of the run rate with its past errors. {_CRPS}", 1
            ),
        },
        key=f"record_{by}",
        alt=f"Track record by {by.lower()}",
        visible_rows=12,
    )
    if record["crps"].null_count():
        muted(f"Where there are fewer than {ENOUGH} forecasts, figures would mean nothing; the files have them.")


def _percent_column(label: str, meaning: str, digits: int) -> ColumnConfig:
    return _number_column(label, f"%.{digits}f%%", _WIDTHS.get(label, _WIDTH), meaning)


def _number_column(label: str, format_: str, width: int, meaning: str) -> ColumnConfig:
    # Narrow, so that all of them fit beside long names.
    return st.column_config.NumberColumn(label, format=format_, width=width, help=meaning)


def _through_time(view: View) -> None:
    """One quarter: what was forecast for it on each day, and what came."""
    every = view.ask("quarter_forecasts")
    if every.is_empty():
        return
    starts = every["quarter_start"].unique().sort().to_list()
    ended = every.filter("is_past")["quarter_start"].unique().sort().to_list()
    usual = charts.name(ended[-1] if ended else starts[0])
    labelled = {charts.name(start): start for start in starts}
    labels = list(labelled)
    check("quarter", labels, usual)
    kept, of = quarter_totals(every)
    with st.container(width=220):
        label = st.selectbox(
            "Forecast through time of",
            labels,
            index=labels.index(usual),
            key="quarter",
            bind="query-params",
            on_change=forget,
            args=("quarter",),
            help="Quarters that have ended, and those to come.",
        )
    rows = every.filter(quarter_start=labelled.get(label or usual, labelled[usual]))
    said = charts.quarter_finding(rows, view.as_of, view.currency)
    finding(
        said,
        charts.draw_quarter(rows, view.currency, current_theme()),
        "through_time",
        Behind(view, "quarter_forecasts"),
    )
    if of:
        muted(
            f"Of {fmt.count(of, 'total')} forecast for quarters that have ended since, before they began, {kept} lay in"
            f" their 80% interval: {percent(kept / of)}."
        )
    _days(view, rows, charts.name(rows["quarter_start"][0]))


def _days(view: View, rows: pl.DataFrame, quarter: str) -> None:
    is_past = rows["is_past"][0]
    section(f"Each day {quarter} was forecast", "quarter_forecasts", rows, view)
    columns = {
        "origin": day_column("Forecast on"),
        "lot_count": st.column_config.NumberColumn(
            "Lots", format="%,.0f", help="Those then open that were to end in the quarter."
        ),
        "expected_amount": money_column("Forecast unused", view.currency),
        "interval": text_column("80% interval"),
        "lapsed_amount": money_column("What came", view.currency, "Price of what those lots left in the quarter."),
        "is_held": text_column("Interval"),
    }
    shown = with_interval(rows, view.currency).with_columns(
        is_held=pl.when(held()).then(pl.lit("held")).when(~held()).then(pl.lit("missed"))
    )
    table(
        shown.sort("origin", descending=True),
        columns if is_past else {name: columns[name] for name in list(columns)[:4]},
        key=f"through_time_{quarter}",
        alt=f"Forecasts of {quarter}",
        visible_rows=13,
    )


render(current())

"""What the record of the forecast comes to, in words and numbers that the page and the command share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from dashboard import format as fmt

if TYPE_CHECKING:
    from datetime import date

#: Fewer forecasts of lots that have ended say nothing about the next.
ENOUGH: Final = 30
FORECAST: Final = "forecast"
RUN_RATE: Final = "run_rate"
CONFORMAL: Final = "conformal"
#: The methods compared, as people call them.
METHODS: Final = {FORECAST: "forecast", RUN_RATE: "run rate", CONFORMAL: "run rate with its past errors"}

_MEASURES: Final = ("unused", "wape", "crps", "bias", "held_80", "held_50")
#: Quarter ends of three years: no lot is forecast more often.
_MOST_FORECASTS: Final = 12
_SMALL: Final = 0.0995
_NIL: Final = 0.0005


class History(NamedTuple):
    """How much record there is, and what the open lots will add to it.

    Attributes:
        forecasts: forecasts of lots that have ended since.
        lots: lots they were of.
        open_lots: lots now open that will end.
        to_come: forecasts there will be of them, about.
        next_end: the day the next of them ends.
        lots_missing: how many of them have to end before there are enough; None if they can't bring enough.
        enough_on: the day the last of those ends.
        last_end: the day the last of all ends.
    """

    forecasts: int
    lots: int
    open_lots: int
    to_come: int
    next_end: date | None
    lots_missing: int | None
    enough_on: date | None
    last_end: date | None

    @property
    def is_enough(self) -> bool:
        """Whether the record says anything."""
        return self.forecasts >= ENOUGH


def history(overall: pl.DataFrame, open_lots: pl.DataFrame) -> History:
    """How much record there is.

    Args:
        overall: backtest by 'all'.
        open_lots: watch_list of the same question.
    """
    own = overall.filter(method=FORECAST)
    made, lots = (int(own[name].sum()) for name in ("forecast_count", "lot_count"))
    ending = (
        open_lots.filter(pl.col("usable_until").is_not_null())
        .sort("usable_until", "lot_id")
        .with_columns(will_be=(made + _forecasts_of().cum_sum()).cast(pl.Int64))
    )
    ends = ending["usable_until"].to_list()
    missing = (
        None
        if made >= ENOUGH
        else next((place for place, count in enumerate(ending["will_be"], 1) if count >= ENOUGH), None)
    )
    return History(
        made,
        lots,
        len(ends),
        ending["will_be"][-1] - made if ends else 0,
        ends[0] if ends else None,
        missing,
        ends[missing - 1] if missing else None,
        ends[-1] if ends else None,
    )


def too_little(known: History, as_of: date) -> tuple[str, str]:
    """Where the record is too short to say anything: that it is, and what is there, what is missing and until when."""
    there = f"only {known.forecasts} of the {ENOUGH}" if known.forecasts else f"none of the {ENOUGH}"
    title = f"Too little history to judge the forecast: {there} forecasts needed can be held against what came"
    have = (
        f"There {'is' if known.forecasts == 1 else 'are'} {fmt.count(known.forecasts, 'forecast')}"
        f" of {fmt.count(known.lots, 'lot')} that {'has' if known.lots == 1 else 'have'} ended since."
        if known.forecasts
        else "No lot that was forecast has ended yet."
    )
    counted = f"A record needs {ENOUGH}; a lot gives one for each quarter end of its term."
    return title, f"{have} {counted} {_to_come(known, as_of)}"


def _to_come(known: History, as_of: date) -> str:
    if known.next_end is None or known.last_end is None:
        return "No lot is open that could add to it."
    first = f"the next lot ends on {fmt.day(known.next_end, as_of)}"
    if known.lots_missing is None or known.enough_on is None:
        open_lots = "1 lot now open" if known.open_lots == 1 else f"{known.open_lots} lots now open"
        until = f", {first}" if known.open_lots == 1 else f" by {fmt.day(known.last_end, as_of)}, {first}"
        return (
            f"The {open_lots} will add about {known.to_come}{until}: more lots have to be bought and end before it says"
            " anything."
        )
    if known.lots_missing == 1:
        return f"About 1 more lot has to end for that: {first}."
    if known.enough_on == known.next_end:
        return (
            f"About {known.lots_missing} more lots have to end for that: as many do on"
            f" {fmt.day(known.enough_on, as_of)}."
        )
    return (
        f"About {known.lots_missing} more lots have to end for that: {first}, the last of those on"
        f" {fmt.day(known.enough_on, as_of)}."
    )


def _forecasts_of() -> pl.Expr:
    """Quarter ends from a lot's first day to the day before its last."""
    first, last = (
        on.dt.year().cast(pl.Int64) * 4 + on.dt.quarter() for on in (pl.col("valid_from"), pl.col("usable_until"))
    )
    return (last - first).clip(0, _MOST_FORECASTS)


def compared(rows: pl.DataFrame) -> pl.DataFrame:
    """The forecast's record with that of its rivals beside it: one row per member.

    Columns are those of backtest, and each measure of a rival under its name: `crps_run_rate`. A member with too few
    forecasts keeps its counts and has no measures.

    Args:
        rows: backtest by any dimension.
    """
    own = rows.filter(method=FORECAST).drop("method")
    for rival in (RUN_RATE, CONFORMAL):
        theirs = rows.filter(method=rival).select("member", pl.col(_MEASURES).name.suffix(f"_{rival}"))
        own = own.join(theirs, on="member", how="left", maintain_order="left")
    counts = ("member", "forecast_count", "lot_count")
    return own.with_columns(pl.when(pl.col("forecast_count") >= ENOUGH).then(pl.all().exclude(counts)))


def quarter_totals(quarters: pl.DataFrame) -> tuple[int, int]:
    """How many totals of ended quarters, forecast before they began, lay in their 80% interval; and of how many."""
    totals = quarters.filter("is_past", pl.col("quarter_start") > pl.col("origin"))
    return totals.filter(held()).height, totals.height


def held() -> pl.Expr:
    """Whether what came of a quarter's forecast lay in its interval."""
    return pl.col("lapsed_amount").is_between("low_amount", "high_amount")


def against(error: float, rival: float) -> str:
    """An error beside that of a rival: `58% smaller`, `3% larger`."""
    if not rival:
        return "as large" if not error else "larger"
    change = error / rival - 1
    if abs(change) < _NIL:
        return "as large"
    return f"{percent(abs(change))} {'smaller' if change < 0 else 'larger'}"


def change(error: float, rival: float) -> str:
    """An error beside that of a rival, as a figure: `\N{MINUS SIGN}58%`."""
    if not rival:
        return "0%" if not error else "more"
    sign = fmt.MINUS if error < rival else "+"
    return "0%" if abs(error / rival - 1) < _NIL else f"{sign}{percent(abs(error / rival - 1))}"


def than(compared_with: str, rival: str) -> str:
    """The end of a sentence on `against`: `58% smaller than the run rate's`."""
    return f"{compared_with} {'as' if compared_with == 'as large' else 'than'} {rival}"


def bias(value: float | None) -> str:
    """The forecast as a whole beside what came: `0.3% less`."""
    if value is None:
        return "nothing came"
    if abs(value - 1) < _NIL:
        return "the same"
    return f"{percent(abs(value - 1))} {'less' if value < 1 else 'more'}"


def percent(share: float) -> str:
    """A share as percent, with a decimal where it is small."""
    return f"{share:.1%}" if share < _SMALL else f"{share:.0%}"

"""From where on a lot is on the watch-list: numbers a link can carry, each with its default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import format as fmt
from dashboard.filters import check, forget
from dashboard.parts import muted
from queries.book import WATCH_THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_PERCENT: Final = 100
_LONGEST: Final = 730


@dataclass(frozen=True)
class Threshold:
    """One threshold as the page asks for it.

    Attributes:
        key: what the URL calls it.
        parameter: what watch_flags calls it.
        label: what the page calls it.
        is_share: whether it is a share, asked for in per cent; else it is a number of days.
    """

    key: str
    parameter: str
    label: str
    is_share: bool = False

    @property
    def most(self) -> int:
        """The largest number that can be asked for; the smallest is 0."""
        return _PERCENT if self.is_share else _LONGEST

    @property
    def default(self) -> int:
        """The number it stands at unless changed, in per cent or days."""
        return round(WATCH_THRESHOLDS[self.parameter] * (_PERCENT if self.is_share else 1))

    def ask(self) -> float:
        """Draw its input; the value as watch_flags takes it."""
        known = [str(number) for number in range(self.most + 1)]
        check(
            self.key, known, f"{self._taken(st.query_params.get(self.key, ''))}; whole numbers to {self.most} are known"
        )
        # An input of whole numbers breaks on a link that asks for inf.
        number = st.number_input(
            self.label,
            min_value=0.0,
            max_value=float(self.most),
            value=float(self.default),
            step=5.0,
            format="%d",
            key=self.key,
            bind="query-params",
            on_change=forget,
            args=(self.key,),
        )
        return int(number) / _PERCENT if self.is_share else int(number)

    def _taken(self, wanted: str) -> int:
        """What becomes of a link's value: 1.5 is taken as 1, what is out of range or no number as the default."""
        try:
            number = float(wanted)
        except ValueError:
            return self.default
        return int(number) if 0 <= number <= self.most else self.default


THRESHOLDS: Final = (
    Threshold("lag", "behind_by", "Behind pace: use lags time by more than, % points", is_share=True),
    Threshold("ends", "ends_within", "Ends soon: days left, at most"),
    Threshold("left", "left_from", "Much left late: units left, at least, %", is_share=True),
    Threshold("late", "late_from", "… once this much of the time has passed, %", is_share=True),
    Threshold("overdrawn", "overdrawn_within", "Overdrawn: used beyond the lots in the last … days"),
    Threshold("carry", "grace_within", "In carry-over: days left, at most"),
)


def choose() -> dict[str, float]:
    """Draw the thresholds behind a button; what they come to, as parameters of watch_flags."""
    with st.popover("Thresholds", width="content"):
        told = st.container()
        chosen = {threshold.parameter: threshold.ask() for threshold in THRESHOLDS}
        is_changed = chosen != WATCH_THRESHOLDS
        st.button("Reset to defaults", on_click=_reset, disabled=not is_changed, key="reset_thresholds")
        with told:
            muted(said(chosen))
    return chosen


def said(chosen: Mapping[str, float]) -> str:
    """When a lot is on the list, in words.

    Args:
        chosen: the parameters of watch_flags.
    """
    behind, much, late = (round(chosen[name] * _PERCENT) for name in ("behind_by", "left_from", "late_from"))
    ends, grace, over = (
        fmt.count(round(chosen[name]), "day") for name in ("ends_within", "grace_within", "overdrawn_within")
    )
    return (
        f"On the list: use more than {behind} points behind time, the last {ends}, {much}% left after {late}% of the"
        f" time, the last {grace} of the carry-over, or use beyond the lots in {over}."
    )


def _reset() -> None:
    for threshold in THRESHOLDS:
        st.session_state[threshold.key] = float(threshold.default)
        forget(threshold.key)

"""Recognition: revenue under each policy, what-if scenarios, the position behind them, and how an amount came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboard.filters import segments
from dashboard.recognition import departments, derivation, journal, judgement, policies, position, scenario
from dashboard.recognition.links import SECTIONS, VIEW
from dashboard.recognition.periods import choose
from dashboard.session import View, current

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.recognition.periods import Periods

_RENDERED: Final[dict[str, Callable[[View, Periods], None]]] = {
    "Policies": policies.render,
    "Scenario": scenario.render,
    "Position": position.render,
    "Departments": departments.render,
    "Judgement": judgement.render,
    "Journal": journal.render,
    "Derivation": derivation.render,
}


def render(view: View) -> None:
    """Draw the section chosen; only that one asks its figures."""
    _RENDERED[segments("Section", SECTIONS, VIEW)](view, choose(view.as_of))


render(current())

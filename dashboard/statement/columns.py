"""The columns of the balances: the same on the page, in the PDF and in the workbook."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from dashboard.statement.statement import Units


class Column(NamedTuple):
    """What a column says of some units; `is_rare` where most statements have nothing to say there."""

    label: str
    of: Callable[[Units], Decimal]
    is_rare: bool = False


_COLUMNS = (
    Column("Opening", attrgetter("opening")),
    Column("Bought", attrgetter("bought")),
    Column("Moved in", attrgetter("transferred_in"), is_rare=True),
    Column("Moved out", attrgetter("transferred_out"), is_rare=True),
    Column("Brought back", attrgetter("restored"), is_rare=True),
    Column("Used", attrgetter("used")),
    Column("Lapsed", attrgetter("lapsed")),
    Column("Closing", attrgetter("closing")),
)


def columns_of(units: Units) -> list[Column]:
    """The columns a table needs whose total is this."""
    return [column for column in _COLUMNS if column.of(units) or not column.is_rare]

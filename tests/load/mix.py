"""What viewers ask: links, pages and filters in the mix people use them, seeded.

Most look at the latest snapshot on its own day. Of the days asked about instead, most are month ends; one in eight is
any day of a year, which may be one that nobody has asked about before and has to be forecast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from queries.book import Book
from queries.calendar import month_ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from data.snapshots import Snapshot

#: The pages, by the last part of their address, with the sections of each.
PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "": (),
    "burn_down": (),
    "breakage": (),
    "track_record": (),
    "recognition": ("Policies", "Scenario", "Position", "Departments", "Judgement", "Journal", "Derivation"),
    "restatement": (),
    "data": ("Import", "Snapshots", "Checks", "Dictionary"),
}
#: Choices that every page shares; the browser keeps them from page to page.
SHARED: Final = ("snapshot", "as_of", "currency", "owner", "segment", "vehicle")
#: Pages that show one contract.
OF_A_CONTRACT: Final = ("burn_down", "recognition")
#: Pages with a choice whose default follows the others, and which stays once it was shown: how a viewer came there is
#: part of what they ask, so they come by a link or from another page.
OF_MANY_STEPS: Final = ("track_record", "restatement")
CONTRACTS: Final = 20
#: Month ends asked about.
MONTHS: Final = 12

_OF_CONTRACTS: Final = ("owner", "currency", "vehicle")
_LINK, _PAGE = 0.15, 0.4
_CLEAR: Final = 0.5
_OLDER: Final = 0.15
_ANY_DAY: Final = 0.125
_CHOSEN: Final = {"owner": 35, "segment": 15, "currency": 15, "as_of": 15, "vehicle": 10, "view": 40}


@dataclass(frozen=True)
class Asked:
    """A page with the parameters of its address: what an answer is the answer to."""

    page: str
    parameters: tuple[tuple[str, str], ...] = ()

    def given(self, name: str, value: str | None) -> Asked:
        """The same with one parameter set, or without it."""
        others = {key: known for key, known in self.parameters if key != name}
        return replace(self, parameters=tuple(sorted({**others, **({name: value} if value else {})}.items())))

    def on(self, page: str) -> Asked:
        """Another page with the choices all share."""
        return Asked(page, tuple((name, value) for name, value in self.parameters if name in SHARED))

    @property
    def name(self) -> str:
        """The page and its section."""
        section = dict(self.parameters).get("view") or next(iter(PAGES[self.page]), "")
        return " ".join(filter(None, (self.page or "portfolio", section)))


def ask_about_usual_days(snapshots: Sequence[Snapshot]) -> None:
    """Have what people ask about in any month forecast, as it is in a store in use, where somebody asked before.

    Args:
        snapshots: as for Mix.
    """
    days = [snapshot.dated_on for snapshot in snapshots]
    for snapshot in snapshots:
        book = Book(snapshot)
        for day in (snapshot.dated_on, *(month_ends(min(days), MONTHS) if snapshot is snapshots[-1] else ())):
            book.foresee(day)


def everything() -> list[Asked]:
    """Every page and section, without a filter."""
    return [Asked(page).given("view", section) for page, sections in PAGES.items() for section in sections or (None,)]


class Mix:
    """What can be asked of the snapshots of a store, and how often it is."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        """Read what there is to choose.

        Args:
            snapshots: those viewers ask about, oldest first, no two of a day.
        """
        contracts, accounts = (Book(snapshots[-1]).source(table) for table in ("contracts", "accounts"))
        columns = {"segment": accounts["segment"], **{name: contracts[name] for name in _OF_CONTRACTS}}
        self._values = {name: sorted({value for value in column if value}) for name, column in columns.items()}
        self._contracts = contracts["contract_id"].sort().to_list()[:: max(1, contracts.height // CONTRACTS)]
        self._older = [snapshot.dated_on.isoformat() for snapshot in snapshots[:-1]]
        self._first = snapshots[0].dated_on

    def link(self, random: Random) -> Asked:
        """A page as someone was sent it."""
        asked = Asked(random.choice(list(PAGES)))
        if PAGES[asked.page]:
            asked = asked.given("view", random.choice(PAGES[asked.page]))
        if self._older and random.random() < _OLDER:
            asked = asked.given("snapshot", random.choice(self._older))
        if asked.page in OF_A_CONTRACT and random.random() < _CLEAR:
            asked = asked.given("contract", random.choice(self._contracts))
        return self.choice(asked, random)[1] if random.random() < _CLEAR else asked

    def choice(self, asked: Asked, random: Random) -> tuple[str, Asked]:
        """One choice made anew on a page: its name, and the page with it."""
        names = [name for name in _CHOSEN if name != "view" or PAGES[asked.page]]
        name = random.choices(names, [_CHOSEN[name] for name in names])[0]
        if name == "view":
            return name, asked.given(name, random.choice(PAGES[asked.page]))
        is_set = name in dict(asked.parameters)
        # Amounts are always of one currency: there is nothing to clear.
        if is_set and name not in {"currency", "as_of"} and random.random() < _CLEAR:
            return name, asked.given(name, None)
        return name, asked.given(name, self._day(random) if name == "as_of" else random.choice(self._values[name]))

    def step(self, random: Random) -> str:
        """How a viewer goes on: by a link, to another page, or with a choice."""
        return random.choices(("link", "page", "choice"), (_LINK, _PAGE, 1 - _LINK - _PAGE))[0]

    def _day(self, random: Random) -> str:
        if random.random() < _ANY_DAY:
            return (self._first - timedelta(days=random.randrange(365))).isoformat()
        return random.choice(month_ends(self._first, MONTHS)).isoformat()

"""Who is on the watch-list: flags by lot, lots by client, and what has changed since the list was last looked at."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

#: What an entry is about: a contract, its lot unless it is overdrawn, and the unit.
Subject = tuple[str, str | None, str]


@dataclass(frozen=True)
class Entry:
    """A lot, or what a contract has overdrawn in one unit, with the reasons it is on the list, the most pressing first.

    Attributes:
        row: what watch_flags says of it.
        reasons: why, as watch_flags names them.
        is_new: whether it was not on the list before.
        has_new_reason: whether one of its reasons did not hold before.
    """

    row: Mapping[str, Any]
    reasons: tuple[str, ...]
    is_new: bool
    has_new_reason: bool

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return _subject(self.row)

    @property
    def at_risk(self) -> Decimal:
        """Price of what is forecast unused, or revenue of what was delivered beyond the lots."""
        amount: Decimal = self.row["at_risk_amount"]
        return amount

    @property
    def lot_id(self) -> str | None:
        """The lot; None where a contract is overdrawn."""
        lot_id: str | None = self.row["lot_id"]
        return lot_id

    @property
    def usable_until(self) -> date | None:
        """The lot's last usable day."""
        on: date | None = self.row["usable_until"]
        return on

    @property
    def lapses_on(self) -> date | None:
        """The first day on which units of the lot lapse."""
        on: date | None = self.row["lapses_on"]
        return on

    @property
    def is_capped(self) -> bool:
        """Whether a carry-over cap lets only some of its units live on after that day."""
        return self.lapses_on != self.usable_until


@dataclass(frozen=True)
class Call:
    """A client to call, with everything on the list that it is about, the most money first.

    Attributes:
        account_id: the client.
        client: the client's name.
        owner: who calls.
        entries: its lots and contracts on the list.
        is_new: whether the client was not on the list before.
    """

    account_id: str
    client: str
    owner: str
    entries: tuple[Entry, ...]
    is_new: bool

    @property
    def at_risk(self) -> Decimal:
        """The money of all its entries."""
        return sum((entry.at_risk for entry in self.entries), Decimal(0))

    @property
    def news(self) -> str:
        """What of the call is new: the client, a lot, a reason or nothing."""
        if self.is_new:
            return "New"
        if any(entry.is_new for entry in self.entries):
            return "New lot"
        return "New reason" if any(entry.has_new_reason for entry in self.entries) else ""

    @property
    def ends_first(self) -> Entry | None:
        """The entry whose units lapse first, if any do."""
        ending = [entry for entry in self.entries if entry.lapses_on]
        return min(ending, key=lambda entry: (entry.row["days_left"], str(entry.lot_id)), default=None)


def entries(flags: pl.DataFrame, before: pl.DataFrame | None) -> list[Entry]:
    """What is on the list, the most money first.

    Args:
        flags: watch_flags, in its order.
        before: watch_flags of the view compared with; None where there is none, and nothing is new.
    """
    known: set[Subject] = set()
    known_reasons: set[tuple[Subject, str]] = set()
    for row in before.iter_rows(named=True) if before is not None else ():
        known.add(_subject(row))
        known_reasons.add((_subject(row), row["reason"]))
    found = []
    for subject, same in groupby(flags.iter_rows(named=True), key=_subject):
        rows = list(same)
        reasons = tuple(row["reason"] for row in rows)
        is_new = before is not None and subject not in known
        has_new_reason = before is not None and any((subject, reason) not in known_reasons for reason in reasons)
        found.append(Entry(rows[0], reasons, is_new, has_new_reason))
    return found


def calls(listed: Sequence[Entry], before: pl.DataFrame | None) -> list[Call]:
    """One call for each client and owner, the most money first.

    Args:
        listed: what is on the list.
        before: watch_flags of the view compared with; None where there is none.
    """
    known = set(before["account_id"]) if before is not None else None
    by_client: dict[tuple[str, str], list[Entry]] = {}
    for entry in listed:
        by_client.setdefault((entry.row["account_id"], entry.row["owner"]), []).append(entry)
    made = [
        Call(account, own[0].row["account_name"], owner, tuple(own), known is not None and account not in known)
        for (account, owner), own in by_client.items()
    ]
    return sorted(made, key=lambda call: (-call.at_risk, call.client, call.owner))


def left(listed: Sequence[Entry], before: pl.DataFrame) -> list[Entry]:
    """What was on the list before and no longer is.

    Args:
        listed: what is on the list.
        before: watch_flags of the view compared with.
    """
    there = {entry.subject for entry in listed}
    return [entry for entry in entries(before, None) if entry.subject not in there]


def _subject(row: Mapping[str, Any]) -> Subject:
    return row["contract_id"], row["lot_id"], row["unit"]

"""The draws kernel, through the source tables, against tests/property/brute_force.py, a second reading of the rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from queries.draws import movements
from tests.property.books import (
    ANYTHING,
    FAULTLESS,
    a_line,
    merged,
    prefixed,
    random_book,
    seeded,
    shown,
    small_book,
    smaller,
    source_connection,
)
from tests.property.brute_force import Reading, Row, Rows, read_book, usable_until

if TYPE_CHECKING:
    from datetime import date

BOOKS_A_CALL = 100


@dataclass
class Outcome:
    """What one side says, in a form that can be compared."""

    draws: dict[str, list[tuple[str, str, date, Fraction]]]
    overage: dict[str, Fraction]
    lapses: dict[tuple[str, str | None, date], Fraction]
    grants: dict[tuple[str, str | None], tuple[date, Fraction]]
    remaining: dict[str, Fraction]


def by_rules(book: Rows) -> Outcome:
    reading = read_book(book)
    owner = {row["consumption_id"]: row["contract_id"] for row in book["consumption"]}
    return Outcome(
        draws=_by_contract(owner, reading),
        overage=reading.overage,
        lapses=reading.lapses,
        grants={(lot, change): (on, quantity) for lot, change, on, quantity in reading.grants},
        remaining=reading.remaining,
    )


def _by_contract(owner: dict[str, str], reading: Reading) -> dict[str, list[Any]]:
    draws = defaultdict(list)
    for draw in reading.draws:
        draws[owner[draw[0]]].append(draw)
    return dict(draws)


def by_kernel(book: Rows) -> Outcome:
    with source_connection(book) as connection:
        rows = movements(connection).sort("movement_no").to_dicts()
    draws = defaultdict(list)
    grants: dict[tuple[str, str | None], tuple[date, Fraction]] = {}
    overage: dict[str, Fraction] = defaultdict(Fraction)
    lapses: dict[Any, Fraction] = defaultdict(Fraction)
    remaining: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows:
        quantity = Fraction(row["quantity_units"], 10000)
        if row["kind"] == "overage":
            overage[row["event_id"]] += quantity
            continue
        remaining[row["lot_id"]] += quantity if row["kind"] == "grant" else -quantity
        if row["kind"] == "draw":
            draws[row["contract_id"]].append((row["event_id"], row["lot_id"], row["moved_on"], quantity))
        elif row["kind"] == "lapse":
            lapses[row["lot_id"], row["event_id"], row["moved_on"]] += quantity
        else:
            grants[row["lot_id"], row["event_id"]] = (row["moved_on"], quantity)
    return Outcome(dict(draws), dict(overage), dict(lapses), grants, dict(remaining))


def smallest_disagreement(book: Rows) -> Rows:
    """The book with everything left out without which the two still disagree."""
    for candidate in smaller(book):
        if by_rules(candidate) != by_kernel(candidate):
            return smallest_disagreement(candidate)
    return book


def explained(book: Rows) -> str:
    found = smallest_disagreement(book)
    rules, kernel = by_rules(found), by_kernel(found)
    text = [shown(found)]
    for part in ("draws", "overage", "lapses", "grants", "remaining"):
        if getattr(rules, part) != getattr(kernel, part):
            text += [f"{part} by the rules:   {_plain(getattr(rules, part))}"]
            text += [f"{part} by the kernel:  {_plain(getattr(kernel, part))}"]
    return "\n".join(text)


SITUATIONS = (
    "a line over several lots",
    "a line partly overage",
    "a reversal of several lots",
    "a reversal of lots and overage",
    "a reversal after the lapse",
    "a line reversed twice",
    "use in grace",
    "a lapse by the carry-over cap",
    "units added after the close",
    "less taken back than asked",
    "use of a lot that never expires",
)


def situations(book: Rows, reading: Reading) -> Counter[str]:
    """How often each of SITUATIONS happens in a book."""
    lots = {lot["lot_id"]: lot for lot in book["lots"]}
    reversals = {row["consumption_id"]: row["reverses"] for row in book["consumption"] if row["quantity"] < 0}
    drawn = Counter(draw[0] for draw in reading.draws)
    asked = Counter({change["lot_id"]: 1 for change in book["amendments"] if change["kind"] == "remove_units"})
    given = Counter({lot: 1 for lot, _, _, quantity in reading.grants if quantity < 0})
    return Counter(
        {
            "a line over several lots": sum(n > 1 and key not in reversals for key, n in drawn.items()),
            "a line partly overage": sum(key in drawn for key in reading.overage.keys() - reversals),
            "a reversal of several lots": sum(n > 1 and key in reversals for key, n in drawn.items()),
            "a reversal of lots and overage": sum(key in drawn for key in reading.overage.keys() & reversals),
            "a reversal after the lapse": sum(cause in reversals for _, cause, _ in reading.lapses),
            "a line reversed twice": sum(n > 1 for n in Counter(reversals.values()).values()),
            "use in grace": sum(_in_grace(lots[lot], on) and quantity > 0 for _, lot, on, quantity in reading.draws),
            "a lapse by the carry-over cap": sum(
                cause is None and on != usable_until(lots[lot]) for lot, cause, on in reading.lapses
            ),
            "units added after the close": sum(
                cause is not None and cause not in reversals for _, cause, _ in reading.lapses
            ),
            "less taken back than asked": (asked - given).total(),
            "use of a lot that never expires": sum(lots[draw[1]]["expires_on"] is None for draw in reading.draws),
        }
    )


def _in_grace(lot: Row, on: date) -> bool:
    return lot["expires_on"] is not None and on > lot["expires_on"]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)


@pytest.mark.parametrize("call", range(32))
def test_the_kernel_moves_what_the_rules_say_in_a_hundred_random_books(call: int) -> None:
    rng = seeded(call)
    books = [prefixed(random_book(rng, ANYTHING if call % 4 else FAULTLESS), number) for number in range(BOOKS_A_CALL)]
    together = merged(books)
    rules, kernel = by_rules(together), by_kernel(together)

    if rules != kernel:
        wrong = next((book for book in books if by_rules(book) != by_kernel(book)), together)
        pytest.fail(explained(wrong))
    assert rules.remaining.keys() == {lot["lot_id"] for lot in together["lots"]}
    assert min(rules.remaining.values()) >= 0


def test_the_random_books_hold_the_situations_that_matter() -> None:
    seen: Counter[str] = Counter()
    rng = seeded(0)
    for _ in range(500):
        book = random_book(rng)
        seen += situations(book, read_book(book))

    assert all(seen[name] >= 10 for name in SITUATIONS), seen


def test_a_reversal_beyond_its_overage_is_one_line_of_overage() -> None:
    book = small_book(a_line("u1", 1, "1"), a_line("u2", 2, "-3", reverses="u1"))
    with source_connection(book) as connection:
        rows = movements(connection).to_dicts()

    assert [(row["event_id"], row["kind"], row["quantity_units"]) for row in rows] == [
        ("u1", "overage", 10_000),
        ("u2", "overage", -30_000),
    ]

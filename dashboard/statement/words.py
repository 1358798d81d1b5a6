"""A statement in words: exact numbers with their units, days written out, and its finding in one sentence."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from dashboard import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from dashboard.statement.statement import Delivery, Holding, Left, Statement
    from queries.scope import Scope


def digits(values: Iterable[Decimal]) -> int:
    """The decimals it takes to write some numbers exactly."""
    return max((max(-int(value.normalize().as_tuple().exponent), 0) for value in values if value), default=0)


def number(value: Decimal, unit: str, decimals: int = 0) -> str:
    """A quantity to its last decimal, without its unit unless that is money; a column gives its cells as many."""
    money = fmt.is_money(unit)
    places = max(digits([value]), decimals, fmt.minor_digits(unit) if money else 0)
    text = f"{fmt.symbol(unit) if money else ''}{abs(value):,.{places}f}"
    return f"{fmt.MINUS}{text}" if value < 0 else text


def quantity(value: Decimal, unit: str) -> str:
    """A quantity to its last decimal, with its unit: `12.25 hours`, `$1,234.50`."""
    text = number(value, unit)
    return text if fmt.is_money(unit) else f"{text}\N{NO-BREAK SPACE}{fmt.unit_in_words(unit, text)}"


def full_day(on: date) -> str:
    """A day written out: `31 March 2027`."""
    return f"{on.day} {on:%B %Y}"


def heading(total: Holding, totals: Iterable[Holding]) -> str:
    """The unit of a total; with its currency where the unit is counted in several."""
    unit = fmt.unit_in_words(total.unit) if not fmt.is_money(total.unit) else f"Budget in {total.unit}"
    named = capital(unit)
    several = sum(other.unit == total.unit for other in totals) > 1
    return f"{named} bought in {total.currency}" if several else named


def only(filters: Mapping[str, str], scope: Scope) -> str:
    """Which contracts a question about clients is narrowed to; empty where it is to none of a client's."""
    owned = [f"owner {filters['owner']}"] if "owner" in filters else []
    if not owned and scope.owners is not None:
        owned = [_joined(sorted(scope.owners))]
    narrowed = [*owned, *(f"vehicle {value}" for name, value in filters.items() if name == "vehicle")]
    return f"Only contracts of {_joined(narrowed)}." if narrowed else ""


def sentence(statement: Statement) -> str:
    """The month in one sentence."""
    totals = statement.totals
    used = [_used(total) for total in totals if total.units.used >= 0 and (total.units.used or total.units.available)]
    back = [quantity(-total.units.used, total.unit) for total in totals if total.units.used < 0]
    over = _beyond(statement)
    more = [quantity(value, unit) for unit, value in over.items() if value > 0]
    less = [quantity(-value, unit) for unit, value in over.items() if value < 0]
    did = [f"used {_joined(used)}"] if used else []
    did += [f"got {_joined(back)} back"] if back else []
    did += [f"{'had' if did else 'used'} {_joined(more)} beyond what was bought"] if more else []
    did += [f"had {_joined(less)} beyond what was bought taken back"] if less else []
    left = f"; {_left(statement)}" if totals else ""
    return f"{statement.client} {_joined(did or ['used nothing'])} {in_month(statement)}{left}"


def in_month(statement: Statement) -> str:
    """`in October 2026`, or how far into it."""
    month = statement.month
    return f"in {month.name} up to the {_ordinal(month.last_day.day)}" if month.is_to_date else f"in {month.name}"


def period(statement: Statement) -> str:
    """`1 to 31 October 2026`, said to be month to date where it is."""
    month = statement.month
    days = f"{month.first_day.day} to {full_day(month.last_day)}"
    return f"{days}, month to date" if month.is_to_date else days


def until(left: Left, on: date) -> str:
    """How long units can still be used, and whether that is in carry-over or ends it."""
    if left.until is None:
        return ""
    if left.until <= on:
        return "ended"
    is_carried = left.lot.expires_on is not None and left.lot.expires_on < on
    part = left.part or ("carried over" if is_carried else "")
    days = fmt.count((left.until - on).days, "more day")
    return f"{days}, {part}" if part else days


def terms(statement: Statement) -> list[str]:
    """What the figures rest on, for whoever receives them."""
    known = full_day(statement.known_on)
    said = [
        f"As known on {known}. What is posted later for {statement.month.name} can still change this statement.",
        "A delivery counts on its day of service.",
        "It draws on the units that end first, unless its contract sets another order or it names its lot.",
        "Units can be used until the end of the day named; those left then lapse.",
    ]
    said += [
        f"Of {lot.lot_id} at most {quantity(lot.units.closing - lot.above_cap, lot.unit)} can be used after"
        f" {full_day(lot.capped_on)}: what is left above that lapses then."
        for lot in statement.lots
        if lot.capped_on
    ]
    if any(line.reverses for line in statement.deliveries):
        said.append(
            "A negative quantity takes an earlier delivery back: its units return to their lot while that can be used,"
            " and those beyond what was bought are no longer counted."
        )
    return [*said, *_covered(statement), f"Snapshot {statement.snapshot_id}."]


def what(line: Delivery) -> str:
    """What a delivery was, in the words of the request it answers where there is one."""
    return line.request_title or capital(line.service_type)


def capital(text: str) -> str:
    """Text with a capital to begin with; the rest stays as it was written."""
    return text[:1].upper() + text[1:]


def note(line: Delivery) -> str:
    """What else there is to say of a delivery: its service, taken back, posted late, or beyond the lots."""
    said = [line.service_type] if line.request_title else []
    if line.reverses:
        said.append(f"takes back {line.reverses}")
    if (line.posted_on.year, line.posted_on.month) > (line.service_date.year, line.service_date.month):
        said.append(f"posted {fmt.full_day(line.posted_on)}")
    if line.overage_status:
        said.append(f"{quantity(line.overage_quantity, line.unit)} beyond what was bought")
    return ", ".join(said)


def beyond_price(status: str, amount: Decimal, currency: str) -> str:
    """What units beyond the lots cost."""
    return number(amount, currency) if status == "billable" else "no rate agreed"


def _covered(statement: Statement) -> list[str]:
    named = statement.contracts
    covered = f"This statement is about contract{'s' if len(named) > 1 else ''} {_joined(list(named))}."
    return [covered, statement.only] if statement.only else [covered]


def _used(total: Holding) -> str:
    units = total.units
    if units.used > units.available:
        return quantity(units.used, total.unit)
    return f"{number(units.used, total.unit) if units.used else 'none'} of {quantity(units.available, total.unit)}"


def _left(statement: Statement) -> str:
    """What lapsed, came back and is left, and until when the first of it can be used."""
    totals = statement.totals
    restored = [quantity(total.units.restored, total.unit) for total in totals if total.units.restored]
    lapsed = [quantity(total.units.lapsed, total.unit) for total in totals if total.units.lapsed > 0]
    held = [total for total in totals if total.units.closing]
    said = [f"{_joined(restored)} came back after lapsing"] if restored else []
    said += [f"{_joined(lapsed)} lapsed"] if lapsed else []
    if not held:
        return _joined([*said, "nothing is left"])
    is_one = len(held) == 1 and (held[0].units.closing == 1 or fmt.is_money(held[0].unit))
    left = _joined([quantity(total.units.closing, total.unit) for total in held])
    said.append(f"{left} {'is' if is_one else 'are'} left")
    return f"{_joined(said)}{_until(statement, is_one=is_one)}"


def _until(statement: Statement, *, is_one: bool) -> str:
    left = statement.left
    first, *later = dict.fromkeys(part.until for part in left)
    if first is None:
        return ""
    has_ended = first <= statement.month.last_day
    usable = f"usable until {full_day(first)}{' and no longer' if has_ended else ''}"
    if not later:
        return f", {usable}"
    if len({(part.lot.unit, part.lot.currency) for part in left}) > 1:
        return f"; the first to end can be used until {full_day(first)}"
    ending, rest = (
        number(sum((part.quantity for part in left if (part.until == first) is is_first), Decimal(0)), left[0].lot.unit)
        for is_first in (True, False)
    )
    said = f", {ending} of {'it' if is_one else 'them'} {usable}"
    then = later[0]
    return f"{said} and {rest} until {full_day(then)}" if len(later) == 1 and then and not has_ended else said


def _beyond(statement: Statement) -> dict[str, Decimal]:
    """Units beyond what was bought, less those taken back, by unit."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for over in statement.beyond:
        sums[over.unit] += over.quantity
    return sums


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _ordinal(day: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}
    return f"{day}{'th' if 10 < day < 20 else last.get(day % 10, 'th')}"  # noqa: PLR2004  eleventh to thirteenth

"""How values of a case are read, how one compares with a figure's, and how they print."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The places a figure keeps of money; it prints with two or, where it has them, three.
_MONEY_PLACES: Final = 3
#: The places the tables keep of a share.
_SHARE_PLACES: Final = 12


def number(text: Any) -> Decimal:
    """A number of a case.

    Raises:
        ValueError: it is none.
    """
    try:
        return Decimal(str(text))
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None


def fraction(text: Any) -> Fraction:
    """A share of a case: a decimal, or a fraction such as 1/3."""
    return Fraction(str(text))


def rounded_share(exact: Fraction) -> Decimal:
    """A share as the tables keep it."""
    return Decimal(round(exact * 10**_SHARE_PLACES)).scaleb(-_SHARE_PLACES)


def shares(parts: Mapping[str, Any]) -> dict[str, Decimal]:
    """Parts of a whole as shares that add up to exactly 1, in the places the tables keep: by largest remainder.

    Parts may be hours as well as shares (R12.1); ties go by name.
    """
    exact = {name: fraction(part) for name, part in parts.items()}
    whole = sum(exact.values(), Fraction(0))
    scaled = {name: part / whole * 10**_SHARE_PLACES for name, part in exact.items()}
    floors = {name: int(part) for name, part in scaled.items()}
    by_remainder = sorted(scaled, key=lambda name: (floors[name] - scaled[name], name))
    raised = set(by_remainder[: 10**_SHARE_PLACES - sum(floors.values())])
    return {name: Decimal(floors[name] + (name in raised)).scaleb(-_SHARE_PLACES) for name in floors}


def civil(text: Any) -> date:
    """A date of a case."""
    return date.fromisoformat(text)


def either(holder: Mapping[str, Any], *keys: str) -> Any:
    """The value under the first of the keys that has one; None if none has."""
    return next((holder[key] for key in keys if holder.get(key) is not None), None)


def listed(holder: Mapping[str, Any], key: str) -> list[Any]:
    """A list that may be left out."""
    found: list[Any] = holder.get(key) or []
    return found


def same(wanted: Any, got: Any) -> bool:
    """Whether the figure is what the case expects; numbers by their value, everything else by its text."""
    if not isinstance(got, Decimal):
        return shown(wanted) == shown(got)
    try:
        return number(wanted) == got
    except ValueError:
        return False


def shown(value: Any) -> str:
    """A value in full: a number without idle zeros (money keeps two places), a date in ISO form, nothing as -."""
    if not isinstance(value, Decimal):
        return "-" if value is None else " ".join(str(value).split())
    kept = 2 if value.as_tuple().exponent == -_MONEY_PLACES else 0
    whole, _, places = f"{value:f}".partition(".")
    places = places.rstrip("0").ljust(kept, "0")
    return f"{whole}.{places}" if places else whole

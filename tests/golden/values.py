"""How a value of a case and one of a figure compare, and how they print."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

#: The places a figure keeps of money; it prints with two or, where it has them, three.
_MONEY_PLACES: Final = 3


def number(text: Any) -> Decimal:
    """A number of a case.

    Raises:
        ValueError: it is none.
    """
    try:
        return Decimal(str(text))
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None


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

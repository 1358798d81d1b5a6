"""How money, quantities, shares and days are written: short in sentences and charts, in full in tables and on hover."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from data.currencies import MINOR_DIGITS

if TYPE_CHECKING:
    from datetime import date

MINUS: Final = "\N{MINUS SIGN}"
NO_CHANGE: Final = "no change"
_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}
#: Codes a budget may be counted in: other capitals, such as FTE, are units like any other.
_CURRENCIES: Final = {
    *_SYMBOLS,
    *MINOR_DIGITS,
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "HKD", "HUF", "INR", "MXN", "NOK", "NZD", "PLN", "SEK", "SGD"),
    *("THB", "TRY", "ZAR"),
}
_SHORT: Final = {"hour": ("h", "h"), "day": ("day", "days"), "credit": ("credit", "credits")}
_LONG: Final = {"hour": ("hour", "hours")}
_DEFAULT_DIGITS: Final = 2
_FEW: Final = 10
_THOUSAND: Final = 1_000
_IDLE_NOUGHTS: Final = re.compile(r"(?:\.0+|(?<=\.\d)0)(?=[MB])")
_TEN_THOUSAND: Final = 10_000

Amount = Decimal | float | int


def minor_digits(currency: str) -> int:
    """Decimals of a currency's smallest amount (ISO 4217)."""
    return MINOR_DIGITS.get(currency, _DEFAULT_DIGITS)


def symbol(currency: str) -> str:
    """What stands before an amount: the sign where it is unmistakable, else the code and a space."""
    return _SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")


def money(amount: Amount, currency: str) -> str:
    """An amount at the precision of a sentence: `$7,600`, `$653k`, `$1.24M`, `$1.65B`, with a true minus."""
    exact = abs(_decimal(amount))
    if _rounded(exact, 0) < _TEN_THOUSAND:
        text = f"{_rounded(exact, 0):,}"
    elif _rounded(exact / _THOUSAND, 0) < _THOUSAND:
        text = f"{_rounded(exact / _THOUSAND, 0)}k"
    elif _rounded(exact / _THOUSAND**2, 1) < _THOUSAND:
        text = f"{_three_digits(exact / _THOUSAND**2)}M"
    else:
        text = f"{_three_digits(exact / _THOUSAND**3)}B"
    # What rounds to nothing has no sign.
    return _signed(amount, symbol(currency) + text, is_nil=text == "0")


def money_in_full(amount: Amount, currency: str) -> str:
    """An amount to the currency's minor digits: `$1,234.50`, `JPY 1,235`."""
    rounded = _rounded(abs(_decimal(amount)), minor_digits(currency))
    return _signed(amount, f"{symbol(currency)}{rounded:,}", is_nil=rounded == 0)


def money_tick(amount: Amount, currency: str) -> str:
    """An amount on an axis: `$500k`, `$1M`, `$1.5M`, without the noughts that only say how precise it is."""
    return _IDLE_NOUGHTS.sub("", money(amount, currency))


def change(amount: Amount, currency: str) -> str:
    """A change with its sign: `+$25k`, or a true minus; NO_CHANGE where it rounds to nothing."""
    return _with_sign(money(amount, currency), is_nil=money(amount, currency) == money(0, currency))


def quantity_change(value: Amount, unit: str) -> str:
    """A change of a quantity with its sign and unit: `+12.5 days`."""
    return _with_sign(quantity(value, unit), is_nil=quantity(value, unit) == quantity(0, unit))


def count_change(how_many: int) -> str:
    """A change of a count with its sign: `+3`."""
    return _with_sign(_signed(how_many, f"{abs(how_many):,}", is_nil=False), is_nil=how_many == 0)


def is_money(unit: str) -> bool:
    """Whether a lot is bought in money, its unit a currency code."""
    return unit in _CURRENCIES


def number(value: Amount, unit: str) -> str:
    """A quantity without its unit: whole, or with one decimal where it is small or counts days."""
    exact = _decimal(value)
    digits = 1 if unit == "day" or abs(exact) < _FEW else 0
    rounded = _rounded(abs(exact), digits)
    text = f"{int(rounded) if rounded == int(rounded) else rounded:,}"
    return _signed(value, text, is_nil=rounded == 0)


def rough(value: Amount) -> Decimal:
    """A forecast quantity, no more precise than a forecast can be: whole from 10 up."""
    exact = _decimal(value)
    digits = Decimal("0.1") if abs(exact) < _FEW else Decimal(1)
    # Half down: of 99.5 days no more than 99.5 can be left.
    return exact.quantize(digits, rounding=ROUND_HALF_DOWN)


def quantity(value: Amount, unit: str) -> str:
    """A quantity with its unit: `38 h`, `12.5 days`; money where the unit is a currency."""
    if is_money(unit):
        return money(value, unit)
    text = number(value, unit)
    return f"{text} {_form(_SHORT, text, unit)}"


def quantity_in_words(value: Amount, unit: str) -> str:
    """A quantity as a sentence says it: `200 hours`, `1 day`."""
    if is_money(unit):
        return money(value, unit)
    text = number(value, unit)
    return f"{text} {unit_in_words(unit, text)}"


def unit_in_words(unit: str, text: str = "") -> str:
    """The unit's name, in the plural unless the number written before it is 1."""
    return _form({**_SHORT, **_LONG}, text, unit)


def of_total(part: Amount, whole: Amount, unit: str) -> str:
    """A part of a quantity: `38 of 200 hours`, `$126k of $155k`."""
    part_text = money(part, unit) if is_money(unit) else number(part, unit)
    return f"{part_text} of {quantity_in_words(whole, unit)}"


def quantity_range(low: Amount, high: Amount, unit: str) -> str:
    """An interval with its unit once: `21 to 64 h`, `$21k to $64k`."""
    start = money(low, unit) if is_money(unit) else number(low, unit)
    return f"{start} to {quantity(high, unit)}"


def day(on: date, near: date) -> str:
    """A day as a sentence says it; its year only where it differs from that of a day nearby."""
    text = f"{on.day} {on:%B}"
    return text if on.year == near.year else f"{text} {on.year}"


def full_day(on: date) -> str:
    """A day that stands alone: `31 Mar 2027`."""
    return f"{short_day(on)} {on.year}"


def short_day(on: date) -> str:
    """A day on a label: `31 Mar`."""
    return f"{on.day} {on:%b}"


def count(how_many: int, noun: str) -> str:
    """A count with its noun: `1 lot`, `182 clients`, `no lots`."""
    return f"{how_many:,} {noun}" if how_many == 1 else f"{how_many:,} {noun}s"


def capitalised(text: str) -> str:
    """A text that begins a sentence: its first letter a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def _with_sign(text: str, *, is_nil: bool) -> str:
    if is_nil:
        return NO_CHANGE
    return text if text.startswith(MINUS) else f"+{text}"


def _form(forms: dict[str, tuple[str, str]], text: str, unit: str) -> str:
    one, many = forms.get(unit, (unit, f"{unit}s"))
    return one if text.removeprefix(MINUS) == "1" else many


def _decimal(value: Amount) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _three_digits(value: Decimal) -> Decimal:
    """Two decimals below ten, one above: what a reader can compare."""
    return _rounded(value, 2 if value < _FEW else 1)


def _signed(value: Amount, text: str, *, is_nil: bool) -> str:
    return f"{MINUS}{text}" if value < 0 and not is_nil else text

"""Cents by the rules: rounding to the minor unit (R10.2) and largest remainders (R9.4)."""

from __future__ import annotations

from fractions import Fraction

#: Where they are not two.
MINOR_DIGITS = {"JPY": 0, "KWD": 3}


def minor_digits(currency: str) -> int:
    return MINOR_DIGITS.get(currency, 2)


def rounded(amount: Fraction, currency: str) -> Fraction:
    """To the currency's minor unit, half-up, away from zero (R10.2)."""
    scale = 10 ** minor_digits(currency)
    if scale % amount.denominator == 0:  # as most amounts are: there is nothing to round
        return amount
    nearest = Fraction((2 * scale * abs(amount.numerator) + amount.denominator) // (2 * amount.denominator), scale)
    return nearest if amount >= 0 else -nearest


def by_largest_remainder(total: Fraction, weights: dict[str, Fraction], currency: str) -> dict[str, Fraction]:
    """The total in proportion to the weights, to the minor unit; ties in the order of the keys (R9.4)."""
    scale = 10 ** minor_digits(currency)
    exact = {key: total * scale * weight / sum(weights.values()) for key, weight in weights.items()}
    parts = {key: part // 1 for key, part in exact.items()}
    missing = int(total * scale - sum(parts.values()))
    for key in sorted(exact, key=lambda key: (parts[key] - exact[key], key))[:missing]:
        parts[key] += 1
    return {key: Fraction(part, scale) for key, part in parts.items()}

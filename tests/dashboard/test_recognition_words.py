"""One posting is one readable line: units, price, rule and amount."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from dashboard import format as fmt
from dashboard.recognition import derived_ratable
from dashboard.recognition.backlog import months_on
from dashboard.recognition.derived_words import Event, Lot, half_up, line, percent
from dashboard.recognition.periods import cut, label
from dashboard.recognition.scenario_builder import in_words
from queries.calendar import month_ends
from queries.scenario import Scenario

LOT = Lot("L-1", "training", "USD", "day", Decimal(24), Decimal(24_000), date(2026, 12, 31), date(2026, 12, 31))


def posting(cause: str, policy: str = "on_delivery", **amounts: str) -> dict[str, Any]:
    nil = dict.fromkeys(("delivery", "breakage", "adjustment", "escheat"), Decimal(0))
    given = {name: Decimal(amount) for name, amount in amounts.items()}
    return {
        "lot_id": "L-1",
        "policy": policy,
        "posted_on": date(2026, 12, 31),
        "movement_no": 1,
        "event_id": "D-1",
        "cause": cause,
        **nil,
        **given,
    }


def told(
    row: dict[str, Any],
    quantity: str = "0",
    rates: tuple[str | None, str | None] = (None, None),
    detail: dict[str, Any] | None = None,
    lot: Lot = LOT,
) -> str:
    before, rate = (None if one is None else Decimal(one) for one in rates)
    one = line(Event(row, Decimal(quantity), rate, before, detail), lot)
    return f"{one.text} ({one.rule})".replace("\N{MULTIPLICATION SIGN}", "x").replace(fmt.MINUS, "-")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (told(posting("draw", delivery="6000"), "6"), "6 of 24 days delivered x $1,000.00 = $6,000.00 (R4.1)"),
        (told(posting("lapse", breakage="5000"), "5"), "5 days lapsed = $5,000.00 breakage (R4.3)"),
        (
            told(posting("estimate", "proportional", breakage="-2444.45"), rates=("0.25", "0.10")),
            "Estimate 25% → 10%: cumulative catch-up -$2,444.45 (R5.2)",
        ),
        (
            told(posting("draw", "proportional", delivery="6000", breakage="2000"), "6", (None, "0.25")),
            "6 of 24 days delivered x $1,000.00 = $6,000.00, with breakage in proportion at 25%: $2,000.00 (R5.1)",
        ),
        (told(posting("reversal", delivery="-1000"), "-1"), "1 day taken back: delivery -$1,000.00 (R4.5)"),
        (
            told(posting("reversal", delivery="-1000", breakage="1000")),
            "A delivery taken back after the lapse: delivery -$1,000.00, breakage $1,000.00 (R4.6)",
        ),
        (
            told(posting("assessment", "remote", breakage="5000"), detail={"evidence": "wound up"}),
            "Further use judged remote (wound up): $5,000.00 breakage (R6.1)",
        ),
        (
            told(posting("amendment", adjustment="-15.50"), detail={"kind": "price_change", "amount": Decimal(-45)}),
            "Price changed by -$45.00: -$15.50 for what was recognised before (R7.5)",
        ),
        (
            told(posting("lapse", breakage="3750", escheat="1250"), "5"),
            "5 days lapsed = $3,750.00 breakage; $1,250.00 owed to a government instead (R4.3, R5.6)",
        ),
    ],
)
def test_a_posting_reads_as_one_line(said: str, expected: str) -> None:
    assert said == expected


def test_a_price_that_is_no_whole_cent_names_the_lot_s_price() -> None:
    lot = Lot("L-1", "x", "USD", "hour", Decimal(7), Decimal(100), None, None)
    assert told(posting("draw", delivery="14.29"), "1", lot=lot).startswith(
        "1 of 7 hours delivered, of a price of $100.00 = $14.29"
    )
    assert "R10.1" in told(posting("draw", delivery="14.28"), "1", lot=lot)


def test_a_budget_in_money_has_no_price_per_unit() -> None:
    lot = Lot("L-1", "x", "USD", "USD", Decimal(20_000), Decimal(20_000), None, None)
    assert told(posting("draw", delivery="1250"), "1250", lot=lot) == (
        "$1,250.00 of $20,000.00 delivered = $1,250.00 (R4.1)"
    )


def span(**changed: Any) -> dict[str, Any]:
    return {
        "lot_id": "L-1",
        "layer_id": "L-1",
        "convention": "daily",
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
        "before": None,
        "base": 0,
        "spread": 24_000_000,
        "adjustment": 0,
        "denominator": 1,
        **changed,
    }


def ratable(spans: list[dict[str, Any]], opening: date, closing: date) -> list[tuple[str, str, Decimal]]:
    found = derived_ratable.lines(spans, {"L-1": LOT}, opening, closing)
    return [(one.text, one.rule, one.amount) for one in found]


def test_a_month_of_ratable_reads_as_days_of_the_term() -> None:
    found = ratable([span()], date(2025, 12, 31), date(2026, 1, 31))
    assert found == [("31 of 365 days of $24,000.00 = $2,038.36", "R3.1", Decimal("2038.36"))]


def test_the_months_of_a_convention_are_instalments() -> None:
    found = ratable([span(convention="month_even")], date(2026, 1, 31), date(2026, 3, 31))
    assert found == [("2 of 12 equal monthly instalments of $24,000.00 = $4,000.00", "R3.3", Decimal(4_000))]


def test_an_extension_spreads_the_rest_and_takes_over_to_the_cent() -> None:
    first = span(before=date(2026, 7, 1))
    rest = 24_000_000 * 181
    second = span(starts_on=date(2026, 7, 1), ends_on=date(2027, 6, 30), base=rest, spread=24_000_000 * 184)
    second["denominator"] = 365
    found = ratable([first, second], date(2025, 12, 31), date(2027, 6, 30))
    assert [rule for _, rule, _ in found] == ["R3.1", "R3.1, R3.5"]
    assert sum(amount for *_, amount in found) == Decimal(24_000)


def test_nothing_is_said_of_a_term_that_is_over() -> None:
    assert ratable([span()], date(2026, 12, 31), date(2027, 3, 31)) == []


def test_half_up_is_away_from_nil() -> None:
    assert half_up(Fraction(1, 200), "USD") == Decimal("0.01")
    assert half_up(Fraction(-1, 200), "USD") == Decimal("-0.01")
    assert half_up(Fraction(1, 2), "JPY") == Decimal(1)


def test_rates_are_written_without_idle_noughts() -> None:
    assert percent(Decimal("0.250000")) == "25%"
    assert percent(Decimal("0.125")) == "12.5%"
    assert percent(Decimal(0)) == "0%"


def test_parts_of_periods_are_called_by_their_months() -> None:
    assert label(date(2025, 11, 1), date(2025, 12, 31), "quarter") == "Nov\N{EN DASH}Dec 2025"
    assert label(date(2026, 1, 1), date(2026, 3, 31), "quarter") == "Q1 2026"
    assert label(date(2025, 1, 1), date(2025, 12, 31), "year") == "2025"
    assert label(date(2026, 10, 1), date(2026, 10, 12), "month") == "Oct 2026, to 12 Oct"
    assert cut(month_ends(date(2026, 10, 31), 12), "year").labels() == [
        "Nov\N{EN DASH}Dec 2025",
        "Jan\N{EN DASH}Oct 2026",
    ]


def test_bands_end_on_month_ends_where_the_day_is_one() -> None:
    assert months_on(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_on(date(2026, 10, 12), 3) == date(2027, 1, 12)


def test_a_scenario_is_told_in_words() -> None:
    text = "service=training:ratable/month_even; contract=C-7:remote; all:on_delivery; breakage=0.15"
    assert in_words(Scenario.parse(text)) == (
        "service training: ratable, month even; contract C-7: remote; every lot: on delivery;"
        " 15% as breakage estimate (what-if)"
    )
    assert in_words(Scenario()) == "everything as booked"

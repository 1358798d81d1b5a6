"""A policy scenario: what the book would recognise under other policies, conventions or breakage estimates.

A scenario is a question, never a booking: it is laid over the book for one question at a time, so every figure's
`booked` policy becomes the scenario's. Its text form is short enough for a link:

    service=Training:ratable/month_even; contract=C-7:remote; all:on_delivery; breakage=0.15

Of several rules that cover a lot the most specific counts: contract, service, vehicle, all; of equals the last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from data.schema import RATABLE_CONVENTIONS, RECOGNITION_METHODS
from queries.computed import STEPS, TYPED

if TYPE_CHECKING:
    from datetime import date

    import duckdb
    import polars as pl

#: What a rule can be about, the most general first, and the column that must equal its value.
DIMENSIONS: Final = {
    "all": None,
    "vehicle": "contracts.vehicle",
    "service": "lots.service",
    "contract": "contracts.contract_id",
}
RECORDED: Final = "recorded"
CAUTIOUS: Final = "cautious"
#: The figures that cautious estimates are made from.
CAUTIOUS_READS: Final = ("lot_balance", "unused_forecast")

_RULE: Final = re.compile(r"^(?P<dimension>\w+)(?:=(?P<value>[^:]+))?:(?P<policy>\w+)(?:/(?P<convention>\w+))?$")
_BREAKAGE: Final = "breakage="
_RATE_PLACES: Final = 12

#: What rests on the estimates and conventions, in the order in which it is computed anew.
_REVALUED: Final = ("walked_contracts", "ratable_spans", "instalments", "postings", "catch_ups", "ratable_terms")

_ESTIMATES_AT_RATE: Final = """
SELECT lots.lot_id, lots.contract_id, DATE '0001-01-01' AS effective_on, CAST($rate AS DECIMAL(18, 12)) AS rate,
    'what-if' AS estimate_id
FROM lots
"""

#: The share of each open lot's units that the forecast sees unused in nine cases of ten, from the day it is made.
_CAUTIOUS_ESTIMATES: Final = """
FROM lot_estimates
UNION ALL BY NAME
SELECT
    forecast.lot_id,
    lots.contract_id,
    CAST($known_on AS DATE) AS effective_on,
    CAST(
        CAST(units(forecast.low_quantity) * 1000000000000 // units(balance.granted_quantity) AS DECIMAL(38, 0))
        * CAST(0.000000000001 AS DECIMAL(13, 12)) AS DECIMAL(18, 12)
    ) AS rate,
    'what-if' AS estimate_id
FROM unused_forecast(CAST($known_on AS DATE)) AS forecast
INNER JOIN lots ON forecast.lot_id = lots.lot_id
INNER JOIN lot_balance(CAST($known_on AS DATE)) AS balance ON forecast.lot_id = balance.lot_id
WHERE balance.granted_quantity > 0
"""


class ScenarioError(ValueError):
    """A text that is no scenario; the message says what is wrong and what is possible."""


@dataclass(frozen=True)
class Rule:
    """One rule: the lots it covers, the policy they are booked under, and how ratable spreads (None = as booked)."""

    dimension: str
    value: str
    policy: str
    convention: str | None = None

    def __str__(self) -> str:
        covered = f"{self.dimension}={quote(self.value, safe=' ')}" if self.value else self.dimension
        return f"{covered}:{self.policy}" + (f"/{self.convention}" if self.convention else "")


@dataclass(frozen=True)
class Scenario:
    """Rules, and the breakage estimate: `recorded`, `cautious` (the forecast's, as a what-if) or a rate from 0 to 1."""

    rules: tuple[Rule, ...] = ()
    breakage: str = RECORDED

    def __str__(self) -> str:
        parts = [str(rule) for rule in self.rules]
        if self.breakage != RECORDED:
            parts.append(f"{_BREAKAGE}{self.breakage}")
        return "; ".join(parts)

    @classmethod
    def parse(cls, text: str) -> Scenario:
        """The scenario a text says.

        Raises:
            ScenarioError: a part is no rule or estimate.
        """
        rules, breakage = [], RECORDED
        for part in (part.strip() for part in text.split(";")):
            if part.startswith(_BREAKAGE):
                breakage = _breakage(part.removeprefix(_BREAKAGE))
            elif part:
                rules.append(_rule(part))
        return cls(tuple(rules), breakage)


def suppose(cursor: duckdb.DuckDBPyConnection, scenario: Scenario, known_on: date) -> None:
    """Let the cursor see the book as the scenario has it.

    Args:
        cursor: already narrowed to the contracts asked about.
        scenario: what to suppose.
        known_on: the snapshot's day, on which a cautious estimate is made.
    """
    _replace(cursor, "lot_policies", _policies(scenario), _values(scenario))
    stale: tuple[str, ...] = ("ratable_terms",)
    if scenario.breakage == CAUTIOUS:
        _replace(cursor, "lot_estimates", _CAUTIOUS_ESTIMATES, {"known_on": known_on})
    elif scenario.breakage != RECORDED:
        _replace(cursor, "lot_estimates", _ESTIMATES_AT_RATE, {"rate": scenario.breakage})
    if scenario.breakage != RECORDED or any(rule.convention for rule in scenario.rules):
        stale = _REVALUED
    for name in stale:
        if name in STEPS:
            [tables] = STEPS[name].compute(cursor)  # of few contracts: in one part
            for table, rows in tables.items():
                _keep(cursor, table, rows, TYPED[table])
        else:
            _replace(cursor, name, f"FROM {name}()", {})


def _policies(scenario: Scenario) -> str:
    """SQL for lot_policies: of the rules that cover a lot the most specific, of equals the last."""
    order = list(DIMENSIONS)
    ranked = sorted(enumerate(scenario.rules), key=lambda item: (order.index(item[1].dimension), item[0]), reverse=True)
    policy = " ".join(f"WHEN {_covers(number, rule)} THEN '{rule.policy}'" for number, rule in ranked)
    convention = " ".join(
        f"WHEN {_covers(number, rule)} THEN '{rule.convention}'" for number, rule in ranked if rule.convention
    )
    return (
        "SELECT lots.lot_id, lots.contract_id,"
        f" {_case(policy, 'contracts.recognition_method')} AS policy,"
        f" {_case(convention, 'contracts.recognition_convention')} AS convention"
        " FROM lots INNER JOIN contracts ON lots.contract_id = contracts.contract_id"
    )


def _case(branches: str, otherwise: str) -> str:
    return f"CASE {branches} ELSE {otherwise} END" if branches else otherwise


def _covers(number: int, rule: Rule) -> str:
    column = DIMENSIONS[rule.dimension]
    return f"{column} = $value_{number}" if column else "true"


def _values(scenario: Scenario) -> dict[str, object]:
    return {f"value_{number}": rule.value for number, rule in enumerate(scenario.rules) if DIMENSIONS[rule.dimension]}


def _replace(cursor: duckdb.DuckDBPyConnection, name: str, statement: str, parameters: dict[str, object]) -> None:
    """Put what a statement returns in the place of a table, for this cursor alone."""
    cursor.execute(f"CREATE TEMP TABLE supposed_{name} AS {statement}", parameters)
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM supposed_{name}")


def _keep(cursor: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame, statement: str) -> None:
    cursor.register("computed", rows.to_arrow())
    _replace(cursor, name, statement, {})
    cursor.unregister("computed")


def _rule(part: str) -> Rule:
    found = _RULE.match(part)
    if found is None:
        raise ScenarioError(f"{part!r} is no rule. Write one like service=Training:ratable or all:on_delivery.")
    dimension, value = found["dimension"], unquote(found["value"] or "")
    _one_of(part, dimension, DIMENSIONS)
    _one_of(part, found["policy"], RECOGNITION_METHODS)
    if found["convention"]:
        _one_of(part, found["convention"], RATABLE_CONVENTIONS)
    if bool(value) != bool(DIMENSIONS[dimension]):
        raise ScenarioError(f"{part!r}: {'all takes no value' if value else f'{dimension} needs a value'}.")
    return Rule(dimension, value, found["policy"], found["convention"])


def _one_of(part: str, word: str, known: object) -> None:
    listed = list(known) if isinstance(known, dict | tuple) else []
    if word not in listed:
        raise ScenarioError(f"{part!r}: {word} is none of {', '.join(listed)}.")


def _breakage(text: str) -> str:
    if text in (RECORDED, CAUTIOUS):
        return text
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise ScenarioError(f"breakage={text} is neither {RECORDED}, {CAUTIOUS} nor a rate from 0 to 1.") from None
    if not rate.is_finite() or not 0 <= rate <= 1 or round(rate, _RATE_PLACES) != rate:
        raise ScenarioError(f"breakage={text}: a rate is from 0 to 1, with at most {_RATE_PLACES} places.")
    return text

"""What a mapping of the kind `rows` does with a file's good rows, as SQL: rows left out, rows refused, tables filled.

The good rows are the table `typed`: `line`, `dated_on` (the day of the snapshot) and the mapping's columns. The tables
of the store stand beside it under their names, for look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from data.mapping import Lookup, Product
from data.mapping_targets import scale_of
from data.row_rule import RowRule
from data.schema import TABLES
from data.sql import literal
from data.target_sql import expression, found, product

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from data.mapping import SourceMapping, Target

#: Hexadecimal digits of a fingerprint. Two different rows that share them differ in the counter behind.
_FINGERPRINT_DIGITS: Final = 16


@dataclass(frozen=True)
class Fill:
    """One target table's rows: `select` gives `line` and `columns`, in the schema's types.

    `headers` leads from a target column to the source column that a refused value is to be reported under; constants
    have none.
    """

    table: str
    select: str
    headers: dict[str, str]
    columns: tuple[str, ...]


def fills(mapping: SourceMapping) -> tuple[Fill, ...]:
    """The target tables a mapping fills, one fill each; rows left out or refused must be gone from `typed`."""
    return tuple(_fill(mapping, table, targets) for table, targets in mapping.tables.items())


def skip_conditions(mapping: SourceMapping) -> tuple[tuple[str, str, str], ...]:
    """(column, SQL condition over the trimmed texts, reason) of the rows to leave out.

    They come before any value is judged: the empty date of a subtotal is no fault.
    """
    return tuple(
        (skip.column, _skip_condition(skip.texts, skip.empty, skip.column), skip.reason) for skip in mapping.skips
    )


def row_rules(mapping: SourceMapping) -> tuple[RowRule, ...]:
    """What a row must satisfy beyond its values' types: look-ups find one value, results fit, nothing goes below 0."""
    rules = [
        rule
        for table, targets in mapping.tables.items()
        for name, target in targets.items()
        for rule in _target_rules(mapping, target, TABLES[table].column(name).type)
    ]
    return tuple(dict.fromkeys([*rules, *_sign_rules(mapping)]))


# --- fills ------------------------------------------------------------------------------------------------------------


def _fill(mapping: SourceMapping, table: str, targets: Mapping[str, Target]) -> Fill:
    selected = ", ".join(
        f"CAST({expression(mapping, target)} AS {TABLES[table].column(name).type}) AS {name}"
        for name, target in targets.items()
    )
    return Fill(
        table=table,
        select=f"SELECT line, {selected} FROM ({_source(mapping)}) AS typed",
        headers={name: _header(mapping, target) for name, target in targets.items() if target.columns},
        columns=tuple(targets),
    )


def _source(mapping: SourceMapping) -> str:
    """SQL for the rows with what templates may use beside the columns: `fingerprint`, and `day` with `day_value`."""
    rows = f"SELECT *, {_fingerprint(mapping)} AS fingerprint FROM typed"
    if mapping.unpivot is None:
        return rows
    starts_on = f'"{mapping.unpivot.starts_on}"'
    return " UNION ALL ".join(
        f"SELECT *, {starts_on} + CAST(({weekday} - isodow({starts_on}) + 7) % 7 AS INTEGER) AS day, "
        f'"{name}" AS day_value FROM ({rows}) WHERE "{name}" <> 0'
        for name, weekday in mapping.unpivot.columns.items()
    )


def _fingerprint(mapping: SourceMapping) -> str:
    """SQL for an id of a row's values, the same whatever the order of the rows; equal rows are counted."""
    values = ", ".join(
        f"coalesce(CAST({mapping.columns[name].quoted} AS VARCHAR), '')" for name in sorted(mapping.columns)
    )
    digits = f"left(md5(concat_ws(chr(31), {values})), {_FINGERPRINT_DIGITS})"
    return f"{digits} || '-' || row_number() OVER (PARTITION BY {digits}, {values} ORDER BY line)"


def _header(mapping: SourceMapping, target: Target) -> str:
    """The source column to name: of values that are no column's own, one that leads to the row's."""
    named = next((name for name in target.columns if name in mapping.columns), None)
    if named is not None:
        return named
    return mapping.unpivot.starts_on if mapping.unpivot else next(iter(mapping.columns))


# --- rules ------------------------------------------------------------------------------------------------------------


def _target_rules(mapping: SourceMapping, target: Target, type_: str) -> Iterator[RowRule]:
    if isinstance(target, Lookup):
        yield from _lookup_rules(mapping, target)
    elif isinstance(target, Product):
        yield from _product_rules(target, type_)
    elif target.is_single_column and target.columns[0] in mapping.columns:
        column = mapping.columns[target.columns[0]]
        if _whole_digits(type_) < _whole_digits(column.sql_type):
            yield RowRule(
                column.name,
                f"{column.quoted} IS NOT NULL AND TRY_CAST({column.quoted} AS {type_}) IS NULL",
                "'is too large'",
            )


def _lookup_rules(mapping: SourceMapping, lookup: Lookup) -> Iterator[RowRule]:
    """A row that names something in the store must find it, and one value only."""
    pairs = sorted(lookup.where, key=lambda pair: not mapping.columns[pair[1]].is_always_filled)
    (wanted, name), *others = pairs
    taken = f"(SELECT count(DISTINCT {lookup.table}.{lookup.column}) FROM {found(mapping, lookup)})"
    is_named = " OR ".join(f'typed."{source}" IS NOT NULL' for source in lookup.columns)
    beside = "".join(f""" || coalesce(' with {other} ' || typed."{source}", '')""" for other, source in others)
    yield RowRule(
        name,
        f"({is_named}) AND {taken} = 0",
        f"'is no {wanted} of the store'{beside} || ': import {lookup.table} first, or correct it here'",
    )
    yield RowRule(
        name,
        f"{taken} > 1",
        f"'is the {wanted} of several {lookup.table}'{beside} || ' whose {lookup.column} differs: give each its own'",
    )


def _product_rules(factors: Product, type_: str) -> Iterator[RowRule]:
    first, second = factors.columns
    exact = product(factors)
    places = scale_of(type_)
    yield RowRule(
        first,
        f"{exact} <> round({exact}, {places})",
        f"""'times ' || typed."{second}" || ' has more than {places} decimals'""",
    )
    yield RowRule(
        first,
        f"{exact} IS NOT NULL AND TRY_CAST({exact} AS {type_}) IS NULL",
        f"""'times ' || typed."{second}" || ' is too large'""",
    )


def _sign_rules(mapping: SourceMapping) -> Iterator[RowRule]:
    """A negative delivery must name the one it takes back (R4.5)."""
    consumption = mapping.tables.get("consumption", {})
    quantity, reverses = consumption.get("quantity"), consumption.get("reverses")
    if quantity is None:
        return
    names = mapping.unpivot.columns if mapping.unpivot and "day_value" in quantity.columns else quantity.columns
    unnamed = f" AND {expression(mapping, reverses)} IS NULL" if reverses else ""
    for name in names:
        yield RowRule(
            name,
            f'typed."{name}" < 0{unnamed}',
            "'is negative and names no delivery that it takes back: correct the delivery itself'",
        )


def _whole_digits(type_: str) -> int:
    """The digits a number type has before the decimal point."""
    if not type_.startswith("DECIMAL"):
        return 0
    return int(type_.removeprefix("DECIMAL(").partition(",")[0]) - scale_of(type_)


def _skip_condition(texts: tuple[str, ...], empty: tuple[str, ...], column: str) -> str:
    if empty:
        return " AND ".join(f"\"{name}\" = ''" for name in empty)
    return f'"{column}" IN ({", ".join(map(literal, texts))})'

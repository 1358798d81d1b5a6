"""SQL for what fills a target column, over `typed`, the good rows of a file, beside the tables of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.mapping import Lookup, Product
from data.sql import literal

if TYPE_CHECKING:
    from data.mapping import SourceMapping, Target


def expression(mapping: SourceMapping, target: Target) -> str:
    """SQL for the value of a target column."""
    if isinstance(target, Lookup):
        return f"(SELECT min({target.table}.{target.column}) FROM {found(mapping, target)})"
    if isinstance(target, Product):
        return product(target)
    if target.is_single_column:
        return f'typed."{target.columns[0]}"'
    pieces = [literal(text) + (f' || typed."{name}"' if name else "") for text, name in target.parts]
    return " || ".join(pieces) or "''"


def found(mapping: SourceMapping, lookup: Lookup) -> str:
    """SQL for the rows of the store that a row of `typed` names: what follows FROM."""
    joins = "".join(f" JOIN {table} ON {condition}" for table, condition in lookup.joins)
    conditions = [
        f'{wanted} = typed."{name}"'
        if mapping.columns[name].is_always_filled
        else f'(typed."{name}" IS NULL OR {wanted} = typed."{name}")'
        for wanted, name in lookup.where
    ]
    return f"{lookup.table}{joins} WHERE {' AND '.join(conditions)}"


def product(factors: Product) -> str:
    """SQL for an exact product: one side is wide enough that no digit is lost."""
    first, second = factors.columns
    return f'CAST(typed."{first}" AS DECIMAL(28, 6)) * typed."{second}"'

"""What a mapping writes for the columns of a target table, checked against their types."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from data.mapping import Lookup, Product, Template
from data.schema import TABLES, Column
from data.toml_sections import expect_keys, section, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.mapping import SourceColumn, Target


def read_template(where: str, text: Any, target: Column, columns: Mapping[str, SourceColumn]) -> Template:
    """Read what is written for a target column as a template that fits its type.

    Raises:
        ValueError: it does not; says why.
    """
    try:
        template = Template.parse(str(text))
    except ValueError as error:
        raise ValueError(f"{where}: {text!r} is not a template: {error}") from error
    for name in template.columns:
        _expect_column(where, name, columns)
        if target.is_required and not columns[name].is_always_filled:
            raise ValueError(f"{where} is required, so columns.{name} must be required too")
    if template.is_single_column:
        _check_type(where, target, columns[template.columns[0]])
    elif template.columns:
        _check_type_name(where, target, "text")
    else:
        _check_constant(where, target, template.text)
    return template


def read_target(where: str, written: Any, target: Column, columns: Mapping[str, SourceColumn]) -> Target:
    """Read what fills a target column.

    Raises:
        ValueError: it breaks a rule, or does not fit the column's type.
    """
    if not isinstance(written, dict):
        return read_template(where, written, target, columns)
    if "product" in written:
        return _product(where, written, target, columns)
    return _lookup(where, written, target, columns)


def _product(where: str, keys: Mapping[str, Any], target: Column, columns: Mapping[str, SourceColumn]) -> Product:
    expect_keys(where, keys, required={"product"})
    names = texts(f"{where}.product", keys["product"])
    if len(names) != 2:  # noqa: PLR2004 - a product of two
        raise ValueError(f"{where}.product must name two columns")
    for name in names:
        _expect_own_column(where, name, columns)
        _check_type_name(where, target, columns[name].type)
        if target.is_required and not columns[name].is_always_filled:
            raise ValueError(f"{where} is required, so columns.{name} must be required too")
    return Product((names[0], names[1]))


def _lookup(where: str, keys: Mapping[str, Any], target: Column, columns: Mapping[str, SourceColumn]) -> Lookup:
    expect_keys(where, keys, required={"take", "where"})
    table, taken = _store_column(f"{where}.take", keys["take"])
    if taken.type != target.type:
        raise ValueError(f"{where}.take: {keys['take']} is a {taken.type}, {target.name} a {target.type}")
    pairs = [
        (wanted, _where_source(f"{where}.where", wanted, written, columns))
        for wanted, written in section(f"{where}.where", keys["where"]).items()
    ]
    if not pairs or (target.is_required and not any(columns[source].is_always_filled for _, source in pairs)):
        raise ValueError(f"{where}.where needs a column that is required, so that there is a row to look for")
    paths = _paths(table)
    joins: dict[str, str] = {}
    for wanted, _ in pairs:
        other = wanted.partition(".")[0]
        if other not in paths:
            raise ValueError(f"{where}.where: {table} does not refer to {other}, only to {', '.join(sorted(paths))}")
        joins |= paths[other]
    return Lookup(table, taken.name, tuple(pairs), tuple(joins.items()))


def _where_source(where: str, wanted: str, written: Any, columns: Mapping[str, SourceColumn]) -> str:
    """The source column of one pair: `"{project}"`, a text, as ids and names are."""
    _, column = _store_column(where, wanted)
    match = re.fullmatch(r"\{(\w+)\}", str(written))
    if match is None:
        raise ValueError(f'{where}: {wanted} must equal one column, such as "{{project}}", not {written!r}')
    _expect_own_column(where, match[1], columns)
    _check_type_name(f"{where}: {wanted}", column, columns[match[1]].type)
    return match[1]


def _store_column(where: str, written: Any) -> tuple[str, Column]:
    table, _, name = str(written).partition(".")
    if table not in TABLES or name not in {column.name for column in TABLES[table].columns}:
        raise ValueError(f"{where} must be a table and its column, such as projects.name, not {written!r}")
    return table, TABLES[table].column(name)


def _paths(start: str) -> dict[str, dict[str, str]]:
    """For each table that `start` refers to, itself or through others: the joins that lead there."""
    paths: dict[str, dict[str, str]] = {start: {}}
    waiting = [start]
    while waiting:
        table = waiting.pop(0)
        for column in TABLES[table].columns:
            other = (column.references or "").partition(".")[0]
            if other and other not in paths:
                paths[other] = {**paths[table], other: f"{column.references} = {table}.{column.name}"}
                waiting.append(other)
    return paths


def _expect_column(where: str, name: str, columns: Mapping[str, SourceColumn]) -> None:
    if name not in columns:
        raise ValueError(f"{where}: {{{name}}} is not one of the mapping's columns")


def _expect_own_column(where: str, name: str, columns: Mapping[str, SourceColumn]) -> None:
    """A column of the file: what the import adds to a row names nothing in the store."""
    if name not in columns or not columns[name].headers:
        raise ValueError(f"{where}: {{{name}}} is not a column of the file")


def _check_type(where: str, target: Column, column: SourceColumn) -> None:
    _check_type_name(where, target, column.type)
    if column.type in {"decimal", "duration"} and column.places > scale_of(target.type):
        raise ValueError(
            f"{where} keeps {scale_of(target.type)} decimals, columns.{column.name} may have {column.places}"
        )


def _check_type_name(where: str, target: Column, source_type: str) -> None:
    wanted = {"VARCHAR": "text", "DATE": "date"}.get(target.type, "decimal")
    if source_type != wanted and (wanted, source_type) != ("decimal", "duration"):
        raise ValueError(f"{where} is a {wanted} column, not {source_type}")


def scale_of(type_: str) -> int:
    """The decimals a number type keeps."""
    return int(type_.rpartition(",")[2].rstrip(")")) if type_.startswith("DECIMAL") else 0


def _check_constant(where: str, target: Column, text: str) -> None:
    if target.allowed and text not in target.allowed:
        raise ValueError(f"{where} must be one of {', '.join(target.allowed)}, not {text!r}")
    if not text:
        raise ValueError(f"{where} is empty")
    if not _is_constant_of(target.type, text):
        raise ValueError(f"{where}: {text!r} is not a {target.type}")


def _is_constant_of(type_: str, text: str) -> bool:
    if type_ == "VARCHAR":
        return True
    if type_ == "DATE":
        return _is_date(text)
    decimals = rf"(\.\d{{1,{scale_of(type_)}}})?" if scale_of(type_) else ""
    return re.fullmatch(rf"-?\d{{1,12}}{decimals}", text) is not None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

"""Mappings of the kind `rows`, checked: every good row of a file fills one table or more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from data.mapping import Skip, SourceColumn, SourceMapping, Unpivot
from data.mapping_columns import check_headers, read_columns
from data.mapping_targets import read_target
from data.schema import TABLES
from data.toml_sections import expect_keys, flag, one_of, section, text, texts, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.mapping import Target

DELIMITERS: Final = (",", ";", "\t", "|", "^", "`")
ENCODINGS: Final = ("utf-8", "utf-16", "latin-1", "cp1252")

#: What templates of the kind `rows` may use beside the columns: the row's line, the snapshot's day, and an id for rows
#: of exports without one.
_ROW_VALUES: Final = {
    "line": SourceColumn("line", (), "decimal", is_required=True, decimals=0),
    "dated_on": SourceColumn("dated_on", (), "date", is_required=True),
    "fingerprint": SourceColumn("fingerprint", (), "text", is_required=True),
}
_ROW_NAMES: Final = (*_ROW_VALUES, "day", "day_value", "reason")
#: Numbered by the import where a mapping leaves it out.
_NUMBERED: Final = ("consumption", "line_no")


def read_rows(name: str, document: Mapping[str, Any]) -> SourceMapping:
    """Read a mapping of the kind `rows`.

    Raises:
        ValueError: it breaks a rule.
    """
    expect_keys(
        "the mapping",
        document,
        required={"kind", "columns", "tables"},
        optional={
            "ignored_columns",
            "ignores_others",
            "delimiter",
            "encoding",
            "skip",
            "unpivot",
            "replaces_period",
        },
    )
    columns = read_columns(document, _ROW_NAMES)
    ignored = texts("ignored_columns", document.get("ignored_columns", []))
    check_headers(columns.values(), ignored)
    unpivot = _unpivot(section("unpivot", document["unpivot"]), columns) if "unpivot" in document else None
    values = {**columns, **_ROW_VALUES, **_day_values(unpivot, columns)}
    tables = section("tables", document["tables"])
    if not tables:
        raise ValueError("tables must fill at least one table")
    mapping = SourceMapping(
        name=name,
        kind="rows",
        columns=columns,
        ignored_columns=frozenset(ignored),
        ignores_others=flag("", document, "ignores_others"),
        delimiter=one_of("delimiter", document.get("delimiter", ","), DELIMITERS),
        encoding=one_of("encoding", document.get("encoding", "utf-8"), ENCODINGS),
        skips=_skips(document.get("skip", []), columns),
        unpivot=unpivot,
        replaces_period=flag("", document, "replaces_period"),
        tables={table: _targets(table, section(f"tables.{table}", keys), values) for table, keys in tables.items()},
    )
    _check_ids(mapping)
    return mapping


def _targets(table: str, keys: Mapping[str, Any], values: Mapping[str, SourceColumn]) -> dict[str, Target]:
    """What fills one target table: all its required columns, but for the one that is numbered."""
    one_of("tables", table, TABLES)
    targets = {column.name: column for column in TABLES[table].columns}
    required = {name for name, column in targets.items() if column.is_required and (table, name) != _NUMBERED}
    expect_keys(f"tables.{table}", keys, required=required, optional=set(targets))
    return {
        name: read_target(f"tables.{table}.{name}", written, targets[name], values) for name, written in keys.items()
    }


def _check_ids(mapping: SourceMapping) -> None:
    """Ids that vanish with their row are told from other sources' by their start; fingerprints vanish with an edit."""
    for table, targets in mapping.tables.items():
        for column, target in targets.items():
            if "fingerprint" in target.columns and not mapping.replaces_period:
                raise ValueError(
                    f"tables.{table}.{column}: {{fingerprint}} needs replaces_period = true, "
                    "an edited row would be counted twice"
                )
        key = TABLES[table].key[0]
        start = f"{mapping.name}-"
        if mapping.replaces_period and not getattr(targets[key], "text", "").startswith(start):
            raise ValueError(f"tables.{table}.{key} must start with {start!r}, so that replaces_period finds its rows")


def _unpivot(keys: Mapping[str, Any], columns: Mapping[str, SourceColumn]) -> Unpivot:
    expect_keys("unpivot", keys, required={"from", "weekdays"})
    starts_on = one_of("unpivot.from", keys["from"], [name for name in columns if columns[name].type == "date"])
    numbers = [name for name in columns if columns[name].type in {"decimal", "duration"}]
    weekdays = {
        one_of("unpivot.weekdays", name, numbers): whole_number(f"unpivot.weekdays.{name}", weekday, 1, 7)
        for name, weekday in section("unpivot.weekdays", keys["weekdays"]).items()
    }
    if not weekdays or len(set(weekdays.values())) < len(weekdays) or not columns[starts_on].is_required:
        raise ValueError("unpivot needs a column for each weekday, no weekday twice, and a first day that is required")
    return Unpivot(starts_on, weekdays)


def _day_values(unpivot: Unpivot | None, columns: Mapping[str, SourceColumn]) -> dict[str, SourceColumn]:
    if unpivot is None:
        return {}
    decimals = max(columns[name].places for name in unpivot.columns)
    return {
        "day": SourceColumn("day", (), "date", is_required=True),
        "day_value": SourceColumn("day_value", (), "decimal", is_required=True, decimals=decimals),
    }


def _skips(entries: Any, columns: Mapping[str, SourceColumn]) -> tuple[Skip, ...]:
    if not isinstance(entries, list):
        raise ValueError("skip must be written as [[skip]], once for each reason")  # noqa: TRY004 - a mapping's fault
    return tuple(_skip(section("skip", entry), columns) for entry in entries)


def _skip(keys: Mapping[str, Any], columns: Mapping[str, SourceColumn]) -> Skip:
    kinds = {"column", "is"} if "empty" not in keys else {"empty"}
    expect_keys("skip", keys, required={"reason", *kinds})
    reason = text("skip.reason", keys["reason"])
    if "empty" in keys:
        empty = texts("skip.empty", keys["empty"])
        for name in empty:
            one_of("skip.empty", name, columns)
        if not empty:
            raise ValueError("skip.empty needs at least one column")
        return Skip(reason, empty[0], empty=empty)
    return Skip(reason, one_of("skip.column", keys["column"], columns), texts=texts("skip.is", keys["is"]))

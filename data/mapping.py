"""A mapping: how one kind of source file becomes source tables, checked in full before any row is read."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, Final

from data.schema import TABLES, Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUNDLED: Final = Path(__file__).parent / "mappings"

#: How a number may be written beyond plain digits; each only where a mapping declares it.
NUMBER_FORMATS: Final = ("thousands_separators", "dash_is_zero", "parentheses_are_negative", "scientific")

#: What the parts of a date format match. Only whole, numeric parts: names of months depend on a language.
DATE_PARTS: Final = {
    "%Y": r"[1-9]\d{3}",
    "%y": r"\d{2}",
    "%m": r"\d{1,2}",
    "%d": r"\d{1,2}",
    "%H": r"\d{2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
}

_MAX_DECIMALS: Final = 3  # money's own scale; a finer quantity would not fit the amount derived from it
_FISCAL_YEAR: Final = re.compile(r"[12][0-9]{3}")
#: What the import itself calls its columns; a mapping's would be taken for them.
_RESERVED_NAMES: Final = (
    "amended",
    "consumption_id",
    "delivered",
    "has_lot",
    "last_line_no",
    "line",
    "line_no",
    "lot_amount",
    "reason",
    "reported_on",
    "reverses",
    "service_date",
    "used",
)
_KEYS_BY_TYPE: Final = {
    "text": {"names", "type", "required", "case"},
    "date": {"names", "type", "required", "formats"},
    "decimal": {"names", "type", "required", "formats", "decimals"},
}


class MappingError(Exception):
    """A mapping that can't be used; the message names the file, the key and what to write instead."""


@dataclass(frozen=True)
class SourceColumn:
    """One column of the source: the headers it goes by, and how its values are written."""

    name: str
    headers: tuple[str, ...]
    type: str
    is_required: bool = False
    formats: tuple[str, ...] = ()
    decimals: int = 2
    is_title_case: bool = False

    @property
    def quoted(self) -> str:
        """Its name as a SQL identifier."""
        return f'"{self.name}"'


@dataclass(frozen=True)
class Template:
    """What fills a target column: literal text around the values of source columns, as in `"{item}-{vendor}"`."""

    text: str
    parts: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template.

        Raises:
            ValueError: a brace is not closed, or holds more than a column's name.
        """
        parsed = list(Formatter().parse(text))
        if any(layout or conversion for _, _, layout, conversion in parsed):
            raise ValueError("only a column's name may stand in braces")
        return cls(text, tuple((literal, name) for literal, name, _, _ in parsed))

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns it takes values from."""
        return tuple(name for _, name in self.parts if name is not None)

    @property
    def is_single_column(self) -> bool:
        """Whether it is one column's value as it stands, which keeps that column's type."""
        return len(self.parts) == 1 and self.text == "{" + "".join(self.columns) + "}"


@dataclass(frozen=True)
class FileDate:
    """The day a report speaks for, read from its file's name: the end of a fiscal quarter."""

    pattern: re.Pattern[str]
    starts_in_month: int

    def read(self, file_name: str) -> date | None:
        """The last day of the quarter the name gives, or None when it gives none.

        A fiscal year carries the number of the calendar year it ends in.
        """
        match = self.pattern.fullmatch(file_name)
        if (
            match is None
            or match["quarter"] not in set("1234")
            or not _FISCAL_YEAR.fullmatch(str(match["fiscal_year"]))
        ):
            return None
        starts_in_year = int(match["fiscal_year"]) - (self.starts_in_month > 1)
        years, month_index = divmod(self.starts_in_month - 1 + 3 * int(match["quarter"]), 12)
        return date(starts_in_year + years, month_index + 1, 1) - timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """What a kind of file needs from its mapping, and which target columns it works out by itself."""

    columns: Mapping[str, str]
    works_out: Mapping[str, frozenset[str]]


KINDS: Final = {
    "running_totals": Kind(
        columns={
            "item": "text",
            "starts_on": "date",
            "ends_on": "date",
            "amount": "decimal",
            "used_to_date": "decimal",
        },
        works_out={
            "accounts": frozenset(),
            "contracts": frozenset({"contract_id", "transaction_price"}),
            "lots": frozenset({"lot_id", "contract_id", "quantity", "amount"}),
            "billings": frozenset({"billing_id", "contract_id", "lot_id", "amount"}),
            "consumption": frozenset(
                {
                    "consumption_id",
                    "contract_id",
                    "lot_id",
                    "line_no",
                    "service_date",
                    "posted_on",
                    "quantity",
                    "reverses",
                }
            ),
            "consumption_departments": frozenset({"consumption_id", "share"}),
            "rate_card": frozenset({"contract_id"}),
        },
    )
}


@dataclass(frozen=True)
class SourceMapping:
    """A checked mapping: every target column it fills has a template that fits the column's type."""

    name: str
    kind: str
    file_date: FileDate
    columns: Mapping[str, SourceColumn]
    ignored_columns: frozenset[str]
    tables: Mapping[str, Mapping[str, Template]]


def load_mapping(wanted: str) -> SourceMapping:
    """Load and check a mapping.

    Args:
        wanted: the name of a bundled mapping, or the path of a .toml file.

    Raises:
        MappingError: there is no such mapping, or it breaks a rule.
    """
    path = Path(wanted) if wanted.endswith(".toml") else BUNDLED / f"{wanted}.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        bundled = ", ".join(sorted(known.stem for known in BUNDLED.glob("*.toml")))
        raise MappingError(f"There is no mapping {wanted}. Name one of {bundled}, or give a .toml file.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path.name} can't be read: {error}") from error
    try:
        return _mapping(path.stem, document)
    except ValueError as error:
        raise MappingError(f"{path.name}: {error}") from error


def _mapping(name: str, document: Mapping[str, Any]) -> SourceMapping:
    _expect_keys(
        "the mapping",
        document,
        required={"kind", "file_date", "columns", "tables"},
        optional={"ignored_columns"},
    )
    kind = _one_of("kind", document["kind"], KINDS)
    columns = {
        column: _column(column, _section(f"columns.{column}", keys))
        for column, keys in _section("columns", document["columns"]).items()
    }
    ignored = _texts("ignored_columns", document.get("ignored_columns", []))
    _check_headers(columns.values(), ignored)
    _check_kind(kind, columns)
    return SourceMapping(
        name=name,
        kind=kind,
        file_date=_file_date(_section("file_date", document["file_date"])),
        columns=columns,
        ignored_columns=frozenset(ignored),
        tables=_tables(KINDS[kind], columns, _section("tables", document["tables"])),
    )


def _file_date(keys: Mapping[str, Any]) -> FileDate:
    _expect_keys("file_date", keys, required={"pattern", "fiscal_year_starts_in_month"})
    try:
        pattern = re.compile(str(keys["pattern"]))
    except re.error as error:
        raise ValueError(f"file_date.pattern is not a regular expression: {error}") from error
    if not {"fiscal_year", "quarter"} <= set(pattern.groupindex):
        raise ValueError("file_date.pattern must name the groups fiscal_year and quarter")
    month = keys["fiscal_year_starts_in_month"]
    return FileDate(pattern, _whole_number("file_date.fiscal_year_starts_in_month", month, 1, 12))


def _column(name: str, keys: Mapping[str, Any]) -> SourceColumn:
    where = f"columns.{name}"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"{where}: a column's name is lower-case letters, digits and underscores")
    if name in _RESERVED_NAMES:
        raise ValueError(f"{where}: the import uses {name} itself, choose another name")
    type_ = _one_of(f"{where}.type", keys.get("type"), _KEYS_BY_TYPE)
    _expect_keys(where, keys, required={"names", "type"}, optional=_KEYS_BY_TYPE[type_])
    headers = _texts(f"{where}.names", keys["names"])
    if not headers:
        raise ValueError(f"{where}.names needs at least one header")
    formats = _texts(f"{where}.formats", keys.get("formats", []))
    if type_ == "date":
        _check_date_formats(where, formats)
    for number_format in formats if type_ == "decimal" else ():
        _one_of(f"{where}.formats", number_format, NUMBER_FORMATS)
    return SourceColumn(
        name=name,
        headers=headers,
        type=type_,
        is_required=_one_of(f"{where}.required", keys.get("required", False), (True, False)),
        formats=formats,
        decimals=_whole_number(f"{where}.decimals", keys.get("decimals", 2), 0, _MAX_DECIMALS),
        is_title_case="case" in keys and _one_of(f"{where}.case", keys["case"], ("title",)) == "title",
    )


def _check_date_formats(where: str, formats: Iterable[str]) -> None:
    """Refuse a format that is incomplete, and two that can read the same text as two different days."""
    shapes: dict[str, str] = {}
    for date_format in formats:
        parts = re.findall(r"%.", date_format)
        day_parts = sorted(part.replace("Y", "y") for part in parts if part in {"%Y", "%y", "%m", "%d"})
        if day_parts != ["%d", "%m", "%y"] or not set(parts) <= set(DATE_PARTS):
            raise ValueError(f"{where}.formats: {date_format} needs %Y or %y, %m and %d once; beside them %H, %M, %S")
        shape = date_pattern(date_format)
        if shape in shapes:
            raise ValueError(f"{where}.formats: {shapes[shape]} and {date_format} read the same text differently")
        shapes[shape] = date_format
    if not shapes:
        raise ValueError(f"{where}.formats must declare at least one date format; dates are never guessed")


def date_pattern(date_format: str) -> str:
    """The regular expression of the texts a date format may read."""
    pieces = re.split(r"(%.)", date_format)
    return "".join(DATE_PARTS.get(piece, re.escape(piece)) for piece in pieces)


def _check_headers(columns: Iterable[SourceColumn], ignored: Iterable[str]) -> None:
    headers = [header for column in columns for header in column.headers] + list(ignored)
    for header in headers:
        if headers.count(header) > 1:
            raise ValueError(f"the header {header!r} is listed twice")


def _check_kind(kind: str, columns: Mapping[str, SourceColumn]) -> None:
    for name, type_ in KINDS[kind].columns.items():
        if name not in columns:
            raise ValueError(f"{kind} needs columns.{name} ({type_})")
        if columns[name].type != type_ or not columns[name].is_required:
            raise ValueError(f"columns.{name} must be of type {type_} and required, {kind} is worked out from it")


def _tables(
    kind: Kind, columns: Mapping[str, SourceColumn], sections: Mapping[str, Any]
) -> dict[str, dict[str, Template]]:
    _expect_keys("tables", sections, required=set(kind.works_out))
    return {
        table: _targets(table, worked_out, columns, _section(f"tables.{table}", sections[table]))
        for table, worked_out in kind.works_out.items()
    }


def _targets(
    table: str, worked_out: frozenset[str], columns: Mapping[str, SourceColumn], keys: Mapping[str, Any]
) -> dict[str, Template]:
    """The templates of one target table: all its required columns, none that are worked out."""
    open_columns = {column.name: column for column in TABLES[table].columns if column.name not in worked_out}
    required = {name for name, column in open_columns.items() if column.is_required}
    _expect_keys(f"tables.{table}", keys, required=required, optional=set(open_columns))
    return {name: _template(f"tables.{table}.{name}", text, open_columns[name], columns) for name, text in keys.items()}


def _template(where: str, text: Any, target: Column, columns: Mapping[str, SourceColumn]) -> Template:
    try:
        template = Template.parse(str(text))
    except ValueError as error:
        raise ValueError(f"{where}: {text!r} is not a template: {error}") from error
    for name in template.columns:
        if name not in columns:
            raise ValueError(f"{where}: {{{name}}} is not one of the mapping's columns")
        if target.is_required and not columns[name].is_required:
            raise ValueError(f"{where} is required, so columns.{name} must be required too")
    if template.is_single_column:
        _check_type(where, target, columns[template.columns[0]].type)
    elif template.columns:
        _check_type(where, target, "text")
    else:
        _check_constant(where, target, template.text)
    return template


def _check_type(where: str, target: Column, source_type: str) -> None:
    wanted = {"VARCHAR": "text", "DATE": "date"}.get(target.type, "decimal")
    if source_type != wanted:
        raise ValueError(f"{where} is a {wanted} column, not {source_type}")


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
    scale = type_.rpartition(",")[2].rstrip(")")
    return re.fullmatch(rf"-?\d{{1,12}}(\.\d{{1,{scale}}})?", text) is not None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _expect_keys(where: str, keys: Mapping[str, Any], *, required: Iterable[str], optional: Iterable[str] = ()) -> None:
    missing = set(required) - set(keys)
    if missing:
        raise ValueError(f"{where} lacks {', '.join(sorted(missing))}")
    unknown = set(keys) - set(required) - set(optional)
    if unknown:
        raise ValueError(f"{where} has unknown key {', '.join(sorted(unknown))}")


def _section(where: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{where} must be a table")


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(text, str) and text for text in value):
        return tuple(value)
    raise ValueError(f"{where} must be a list of texts, none of them empty")


def _one_of(where: str, value: Any, allowed: Iterable[Any]) -> Any:
    known = list(allowed)
    if value in known:
        return value
    raise ValueError(f"{where} must be one of {', '.join(map(str, known))}, not {value!r}")


def _whole_number(where: str, value: Any, lowest: int, highest: int) -> int:
    if isinstance(value, int) and lowest <= value <= highest:
        return value
    raise ValueError(f"{where} must be a whole number from {lowest} to {highest}, not {value!r}")

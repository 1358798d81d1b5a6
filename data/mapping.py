"""A mapping: how one kind of source file becomes source tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from string import Formatter
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.file_date import FileDate

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

#: Decimals kept of a value that is worked out: those of a quantity.
WORKED_OUT_DECIMALS: Final = 4


class MappingError(Exception):
    """A mapping that can't be used; the message names the file, the key and what to write instead."""


@dataclass(frozen=True)
class SourceColumn:
    """One column of the source.

    `one_of_formats` are formats of which a file uses one: `formats` counts once a file has settled which. `decimals`
    is how many a value may be written with. `scale` is what a written number is multiplied by.
    """

    name: str
    headers: tuple[str, ...]
    type: str
    is_required: bool = False
    may_be_missing: bool = False
    formats: tuple[str, ...] = ()
    one_of_formats: tuple[str, ...] = ()
    decimals: int = 2
    scale: Fraction = Fraction(1)
    is_title_case: bool = False
    default: str | None = None
    values: tuple[tuple[str, str], ...] = ()

    @property
    def quoted(self) -> str:
        """Its name as a SQL identifier."""
        return f'"{self.name}"'

    @property
    def is_always_filled(self) -> bool:
        """Whether every good row has a value here."""
        return self.is_required or self.default is not None

    @property
    def places(self) -> int:
        """The decimals of its typed values: as written, or after the scale."""
        if self.type == "duration":
            return WORKED_OUT_DECIMALS
        scale_places = _places(self.scale)
        return WORKED_OUT_DECIMALS if scale_places is None else self.decimals + scale_places

    @property
    def sql_type(self) -> str:
        """The type of its values in `typed`: wide enough for what they fill."""
        if self.type in {"text", "date"}:
            return {"text": "VARCHAR", "date": "DATE"}[self.type]
        return f"DECIMAL(18,{max(self.places, WORKED_OUT_DECIMALS)})"


@dataclass(frozen=True)
class Template:
    """Literal text around the values of source columns, as in `"{item}-{vendor}"`; without any it is a constant."""

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
class Lookup:
    """The value of `table.column` in the store's row that `where` names.

    `where` holds pairs of a store's column, as `table.column`, and the source column it must equal; a pair whose source
    value is empty does not count. `joins` leads from `table` to the other tables of `where`, along their references.
    """

    table: str
    column: str
    where: tuple[tuple[str, str], ...]
    joins: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns it takes values from."""
        return tuple(source for _, source in self.where)


@dataclass(frozen=True)
class Product:
    """Two numbers multiplied, for a source that gives a price of one unit and no amount."""

    columns: tuple[str, str]


Target: TypeAlias = Template | Lookup | Product


@dataclass(frozen=True)
class Skip:
    """Rows left out on purpose, with the reason: `column` holds one of the texts, or all of `empty` are empty."""

    reason: str
    column: str
    texts: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unpivot:
    """Weekdays side by side: `columns` are numbers, each for its ISO weekday (1 = Monday) of the week from `starts_on`.

    A row becomes one for each weekday that is neither empty nor 0, with its day as `{day}` and its number as
    `{day_value}`.
    """

    starts_on: str
    columns: Mapping[str, int]


@dataclass(frozen=True)
class SourceMapping:
    """A checked mapping: every target column it fills is filled with what fits the column's type.

    `file_date` belongs to running totals; all from `ignores_others` on to the kind `rows`.
    """

    name: str
    kind: str
    columns: Mapping[str, SourceColumn]
    ignored_columns: frozenset[str]
    tables: Mapping[str, Mapping[str, Target]]
    file_date: FileDate | None = None
    ignores_others: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    skips: tuple[Skip, ...] = ()
    unpivot: Unpivot | None = None
    replaces_period: bool = False

    def templates(self, table: str) -> dict[str, Template]:
        """The templates of one target table, none for a table the mapping does not fill."""
        targets = self.tables.get(table, {})
        return {column: target for column, target in targets.items() if isinstance(target, Template)}

    def with_formats(self, column: str, formats: tuple[str, ...]) -> SourceMapping:
        """The mapping with one column's formats settled."""
        settled = replace(self.columns[column], formats=formats, one_of_formats=())
        return replace(self, columns={**self.columns, column: settled})


def date_pattern(date_format: str) -> str:
    """The regular expression of the texts a date format may read."""
    pieces = re.split(r"(%.)", date_format)
    return "".join(DATE_PARTS.get(piece, re.escape(piece)) for piece in pieces)


def _places(scale: Fraction) -> int | None:
    """The decimals of a factor; None where they never end."""
    return next((places for places in range(5) if 10**places % scale.denominator == 0), None)

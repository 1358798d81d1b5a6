"""The sections `columns.<name>` of a mapping, checked."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from data.mapping import DATE_PARTS, SourceColumn, date_pattern
from data.toml_sections import expect_keys, flag, one_of, section, text, texts, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: How a number may be written beyond plain digits; each only where a mapping declares it.
NUMBER_FORMATS: Final = (
    "thousands_separators",
    "dash_is_zero",
    "parentheses_are_negative",
    "scientific",
    "decimal_point",
    "decimal_comma",
)

#: How a duration may be written; `decimal` is a number of hours, as NUMBER_FORMATS say.
DURATION_FORMATS: Final = ("h:mm", "h:mm:ss", "decimal")

MOST_DECIMALS: Final = 6  # a price's
_MOST_SCALE: Final = 10_000

_KEYS: Final = {"names", "type", "required", "may_be_missing"}
_KEYS_BY_TYPE: Final = {
    "text": _KEYS | {"case", "default", "values"},
    "date": _KEYS | {"formats", "one_of_formats"},
    "decimal": _KEYS | {"formats", "one_of_formats", "decimals", "scale"},
    "duration": _KEYS | {"formats", "one_of_formats"},
}


def read_columns(
    document: Mapping[str, Any], reserved: tuple[str, ...], most_decimals: int = MOST_DECIMALS
) -> dict[str, SourceColumn]:
    """Read the sections `columns.<name>` of a mapping.

    Args:
        document: the mapping.
        reserved: names that no column may have.
        most_decimals: that a value may have.

    Raises:
        ValueError: one breaks a rule; names the key.
    """
    columns = {}
    for name, keys in section("columns", document["columns"]).items():
        if name in reserved:
            raise ValueError(f"columns.{name}: the import uses {name} itself, choose another name")
        columns[name] = _read_column(name, section(f"columns.{name}", keys), most_decimals)
    return columns


def check_headers(columns: Iterable[SourceColumn], ignored: Iterable[str]) -> None:
    """Refuse a header that stands for two things.

    Raises:
        ValueError: naming it.
    """
    headers = [header for column in columns for header in column.headers] + list(ignored)
    for header in headers:
        if headers.count(header) > 1:
            raise ValueError(f"the header {header!r} is listed twice")


def _read_column(name: str, keys: Mapping[str, Any], most_decimals: int) -> SourceColumn:
    where = f"columns.{name}"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"{where}: a column's name is lower-case letters, digits and underscores")
    type_ = one_of(f"{where}.type", keys.get("type"), _KEYS_BY_TYPE)
    expect_keys(where, keys, required={"names", "type"}, optional=_KEYS_BY_TYPE[type_])
    headers = texts(f"{where}.names", keys["names"])
    if not headers:
        raise ValueError(f"{where}.names needs at least one header")
    formats, one_of_formats = (texts(f"{where}.{key}", keys.get(key, [])) for key in ("formats", "one_of_formats"))
    _check_formats(where, type_, formats, one_of_formats)
    column = SourceColumn(
        name=name,
        headers=headers,
        type=type_,
        is_required=flag(where, keys, "required"),
        may_be_missing=flag(where, keys, "may_be_missing"),
        formats=formats,
        one_of_formats=one_of_formats,
        decimals=whole_number(f"{where}.decimals", keys.get("decimals", 2), 0, most_decimals),
        scale=_scale(where, keys["scale"]) if "scale" in keys else Fraction(1),
        is_title_case="case" in keys and one_of(f"{where}.case", keys["case"], ("title",)) == "title",
        default=text(f"{where}.default", keys["default"]) if "default" in keys else None,
        values=_values(where, keys["values"]) if "values" in keys else (),
    )
    if column.is_required and (column.may_be_missing or column.default is not None):
        raise ValueError(f"{where} is required, so it can't have a default or be missing from a file")
    if column.places > most_decimals:
        raise ValueError(f"{where}: its values may have {column.places} decimals, more than {most_decimals}")
    return column


def _check_formats(where: str, type_: str, formats: tuple[str, ...], one_of_formats: tuple[str, ...]) -> None:
    """Refuse formats not known, and each of `one_of_formats` that does not go with `formats`."""
    if len(one_of_formats) == 1:
        raise ValueError(f"{where}.one_of_formats needs two formats or more, of which a file uses one")
    for settled in [(*formats, alternative) for alternative in one_of_formats] or [formats]:
        if type_ == "date":
            check_date_formats(where, settled)
        elif type_ in {"decimal", "duration"}:
            known = NUMBER_FORMATS + (DURATION_FORMATS if type_ == "duration" else ())
            for number_format in settled:
                one_of(f"{where}.formats", number_format, known)
            if {"decimal_point", "decimal_comma"} <= set(settled):
                raise ValueError(f"{where}: one of decimal_point and decimal_comma, or both as one_of_formats")
    if type_ == "duration" and not set(formats) & set(DURATION_FORMATS):
        raise ValueError(f"{where}.formats must declare at least one of {', '.join(DURATION_FORMATS)}")


def check_date_formats(where: str, formats: Iterable[str]) -> None:
    """Refuse a format that is incomplete, and two that can read the same text as two different days.

    Raises:
        ValueError: naming the formats.
    """
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


def _values(where: str, value: Any) -> tuple[tuple[str, str], ...]:
    """Each text a file may hold, with what it means here."""
    pairs = section(f"{where}.values", value)
    if not pairs:
        raise ValueError(f"{where}.values needs at least one text")
    return tuple((written, text(f"{where}.values.{written}", meaning)) for written, meaning in pairs.items())


def _scale(where: str, value: Any) -> Fraction:
    """A factor as text, so that it is exact: "0.01" for cents, "1/60" for minutes."""
    if (
        not isinstance(value, str)
        or not re.fullmatch(r"\d{1,5}(\.\d{1,4}|/[1-9]\d{0,3})?", value)
        or not Fraction(value)
    ):
        raise ValueError(f'{where}.scale must be a factor above 0 as text, such as "0.01" or "1/60", not {value!r}')
    scale = Fraction(value)
    if max(scale.numerator, scale.denominator) > _MOST_SCALE:
        raise ValueError(f"{where}.scale must be from 1/{_MOST_SCALE} to {_MOST_SCALE}, not {value!r}")
    return scale

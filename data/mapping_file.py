"""A mapping's TOML file, checked in full before any row is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from data.canonical import CANONICAL
from data.mapping import MappingError
from data.mapping_columns import check_date_formats
from data.mapping_rows import read_rows
from data.mapping_running_totals import read_running_totals
from data.toml_sections import one_of

if TYPE_CHECKING:
    from data.mapping import SourceMapping

BUNDLED: Final = Path(__file__).parent / "mappings"

_KINDS: Final = {"running_totals": read_running_totals, "rows": read_rows}


def bundled_mappings() -> tuple[str, ...]:
    """The names of the mappings that come with the package."""
    return tuple(sorted(known.stem for known in BUNDLED.glob("*.toml")))


def load_mapping(wanted: str) -> SourceMapping:
    """Load and check a mapping.

    Args:
        wanted: the name of a bundled mapping, "canonical" for the tables' own columns, or the path of a .toml file.

    Raises:
        MappingError: there is no such mapping, or it breaks a rule.
    """
    if wanted == CANONICAL.name:
        return CANONICAL
    path = Path(wanted) if wanted.endswith(".toml") else BUNDLED / f"{wanted}.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join([CANONICAL.name, *bundled_mappings()])
        raise MappingError(f"There is no mapping {wanted}. Name one of {known}, or give a .toml file.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path.name} can't be read: {error}") from error
    try:
        kind = one_of("kind", document.get("kind"), _KINDS)
        return _KINDS[kind](path.stem, document)
    except ValueError as error:
        raise MappingError(f"{path.name}: {error}") from error


def with_date_format(mapping: SourceMapping, header: str, date_format: str) -> SourceMapping:
    """The mapping with the dates under one header read in one format only.

    Raises:
        MappingError: the mapping has no date column of that header, or the format is incomplete.
    """
    dates = [column for column in mapping.columns.values() if column.type == "date"]
    for column in dates:
        if header in column.headers:
            try:
                check_date_formats(header, [date_format])
            except ValueError as error:
                raise MappingError(str(error)) from error
            return mapping.with_formats(column.name, (date_format,))
    known = ", ".join(header for column in dates for header in column.headers)
    raise MappingError(f"The mapping {mapping.name} reads no dates under {header!r}, only under: {known}.")

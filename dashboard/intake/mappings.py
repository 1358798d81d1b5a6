"""How uploaded files are read: a mapping that comes with the package, or a TOML file of one's own."""

from __future__ import annotations

from datetime import date
from itertools import takewhile
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard.intake.uploads import UploadError, kept
from dashboard.parts import muted, plain
from data.canonical import CANONICAL
from data.mapping import MappingError
from data.mapping_file import BUNDLED, bundled_mappings, load_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from data.import_report import ImportReport
    from data.mapping import SourceColumn, SourceMapping

_OWN: Final = "own"
_READS: Final = {
    CANONICAL.name: "Files named after the tables, such as contracts.csv, with the tables' own columns."
    " The Dictionary has an empty file for each.",
    _OWN: "A mapping of your own, a .toml file: where none that is shipped fits, a check proposes one.",
}
_FORMATS: Final = "_import_formats"
_A_DAY: Final = date(2026, 12, 31)
_WRITTEN: Final = {"decimal_point": "1,234.5, a point before the decimals", "decimal_comma": "1.234,5, a comma"}


def choose_mapping() -> SourceMapping | None:
    """Draw the choice of a mapping; None while there is none, or one that can't be used, which is said."""
    name = st.selectbox(
        "Mapping",
        (CANONICAL.name, *bundled_mappings(), _OWN),
        format_func=lambda name: f"{name} · {first_sentence(about(name))}",
        key="import_mapping",
        help="How the files are read: which columns, how days and numbers are written, what they become.",
    )
    if rest := about(name).partition(". ")[2]:
        muted(rest)
    try:
        return load_mapping(name) if name != _OWN else _own_mapping()
    except MappingError as error:
        st.error(plain(f"{error} Mend the mapping and choose the file again."))
    except UploadError as error:
        st.error(plain(str(error)))
    return None


def about(name: str) -> str:
    """What a mapping reads, in its own words."""
    if name in _READS:
        return _READS[name]
    lines = (BUNDLED / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    return " ".join(line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), lines))


def first_sentence(text: str) -> str:
    """The first sentence, without its full stop."""
    return text.split(". ", 1)[0].removesuffix(".")


def _own_mapping() -> SourceMapping | None:
    chosen: UploadedFile | None = st.file_uploader("Your mapping, a .toml file", "toml", key="import_own_mapping")
    if chosen is None:
        return None
    with kept([chosen]) as (path,):
        return load_mapping(path)


# --- what a mapping leaves to the file --------------------------------------------------------------------------


def open_columns(report: ImportReport, mapping: SourceMapping) -> dict[str, SourceColumn]:
    """The columns, by header, whose rows can be read in several ways, or are written in several."""
    found = {}
    for issue in report.issues:
        for column in mapping.columns.values():
            if issue.row is None and issue.column in column.headers and column.one_of_formats:
                found[issue.column] = column
    return found


def ask_formats(mapping: SourceMapping) -> dict[str, str]:
    """Draw a choice for each column a check found open; what is chosen, by the column's name."""
    asked: Mapping[str, SourceColumn] = st.session_state.get(_FORMATS, {})
    chosen = {}
    for header, column in asked.items():
        if mapping.columns.get(column.name) != column:
            continue
        kind = "days" if column.type == "date" else "numbers"
        written = st.selectbox(
            f"How {kind} under “{plain(header)}” are written",
            column.one_of_formats,
            index=None,
            placeholder="Choose, then check again",
            format_func=_example,
            key=f"import_format_{column.name}",
            help="The rows can be read in several ways, and nothing is guessed.",
        )
        if written is not None:
            chosen[column.name] = written
    return chosen


def remember_open(columns: Mapping[str, SourceColumn]) -> None:
    """Ask for the formats of more columns from now on."""
    st.session_state[_FORMATS] = {**st.session_state.get(_FORMATS, {}), **columns}


def settled(mapping: SourceMapping, formats: Mapping[str, str]) -> SourceMapping:
    """The mapping with the formats that were chosen."""
    for name, written in formats.items():
        mapping = mapping.with_formats(name, (*mapping.columns[name].formats, written))
    return mapping


def _example(written: str) -> str:
    return _WRITTEN.get(written) or f"{_A_DAY.strftime(written)}, 31 December ({written})"

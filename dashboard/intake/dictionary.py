"""Dictionary: every figure with its meaning, columns, rules and SQL, and every source table with its columns."""

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard.filters import check, forget
from dashboard.intake.files import offer
from dashboard.parts import headline, muted, plain
from data.schema import TABLES
from data.templates import FORMATS, describe, write_templates
from queries import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashboard.session import View
    from queries.catalog import Figure

_ENTRY: Final = "entry"
_MIME: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


def render(_view: View | None) -> None:
    """Draw the section."""
    figures = catalog.figures()
    headline(
        f"{len(figures)} figures rest on {len(TABLES)} source tables",
        "What each means, what a row of it is, its columns with their units, the rules it applies, and its SQL.",
    )
    wanted = st.text_input("Search", placeholder="a name, a column or a word of a meaning", key="dictionary_search")
    names = [name for name, text in _entries().items() if wanted.lower() in text]
    if not names:
        st.info(plain(f"Nothing mentions “{wanted}”. Search for another word, or clear the search."))
        return
    check(_ENTRY, list(_entries()), "the first")
    chosen = st.selectbox(
        f"Entry, of {len(names)}",
        names,
        key=_ENTRY,
        bind="query-params",
        on_change=forget,
        args=(_ENTRY,),
    )
    chosen = chosen if chosen in names else names[0]
    if chosen in TABLES:
        _table(chosen)
    else:
        _figure(figures[chosen])
    _all_templates()


def _entries() -> dict[str, str]:
    """What is found under each name: all that is said of it, in small letters."""
    said = {name: _text_of(figure) for name, figure in catalog.figures().items()}
    for name, source in TABLES.items():
        columns = (part for row in describe(source) for part in row)
        said[name] = " ".join([name, source.grain, *columns]).lower()
    return said


def _text_of(figure: Figure) -> str:
    columns = (part for column in figure.columns for part in (column.name, column.meaning))
    return " ".join([figure.name, figure.meaning, figure.grain, figure.rules, *figure.reads, *columns]).lower()


def _figure(figure: Figure) -> None:
    st.header(plain(figure.name), anchor=False)
    st.markdown(plain(figure.meaning))
    asked = ", ".join(f"{name} ({type_})" for name, type_ in figure.parameters.items())
    _facts(
        {
            "A row is": figure.grain,
            "Order": figure.order,
            "Rules": figure.rules,
            "Reads": ", ".join(figure.reads),
            "Asked with": asked or "nothing: it is computed once, when the snapshot is opened",
        }
    )
    columns = [(column.name, column.type, column.meaning) for column in figure.columns]
    _columns(figure.name, ("Column", "Type", "Meaning and unit"), columns)
    st.code(figure.sql, language=None, wrap_lines=True)


def _table(name: str) -> None:
    source = TABLES[name]
    st.header(plain(f"{name}, a source table"), anchor=False)
    rules = [f"{rule.column}: {rule.reason}" for rule in (*source.rules, *source.intake_rules)]
    _facts(
        {
            "A row is": source.grain,
            "Known by": ", ".join(source.key),
            "Rejected besides": "; ".join(rules) or "nothing but what the columns say",
        }
    )
    columns = ("Column", "Type", "Meaning and unit", "Required", "Allowed", "Refers to")
    rows = [
        (
            column.name,
            column.type,
            column.meaning,
            "yes" if column.is_required else "no",
            ", ".join(column.allowed),
            column.references or "",
        )
        for column in source.columns
    ]
    _columns(name, columns, rows)
    with st.container(horizontal=True):
        for kind in FORMATS:
            offer(
                f"Empty {name}.{kind}",
                f"{name}.{kind}",
                partial(_template, name, kind),
                _MIME[kind],
                "To fill and import with the mapping canonical.",
            )


def _all_templates() -> None:
    st.header("Empty files for all source tables", anchor=False)
    muted("One file a table, with a description of every column, to fill and import with the mapping canonical.")
    with st.container(horizontal=True):
        for kind in FORMATS:
            offer(f"All as {kind.upper()}", f"templates-{kind}.zip", partial(_zipped, kind), _MIME["zip"])


def _facts(facts: dict[str, str]) -> None:
    st.markdown("\n".join(f"- **{name}**: {plain(said)}" for name, said in facts.items()))


def _columns(name: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    shown = [tuple(map(plain, row)) for row in rows]
    st.table(pl.DataFrame(shown, schema=columns, orient="row"), hide_index=True, alt=f"Columns of {name}")


def _template(name: str, kind: str) -> bytes:
    return _templates([name], kind)[f"{name}.{kind}"]


def _templates(tables: list[str], kind: str) -> dict[str, bytes]:
    """The files of empty tables, by name."""
    with tempfile.TemporaryDirectory() as folder:
        return {path.name: path.read_bytes() for path in write_templates(Path(folder), tables, kind)}


def _zipped(kind: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _templates(list(TABLES), kind).items():
            archive.writestr(name, content)
    return target.getvalue()

"""The figures there are: every `queries/*.sql` with what its header says about it.

A figure is one table macro named after its file. One without parameters is computed once, when a book is opened, and
read like a table. The header is the documentation and is held against the result by
the tests: meaning, grain, order, what it reads, the rules it rests on, and its columns with type and unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent

_HEADER: Final = re.compile(r"\A((?:--[^\n]*\n)+)")
_SIGNATURE: Final = re.compile(r"CREATE OR REPLACE MACRO (\w+)\(([^)]*)\) AS TABLE\n", re.DOTALL)
_FIELD: Final = re.compile(r"^(Grain|Order|Reads|Rules|Columns): *(.*)$")
_COLUMN: Final = re.compile(r"^  (\w+) +([A-Z]+(?:\(\d+,\d+\))?(?:\[\])?) +(.+)$")


@dataclass(frozen=True)
class FigureColumn:
    """One column of a figure's result; the meaning names the unit where there is one."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Figure:
    """One figure: its name, what it means, its parameters (name to DuckDB type), and the SQL that defines it."""

    name: str
    meaning: str
    grain: str
    order: str
    reads: tuple[str, ...]
    rules: str
    columns: tuple[FigureColumn, ...]
    parameters: dict[str, str]
    sql: str


class FigureError(Exception):
    """A figure that does not exist or was asked for wrongly; the message says what there is instead."""


@cache
def figures() -> dict[str, Figure]:
    """Every figure by name."""
    return {path.stem: parse(path.read_text(), path.stem) for path in sorted(FOLDER.glob("*.sql"))}


@cache
def reads(figure_name: str, table: str) -> bool:
    """Whether a figure reads a table, itself or through the figures it reads."""
    found = figures().get(figure_name)
    return found is not None and (table in found.reads or any(reads(name, table) for name in found.reads))


@cache
def checks() -> dict[str, str]:
    """The queries that must return no row, by name."""
    return {path.stem: path.read_text() for path in sorted((FOLDER / "checks").glob("*.sql"))}


@cache
def asked_by(statement: str) -> frozenset[str]:
    """The figures that a statement asks."""
    called = set(re.findall(r"\b(\w+)\(", statement))
    return frozenset(called & figures().keys())


@cache
def scalars() -> tuple[str, ...]:
    """The exact arithmetic the figures share, in an order in which it can be created."""
    statements = {path.stem: path.read_text() for path in sorted((FOLDER / "scalars").glob("*.sql"))}
    # A scalar reads only scalars, and macros bind at creation: those that call none come first.
    return tuple(sorted(statements.values(), key=lambda text: _depth(text, statements)))


def figure(name: str) -> Figure:
    """The figure of that name.

    Raises:
        FigureError: there is none; the message lists those there are.
    """
    try:
        return figures()[name]
    except KeyError:
        raise FigureError(f"There is no figure {name}. There are: {', '.join(sorted(figures()))}.") from None


def parse(text: str, name: str) -> Figure:
    """Read a figure's header and signature.

    Raises:
        FigureError: the header or the signature is not of the form queries/README.md describes.
    """
    header, signature = _HEADER.match(text), _SIGNATURE.search(text)
    if header is None or signature is None or signature[1] != name:
        raise FigureError(f"{name}.sql needs a header and one `CREATE OR REPLACE MACRO {name}(…) AS TABLE`.")
    meaning: list[str] = []
    fields: dict[str, str] = {}
    columns: list[FigureColumn] = []
    for line in (line.removeprefix("--").removeprefix(" ") for line in header[1].splitlines()):
        if match := _FIELD.match(line):
            fields[match[1]] = match[2]
        elif (match := _COLUMN.match(line)) and "Columns" in fields:
            columns.append(FigureColumn(*match.groups()))
        elif not fields and line:
            meaning.append(line)
    missing = {"Grain", "Order", "Reads", "Rules", "Columns"} - set(fields)
    if missing:
        raise FigureError(f"The header of {name}.sql lacks {', '.join(sorted(missing))}.")
    return Figure(
        name=name,
        meaning=" ".join(meaning),
        grain=fields["Grain"],
        order=fields["Order"],
        reads=tuple(fields["Reads"].split(", ")),
        rules=fields["Rules"],
        columns=tuple(columns),
        parameters=dict(parameter.split(" ", 1) for parameter in signature[2].split(", ") if parameter),
        sql=text,
    )


def _depth(text: str, statements: dict[str, str]) -> int:
    body = text.split(" AS", 1)[1]
    called = [other for other in statements if re.search(rf"\b{other}\(", body)]
    return 1 + max((_depth(statements[other], statements) for other in called), default=0)

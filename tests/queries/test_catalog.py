"""Every figure's header is true, every figure keeps the house rules, and every check finds what it is there to find."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from data.schema import TABLES
from queries import catalog
from queries.catalog import FigureError
from queries.computed import STEPS

if TYPE_CHECKING:
    from queries.catalog import Figure
    from tests.queries.tiny import OpenBook

FIGURES = pytest.mark.parametrize("figure", catalog.figures().values(), ids=lambda figure: figure.name)
#: Figures that others add up: their lines need no order of their own.
LINES = "lines that add up per "
README = catalog.FOLDER / "README.md"
#: What queries/outlook.py fills when a day is asked about.
FORECASTS = {"forecasts", "rival_forecasts", "forecast_changes", "analog_curves"}
VALUES = {
    "as_of": "2026-10-31",
    "earlier": "2026-09-30",
    "boundaries": ["2025-10-31", "2026-03-15", "2026-10-31"],
    "within_days": 90,
    "dimension": "service",
    "current_until": "2027-10-31",
    "lot": "CP-880-2",
    "added_days": 30,
    "burn": 1.5,
    "more_monthly": 5,
    "carried_days": 90,
    "carried_at_most": 20,
    "behind_by": 0.25,
    "ends_within": 60,
    "left_from": 0.3,
    "late_from": 0.75,
    "overdrawn_within": 30,
    "grace_within": 90,
    "first_day": "2026-10-01",
    "last_day": "2026-10-31",
}


def statement(figure: Figure) -> str:
    """The figure's SQL without comments."""
    return re.sub(r"--[^\n]*", "", figure.sql)


def asked(figure: Figure) -> str:
    values = (f"CAST({VALUES[parameter]!r} AS {type_})" for parameter, type_ in figure.parameters.items())
    return f"{figure.name}({', '.join(values)})"


@FIGURES
def test_the_header_names_the_columns_there_are_with_their_types(figure: Figure, sample_book: OpenBook) -> None:
    described = sample_book.sql(f"DESCRIBE SELECT * FROM {asked(figure)}")
    assert [(name, type_) for name, type_, *_ in described] == [(column.name, column.type) for column in figure.columns]


@FIGURES
def test_the_header_names_what_is_read(figure: Figure) -> None:
    steps = set(re.findall(r"(?:WITH|,)\s+(\w+) AS (?:(?:NOT )?MATERIALIZED )?\(", statement(figure)))
    read = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", statement(figure))) - steps
    assert set(figure.reads) == read
    assert list(figure.reads) == sorted(figure.reads)
    assert read <= {*catalog.figures(), *TABLES, *STEPS, *FORECASTS, "currencies"}


@FIGURES
def test_the_order_leaves_no_two_rows_equal(figure: Figure, sample_book: OpenBook) -> None:
    if any(catalog.reads(figure.name, table) for table in FORECASTS):
        sample_book.run(figure.name, **{parameter: VALUES[parameter] for parameter in figure.parameters})
    order = ", ".join(part.removesuffix(" DESC") for part in figure.order.split(", "))
    rows, distinct = sample_book.sql(f"SELECT count(*), count(DISTINCT ({order},)) FROM {asked(figure)}")[0]
    assert rows == distinct or figure.grain.startswith(LINES)
    assert rows > 0


@pytest.mark.parametrize(
    "figure",
    [figure for figure in catalog.figures().values() if "boundaries" in figure.parameters],
    ids=lambda figure: figure.name,
)
def test_a_day_given_twice_changes_nothing_nor_does_the_order_of_the_days(
    figure: Figure, sample_book: OpenBook
) -> None:
    days = ["2025-10-31", "2026-03-15", "2026-10-31"]
    once = sample_book.run(figure.name, as_of="2026-03-15", boundaries=days)
    assert once.height > 0
    shuffled = [days[2], days[0], days[1], days[1], days[0], days[2]]
    twice = sample_book.run(figure.name, as_of="2026-03-15", boundaries=shuffled)
    # Lines that say the same of a day have no order among them.
    assert twice.sort(twice.columns).equals(once.sort(once.columns))


@FIGURES
def test_the_grain_is_said_in_one_line(figure: Figure) -> None:
    assert figure.grain.startswith(("one row per ", LINES))
    assert re.fullmatch(r"R\d+\.\d+(, R\d+\.\d+)*", figure.rules)
    assert figure.meaning.endswith((".", ":"))


def test_no_parameter_has_the_name_of_a_column(sample_book: OpenBook) -> None:
    # DuckDB would take the parameter for the column, without a word.
    columns = {name for (name,) in sample_book.sql("SELECT column_name FROM duckdb_columns() WHERE NOT internal")}
    columns |= {column.name for figure in catalog.figures().values() for column in figure.columns}
    parameters = {name for figure in catalog.figures().values() for name in figure.parameters}
    assert parameters == set(VALUES)
    assert not parameters & columns


@FIGURES
def test_no_figure_asks_for_today_or_for_every_column(figure: Figure) -> None:
    code = statement(figure).lower()
    clock = r"\b(current_date|current_timestamp|localtimestamp|now\(|today\(|get_current_)"
    assert re.findall(clock, code) == []
    assert re.findall(r"select\s+(?:distinct\s+)?(?:\w+\.)?\*", code) == []
    assert re.findall(r"group by\s+(?:\d|all)", code) == []


def test_nothing_is_read_before_it_can_be_made() -> None:
    reads = {name: figure.reads for name, figure in catalog.figures().items()}
    reads |= {table: step.reads for table, step in STEPS.items()}
    made = set(TopologicalSorter(reads).static_order())  # a circle would be an error
    assert made - set(reads) <= {*TABLES, *FORECASTS, "currencies"}


def test_every_sql_file_is_a_figure_a_check_or_a_scalar() -> None:
    files = {path.relative_to(catalog.FOLDER).as_posix() for path in catalog.FOLDER.rglob("*.sql")}
    figures = {f"{name}.sql" for name in catalog.figures()}
    checks = {f"checks/{name}.sql" for name in catalog.checks()}
    assert {file for file in files - figures - checks if not file.startswith("scalars/")} == set()
    assert len(catalog.scalars()) == len(files - figures - checks)


def test_a_figure_without_a_full_header_is_refused() -> None:
    sql = "CREATE OR REPLACE MACRO total(as_of DATE) AS TABLE\nSELECT 1 AS one;\n"
    with pytest.raises(FigureError, match=r"total\.sql needs a header"):
        catalog.parse(sql, "total")
    with pytest.raises(FigureError, match=r"needs .*CREATE OR REPLACE MACRO sum"):
        catalog.parse("-- A total.\n" + sql, "sum")
    with pytest.raises(FigureError, match=r"total\.sql lacks Columns, Reads, Rules"):
        catalog.parse("-- A total.\n-- Grain: one row\n-- Order: one\n" + sql, "total")


def test_the_readme_explains_every_rule_the_figures_rest_on() -> None:
    table = "\n".join(line.split("|")[1] for line in README.read_text().splitlines() if line.startswith("| R"))
    explained = set(re.findall(r"R\d+\.\d+", table))
    for chapter, first, last in re.findall(r"R(\d+)\.(\d+)\u2013R\d+\.(\d+)", table):
        explained |= {f"R{chapter}.{number}" for number in range(int(first), int(last) + 1)}
    cited = {rule for figure in catalog.figures().values() for rule in figure.rules.split(", ")}
    assert cited - explained == set()

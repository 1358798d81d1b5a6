"""Every figure's header is true, every figure keeps the house rules, and every check finds what it is there to find."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from data.schema import TABLES
from queries import catalog
from queries.catalog import FigureError
from tests.queries.tiny import OpenBook, added, billed, contract, lot, removed, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from queries.catalog import Figure

FIGURES = pytest.mark.parametrize("figure", catalog.figures().values(), ids=lambda figure: figure.name)
LEDGER = {"movement_no", "contract_id", "lot_id", "event_id", "moved_on", "kind", "quantity"}
README = catalog.FOLDER / "README.md"
VALUES = {
    "as_of": "DATE '2026-10-31'",
    "boundaries": "[DATE '2025-10-31', DATE '2026-03-15', DATE '2026-10-31']",
    "origins": "[DATE '2026-07-31', DATE '2026-10-31']",
    "within_days": "90",
    "dimension": "'service'",
}


def statement(figure: Figure) -> str:
    """The figure's SQL without comments."""
    return re.sub(r"--[^\n]*", "", figure.sql)


def asked(figure: Figure) -> str:
    return f"{figure.name}({', '.join(VALUES[parameter] for parameter in figure.parameters)})"


@FIGURES
def test_the_header_names_the_columns_there_are_with_their_types(figure: Figure, sample_book: OpenBook) -> None:
    described = sample_book.sql(f"DESCRIBE SELECT * FROM {asked(figure)}")
    assert [(name, type_) for name, type_, *_ in described] == [(column.name, column.type) for column in figure.columns]


@FIGURES
def test_the_header_names_what_is_read(figure: Figure) -> None:
    steps = set(re.findall(r"(?:WITH|,)\s+(\w+) AS \(", statement(figure)))
    read = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", statement(figure))) - steps
    assert set(figure.reads) == read
    assert list(figure.reads) == sorted(figure.reads)
    known = {*catalog.figures(), *TABLES, "movements", "currencies"}
    assert read <= known


@FIGURES
def test_the_order_leaves_no_two_rows_equal(figure: Figure, sample_book: OpenBook) -> None:
    order = ", ".join(part.removesuffix(" DESC") for part in figure.order.split(", "))
    rows, distinct = sample_book.sql(f"SELECT count(*), count(DISTINCT ({order},)) FROM {asked(figure)}")[0]
    assert rows == distinct
    assert rows > 0


@pytest.mark.parametrize(
    ("figure", "parameter"),
    [
        (figure, parameter)
        for figure in catalog.figures().values()
        for parameter in ("boundaries", "origins")
        if parameter in figure.parameters
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_day_given_twice_changes_nothing_nor_does_the_order_of_the_days(
    figure: Figure, parameter: str, sample_book: OpenBook
) -> None:
    days = ["2025-10-31", "2026-03-15", "2026-10-31"]
    once = sample_book.run(figure.name, **{parameter: days})
    assert once.height > 0
    twice = sample_book.run(figure.name, **{parameter: [days[2], days[0], days[1], days[1], days[0], days[2]]})
    assert twice.equals(once)


@FIGURES
def test_the_grain_is_said_in_one_line(figure: Figure) -> None:
    assert figure.grain.startswith("one row per ")
    assert re.fullmatch(r"R\d+\.\d+(, R\d+\.\d+)*", figure.rules)
    assert figure.meaning.endswith((".", ":"))


def test_no_parameter_has_the_name_of_a_column() -> None:
    # DuckDB would take the parameter for the column, without a word.
    columns = {column.name for table in TABLES.values() for column in table.columns} | LEDGER
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


def test_every_figure_comes_after_those_it_reads() -> None:
    names = list(catalog.figures())
    for place, figure in enumerate(catalog.figures().values()):
        assert set(figure.reads) & set(names) <= set(names[:place])


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


@pytest.fixture(scope="module")
def good_book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        lots=[
            lot("C", 10, 1000, "2026-01-01..2026-06-30", grace_until="2026-07-31", carry_over_cap_quantity=2),
            lot("spare", 5, 500, contract_id="C"),
            lot("D", 3, 100),
            lot("forever", 3, 100, "2026-01-01.."),
            lot("monthly", 4, 120, "2026-01-01..2026-04-30"),
        ],
        contracts=[contract("monthly", recognition_convention="month_even")],
        consumption=[
            used("U1", "C", "2026-02-01", 4),
            used("U2", "C", "2026-02-02", -1, reverses="U1"),
            used("U3", "D", "2026-02-03", 5),
            used("U4", "C", "2026-02-04", 1, lot_id="spare"),
        ],
        amendments=[added("A1", "C", "2026-03-01", 2, 200), removed("A2", "C", "2026-04-01", 1, 100)],
        billings=[billed("B1", "C", "2026-01-01", 1500), billed("B2", "C", "2026-05-01", -50)],
        consumption_departments=[
            {"consumption_id": "U1", "department": "Design", "share": "0.25"},
            {"consumption_id": "U1", "department": "Build", "share": "0.75"},
        ],
    )


def test_a_good_book_and_the_sample_fail_no_check(good_book: OpenBook, sample_book: OpenBook) -> None:
    assert good_book.failed_checks() == {}
    assert sample_book.failed_checks() == {}


def rollforward(*rows: str) -> str:
    """SQL that puts a roll-forward of these rows in place of the figure, which no table could make err like this.

    Contract C was billed 1500 - 50 and granted 10 + 2 - 1 units and 5 at 100: 1600 under either policy.
    """
    columns = "contract_id, policy, opening, revenue_total, closing"
    return (
        "CREATE OR REPLACE MACRO liability_rollforward(boundaries) AS TABLE"
        f" SELECT {columns} FROM (VALUES {', '.join(rows)}) AS given({columns})"
    )


#: Check, how to spoil the open book, and what the check must name: the first values of the rows it returns.
SPOILED = {
    "an amendment at another price": (
        "amendments_keep_the_unit_price",
        "UPDATE source.amendments SET amount = amount + 0.001 WHERE amendment_id = 'A2'",
        [("A2", "C")],
    ),
    "a delivery without a draw": (
        "delivered_is_drawn_overage",
        "DELETE FROM source.movements WHERE event_id = 'U1'",
        [("C", "U1")],
    ),
    "a delivery drawn twice": (
        "delivered_is_drawn_overage",
        "INSERT INTO source.movements FROM source.movements WHERE event_id = 'U3' AND kind = 'overage'",
        [("D", "U3")],
    ),
    "departments with too little": (
        "department_shares_add_up",
        "UPDATE source.consumption_departments SET share = 0.749999999999 WHERE department = 'Build'",
        [("U1",)],
    ),
    "a draw before the first day": (
        "draws_inside_the_right",
        "UPDATE source.lots SET valid_from = DATE '2026-02-04' WHERE lot_id = 'D'",
        [("U3", "D")],
    ),
    "a draw after the last day": (
        "draws_inside_the_right",
        "UPDATE source.movements SET moved_on = DATE '2026-08-01' WHERE event_id = 'U1'",
        [("U1", "C")],
    ),
    "a draw outside the scope": (
        "draws_inside_the_right",
        "UPDATE source.lots SET scope = 'training|coaching' WHERE lot_id = 'D'",
        [("U3", "D")],
    ),
    "a draw in another unit": (
        "draws_inside_the_right",
        "UPDATE source.lots SET unit = 'day' WHERE lot_id = 'D'",
        [("U3", "D")],
    ),
    "a draw on another contract": (
        "draws_inside_the_right",
        "UPDATE source.movements SET lot_id = 'C' WHERE event_id = 'U3' AND kind = 'draw'",
        [("U3", "C")],
    ),
    "a draw against the pin": (
        "draws_inside_the_right",
        "UPDATE source.movements SET lot_id = 'C' WHERE event_id = 'U4'",
        [("U4", "C")],
    ),
    "a lot the draws forgot": (
        "granted_is_drawn_lapsed_remaining",
        "DELETE FROM source.movements WHERE lot_id = 'D'",
        [("D", "D")],
    ),
    "more granted than bought": (
        "granted_is_drawn_lapsed_remaining",
        "INSERT INTO source.movements FROM source.movements WHERE lot_id = 'forever' AND kind = 'grant'",
        [("forever", "forever")],
    ),
    "more lapsed than was there": (
        "granted_is_drawn_lapsed_remaining",
        "INSERT INTO source.movements FROM source.movements WHERE lot_id = 'spare' AND kind = 'lapse'",
        [("C", "spare")],
    ),
    "an ended lot with something left": (
        "lots_end_at_their_price",
        "DELETE FROM source.movements WHERE lot_id = 'spare' AND kind = 'lapse'",
        [("spare",)],
    ),
    "a reversal of nothing": (
        "reversals_matched",
        "UPDATE source.consumption SET reverses = NULL WHERE consumption_id = 'U2'",
        [(None,)],
    ),
    "a reversal of more than was delivered": (
        "reversals_matched",
        "UPDATE source.consumption SET quantity = -4.0001 WHERE consumption_id = 'U2'",
        [("U1",)],
    ),
    "a reversal before its delivery": (
        "reversals_matched",
        "UPDATE source.consumption SET service_date = DATE '2026-01-31' WHERE consumption_id = 'U2'",
        [("U1",)],
    ),
    "a life that opens with something": (
        "rollforward_foots",
        rollforward("('C', 'ratable', 7, 1600, -150)", "('C', 'on_delivery', 0, 1600, -150)"),
        [("C", "ratable")],
    ),
    "a closing that is not what was billed less what was earned": (
        "rollforward_foots",
        rollforward("('C', 'ratable', 0, 1600, -150)", "('C', 'on_delivery', 0, 1600, -150.01)"),
        [("C", "on_delivery")],
    ),
    "earned over time what no grant is worth": (
        "rollforward_foots",
        rollforward("('C', 'ratable', 0, 1599.99, -149.99)", "('C', 'on_delivery', 0, 1600, -150)"),
        [("C", "ratable")],
    ),
    "earned on delivery what is neither drawn nor lapsed": (
        "rollforward_foots",
        rollforward("('C', 'ratable', 0, 1600, -150)", "('C', 'on_delivery', 0, 1600.01, -150.01)"),
        [("C", "on_delivery")],
    ),
    "billed before time": (
        "rollforward_foots",
        "UPDATE source.billings SET billed_on = DATE '0001-01-01' WHERE billing_id = 'B2'",
        [("C", "on_delivery"), ("C", "ratable")],
    ),
    "instalments that fall short of the grant": (
        "rollforward_foots",
        "UPDATE source.instalments SET weight_total = weight_total + 1",
        [("monthly", "ratable")],
    ),
    "a grant of a lot there is not": (
        "rollforward_foots",
        "UPDATE source.grants SET lot_id = 'nothing' WHERE lot_id = 'D'",
        [("D", "ratable")],
    ),
    "a grant counted twice for another contract": (
        "rollforward_foots",
        "UPDATE source.grants SET contract_id = 'C' WHERE lot_id = 'monthly'",
        [("C", "ratable"), ("monthly", "ratable")],
    ),
    "a lot whose lapse is never earned": (
        "rollforward_foots",
        "UPDATE source.lot_terms SET valid_from = NULL WHERE lot_id = 'spare'",
        [("C", "on_delivery")],
    ),
}


@pytest.mark.parametrize(("check", "spoil", "named"), SPOILED.values(), ids=SPOILED.keys())
def test_a_check_names_what_is_wrong(
    good_book: OpenBook, check: str, spoil: str, named: list[tuple[str | None, ...]]
) -> None:
    book = OpenBook(good_book.snapshot)
    book.sql(spoil)
    failed = book.failed_checks()
    assert check in failed
    ids = [column for column in failed[check].columns if column.endswith("_id") or column == "policy"]
    assert [row[: len(named[0])] for row in failed[check].select(ids).rows()] == named


def test_every_check_is_shown_to_fail() -> None:
    assert {check for check, _, _ in SPOILED.values()} == set(catalog.checks())

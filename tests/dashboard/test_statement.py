"""A client's statement: its totals are those of the figures, in every month, and in every form it is sent in."""

from __future__ import annotations

import io
import time
import zipfile
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from fastexcel import read_excel
from pypdf import PdfReader
from typer.testing import CliRunner

from dashboard.cli import app as cli
from dashboard.statement import words
from dashboard.statement.columns import columns_of
from dashboard.statement.files import archive, named
from dashboard.statement.month import Month, last_whole_month, month, months
from dashboard.statement.pdf import pdf
from dashboard.statement.statement import Statement, statements
from dashboard.statement.workbook import workbook
from data.firm import Firm
from queries.scope import Scope
from tests.dashboard.test_export import sheets
from tests.queries.tiny import account, added, contract, extended, lot, transferred, used
from tests.queries.tiny import book as tiny_book

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from queries.book import Book

FIRM = Firm("Harbour & Pine", "#0B5CAD", ("12 Quay Street", "Portland"), "csm@example.com")
MONTHS = months(date(2023, 11, 1), date(2026, 10, 31))
Sums = dict[tuple[str, str, str], list[Decimal]]


def stated(book: Book, key: str, **narrowed: str) -> dict[str, Statement]:
    """The statements of a month as the snapshot knows it."""
    return statements(book.run, book.snapshot, month(key, book.snapshot.dated_on), **narrowed)


def sums(rows: pl.DataFrame, *columns: str) -> Sums:
    """Columns added up by client, unit and currency."""
    keys = ["account_id", "unit", "currency"]
    found = rows.group_by(keys).agg(pl.col(name).sum() for name in columns)
    return {row[:3]: list(row[3:]) for row in found.iter_rows()}


def test_totals_are_those_of_the_figures_for_every_client_and_month(book: Book) -> None:
    """lot_balance at both ends of the month, and the deliveries themselves, add up to what each statement says."""
    names = ("remaining_quantity", "granted_quantity", "drawn_quantity", "lapsed_quantity", "remaining_amount")
    keys = ["contract_id", "account_id", "currency"]
    clients = book.source("contracts").select(keys)
    served = book.source("consumption").join(clients, on="contract_id")
    beyond = book.run("overage").join(clients.drop("currency"), on="contract_id")
    assert len(MONTHS) == 36
    no_course = book.run("burn_down", as_of="2000-01-01")

    def ask(figure: str, **parameters: Any) -> pl.DataFrame:
        # The charts have no totals, and take as long as all else.
        return no_course if figure == "burn_down" else book.run(figure, **parameters)

    checked, nobody = 0, [Decimal(0)] * 5
    after = sums(book.run("lot_balance", as_of="2023-10-31"), *names)
    for key in reversed(MONTHS):
        asked = month(key, book.snapshot.dated_on)
        before, after = after, sums(book.run("lot_balance", as_of=asked.last_day), *names)
        in_month = pl.col("service_date").is_between(asked.first_day, asked.last_day)
        delivered = sums(served.filter(in_month), "quantity")
        overage = sums(beyond.filter(in_month), "quantity", "revenue")
        found = statements(ask, book.snapshot, asked)
        said: Sums = {
            (one.account_id, of.unit, of.currency): _figures(of) for one in found.values() for of in one.totals
        }
        for place in {*before, *after}:
            opening, was, now = (before.get(place, nobody), before.get(place, nobody), after.get(place, nobody))
            granted, drawn, lapsed = (now[n] - was[n] for n in (1, 2, 3))
            expected = [opening[0], granted, drawn, lapsed, now[0], now[4]]
            assert said.pop(place, [Decimal(0)] * 6) == expected, (key, place)
            checked += any(expected)
        assert not said
        assert _delivered(found) == {place: values[0] for place, values in delivered.items()}
        assert _beyond(found) == overage
    assert checked > 5_000


def test_the_real_command_says_the_same(store: Path, book: Book) -> None:
    def asked(day: str) -> Sums:
        result = CliRunner().invoke(
            cli, ["query", "lot_balance", "--store", str(store), "--as-of", day, "--format", "csv"]
        )
        names = ("remaining_quantity", "drawn_quantity", "lapsed_quantity")
        schema = dict.fromkeys(names, pl.Decimal(18, 4))
        return sums(pl.read_csv(io.StringIO(result.stdout), schema_overrides=schema), *names)

    before, after = asked("2026-09-30"), asked("2026-10-31")
    checked = 0
    for one in stated(book, "2026-10").values():
        for of in one.totals:
            place = (one.account_id, of.unit, of.currency)
            was, now = before.get(place, [Decimal(0)] * 3), after[place]
            assert [of.units.opening, of.units.closing] == [was[0], now[0]]
            assert [of.units.used, of.units.lapsed] == [now[1] - was[1], now[2] - was[2]]
            checked += 1
    assert checked > 200


def _figures(total: Any) -> list[Decimal]:
    units = total.units
    granted = units.bought + units.transferred_in - units.transferred_out
    return [units.opening, granted, units.used, units.lapsed, units.closing, total.closing_amount]


def _delivered(found: dict[str, Statement]) -> dict[tuple[str, str, str], Decimal]:
    return {(one.account_id, *key): value for one in found.values() for key, value in one.delivered.items()}


def _beyond(found: dict[str, Statement]) -> Sums:
    added_up: Sums = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for one in found.values():
        for row in one.beyond:
            place = (one.account_id, row.unit, row.currency)
            added_up[place] = [added_up[place][0] + row.quantity, added_up[place][1] + row.amount]
    return dict(added_up)


def test_parts_of_a_statement_add_up_to_its_totals(book: Book) -> None:
    for one in stated(book, "2026-10").values():
        used_up: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for line in one.deliveries:
            used_up[line.unit, line.currency] += line.quantity - line.overage_quantity
        assert {(of.unit, of.currency): of.units.used for of in one.totals if of.units.used} == {
            key: value for key, value in used_up.items() if value
        }
        projects: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in one.projects:
            projects[row.unit, row.currency] += row.quantity
        assert projects == one.delivered


@pytest.fixture(scope="module")
def busiest(book: Book) -> list[Statement]:
    """The statements of a month with the most to say, and those with something rare in them."""
    found = list(stated(book, "2026-10").values())
    rare = [
        next(one for one in found if one.beyond),
        next(one for one in found if any(line.reverses for line in one.deliveries)),
        next(one for one in found if any(of.unit == "USD" for of in one.totals)),
        next(one for one in found if any(of.units.lapsed for of in one.totals)),
    ]
    return [*sorted(found, key=lambda one: -len(one.deliveries))[:4], *rare]


def text_of(document: bytes) -> str:
    """What can be read in a PDF, line ends and no-break spaces as spaces."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(document)).pages]
    return " ".join("\n".join(pages).replace("\u200b", "").replace("\u00a0", " ").split())


def test_the_pdf_says_every_total_and_delivery(busiest: list[Statement]) -> None:
    for one in busiest:
        text = text_of(pdf(one, FIRM))
        assert FIRM.name in text
        assert one.client in text
        assert words.sentence(one).replace("\u00a0", " ") in text
        for total in one.totals:
            places = words.digits(value for part in one.lots_of(total) for value in part.units)
            row = [words.number(column.of(total.units), total.unit, places) for column in columns_of(total.units)]
            assert " ".join(row) in text
        for line in one.deliveries:
            assert words.quantity(line.quantity, line.unit).replace("\u00a0", " ") in text
        for row in one.beyond:
            assert words.beyond_price(row.status, row.amount, row.currency) in text
        for said in words.terms(one):
            assert said in text


def test_the_pdf_is_tagged_titled_and_says_its_language_and_pages(busiest: list[Statement]) -> None:
    document = PdfReader(io.BytesIO(pdf(busiest[0], FIRM)))
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert document.metadata
    assert document.metadata.title == f"Statement of prepaid services: {busiest[0].client}, October 2026"
    assert document.metadata.creation_date is None
    assert len(document.pages) > 1
    for number, page in enumerate(document.pages, start=1):
        assert f"{number} of {len(document.pages)}" in page.extract_text()
        assert "Delivered" in page.extract_text()  # the heads of tables are repeated


def test_the_workbook_says_the_same_numbers(busiest: list[Statement]) -> None:
    for one in busiest:
        book = read_excel(workbook(one, FIRM))
        assert book.sheet_names == ["Statement", "Deliveries", "About"]
        shown = book.load_sheet("Statement", header_row=None).to_polars().rows()
        totals = [row for row in shown if row[0] == "Total"]
        for row, total in zip(totals, one.totals, strict=True):
            values = [column.of(total.units) for column in columns_of(total.units)]
            assert [Decimal(str(value)) for value in row[2 : 2 + len(values)]] == values
        lines = book.load_sheet("Deliveries").to_polars()
        assert [Decimal(str(value)) for value in lines["quantity"]] == [line.quantity for line in one.deliveries]
        about = dict(book.load_sheet("About", header_row=None).to_polars().rows())
        assert about["Snapshot"] == one.snapshot_id


def test_the_same_figures_give_the_same_bytes(busiest: list[Statement]) -> None:
    one = busiest[0]
    assert pdf(one, FIRM) == pdf(one, FIRM)
    assert workbook(one, FIRM) == workbook(one, FIRM)
    made: list[int] = []
    assert archive(busiest[:2], FIRM, made.append) == archive(busiest[:2], FIRM, made.append)
    assert made == [1, 2, 1, 2]


def test_a_pdf_is_made_at_once(busiest: list[Statement]) -> None:
    pdf(busiest[0], FIRM)
    took = []
    for one in busiest:
        begun = time.process_time()
        pdf(one, FIRM)
        took.append(time.process_time() - begun)
    assert sorted(took)[len(took) // 2] < 0.3


HOSTILE = [
    "=cmd|' /C calc'!A0",
    '#eval("1") #panic()',
    "$x$ *bold* _it_ `raw` <label> @cite // gone",
    "\"quoted\" 'n' \\u{41} \\ back",
    "@SUM(1+1)",
    "../../etc/passwd",
    "W" * 120,
    "long " * 40,
    "Łódź Ελλάδα Žluťoučký ﬁ",
    "שלום עולם",
    "株式会社ドローダウン",
    "line\nbreak\x07\tbell",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_client_is_called_it_is_text(busiest: list[Statement], name: str) -> None:
    one = replace(
        busiest[0],
        client=name,
        deliveries=tuple(
            replace(line, request_title=name, project_name=name, departments=name) for line in busiest[0].deliveries[:2]
        ),
    )
    text = text_of(pdf(one, FIRM))
    if name.isascii():
        assert "".join(name.replace("\x07", "").split()) in "".join(text.split())
    parts = sheets(workbook(one, FIRM))
    assert "<f>" not in "".join(parts.values())
    assert 'quotePrefix="1"' in parts["xl/styles.xml"]
    ((file_name, _),) = named([one])
    assert "/" not in file_name
    assert file_name.endswith("2026-10")


def test_files_of_clients_of_one_name_do_not_replace_each_other(busiest: list[Statement]) -> None:
    same = [replace(busiest[0], client=client, account_id=of) for client, of in (("A b", "1"), ("a/B", "1"), ("", "?"))]
    assert [name for name, _ in named(same)] == ["A-b-1-2026-10", "a-B-1-2026-10-2", "2026-10"]


def test_without_a_firm_a_statement_has_no_name_but_its_own(busiest: list[Statement]) -> None:
    document = PdfReader(io.BytesIO(pdf(busiest[0], Firm())))
    assert document.metadata
    assert str(document.metadata.title).startswith("Statement: ")
    assert Firm().name == ""
    assert "Harbour" not in text_of(pdf(busiest[0], Firm()))


def test_a_logo_stands_for_the_name(busiest: list[Statement], tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="10"><rect width="40" height="10"/></svg>'
    )
    made = pdf(busiest[0], replace(FIRM, logo=tmp_path / "logo.svg"))
    assert FIRM.name not in text_of(made)
    assert made != pdf(busiest[0], FIRM)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """One client for each thing a statement has to say."""
    names = ("grace", "moved", "late", "back", "over", "forever", "two", "extended")
    return tiny_book(
        tmp_path_factory.mktemp("small"),
        accounts=[account(name) for name in names],
        contracts=[contract(name, account_id=name) for name in names],
        lots=[
            lot("grace", 10, 1000, "2026-01-01..2026-02-28", grace_until="2026-08-31"),
            lot("moved-1", 10, 1000, contract_id="moved"),
            lot("moved-2", 10, 1000, contract_id="moved"),
            lot("late", 10, 1000),
            lot("back", 10, 1000),
            lot("over", 10, 1000),
            lot("forever", 10, 1000, "2026-01-01.."),
            lot("two-h", 10, 1000, contract_id="two"),
            lot("two-d", "2.5", 1000, contract_id="two", unit="day"),
            lot("extended", 10, 1000, "2026-01-01..2026-03-31"),
        ],
        amendments=[
            transferred("T", "moved", "moved-1..moved-2", "2026-03-10", 4),
            added("A", "moved-2", "2026-03-11", 2, 200, contract_id="moved"),
            extended("E", "extended", "2026-03-15", "2026-12-31"),
        ],
        consumption=[
            used("G", "grace", "2026-03-02", "2.25"),
            used("L", "late", "2026-03-31", 1, posted_on="2026-05-20"),
            used("B1", "back", "2026-02-10", 3),
            used("B2", "back", "2026-03-10", -3, reverses="B1"),
            used("O", "over", "2026-03-10", 12),
            used("W", "two", "2026-03-10", 1, unit="day"),
        ],
    )


@pytest.mark.parametrize(
    ("client", "said"),
    [
        ("grace", "grace used 2.25 of 10 hours in March 2026; 7.75 hours are left, usable until 31 August 2026"),
        ("moved", "moved used none of 22 hours in March 2026; 22 hours are left, usable until 31 December 2026"),
        ("late", "late used 1 of 10 hours in March 2026; 9 hours are left, usable until 31 December 2026"),
        ("back", "back got 3 hours back in March 2026; 10 hours are left, usable until 31 December 2026"),
        ("over", "over used 10 of 10 hours and had 2 hours beyond what was bought in March 2026; nothing is left"),
        ("forever", "forever used none of 10 hours in March 2026; 10 hours are left"),
        ("two", "two used 1 of 2.5 days and none of 10 hours in March 2026; 1.5 days and 10 hours are left, usable"),
        ("extended", "extended used none of 10 hours in March 2026; 10 hours are left, usable until 31 December 2026"),
    ],
)
def test_a_month_in_one_sentence(small: Book, client: str, said: str) -> None:
    one = stated(small, "2026-03", account=client)[client]
    assert words.sentence(one).replace("\u00a0", " ").startswith(said)
    assert said in text_of(pdf(one, FIRM))


def test_what_is_rare_is_said(small: Book) -> None:
    found = stated(small, "2026-03")
    assert [column.label for column in columns_of(found["moved"].totals[0].units)] == [
        *("Opening", "Bought", "Moved in", "Moved out", "Used", "Lapsed", "Closing")
    ]
    assert "carried over" in text_of(pdf(found["grace"], FIRM))
    assert "posted 20 May 2026" in text_of(pdf(found["late"], FIRM))
    assert "takes back B1" in text_of(pdf(found["back"], FIRM))
    assert "no rate agreed" in text_of(pdf(found["over"], FIRM))
    assert "No end" in text_of(pdf(found["forever"], FIRM))


def test_a_month_that_has_not_ended_is_said_to_be_to_date(small: Book) -> None:
    to_date = month("2026-03", date(2026, 3, 10))
    assert to_date == Month(date(2026, 3, 1), date(2026, 3, 10), is_to_date=True)
    one = statements(small.run, small.snapshot, to_date, account="over")["over"]
    assert words.sentence(one).startswith("over used 10 of")
    assert "in March 2026 up to the 10th" in words.sentence(one)
    assert "1 to 10 March 2026, month to date" in text_of(pdf(one, FIRM))


@pytest.mark.parametrize(
    ("key", "why"), [("2026-13", "not a month"), ("10/2026", "not a month"), ("2026-11", "begins after")]
)
def test_a_month_that_is_none_or_has_not_begun_is_refused(key: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        month(key, date(2026, 10, 31))


def test_the_usual_month_is_the_last_that_has_ended() -> None:
    ends = [date(2026, 10, 31), date(2026, 11, 29), date(2026, 11, 30), date(2027, 1, 1)]
    assert [last_whole_month(day) for day in ends] == ["2026-10", "2026-10", "2026-11", "2026-12"]
    assert months(date(2025, 11, 30), date(2026, 1, 1)) == ["2026-01", "2025-12", "2025-11"]
    assert month("2024-02", ends[0]).last_day == date(2024, 3, 1) - timedelta(days=1)


def test_statements_of_a_scope_hold_its_contracts_alone(book: Book) -> None:
    owned = dict(book.source("contracts").select("contract_id", "owner").iter_rows())
    seen = book.seen_by(Scope(frozenset({"Team Cedar"})))
    found = stated(seen, "2026-10")
    assert len(found) > 10
    assert {owned[part.contract_id] for one in found.values() for part in (*one.lots, *one.deliveries)} == {
        "Team Cedar"
    }
    few = list(found.values())[:2]
    with zipfile.ZipFile(io.BytesIO(archive(few, FIRM, lambda _: None))) as files:
        assert files.namelist() == [f"{name}.{ending}" for name, _ in named(few) for ending in ("pdf", "xlsx")]
        assert files.testzip() is None


def test_the_page_says_what_the_statement_says(visit: Callable[..., AppTest], book: Book) -> None:
    one = max(stated(book, "2026-10").values(), key=lambda one: len(one.deliveries))
    app = visit("statement", client=one.account_id, month="2026-10")
    assert not app.exception
    assert not app.warning
    assert app.title[0].value.replace("\\", "") == words.sentence(one)
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Left"] == words.quantity(one.totals[0].units.closing, one.totals[0].unit)


def test_the_page_names_a_client_or_month_there_is_not(visit: Callable[..., AppTest]) -> None:
    app = visit("statement", client="Nobody", month="2031-01")
    said = " ".join(warning.value for warning in app.warning)
    assert "no client “Nobody”" in said
    assert "no month “2031-01”; showing October 2026" in said


def test_the_page_names_the_filter_that_hides_a_client(visit: Callable[..., AppTest], book: Book) -> None:
    client = book.run("lot_balance", as_of="2026-10-31").filter(pl.col("owner") != "Team Cedar")["account_id"][0]
    app = visit("statement", client=client, owner="Team Cedar")
    assert "is hidden by owner Team Cedar" in app.warning[0].value


def test_a_month_before_the_first_contract_says_which_to_pick(visit: Callable[..., AppTest], book: Book) -> None:
    lots = book.run("lot_terms").sort("valid_from")
    firsts = lots.group_by("account_id", maintain_order=True).first().sort("valid_from")
    client, first = firsts.row(-1, named=True)["account_id"], firsts["valid_from"][-1]
    app = visit("statement", client=client, month="2024-01")
    assert "had nothing to use in January 2024" in app.title[0].value
    assert f"pick {first:%B %Y} or a later month" in app.info[0].value
    assert not app.exception


def test_all_clients_are_made_when_asked_for(visit: Callable[..., AppTest]) -> None:
    app = visit("statement", segment="Enterprise", owner="Team Cedar")
    button = next(one for one in app.button if one.label == "All clients")
    button.click().run(timeout=60)
    assert not app.exception
    asked, made = app.session_state["_statements_archive"]
    assert dict(asked[2]) == {"owner": "Team Cedar", "segment": "Enterprise"}
    with zipfile.ZipFile(io.BytesIO(made)) as files:
        assert len(files.namelist()) > 2


def test_a_firm_that_can_not_be_read_is_named_and_nothing_is_offered(
    visit: Callable[..., AppTest], store: Path
) -> None:
    file = store / "firm.toml"
    file.write_text('name = "A"\ncolour = "blue"\n')
    try:
        app = visit("statement")
    finally:
        file.unlink()
    assert "colour must be like" in app.error[0].value
    assert not [one for one in app.button if one.label == "All clients"]

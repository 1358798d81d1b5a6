"""A client's statement: what it says of a month, in every form it is sent in."""

from __future__ import annotations

import io
import time
import zipfile
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from fastexcel import read_excel
from pypdf import PdfReader

from dashboard.statement import words
from dashboard.statement.columns import columns_of
from dashboard.statement.files import archive, named
from dashboard.statement.month import Month, last_whole_month, month, months
from dashboard.statement.pdf import _total, pdf
from dashboard.statement.statement import Statement, statements
from dashboard.statement.workbook import workbook
from data.firm import Firm
from queries.scope import EVERYTHING, Scope
from tests.dashboard.test_export import sheets
from tests.queries.tiny import account, added, contract, extended, lot, removed, terminated, transferred, used
from tests.queries.tiny import book as tiny_book

if TYPE_CHECKING:
    from pathlib import Path

    from queries.book import Book

FIRM = Firm("Harbour & Pine", "#0B5CAD", ("12 Quay Street", "Portland"), "csm@example.com")


def stated(book: Book, key: str, **narrowed: str) -> dict[str, Statement]:
    """The statements of a month as the snapshot knows it."""
    return statements(book.run, book.snapshot, month(key, book.snapshot.dated_on), only="", **narrowed)


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
    names = (
        *("grace", "moved", "late", "back", "over", "forever", "two", "extended"),
        *("capped", "ends", "renewed", "money", "credited", "undone", "half"),
    )
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
            lot("capped", 100, 10000, "2026-01-01..2026-04-30", grace_until="2026-09-30", carry_over_cap_quantity=20),
            lot("ends", 10, 1000),
            lot("renewed", 20, 2000, "2026-01-01..2026-02-28", unit="credit"),
            lot("money-h", 5, 500, contract_id="money"),
            lot("money-u", 1000, 1000, contract_id="money", unit="USD"),
            lot("credited", 10, 1000, "2026-01-01..2026-02-28"),
            lot("undone", 10, 1000),
            lot("half", "0.5", 500, unit="day"),
        ],
        amendments=[
            transferred("T", "moved", "moved-1..moved-2", "2026-03-10", 4),
            added("A", "moved-2", "2026-03-11", 2, 200, contract_id="moved"),
            extended("E", "extended", "2026-03-15", "2026-12-31"),
            extended("R", "renewed", "2026-03-15", "2026-06-30"),
            terminated("X", "ends", "2026-04-01"),
            removed("D", "undone", "2026-03-10", 10, 1000),
        ],
        consumption=[
            used("G", "grace", "2026-03-02", "2.25"),
            used("L", "late", "2026-03-31", 1, posted_on="2026-05-20"),
            used("B1", "back", "2026-02-10", 3),
            used("B2", "back", "2026-03-10", -3, reverses="B1"),
            used("O", "over", "2026-03-10", 12),
            used("W", "two", "2026-03-10", 1, unit="day"),
            used("C", "capped", "2026-02-01", 40),
            used("M", "money", "2026-03-10", 1000, unit="USD"),
            used("C1", "credited", "2026-02-10", 13),
            used("C2", "credited", "2026-03-10", -3, reverses="C1"),
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
        (
            "capped",
            (
                "capped used none of 60 hours in March 2026; 60 hours are left, 40 of them usable until 30 April 2026"
                " and 20 until 30 September 2026"
            ),
        ),
        (
            "ends",
            "ends used none of 10 hours in March 2026; 10 hours are left, usable until 31 March 2026 and no longer",
        ),
        (
            "renewed",
            "renewed used none of 20 credits in March 2026; 20 credits came back after lapsing and 20 credits are left",
        ),
        ("money", "money used $1,000.00 of $1,000.00 and none of 5 hours in March 2026; 5 hours are left, usable"),
        ("credited", "credited had 3 hours beyond what was bought taken back in March 2026"),
        ("undone", "undone used nothing in March 2026; nothing is left"),
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
    assert [column.label for column in columns_of(found["renewed"].totals[0].units)] == [
        *("Opening", "Bought", "Brought back", "Used", "Lapsed", "Closing")
    ]
    assert found["renewed"].totals[0].units.lapsed == 0
    assert "ended" in text_of(pdf(found["ends"], FIRM))
    assert "carried over" in text_of(pdf(found["grace"], FIRM))
    assert "posted 20 May 2026" in text_of(pdf(found["late"], FIRM))
    assert "takes back B1" in text_of(pdf(found["back"], FIRM))
    assert "no rate agreed" in text_of(pdf(found["over"], FIRM))
    assert "No end" in text_of(pdf(found["forever"], FIRM))


def test_what_a_carry_over_cap_lets_lapse_is_apart_from_what_is_carried_over(small: Book) -> None:
    one = stated(small, "2026-03", account="capped")["capped"]
    parts = [(part.quantity, part.amount, part.until, words.until(part, one.month.last_day)) for part in one.left]
    assert parts == [
        (Decimal(40), Decimal(4000), date(2026, 4, 30), "30 more days, above the cap"),
        (Decimal(20), Decimal(2000), date(2026, 9, 30), "183 more days, carried over"),
    ]
    text = text_of(pdf(one, FIRM))
    assert "30 April 2026 30 more days, above the cap Consulting capped 40 hours $4,000.00" in text
    assert "30 September 2026 183 more days, carried over Consulting capped 20 hours $2,000.00" in text
    assert "Of capped at most 20 hours can be used after 30 April 2026: what is left above that lapses then." in text
    rows = read_excel(workbook(one, FIRM)).load_sheet("Statement", header_row=None).to_polars().rows()
    assert [(row[3], row[7]) for row in rows if row[1] == "capped" and row[7]] == [
        ("40", "above the cap"),
        ("20", "carried over"),
    ]


@pytest.mark.parametrize(
    ("key", "left"),
    [
        ("2026-04", [(Decimal(20), date(2026, 9, 30))]),
        ("2026-09", []),
    ],
)
def test_after_the_cap_only_what_was_carried_over_is_left(
    small: Book, key: str, left: list[tuple[Decimal, date]]
) -> None:
    found = stated(small, key, account="capped")["capped"]
    assert [(part.quantity, part.until) for part in found.left] == left
    assert found.totals[0].units.lapsed == (40 if left else 20)


def test_a_cap_counts_once_at_the_first_end_that_was_not_put_off_in_time(tmp_path: Path) -> None:
    terms = {"grace_until": "2026-09-30", "carry_over_cap_quantity": 20}
    book = tiny_book(
        tmp_path,
        lots=[lot(name, 50, 500, "2026-01-01..2026-04-30", **terms) for name in ("before", "after", "ended")],
        amendments=[
            extended("E1", "before", "2026-04-30", "2026-06-30"),
            extended("E2", "after", "2026-05-01", "2026-12-31"),
            terminated("E3", "ended", "2026-04-20"),
        ],
    )
    found = stated(book, "2026-03")["Acme"]
    assert [(part.lot.lot_id, part.quantity, part.until) for part in found.left] == [
        ("ended", Decimal(50), date(2026, 4, 19)),
        ("after", Decimal(30), date(2026, 4, 30)),
        ("before", Decimal(30), date(2026, 6, 30)),
        ("before", Decimal(20), date(2026, 9, 30)),
        ("after", Decimal(20), date(2026, 12, 31)),
    ]


def test_the_terms_promise_no_order_and_no_return_that_may_not_be(small: Book) -> None:
    said = " ".join(words.terms(stated(small, "2026-03", account="credited")["credited"]))
    assert "unless its contract sets another order" in said
    assert "those beyond what was bought are no longer counted" in said


def test_the_bar_of_less_than_one_unit_is_whole(small: Book) -> None:
    one = stated(small, "2026-03", account="half")["half"]
    content = _total(one, one.totals[0])
    assert (content["used_share"], content["left_share"]) == (0, 1)


@pytest.mark.parametrize(
    ("filters", "scope", "said"),
    [
        ({}, EVERYTHING, ""),
        ({"segment": "Enterprise", "account": "A1", "currency": "USD"}, EVERYTHING, ""),
        ({"owner": "Team Cedar", "vehicle": "SOW"}, EVERYTHING, "Only contracts of owner Team Cedar and vehicle SOW."),
        ({}, Scope(frozenset({"Team Cedar"})), "Only contracts of Team Cedar."),
        ({"vehicle": "SOW"}, Scope(frozenset({"B", "A"})), "Only contracts of A and B and vehicle SOW."),
    ],
)
def test_what_a_statement_is_narrowed_to_is_said_in_words(filters: dict[str, str], scope: Scope, said: str) -> None:
    assert words.only(filters, scope) == said


def test_a_statement_of_a_part_says_so_in_every_form(tmp_path: Path) -> None:
    book = tiny_book(
        tmp_path,
        contracts=[contract("s1", owner="Team Cedar"), contract("s2", owner="Team Hazel")],
        lots=[lot("s1", 10, 1000), lot("s2", 90, 9000)],
    )
    scope = Scope(frozenset({"Team Cedar"}))
    asked = month("2026-03", book.snapshot.dated_on)
    found = statements(book.seen_by(scope).run, book.snapshot, asked, only=words.only({}, scope))
    said = "Only contracts of Team Cedar."
    text = text_of(pdf(found["Acme"], FIRM))
    assert f"until 31 December 2026. {said}" in text
    assert "This statement is about contract s1." in text
    assert "s2" not in text
    with zipfile.ZipFile(io.BytesIO(archive(found.values(), FIRM, lambda _: None))) as files:
        for name in files.namelist():
            if name.endswith("pdf"):
                assert said in text_of(files.read(name))
            else:
                about = read_excel(files.read(name))
                assert said in about.load_sheet("Statement", header_row=None).to_polars().to_series()
                rows = dict(about.load_sheet("About", header_row=None).to_polars().rows())
                assert (rows["Contracts"], rows["Narrowed to"]) == ("s1", said)
    whole = stated(book, "2026-03")["Acme"]
    assert "Only contracts" not in text_of(pdf(whole, FIRM))
    assert "This statement is about contracts s1 and s2." in text_of(pdf(whole, FIRM))


def test_file_names_are_cut_by_bytes_and_tell_a_part_of_a_month_from_all_of_it(busiest: list[Statement]) -> None:
    long = replace(busiest[0], client="株" * 200, account_id="é" * 200)
    to_date = replace(busiest[0], client="A", account_id="1", month=month("2026-10", date(2026, 10, 15)))
    names = [name for name, _ in named([long, to_date, replace(to_date, month=busiest[0].month)])]
    assert len(names[0].encode()) < 200
    assert names[0].startswith("株" * 30 + "-é")
    assert names[1:] == ["A-1-2026-10-to-15", "A-1-2026-10"]


def test_a_month_that_has_not_ended_is_said_to_be_to_date(small: Book) -> None:
    to_date = month("2026-03", date(2026, 3, 10))
    assert to_date == Month(date(2026, 3, 1), date(2026, 3, 10), is_to_date=True)
    one = statements(small.run, small.snapshot, to_date, only="", account="over")["over"]
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

"""Work asked for: how far it has come, and whether what each contract holds covers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.queries.tiny import across, contract, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from queries.book import Book
    from tests.queries.tiny import OpenBook, Row

AS_OF = "2026-03-31"
LATER = "2026-05-01"

#: The capped lot ends last, though most of it lapses first.
CAPPED_AND_SHORTER = (
    lot(
        "capped lot",
        10,
        1000,
        "2026-01-01..2026-05-31",
        contract_id="capped and shorter",
        grace_until="2026-12-31",
        carry_over_cap_quantity=2,
    ),
    lot("shorter lot", 10, 1000, "2026-01-01..2026-09-30", contract_id="capped and shorter"),
)
TERM_FIRST = (
    lot("old term", 10, 1000, "2025-01-01..2026-02-28", contract_id="term first", grace_until="2026-06-30"),
    lot("present term", 10, 1000, contract_id="term first"),
)


def asked(
    request_id: str, contract_id: str, status: str, quantity: object, day: str | None = None, **other: object
) -> Row:
    return {
        "request_id": request_id,
        "contract_id": contract_id,
        "title": f"Ask {request_id}",
        "quantity": quantity,
        "status": status,
        "requested_on": "2026-03-01",
        "scheduled_for": day,
        **other,
    }


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("bought in April", booked_on="2026-04-01"),
            contract("term first", draw_order="current_term_first"),
        ],
        lots=[
            lot("border", 10, 1000),
            lot("a hair over", 10, 1000),
            lot("ends", 10, 1000, "2026-01-01..2026-05-31"),
            lot("grace", 10, 1000, "2026-01-01..2026-02-28", grace_until="2026-05-31"),
            lot("first", 4, 400, "2026-01-01..2026-05-31", contract_id="two lots"),
            lot("second", 4, 400, "2026-01-01..2026-12-31", contract_id="two lots"),
            lot("hours", 10, 1000, contract_id="units"),
            lot("days", 2, 1000, contract_id="units", unit="day"),
            lot("scoped", 10, 1000, scope="training|coaching"),
            lot("any", 3, 300, contract_id="fungible"),
            lot("training", 3, 300, contract_id="fungible", scope="training"),
            lot("last year", 5, 500, "2025-01-01..2026-03-31", contract_id="renewed"),
            lot("next year", 6, 600, "2026-04-15..2027-04-14", contract_id="renewed"),
            lot("bought in April", 6, 600, "2026-05-01..2027-04-30"),
            lot("forever", 5, 500, "2026-01-01.."),
            lot("delivering", 10, 1000),
            lot("waiting", 5, 500),
            lot("capped", 100, 10000, "2026-01-01..2026-05-31", grace_until="2026-09-30", carry_over_cap_quantity=20),
            lot("below cap", 10, 1000, "2026-01-01..2026-05-31", grace_until="2026-09-30", carry_over_cap_quantity=20),
            lot(
                "none carried", 10, 1000, "2026-01-01..2026-05-31", grace_until="2026-09-30", carry_over_cap_quantity=0
            ),
            *CAPPED_AND_SHORTER,
            *TERM_FIRST,
            lot("gap 1", 10, 1000, "2026-01-01..2026-05-31", contract_id="gap"),
            lot("gap 2", 10, 1000, "2026-09-01..", contract_id="gap"),
        ],
        consumption=[
            used("D0", "capped", "2026-02-01", 40),
            used("D1", "border", "2026-02-01", 4),
            used("D2", "delivering", "2026-03-10", 5, request_id="delivering 1"),
            used("D3", "delivering", "2026-03-11", -2, reverses="D2"),
            used("D4", "delivering", "2026-03-12", 3, request_id="delivering 2"),
            used("D5", "delivering", "2026-04-10", 1, request_id="delivering 1"),
        ],
        requests=[
            asked("border 1", "border", "scheduled", 4, LATER),
            asked("border 2", "border", "approved", 2),
            asked("border 3", "border", "declined", 5),
            asked("border 4", "border", "delivered", 4),
            asked("border 5", "border", "approved", 1, requested_on="2026-04-01"),
            asked("a hair over 1", "a hair over", "scheduled", "10.0001", LATER),
            asked("ends 1", "ends", "scheduled", 1, "2026-05-31"),
            asked("ends 2", "ends", "scheduled", 2, "2026-06-01"),
            asked("grace 1", "grace", "scheduled", 3, "2026-05-31"),
            asked("grace 2", "grace", "scheduled", 4, "2026-06-01"),
            asked("two lots 1", "two lots", "scheduled", 3, "2026-06-10"),
            asked("two lots 2", "two lots", "scheduled", 3, LATER),
            asked("two lots 3", "two lots", "approved", 3),
            asked("units 1", "units", "approved", 3, unit="day"),
            asked("units 2", "units", "approved", 3),
            asked("units 3", "units", "approved", 3, unit="credit"),
            asked("scoped 1", "scoped", "scheduled", 2, LATER),
            asked("scoped 2", "scoped", "scheduled", 3, LATER, service_type="coaching"),
            asked("fungible 1", "fungible", "scheduled", 4, LATER, service_type="training"),
            asked("fungible 2", "fungible", "scheduled", 3, "2026-05-02"),
            asked("renewed 1", "renewed", "scheduled", 2, "2026-04-14"),
            asked("renewed 2", "renewed", "scheduled", 2, "2026-04-15"),
            asked("bought in April 1", "bought in April", "approved", 1),
            asked("forever 1", "forever", "scheduled", 5, "2029-01-01"),
            asked("delivering 1", "delivering", "scheduled", 4, "2026-03-15"),
            asked("delivering 2", "delivering", "approved", 2),
            asked("waiting 1", "waiting", "requested", 4, requested_on="2026-01-30"),
            asked("waiting 2", "waiting", "requested", 2, requested_on="2026-02-28"),
            asked("waiting 3", "waiting", "approved", 3),
            asked("unbought 1", "unbought", "approved", 1),
            asked("capped 1", "capped", "scheduled", 25, "2026-05-31"),
            asked("capped 2", "capped", "scheduled", 21, "2026-06-01"),
            asked("below cap 1", "below cap", "scheduled", 11, "2026-06-01"),
            asked("none carried 1", "none carried", "scheduled", 3, "2026-05-31"),
            asked("none carried 2", "none carried", "scheduled", 3, "2026-06-01"),
            asked("capped and shorter 1", "capped and shorter", "scheduled", 8, LATER),
            asked("capped and shorter 2", "capped and shorter", "scheduled", 12, "2026-06-15"),
            asked("term first 1", "term first", "scheduled", 8, LATER),
            asked("term first 2", "term first", "scheduled", 10, "2026-08-01"),
            asked("term first 3", "term first", "approved", 1),
            asked("gap 1", "gap", "scheduled", 3, "2026-08-01"),
        ],
    )


def covered(book: Book, contract_id: str, as_of: str = AS_OF) -> list[list[str]]:
    """Each open request's place, units still to deliver, units short, and why."""
    rows = book.run("request_cover", as_of=as_of, contract=contract_id)
    return across(rows.select("request_id", "turn", "open_quantity", "short_quantity", "cover"))[1:]


@pytest.mark.parametrize(
    ("contract_id", "rows"),
    [
        # 6 of 10 left: 4 + 2 are exactly covered. What is declined, delivered or not yet asked for takes nothing.
        ("border", "border 1  1  4  0  covered | border 2  2  2  0  covered"),
        ("a hair over", "a hair over 1  1  10.0001  0.0001  over-committed"),
        # The last usable day is a day of use, the next is not, whatever is left.
        ("ends", "ends 1  1  1  0  covered | ends 2  2  2  2  too late"),
        ("grace", "grace 1  1  3  0  covered | grace 2  2  4  4  too late"),
        # In the order of their days: 3 of the lot that ends first, then 3 of the other, then the 1 + 1 left.
        (
            "two lots",
            "two lots 2  1  3  0  covered | two lots 1  2  3  0  covered | two lots 3  3  3  1  over-committed",
        ),
        ("units", "units 3  1  3  3  nothing held | units 1  1  3  1  over-committed | units 2  1  3  0  covered"),
        ("scoped", "scoped 1  1  2  2  out of scope | scoped 2  2  3  0  covered"),
        # The narrower lot goes first: 3 of training, 1 of any; then 2 of any for what only that lot takes.
        ("fungible", "fungible 1  1  4  0  covered | fungible 2  2  3  1  over-committed"),
        # The old lot ends with the day asked about, the new one begins on the 15th.
        ("renewed", "renewed 1  1  2  2  too early | renewed 2  2  2  0  covered"),
        ("bought in April", "bought in April 1  1  1  1  nothing held"),
        ("forever", "forever 1  1  5  0  covered"),
        # 5 - 2 delivered of the first: 1 to come. More was delivered for the second than asked for.
        ("delivering", "delivering 1  1  1  0  covered | delivering 2  2  0  0  covered"),
        # Booked work first, then the oldest: of 5 units 3 are booked, and 2 are left for the 4.
        (
            "waiting",
            "waiting 3  1  3  0  covered | waiting 1  2  4  2  over-committed | waiting 2  3  2  2  over-committed",
        ),
        ("unbought", "unbought 1  1  1  1  nothing held"),
        # Of 60 left, 40 lapse with the term: 25 of them are used on its last day, and 20 are there on the next.
        ("capped", "capped 1  1  25  0  covered | capped 2  2  21  1  over-committed"),
        ("below cap", "below cap 1  1  11  1  over-committed"),
        ("none carried", "none carried 1  1  3  0  covered | none carried 2  2  3  3  too late"),
        # 8 of the shorter lot, which ends first; after the term its 2 and the 2 carried over are left for the 12.
        (
            "capped and shorter",
            "capped and shorter 1  1  8  0  covered | capped and shorter 2  2  12  8  over-committed",
        ),
        # 8 of the present term, although the old one ends first; then its 2, the old one being over. Without a day
        # the old one will still do.
        (
            "term first",
            "term first 1  1  8  0  covered | term first 2  2  10  8  over-committed | term first 3  3  1  0  covered",
        ),
        # After the first lot and before the second, which never ends.
        ("gap", "gap 1  1  3  3  too early"),
    ],
)
def test_each_request_is_covered_or_says_why_not(book: OpenBook, contract_id: str, rows: str) -> None:
    assert covered(book, contract_id) == [row.strip().split("  ") for row in rows.split(" | ")]


def test_what_is_delivered_later_is_still_to_come_and_what_is_bought_later_is_not_held(book: OpenBook) -> None:
    assert covered(book, "delivering", "2026-03-09")[0] == ["delivering 1", "1", "4", "0", "covered"]
    assert covered(book, "delivering", "2026-04-10")[0] == ["delivering 1", "1", "0", "0", "covered"]
    assert covered(book, "bought in April", "2026-04-01") == [["bought in April 1", "1", "1", "0", "covered"]]


def test_at_the_close_of_the_term_what_is_above_the_cap_has_lapsed(book: OpenBook) -> None:
    rows = [["capped 2", "1", "21", "1", "over-committed"], ["capped 1", "2", "25", "25", "over-committed"]]
    assert covered(book, "capped", "2026-05-31") == rows


def test_what_is_covered_is_what_is_drawn_once_delivered(book: OpenBook, new_book: Callable[..., OpenBook]) -> None:
    rows = book.run("request_cover", as_of=AS_OF)
    shown = rows.filter(pl.col("contract_id").is_in(["capped and shorter", "term first"]), status="scheduled")
    days = {"capped and shorter 2": "2026-06-15", "term first 2": "2026-08-01"}
    delivered = new_book(
        contracts=[contract("term first", draw_order="current_term_first")],
        lots=[*CAPPED_AND_SHORTER, *TERM_FIRST],
        consumption=[
            used(request_id, contract_id, days.get(request_id, LATER), quantity)
            for request_id, contract_id, quantity in shown.select(
                "request_id", "contract_id", "open_quantity"
            ).iter_rows()
        ],
    )
    drawn = delivered.run("deliveries", first_day=AS_OF, last_day="2026-12-31")
    assert drawn.height == 4
    assert sorted(drawn.select("consumption_id", "drawn_quantity").iter_rows()) == sorted(
        shown.select("request_id", "covered_quantity").iter_rows()
    )


@pytest.mark.parametrize(
    ("contract_id", "row"),
    [
        # usable, upcoming, requested, approved, scheduled, booked, left; over, late, early, out of scope; unapproved
        ("border", "hour  6  0  0  2  4  6  0  0  0  0  0  False  0"),
        ("a hair over", "hour  10  0  0  0  10.0001  10.0001  -0.0001  0.0001  0  0  0  True  0"),
        ("ends", "hour  10  0  0  0  3  3  7  2  2  0  0  True  0"),
        ("two lots", "hour  8  0  0  3  6  9  -1  1  0  0  0  True  0"),
        ("scoped", "hour  10  0  0  0  5  5  5  2  0  0  2  True  0"),
        ("renewed", "hour  0  6  0  0  4  4  2  2  0  2  0  True  0"),
        ("delivering", "hour  4  0  0  0  1  1  3  0  0  0  0  False  0"),
        ("waiting", "hour  5  0  6  3  0  3  2  0  0  0  0  False  4"),
        ("unbought", "hour  0  0  0  1  0  1  -1  1  0  0  0  True  0"),
        ("capped", "hour  60  0  0  0  46  46  14  1  0  0  0  True  0"),
    ],
)
def test_commitments_of_a_contract(book: OpenBook, contract_id: str, row: str) -> None:
    left_out = ("contract_id", "account_id", "account_name", "owner", "usable_until", "request_count")
    assert across(book.run("commitments", as_of=AS_OF, contract=contract_id).drop(left_out))[1:] == [row.split("  ")]


def test_units_of_a_contract_are_committed_apart(book: OpenBook) -> None:
    rows = book.run("commitments", as_of=AS_OF, contract="units")
    assert across(rows.select("unit", "usable_quantity", "booked_quantity", "over_quantity")) == text("""
        unit    usable_quantity  booked_quantity  over_quantity
        credit  0                3                3
        day     2                3                1
        hour    10               3                0
    """)


def test_the_last_usable_day_is_that_of_the_last_lot_and_none_where_one_never_ends(book: OpenBook) -> None:
    days = dict(book.run("commitments", as_of=AS_OF).select("contract_id", "usable_until").iter_rows())
    assert str(days["two lots"]) == "2026-12-31"
    assert str(days["renewed"]) == "2027-04-14"
    assert days["forever"] is None
    assert days["unbought"] is None


def test_over_is_never_less_than_what_is_booked_beyond_all_that_is_left(book: OpenBook, sample_book: OpenBook) -> None:
    for opened, as_of in ((book, AS_OF), (sample_book, "2026-10-31")):
        rows = opened.run("commitments", as_of=as_of)
        assert rows.filter(rows["over_quantity"] + rows["left_quantity"] < 0).is_empty()
        assert rows.filter(rows["over_quantity"] > rows["booked_quantity"]).is_empty()
        assert rows.height


def test_usable_lots_are_those_open_in_grace_or_bought_and_not_yet_begun(book: OpenBook) -> None:
    rows = across(book.run("usable_lots", as_of=AS_OF).select("lot_id", "is_upcoming", "quantity"))
    shown = book.run("usable_lots", as_of=AS_OF).select("lot_id", "quantity", "carry_over_quantity")
    assert [row for row in across(shown) if row[0] in ("capped", "below cap")] == [
        ["below cap", "10", "10"],
        ["capped", "60", "20"],
    ]
    assert [row for row in rows if row[0] in ("border", "grace", "last year", "next year", "bought in April")] == [
        ["border", "False", "6"],
        ["grace", "False", "10"],
        ["next year", "True", "6"],
    ]


@pytest.fixture(scope="module")
def course(new_book: Callable[..., OpenBook]) -> OpenBook:
    """Two projects of a programme and one without, with what was delivered for them."""
    return new_book(
        programs=[{"program_id": "G", "account_id": "Acme", "name": "Growth"}],
        projects=[
            {"project_id": "alpha", "contract_id": "C", "program_id": "G", "name": "Alpha move"},
            {"project_id": "beta", "contract_id": "C", "name": "Beta"},
        ],
        lots=[lot("C", 100, 1000), lot("C days", 10, 1000, contract_id="C", unit="day")],
        consumption=[
            used("U1", "C", "2026-03-05", 3, project_id="alpha", request_id="R1"),
            used("U2", "C", "2026-03-06", -1, project_id="alpha", reverses="U1"),
            used("U3", "C", "2026-03-07", 4, project_id="alpha"),
            used("U4", "C", "2026-03-08", 2, project_id="beta"),
            used("U5", "C", "2026-03-09", -2, project_id="beta", reverses="U4"),
            used("U6", "C", "2026-03-10", 1, unit="day"),
            used("U7", "C", "2026-04-01", 9, project_id="alpha", request_id="R1"),
            used("U8", "C", "2026-04-02", -9, reverses="U7"),  # names neither
        ],
        requests=[
            asked("R1", "C", "delivered", 3, "2026-03-05", project_id="alpha", requested_on="2026-02-01"),
            asked("R2", "C", "scheduled", 2, "2026-03-30", project_id="alpha", requested_on="2026-03-02"),
            asked("R3", "C", "scheduled", 5, "2026-03-31", project_id="alpha", requested_on="2026-03-03"),
            asked("R4", "C", "approved", 1, requested_on="2026-03-04"),
            asked("R5", "C", "approved", 1, unit="day", requested_on="2026-03-20"),
            asked("R6", "C", "requested", 7, project_id="beta", requested_on="2026-03-31"),
            asked("R7", "C", "declined", 8, project_id="beta"),
            asked("R8", "C", "requested", 9, project_id="beta", requested_on="2026-04-01"),
        ],
    )


def test_stages_count_requests_and_say_how_long_the_oldest_has_waited(course: OpenBook) -> None:
    # R2 was planned for the day before, R3 for the day itself: its day has not passed. R8 was asked for later.
    rows = course.run("requests_by_stage", as_of=AS_OF).drop("oldest_requested_on")
    assert across(rows.rename(lambda name: name.removesuffix("_quantity").removeprefix("oldest_"))) == text("""
        stage  status     program_id  unit  request_count  asked  delivered  waiting_days  overdue_count
        1      requested  -           hour  1              7      0          0             0
        2      approved   -           day   1              1      0          11            0
        2      approved   -           hour  1              1      0          27            0
        3      scheduled  G           hour  2              7      0          29            1
        4      delivered  G           hour  1              3      2          -             0
        5      declined   -           hour  1              8      0          -             0
    """)


def test_projects_say_what_was_asked_for_and_what_was_delivered_with_and_without_a_request(course: OpenBook) -> None:
    # alpha: 3 - 1 for R1, whose reversal does not name it again, 4 for none. beta: 2 taken back.
    rows = course.run("requests_by_project", as_of=AS_OF)
    left_out = ("contract_id", "account_name", "owner", "project_name", "program_id", "request_count", "last_on")
    assert across(rows.drop(left_out).rename(lambda name: name.removesuffix("_quantity"))) == text("""
        program_name  project_id    unit  asked  requested  approved  scheduled  done  for_request  unrequested
        -             (no project)  day   1      0          1         0          0     0            1
        -             (no project)  hour  1      0          1         0          0     0            0
        Growth        alpha         hour  10     0          0         7          3     2            4
        -             beta          hour  7      7          0         0          0     0            0
    """)


def test_projects_add_up_to_what_was_delivered(course: OpenBook, sample_book: OpenBook) -> None:
    for opened, as_of in ((course, AS_OF), (sample_book, "2026-10-31")):
        rows = opened.run("requests_by_project", as_of=as_of)
        delivered = opened.run("consumption_by_project", as_of=as_of)
        assert rows.height
        with_and_without = rows.select(pl.sum("for_request_quantity") + pl.sum("unrequested_quantity")).item()
        assert with_and_without == delivered.select(pl.sum("delivered_quantity")).item()


def test_lines_tell_of_each_request_the_newest_first(course: OpenBook) -> None:
    rows = course.run("request_lines", as_of=AS_OF)
    shown = ("request_id", "status", "program_name", "waiting_days", "is_overdue", "delivered_quantity", "cover")
    assert across(rows.select(shown)) == text("""
        request_id  status     program_name  waiting_days  is_overdue  delivered_quantity  cover
        R6          requested  -             0             False       0                   covered
        R5          approved   -             11            False       0                   covered
        R4          approved   -             27            False       0                   covered
        R3          scheduled  Growth        28            False       0                   covered
        R2          scheduled  Growth        29            True        0                   covered
        R7          declined   -             -             False       0                   -
        R1          delivered  Growth        -             False       2                   -
    """)


def test_deliveries_of_a_request_are_net_of_what_was_taken_back(course: OpenBook) -> None:
    assert across(course.run("request_deliveries", as_of="2026-03-05"))[1:] == text("""
        R1  C  3  2026-03-05  2026-03-05
    """)
    assert across(course.run("request_deliveries", as_of="2026-04-01"))[1:] == text("""
        R1  C  11  2026-03-05  2026-04-01
    """)
    # What is taken back is no delivery: the last stays that of 1 April.
    assert across(course.run("request_deliveries", as_of="2026-04-02"))[1:] == text("""
        R1  C  2  2026-03-05  2026-04-01
    """)


def test_a_reversal_without_a_project_belongs_to_that_of_what_it_takes_back(course: OpenBook) -> None:
    rows = course.run("requests_by_project", as_of="2026-04-02").select(
        "project_id", "program_name", "unit", "for_request_quantity", "unrequested_quantity", "last_on"
    )
    # beta's only delivery was taken back the day after: it is still its last.
    assert across(rows)[1:] == text("""
        (no project)  -       day   0  1  2026-03-10
        (no project)  -       hour  0  0  -
        alpha         Growth  hour  2  4  2026-04-01
        beta          -       hour  0  0  2026-03-08
    """)

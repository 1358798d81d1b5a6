"""What a controller should look at: judgement_flags, and policy_consistency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.queries.tiny import (
    account,
    across,
    assessed,
    billed,
    contract,
    estimated,
    extended,
    lot,
    removed,
    terminated,
    text,
    transferred,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

RATABLE = ("fast", "endless", "over", "stretched", "monthly", "quota", "unpriced", "moved", "revived", "ended early")


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        accounts=[account("Acme", name="Acme Ltd")],
        contracts=[
            *(contract(name, recognition_method="ratable") for name in RATABLE if name != "monthly"),
            contract("monthly", recognition_method="ratable", recognition_convention="month_even"),
            *(contract(name, recognition_method="proportional") for name in ("beyond", "recut", "used up")),
            *(contract(name, recognition_method="remote") for name in ("written off", "given up")),
        ],
        lots=[
            lot("fast", 10, 1810, "2026-01-01..2026-06-30"),  # 10 a day, 181 an hour
            lot("endless", 10, 1000, "2026-01-01.."),
            lot("over", 10, 590, "2026-01-01..2026-02-28", grace_until="2026-05-31"),
            lot("stretched", 10, 590, "2026-01-01..2026-02-28", grace_until="2026-05-31"),
            lot("monthly", 10, 600, "2026-01-01..2026-06-30"),
            lot("quota", 10, 1000, "2026-01-01..2026-01-31"),
            lot("unpriced", 10, 1000, "2026-01-01..2026-01-31"),
            lot("this year", 10, 1000, contract_id="moved"),
            lot("next year", 10, 1000, "2026-01-01..2027-12-31", contract_id="moved"),
            lot("revived", 10, 900, "2026-01-01..2026-03-31"),
            lot("ended early", 10, 1810, "2026-01-01..2026-06-30"),
            *(lot(name, 10, 1000) for name in ("beyond", "recut", "used up", "on delivery", "written off", "given up")),
            lot("lapsed", 10, 1000, "2026-01-01..2026-03-31"),
            lot("in time", 10, 1000, "2026-01-01..2026-03-31"),
        ],
        consumption=[
            used("F1", "fast", "2026-01-31", 1),
            used("F2", "fast", "2026-02-10", 5),
            used("F3", "fast", "2026-05-05", 2),
            used("N1", "endless", "2026-01-05", 1),
            used("O1", "over", "2026-02-28", 4),
            used("S1", "stretched", "2026-02-28", 4),
            used("M1", "monthly", "2026-03-01", 4),
            used("Q1", "quota", "2026-01-20", 12),
            used("Q2", "quota", "2026-02-20", 1),
            used("Q3", "quota", "2026-03-20", -1, reverses="Q2"),
            used("P1", "unpriced", "2026-01-20", 12),
            used("V1", "revived", "2026-03-31", 4),
            used("T1", "ended early", "2026-01-10", 8),
            *(used(f"{name} 1", name, "2026-01-10", 5) for name in ("beyond", "on delivery", "lapsed", "in time")),
            used("B2", "beyond", "2026-02-01", 1),
            used("B3", "beyond", "2026-06-01", 1),
            used("C1", "recut", "2026-01-10", 6),
            used("X1", "used up", "2026-01-10", 10),
            used("W1", "written off", "2026-01-10", 2),
            used("W2", "written off", "2026-02-01", 1),
            used("W3", "written off", "2026-03-05", 3),
            used("W4", "written off", "2026-03-06", 2),
            used("W5", "written off", "2026-03-10", -1, reverses="W1"),
            used("W6", "written off", "2026-03-11", -1, reverses="W4"),
            used("G1", "given up", "2026-01-10", 2),
        ],
        amendments=[
            extended("A1", "stretched", "2026-04-10", "2026-08-31"),
            transferred("A2", "moved", "this year..next year", "2026-03-01", 3),
            transferred("A3", "moved", "this year..next year", "2026-04-01", 2),
            extended("A4", "revived", "2026-04-15", "2026-06-30"),
            extended("A5", "lapsed", "2026-04-15", "2026-06-30"),
            extended("A6", "in time", "2026-03-31", "2026-06-30"),
            terminated("A7", "ended early", "2026-02-01"),
            removed("A8", "used up", "2026-02-01", 1, 100),
        ],
        breakage_estimates=[
            estimated("E1", "2026-01-01", "0.4", contract_id="beyond"),
            estimated("E2", "2026-03-01", "0.1", contract_id="beyond"),
            estimated("E3", "2026-05-01", "0.4", contract_id="beyond"),
            estimated("E4", "2026-01-01", "0.2", contract_id="recut"),
            estimated("E5", "2026-02-15", "0.5", contract_id="recut"),
            estimated("E6", "2026-01-01", "0.5", contract_id="on delivery"),
            estimated("E7", "2026-01-01", "0.5", contract_id="used up"),
        ],
        remote_assessments=[
            assessed("R1", "written off", "2026-02-01"),
            assessed("R2", "given up", "2026-02-01"),
            assessed("R3", "on delivery", "2026-01-01"),
        ],
        rate_card=[{"contract_id": "quota", "overage_rate": 120}],
        billings=[billed("B1", "ended early", "2026-01-01", 1000)],
    )


def flags(book: OpenBook, contract_id: str, as_of: str) -> list[list[str]]:
    rows = book.run("judgement_flags", as_of=as_of, contract=contract_id)
    assert set(rows.select("account_name", "owner", "currency", "unit").rows()) <= {
        ("Acme Ltd", "Team A", "USD", "hour")
    }
    return across(rows.select("lot_id", "flag", "rule", "since", "quantity", "amount"))[1:]


def test_delivery_ahead_of_ratable_revenue_is_flagged_by_what_revenue_is_behind(book: OpenBook) -> None:
    # 181 after 31 days is behind 310. On 10 February 6 x 181 = 1086 against 410, on 31 March against 900; it catches
    # up by 20 April. On 5 May 8 x 181 = 1448 against 1250.
    assert flags(book, "fast", "2026-02-09") == []
    assert flags(book, "fast", "2026-02-10") == text("fast  ratable_behind_delivery  R3.4  2026-02-10  6  676")
    assert flags(book, "fast", "2026-03-31") == text("fast  ratable_behind_delivery  R3.4  2026-02-10  6  186")
    assert flags(book, "fast", "2026-04-30") == []
    assert flags(book, "fast", "2026-05-05") == text("fast  ratable_behind_delivery  R3.4  2026-05-05  8  198")


def test_ratable_by_month_is_behind_until_the_month_is_posted(book: OpenBook) -> None:
    # 4 x 60 on 1 March; 100 a month are posted at its end.
    assert flags(book, "monthly", "2026-03-30") == text("monthly  ratable_behind_delivery  R3.4  2026-03-01  4  40")
    assert flags(book, "monthly", "2026-03-31") == []


def test_a_lot_without_a_term_is_behind_with_all_it_delivered(book: OpenBook) -> None:
    assert flags(book, "endless", "2026-12-31") == text("endless  ratable_behind_delivery  R3.4  2026-01-05  1  100")


def test_what_was_delivered_before_a_termination_is_no_revenue_to_come(book: OpenBook) -> None:
    # 8 x 181 delivered, 1000 billed: a question until service ends, then all is recognised.
    assert flags(book, "ended early", "2026-01-31")[0][1:] == [
        "ratable_behind_delivery",
        "R3.4",
        "2026-01-10",
        "8",
        "1138",
    ]
    assert flags(book, "ended early", "2026-02-01") == []


def test_rights_that_outlive_the_ratable_term_are_flagged_until_they_lapse(book: OpenBook) -> None:
    assert flags(book, "over", "2026-02-27") == []
    over = text("over  ratable_ended_rights_remain  R3.4  2026-02-28  6  354")
    assert flags(book, "over", "2026-02-28") == over
    assert flags(book, "over", "2026-05-30") == over
    assert flags(book, "over", "2026-05-31") == []
    assert flags(book, "stretched", "2026-08-30") == text(
        "stretched  ratable_ended_rights_remain  R3.4  2026-02-28  6  354"
    )


def test_charged_overage_of_a_ratable_contract_is_flagged_as_a_whole(book: OpenBook) -> None:
    assert flags(book, "quota", "2026-01-19") == []
    assert flags(book, "quota", "2026-02-28") == text("-  ratable_with_overage  R3.4  2026-01-20  3  360")
    assert flags(book, "quota", "2026-03-20") == text("-  ratable_with_overage  R3.4  2026-01-20  2  240")
    assert flags(book, "unpriced", "2026-03-20") == []


def test_units_moved_out_of_a_ratable_lot_are_flagged(book: OpenBook) -> None:
    assert flags(book, "moved", "2026-02-28") == []
    assert flags(book, "moved", "2026-03-31") == text("this year  ratable_with_transfers  R3.4  2026-03-01  3  300")
    assert flags(book, "moved", "2026-04-01") == text("this year  ratable_with_transfers  R3.4  2026-03-01  5  500")


def test_use_beyond_the_estimate_is_flagged_while_units_remain(book: OpenBook) -> None:
    # 6 of 10 hours were expected; from March on 9; from May on 6 again. In June the seventh.
    assert flags(book, "beyond", "2026-01-31") == []
    assert flags(book, "beyond", "2026-02-01") == text("beyond  estimate_exceeded  R5.3  2026-02-01  4  400")
    assert flags(book, "beyond", "2026-03-01") == []
    assert flags(book, "beyond", "2026-06-30") == text("beyond  estimate_exceeded  R5.3  2026-05-01  3  300")
    assert flags(book, "beyond", "2026-12-31") == []


def test_an_estimate_cut_below_use_is_flagged_from_its_day(book: OpenBook) -> None:
    assert flags(book, "recut", "2026-02-14") == []
    assert flags(book, "recut", "2026-02-15") == text("recut  estimate_exceeded  R5.3  2026-02-15  4  400")
    assert flags(book, "used up", "2026-06-30") == []


def test_use_after_it_was_judged_remote_is_flagged_less_what_was_taken_back_of_it(book: OpenBook) -> None:
    # On 1 February use comes before the judgement. Then 3 and 2 hours at 100, of which 1 is taken back.
    assert flags(book, "written off", "2026-03-04") == []
    assert flags(book, "written off", "2026-03-06") == text("written off  used_after_remote  R6.3  2026-03-05  5  500")
    assert flags(book, "written off", "2026-12-30") == text("written off  used_after_remote  R6.3  2026-03-05  4  400")
    assert flags(book, "given up", "2026-12-30") == []


def test_units_that_came_back_after_their_lapse_are_flagged(book: OpenBook) -> None:
    # 5 of 10 hours at 100 had lapsed; under the ratable policy 6 at 90, which carry nothing any more.
    assert flags(book, "lapsed", "2026-04-14") == []
    assert flags(book, "lapsed", "2026-04-15") == text("lapsed  extended_after_lapse  R7.1  2026-04-15  5  500")
    assert flags(book, "in time", "2026-06-30") == []
    assert flags(book, "revived", "2026-04-14") == []
    assert flags(book, "revived", "2026-04-15") == text("""
        revived  extended_after_lapse         R7.1  2026-04-15  6  540
        revived  ratable_ended_rights_remain  R3.4  2026-04-15  6  0
    """)


def test_only_the_booked_policy_is_asked_about(book: OpenBook) -> None:
    # Half of it was expected, all use was judged remote, and the year is well behind: none of that is booked.
    assert flags(book, "on delivery", "2026-06-30") == []


def test_flags_of_the_sample_are_of_every_kind_and_of_something(sample_book: OpenBook) -> None:
    rows = sample_book.run("judgement_flags", as_of="2026-10-31")
    assert set(rows["flag"]) == {
        "estimate_exceeded",
        "extended_after_lapse",
        "ratable_behind_delivery",
        "ratable_ended_rights_remain",
        "ratable_with_overage",
        "ratable_with_transfers",
        "used_after_remote",
    }
    assert rows.filter((pl.col("quantity") <= 0) | (pl.col("amount") < 0)).is_empty()
    assert rows.filter(pl.col("since") > pl.date(2026, 10, 31)).is_empty()


def test_a_service_booked_differently_from_most_is_named(new_book: Callable[..., OpenBook]) -> None:
    book = new_book(
        accounts=[account("Euro", name="Euro GmbH")],
        contracts=[
            contract("t3", recognition_convention="month_even"),
            contract("t4", recognition_method="ratable", owner="Team B", account_id="Euro", currency="EUR"),
            contract("t5", recognition_method="ratable", booked_on="2026-06-01"),
            contract("c1", recognition_method="remote"),
            contract("c2", recognition_method="proportional"),
            *(contract(name, recognition_method="ratable") for name in ("m1", "m2")),
            contract("m3", recognition_method="ratable", recognition_convention="month_even"),
        ],
        lots=[
            *(lot(name, 10, 1000, service="training") for name in ("t1", "t2", "t3", "t5")),
            lot("t4", 10, 700, service="training"),
            lot("t4 more", 10, 300, service="training", contract_id="t4"),
            lot("t4 other", 10, 9999, service="audit", contract_id="t4"),
            *(lot(name, 10, 1000, service="coaching") for name in ("c1", "c2")),
            *(lot(name, 10, 1000, service="monitoring") for name in ("m1", "m2", "m3")),
        ],
    )
    # training: two and t3, whose convention means nothing on delivery. coaching: a tie, proportional comes first.
    rows = book.run("policy_consistency", as_of="2026-05-31")
    assert across(rows.drop("account_name", "owner", "currency")) == text("""
        service     contract_id  policy   convention  usual_policy  usual_convention  usual_count  other_count  amount
        coaching    c1           remote   -           proportional  -                 1            1            1000
        monitoring  m3           ratable  month_even  ratable       daily             2            1            1000
        training    t4           ratable  daily       on_delivery   -                 3            1            1000
    """)
    assert rows.row(2, named=True) | {"account_name": "Euro GmbH", "owner": "Team B", "currency": "EUR"} == rows.row(
        2, named=True
    )
    # t5 is booked in June.
    later = book.run("policy_consistency", as_of="2026-06-01").filter(pl.col("service") == "training")
    assert later.select("contract_id", "usual_count", "other_count").rows() == [("t4", 3, 2), ("t5", 3, 2)]

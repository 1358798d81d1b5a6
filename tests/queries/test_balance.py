"""Lots and what is left of them: lot_terms, lot_balance, contract_totals, expiring_lots, draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.queries.tiny import (
    account,
    across,
    added,
    contract,
    down,
    extended,
    lot,
    removed,
    repriced,
    terminated,
    text,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        accounts=[account("Acme", segment="Enterprise"), account("Zen", name="Zen KK")],
        contracts=[
            contract("yen", currency="JPY", account_id="Zen", owner="Team B"),
            contract("dinar", currency="KWD", account_id="Zen"),
        ],
        lots=[
            lot("spring", 10, 1000, "2026-04-01..2026-06-30"),
            lot("grace", 10, 1000, "2026-01-01..2026-06-30", grace_until="2026-12-31"),
            lot("capped", 10, 1000, "2026-01-01..2026-06-30", grace_until="2026-12-31", carry_over_cap_quantity=2),
            lot("spent", 10, 1000),
            lot("forever", 10, 1000, "2026-01-01.."),
            lot("yen", 3, 1000),
            lot("dinar", 3, 10),
            lot("ties", 8, 1),
            lot("grown", 10, 1000),
            lot("shrunk", 10, 1000),
            lot("back", 10, 1000),
            lot("late", 10, 1000, "2026-01-01..2026-03-31"),
            # One contract, four lots, two units.
            lot("two-1", 2, 200, "2026-01-01..2026-06-30", contract_id="two"),
            lot("two-2", 10, 500, contract_id="two"),
            lot("two-3", 3, 100, contract_id="two", unit="day"),
        ],
        consumption=[
            used("S1", "spring", "2026-04-15", 4),
            used("G1", "grace", "2026-02-01", 4),
            used("G2", "grace", "2026-12-31", 1),  # the last day of the carry-over is good
            used("K1", "capped", "2026-02-01", 4),
            used("E1", "spent", "2026-03-01", 10),
            used("F1", "forever", "2026-03-01", 3),
            used("Y1", "yen", "2026-02-01", 1),
            used("Y2", "yen", "2026-03-01", 1),
            used("D1", "dinar", "2026-02-01", 1),
            used("D2", "dinar", "2026-03-01", 1),
            used("T1", "ties", "2026-02-01", 1),
            used("R1", "shrunk", "2026-02-01", 8),
            used("B1", "back", "2026-02-01", 6),
            used("B2", "back", "2026-03-01", -2, reverses="B1"),
            used("L1", "late", "2026-03-01", 6),
            used("L2", "late", "2026-04-10", -2, reverses="L1"),
            used("W1", "two", "2026-02-01", 5),
            used("W2", "two", "2026-02-02", 1, unit="day"),
            used("W3", "two", "2026-02-03", 1, unit="day"),
            used("W4", "two", "2026-02-04", -1, unit="day", reverses="W3"),
            used("W5", "two", "2026-07-01", 9),
        ],
        amendments=[
            added("A1", "grown", "2026-03-01", 5, 500),
            removed("A2", "shrunk", "2026-03-01", 5, 500),
        ],
    )


def test_lot_terms_say_who_bought_and_how_long_it_lasts(book: OpenBook) -> None:
    lots = book.run("lot_terms").filter(contract_id="grace").vstack(book.run("lot_terms", account="Zen"))
    lots = lots.vstack(book.run("lot_terms", contract="forever"))
    # The smallest bookable amount, in thousandths: a cent 10, a yen 1000, a thousandth of a dinar 1.
    assert down(lots) == text("""
        lot_id        grace       dinar       yen         forever
        contract_id   grace       dinar       yen         forever
        account_id    Acme        Zen         Zen         Acme
        account_name  Acme        Zen KK      Zen KK      Acme
        segment       Enterprise  (none)      (none)      Enterprise
        owner         Team A      Team A      Team B      Team A
        service       consulting  consulting  consulting  consulting
        currency      USD         KWD         JPY         USD
        minor_unit    10          1           1000        10
        unit          hour        hour        hour        hour
        quantity      10          3           3           10
        amount        1000        10          1000        1000
        valid_from    2026-01-01  2026-01-01  2026-01-01  2026-01-01
        expires_on    2026-06-30  2026-12-31  2026-12-31  -
        usable_until  2026-12-31  2026-12-31  2026-12-31  -
    """)


def test_the_balance_of_every_lot_at_the_end_of_march(book: OpenBook) -> None:
    balance = book.run("lot_balance", as_of="2026-03-31")
    assert (set(balance["account_id"]), set(balance["service"])) == ({"Acme", "Zen"}, {"consulting"})
    assert (set(balance["segment"]), set(balance["owner"])) == ({"Enterprise", "(none)"}, {"Team A", "Team B"})
    shown = balance.drop("account_id", "segment", "owner", "service")
    # capped: 4 of 10 used; nothing lapses before the term ends. back: 6 used, 2 taken back. dinar: 2/3 of 10 = 6.667.
    assert down(shown[:5]) == text("""
        lot_id              back        capped      dinar       forever     grace
        contract_id         back        capped      dinar       forever     grace
        account_name        Acme        Acme        Zen KK      Acme        Acme
        currency            USD         USD         KWD         USD         USD
        unit                hour        hour        hour        hour        hour
        valid_from          2026-01-01  2026-01-01  2026-01-01  2026-01-01  2026-01-01
        expires_on          2026-12-31  2026-06-30  2026-12-31  -           2026-06-30
        usable_until        2026-12-31  2026-12-31  2026-12-31  -           2026-12-31
        status              open        open        open        open        open
        granted_quantity    10          10          3           10          10
        drawn_quantity      4           4           2           3           4
        lapsed_quantity     0           0           0           0           0
        remaining_quantity  6           6           1           7           6
        granted_amount      1000        1000        10          1000        1000
        drawn_amount        400         400         6.667       300         400
        lapsed_amount       0           0           0           0           0
        revalued_amount     0           0           0           0           0
        remaining_amount    600         600         3.333       700         600
    """)
    # grown: 10 + 5. late: its 4 lapse on this day. shrunk: of 5 hours to take back only 2 are not yet delivered.
    assert down(shown[5:10]) == text("""
        lot_id              grown       late        shrunk      spent       spring
        contract_id         grown       late        shrunk      spent       spring
        account_name        Acme        Acme        Acme        Acme        Acme
        currency            USD         USD         USD         USD         USD
        unit                hour        hour        hour        hour        hour
        valid_from          2026-01-01  2026-01-01  2026-01-01  2026-01-01  2026-04-01
        expires_on          2026-12-31  2026-03-31  2026-12-31  2026-12-31  2026-06-30
        usable_until        2026-12-31  2026-03-31  2026-12-31  2026-12-31  2026-06-30
        status              open        ended       exhausted   exhausted   upcoming
        granted_quantity    15          10          8           10          0
        drawn_quantity      0           6           8           10          0
        lapsed_quantity     0           4           0           0           0
        remaining_quantity  15          0           0           0           0
        granted_amount      1500        1000        800         1000        0
        drawn_amount        0           600         800         1000        0
        lapsed_amount       0           400         0           0           0
        revalued_amount     0           0           0           0           0
        remaining_amount    1500        0           0           0           0
    """)
    # ties: 1/8 of 1.00 = 0.125, half up 0.13. two-1: 2 of the 5 hours; two-2: the other 3; two-3: 1 of 3 days = 33.33.
    # yen: 2/3 of 1000 = 667.
    assert down(shown[10:]) == text("""
        lot_id              ties        two-1       two-2       two-3       yen
        contract_id         ties        two         two         two         yen
        account_name        Acme        Acme        Acme        Acme        Zen KK
        currency            USD         USD         USD         USD         JPY
        unit                hour        hour        hour        day         hour
        valid_from          2026-01-01  2026-01-01  2026-01-01  2026-01-01  2026-01-01
        expires_on          2026-12-31  2026-06-30  2026-12-31  2026-12-31  2026-12-31
        usable_until        2026-12-31  2026-06-30  2026-12-31  2026-12-31  2026-12-31
        status              open        exhausted   open        open        open
        granted_quantity    8           2           10          3           3
        drawn_quantity      1           2           3           1           2
        lapsed_quantity     0           0           0           0           0
        remaining_quantity  7           0           7           2           1
        granted_amount      1           200         500         100         1000
        drawn_amount        0.13        200         150         33.33       667
        lapsed_amount       0           0           0           0           0
        revalued_amount     0           0           0           0           0
        remaining_amount    0.87        0           350         66.67       333
    """)


@pytest.mark.parametrize(
    ("contract", "as_of", "status", "granted", "drawn", "lapsed", "remaining", "remaining_amount"),
    [
        ("spring", "2026-03-31", "upcoming", "0", "0", "0", "0", "0"),
        ("spring", "2026-04-01", "open", "10", "0", "0", "10", "1000"),
        ("spring", "2026-06-29", "open", "10", "4", "0", "6", "600"),
        ("spring", "2026-06-30", "ended", "10", "4", "6", "0", "0"),  # lapses at the close of the last usable day
        ("spring", "2026-07-01", "ended", "10", "4", "6", "0", "0"),
        ("grace", "2026-06-30", "open", "10", "4", "0", "6", "600"),
        ("grace", "2026-07-01", "grace", "10", "4", "0", "6", "600"),
        ("grace", "2026-12-30", "grace", "10", "4", "0", "6", "600"),
        ("grace", "2026-12-31", "ended", "10", "5", "5", "0", "0"),
        ("capped", "2026-06-29", "open", "10", "4", "0", "6", "600"),
        ("capped", "2026-06-30", "open", "10", "4", "4", "2", "200"),  # 2 of the 6 may outlive the term
        ("capped", "2026-12-31", "ended", "10", "4", "6", "0", "0"),
        ("spent", "2026-02-28", "open", "10", "0", "0", "10", "1000"),
        ("spent", "2026-03-01", "exhausted", "10", "10", "0", "0", "0"),
        ("spent", "2026-12-31", "ended", "10", "10", "0", "0", "0"),
        ("forever", "2099-12-31", "open", "10", "3", "0", "7", "700"),
        ("yen", "2026-02-01", "open", "3", "1", "0", "2", "667"),  # 1000 - 333
        ("dinar", "2026-02-01", "open", "3", "1", "0", "2", "6.667"),  # 10 - 3.333
        ("grown", "2026-02-28", "open", "10", "0", "0", "10", "1000"),
        ("late", "2026-04-09", "ended", "10", "6", "4", "0", "0"),
        ("late", "2026-04-10", "ended", "10", "4", "6", "0", "0"),  # taken back after the lapse: the units lapse
    ],
)
def test_the_balance_turns_on_the_day(
    book: OpenBook,
    contract: str,
    as_of: str,
    status: str,
    granted: str,
    drawn: str,
    lapsed: str,
    remaining: str,
    remaining_amount: str,
) -> None:
    quantities = [f"{kind}_quantity" for kind in ("granted", "drawn", "lapsed", "remaining")]
    balance = book.run("lot_balance", as_of=as_of, contract=contract).select("status", *quantities, "remaining_amount")
    assert across(balance)[1:] == [[status, granted, drawn, lapsed, remaining, remaining_amount]]


def test_contract_totals_keep_units_apart_and_close_delivered_against_drawn_and_overage(book: OpenBook) -> None:
    # hour: 2 + 10 granted; 5 + 9 = 14 delivered; W5 finds 7 of its 9 hours, 2 are overage. day: 1 + 1 - 1.
    assert down(book.run("contract_totals", as_of="2026-07-01", contract="two")) == text("""
        contract_id         two  two
        unit                day  hour
        granted_quantity    3    12
        drawn_quantity      1    12
        lapsed_quantity     0    0
        remaining_quantity  2    0
        delivered_quantity  1    14
        overage_quantity    0    2
    """)


def test_contract_totals_before_anything_was_granted_are_empty(book: OpenBook) -> None:
    assert book.run("contract_totals", as_of="2025-12-31").is_empty()


def test_contract_totals_count_amendments_lapses_and_reversals(book: OpenBook) -> None:
    totals = book.run("contract_totals", as_of="2026-12-31").filter(pl.col("contract_id").is_in(["late", "shrunk"]))
    assert across(totals)[1:] == text("""
        late    hour  10  4  6  0  4  0
        shrunk  hour  8   8  0  0  8  0
    """)


def test_expiring_lots_end_after_the_day_and_within_the_days(book: OpenBook) -> None:
    # 1 June + 29 days = 30 June: spring only; two-1 is used up, and the lots in grace end in December.
    assert down(book.run("expiring_lots", as_of="2026-06-01", within_days=29)) == text("""
        lot_id              spring
        contract_id         spring
        account_name        Acme
        owner               Team A
        service             consulting
        usable_until        2026-06-30
        days_left           29
        unit                hour
        remaining_quantity  6
        currency            USD
        remaining_amount    600
    """)


@pytest.mark.parametrize(
    ("as_of", "within_days", "lots"),
    [
        ("2026-06-01", 28, []),
        ("2026-06-29", 1, ["spring"]),
        ("2026-06-30", 365, ["back", "capped", "dinar", "grace", "grown", "ties", "two-2", "two-3", "yen"]),
        ("2026-12-30", 1, ["back", "capped", "dinar", "grace", "grown", "ties", "two-3", "yen"]),
        ("2026-12-31", 365, []),
    ],
)
def test_a_lot_stops_expiring_on_its_last_day_and_an_empty_or_endless_one_never_does(
    book: OpenBook, as_of: str, within_days: int, lots: list[str]
) -> None:
    assert book.run("expiring_lots", as_of=as_of, within_days=within_days)["lot_id"].to_list() == lots


def test_a_delivery_spans_lots_each_at_its_own_price_and_a_reversal_takes_its_price_back(book: OpenBook) -> None:
    # W1: 2 hours at 100, then 3 at 50. Days at 33.33.., rounded to date: 33.33, 66.67 - 33.33 = 33.34, and back.
    # W5: on 1 July two-1 has ended; 7 hours of two-2 at 50, the other 2 are overage, no draw.
    draws = book.run("draws", contract="two").drop("movement_no")
    assert across(draws) == text("""
        consumption_id  contract_id  lot_id  service_date  unit  quantity  currency  amount
        W1              two          two-1   2026-02-01    hour  2         USD       200
        W1              two          two-2   2026-02-01    hour  3         USD       150
        W2              two          two-3   2026-02-02    day   1         USD       33.33
        W3              two          two-3   2026-02-03    day   1         USD       33.34
        W4              two          two-3   2026-02-04    day   -1        USD       -33.34
        W5              two          two-2   2026-07-01    hour  7         USD       350
    """)


def test_draws_are_numbered_in_the_order_they_happened(book: OpenBook) -> None:
    numbers = book.run("draws", contract="two")["movement_no"]
    assert numbers.is_unique().all()
    assert numbers.to_list() == sorted(numbers)


def test_draws_are_rounded_to_what_the_currency_can_be_booked_in(book: OpenBook) -> None:
    # yen: 333.3 and 666.7 to date. dinar: 3.333 and 6.667 to date.
    draws = book.run("draws", account="Zen").select("consumption_id", "currency", "amount")
    assert sorted(across(draws)[1:]) == text("""
        D1  KWD  3.333
        D2  KWD  3.334
        Y1  JPY  333
        Y2  JPY  334
    """)


def test_a_lot_of_a_hundred_billion_tokens_can_be_drawn(new_book: Callable[..., OpenBook]) -> None:
    book = new_book(
        lots=[lot("tokens", 100_000_000_000, 200_000, unit="token")],
        consumption=[used("U1", "tokens", "2026-02-01", 25_000_000_000, unit="token")],
    )
    balance = book.run("lot_balance", as_of="2026-03-31").select("drawn_quantity", "remaining_quantity", "drawn_amount")
    assert across(balance)[1:] == [["25000000000", "75000000000", "50000"]]


def test_an_amount_of_ten_trillion_can_be_earned(new_book: Callable[..., OpenBook]) -> None:
    # Dong and rupiah get there.
    book = new_book(
        contracts=[contract("dong", currency="VND")],
        lots=[lot("dong", 10, 10_000_000_000_000)],
        consumption=[used("U1", "dong", "2026-02-01", 5)],
    )
    balance = book.run("lot_balance", as_of="2026-03-31").select("drawn_amount", "remaining_amount")
    assert across(balance)[1:] == [["5000000000000", "5000000000000"]]


def test_the_balance_follows_the_price_and_the_end_that_amendments_make(new_book: Callable[..., OpenBook]) -> None:
    book = new_book(
        lots=[
            lot("conceded", 10, 1000),
            lot("longer", 10, 1000, "2026-01-01..2026-03-31"),
            lot("ended", 10, 1000),
        ],
        consumption=[
            used("C1", "conceded", "2026-02-01", 4),
            used("L1", "longer", "2026-02-01", 4),
            used("E1", "ended", "2026-02-01", 4),
        ],
        amendments=[
            repriced("A1", "conceded", "2026-03-01", -100, treatment="cumulative_catch_up"),
            extended("A2", "longer", "2026-04-10", "2026-09-30"),
            terminated("A3", "ended", "2026-03-01"),
        ],
    )
    # conceded: 40 of the 100 are for what was delivered. ended: nothing was billed, so that 1,000 are waived and the
    # 400 delivered are given up. longer: its 6 hours lapsed in March; they come back and are worth nothing.
    columns = ["lot_id", "usable_until", "status", "drawn_quantity", "lapsed_quantity", "remaining_quantity"]
    columns += ["granted_amount", "drawn_amount", "lapsed_amount", "revalued_amount", "remaining_amount"]
    assert down(book.run("lot_balance", as_of="2026-05-01").select(columns)) == text("""
        lot_id              conceded    ended       longer
        usable_until        2026-12-31  2026-02-28  2026-09-30
        status              open        ended       open
        drawn_quantity      4           4           4
        lapsed_quantity     0           6           0
        remaining_quantity  6           0           6
        granted_amount      900         1000        1000
        drawn_amount        400         400         400
        lapsed_amount       0           0           600
        revalued_amount     -40         600         0
        remaining_amount    540         0           0
    """)
    before = book.run("lot_balance", as_of="2026-03-31", contract="longer")
    assert across(before.select("lapsed_quantity", "remaining_quantity"))[1:] == [["6", "0"]]

"""Revenue and balances of random books, through the real path, against brute_force and the invariants of R13."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property import brute_force
from tests.property.books import (
    FAULTLESS,
    Nastiness,
    a_lot,
    an_amendment,
    merged,
    prefixed,
    published,
    random_book,
    seeded,
    shown,
    small_book,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from queries.book import Book
    from tests.property.brute_force import Reading, Row, Rows

THE_END = date(9999, 12, 31)
ONLY_GIVING = Nastiness(faults=False, givebacks=False)
KINDS = {
    "faulty": Nastiness(),
    "faultless": FAULTLESS,
    "only giving": ONLY_GIVING,
    "amended early": Nastiness(faults=False, early=True),
}
BOOKS_A_SNAPSHOT = 60


@dataclass(frozen=True)
class Portfolio:
    """Many random books in one opened snapshot, with what the rules say of each."""

    opened: Book
    rows: Rows
    contracts: dict[str, Row]
    books: dict[str, Rows]
    readings: dict[str, Reading]

    def lots(self) -> Iterator[tuple[Row, Row, Reading]]:
        """Every lot, its contract, and the reading of its book."""
        for row in self.rows["lots"]:
            yield row, self.contracts[row["contract_id"]], self.readings[row["contract_id"]]

    def run(self, name: str, *key: str, **parameters: object) -> dict[Any, Row]:
        """A figure's rows by their key."""
        rows = self.opened.run(name, **parameters).iter_rows(named=True)
        return {tuple(row[part] for part in key) if len(key) > 1 else row[key[0]]: row for row in rows}


def portfolio(books: list[Rows], store: Path) -> Portfolio:
    rows = merged(books)
    owners = {contract["contract_id"]: book for book in books for contract in book["contracts"]}
    readings = {id(book): brute_force.read_book(book) for book in books}
    return Portfolio(
        opened=published(rows, store),
        rows=rows,
        contracts={contract["contract_id"]: contract for contract in rows["contracts"]},
        books=owners,
        readings={contract_id: readings[id(book)] for contract_id, book in owners.items()},
    )


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def random_portfolio(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    rng = seeded(list(KINDS).index(kind))
    books = [prefixed(random_book(rng, KINDS[kind]), number) for number in range(BOOKS_A_SNAPSHOT)]
    return portfolio(books, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def boundaries(random_portfolio: Portfolio) -> list[date]:
    """Random closing days, some of them the very days lots begin and end on, in no order."""
    rng = seeded(len(random_portfolio.rows["lots"]))
    chosen = {date(2023, 9, 1) + timedelta(days=rng.randint(0, 900)) for _ in range(10)}
    for name in ("valid_from", "expires_on", "grace_until"):
        chosen |= set(rng.sample(sorted({lot[name] for lot in random_portfolio.rows["lots"] if lot[name]}), 2))
    return rng.sample([*sorted(chosen), THE_END], len(chosen) + 1)


def assert_same(portfolio: Portfolio, compared: list[tuple[str, str, Any, Any]]) -> None:
    """Every (contract, what, by the rules, got) is equal; the shortest contract that differs is shown."""
    wrong = [item for item in compared if item[2] != item[3]]
    if wrong:
        text = {item[0]: _contract_shown(portfolio, item[0]) for item in wrong}
        contract_id, what, wanted, got = min(wrong, key=lambda item: len(text[item[0]]))
        counted = f"{len(wrong)} of {len(compared)} differ in {len(text)} contracts"
        pytest.fail(f"{counted}, e.g. {what}: by the rules {wanted}, got {got}\n{text[contract_id]}")
    assert compared


def _contract_shown(portfolio: Portfolio, contract_id: str) -> str:
    book = portfolio.books[contract_id]
    return shown({name: [row for row in rows if row.get("contract_id") == contract_id] for name, rows in book.items()})


def test_revenue_on_delivery_is_what_the_rules_say(random_portfolio: Portfolio, boundaries: list[date]) -> None:
    got = random_portfolio.run("revenue_on_delivery", "lot_id", "boundary", boundaries=boundaries)
    compared = []
    for lot, contract, reading in random_portfolio.lots():
        for day in boundaries:
            row = got.get((lot["lot_id"], day), {"delivery": 0, "breakage": 0})
            wanted = brute_force.on_delivery(reading, lot, contract, day)
            what = f"{lot['lot_id']} by {day}"
            compared.append((lot["contract_id"], what, wanted, (row["delivery"], row["breakage"])))

    assert_same(random_portfolio, compared)


def test_revenue_ratable_is_what_the_rules_say(random_portfolio: Portfolio, boundaries: list[date]) -> None:
    got = random_portfolio.run("revenue_ratable", "lot_id", "boundary", boundaries=boundaries)
    compared = []
    for lot, contract, reading in random_portfolio.lots():
        for day in boundaries:
            row = got.get((lot["lot_id"], day), {"ratable": 0})
            wanted = brute_force.ratable(reading, lot, contract, day)
            compared.append((lot["contract_id"], f"{lot['lot_id']} by {day}", wanted, row["ratable"]))

    assert_same(random_portfolio, compared)


def test_balances_of_lots_are_what_the_rules_say(random_portfolio: Portfolio, boundaries: list[date]) -> None:
    compared = []
    for day in boundaries[:4]:
        got = random_portfolio.run("lot_balance", "lot_id", as_of=day)
        for lot, _, reading in random_portfolio.lots():
            row = got[lot["lot_id"]]
            units = [reading.granted(lot["lot_id"], day), reading.drawn(lot["lot_id"], day)]
            units += [reading.lapsed(lot["lot_id"], day)]
            figures = [row["granted_quantity"], row["drawn_quantity"], row["lapsed_quantity"]]
            compared.append((lot["contract_id"], f"units of {lot['lot_id']} by {day}", units, figures))

    assert_same(random_portfolio, compared)


def test_the_prices_of_a_lots_draws_add_up_to_its_delivered_revenue(random_portfolio: Portfolio) -> None:
    drawn: dict[str, Decimal] = {}
    for row in random_portfolio.run("draws", "movement_no").values():
        drawn[row["lot_id"]] = drawn.get(row["lot_id"], Decimal(0)) + row["amount"]
    compared = [
        (
            lot["contract_id"],
            lot["lot_id"],
            brute_force.on_delivery(reading, lot, contract, THE_END)[0],
            drawn.get(lot["lot_id"], 0),
        )
        for lot, contract, reading in random_portfolio.lots()
    ]

    assert_same(random_portfolio, compared)


def test_overage_is_billed_at_the_agreed_rate_or_shown_unpriced(kind: str, random_portfolio: Portfolio) -> None:
    got: dict[str, list[tuple[str, Any, Any]]] = {}
    for row in random_portfolio.opened.run("overage").iter_rows(named=True):
        got.setdefault(row["consumption_id"], []).append((row["status"], row["quantity"], row["revenue"]))
    compared = []
    for line in random_portfolio.rows["consumption"]:
        contract = random_portfolio.contracts[line["contract_id"]]
        reading = random_portfolio.readings[line["contract_id"]]
        rates = random_portfolio.rows["rate_card"]
        wanted = []
        if line["consumption_id"] in reading.overage:
            status, revenue = brute_force.overage_revenue(reading, line, rates, contract["currency"])
            wanted = [(status, reading.overage[line["consumption_id"]], revenue)]
        compared.append((line["contract_id"], line["consumption_id"], wanted, got.get(line["consumption_id"], [])))

    assert_same(random_portfolio, compared)


def test_the_rollforward_foots_and_closes_at_what_is_billed_and_not_recognised(
    random_portfolio: Portfolio, boundaries: list[date]
) -> None:
    rows = random_portfolio.run("liability_rollforward", "contract_id", "policy", "period_end", boundaries=boundaries)
    days = sorted(boundaries)
    compared = []
    for contract_id, contract in random_portfolio.contracts.items():
        lots = [item for item in random_portfolio.lots() if item[1] is contract]
        billed = [row for row in random_portfolio.rows["billings"] if row["contract_id"] == contract_id]
        for policy in ("ratable", "on_delivery"):
            before = _closing(policy, lots, billed, days[0])
            for day in days[1:]:
                row = rows[contract_id, policy, day]
                closing = _closing(policy, lots, billed, day)
                revenue = row["revenue_ratable"] + row["revenue_delivery"] + row["revenue_breakage"]
                footed = row["opening"] + row["billings"] - row["refunds"] - row["revenue_total"]
                got = (row["opening"], row["closing"], footed, revenue)
                compared.append((contract_id, f"{policy} {day}", (before, closing, closing, row["revenue_total"]), got))
                before = closing

    assert_same(random_portfolio, compared)


def _closing(policy: str, lots: list[tuple[Row, Row, Reading]], billed: list[Row], day: date) -> Fraction:
    balance = sum((Fraction(row["amount"]) for row in billed if row["billed_on"] <= day), Fraction(0))
    for lot, contract, reading in lots:
        if policy == "ratable":
            balance -= brute_force.ratable(reading, lot, contract, day)
        else:
            balance -= sum(brute_force.on_delivery(reading, lot, contract, day))
    return balance


def test_lots_with_an_end_close_at_their_granted_amount_under_both_policies(random_portfolio: Portfolio) -> None:
    balances = random_portfolio.run("lot_balance", "lot_id", as_of=THE_END)
    by_time = random_portfolio.run("revenue_ratable", "lot_id", boundaries=[THE_END])
    by_use = random_portfolio.run("revenue_on_delivery", "lot_id", boundaries=[THE_END])
    compared = []
    for lot, contract, reading in random_portfolio.lots():
        if lot["expires_on"] is None:
            continue
        lot_id = lot["lot_id"]
        exact = brute_force.unit_price(lot) * reading.granted(lot_id, THE_END)
        wanted = brute_force.rounded(exact, contract["currency"])
        use = by_use[lot_id]["delivery"] + by_use[lot_id]["breakage"]
        got = (balances[lot_id]["granted_amount"], by_time[lot_id]["ratable"], use)
        compared.append((lot["contract_id"], lot_id, (wanted, wanted, wanted), got))

    assert_same(random_portfolio, compared)


def test_never_are_more_units_gone_than_were_granted_nor_fewer_than_none(
    random_portfolio: Portfolio, boundaries: list[date]
) -> None:
    compared = []
    for day in boundaries[:6]:
        for row in random_portfolio.run("lot_balance", "lot_id", as_of=day).values():
            gone = row["drawn_quantity"] + row["lapsed_quantity"]
            holds = min(row["drawn_quantity"], row["lapsed_quantity"]) >= 0 and 0 <= gone <= row["granted_quantity"]
            left = row["granted_quantity"] - gone
            what = f"{row['lot_id']} by {day}: {row['granted_quantity']} granted, {gone} gone"
            compared.append((row["contract_id"], what, (True, left), (holds, row["remaining_quantity"])))

    assert_same(random_portfolio, compared)


@pytest.mark.parametrize(("figure", "parts"), [("revenue_ratable", 1), ("revenue_on_delivery", 2)])
def test_a_cumulative_is_the_same_in_days_in_months_and_in_one_period(
    random_portfolio: Portfolio, figure: str, parts: int
) -> None:
    first, last = date(2023, 12, 1), date(2024, 5, 31)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    month_ends = [day for day in days if (day + timedelta(days=1)).day == 1]
    by_days, by_months, by_one = (
        random_portfolio.run(figure, "lot_id", "boundary", boundaries=chosen) for chosen in (days, month_ends, [last])
    )

    assert len(next(iter(by_one.values()))) == 4 + parts
    assert by_months == {key: row for key, row in by_days.items() if key[1] in month_ends}
    assert by_one == {key: row for key, row in by_months.items() if key[1] == last}


def test_without_reversals_or_removals_revenue_never_falls(tmp_path: Path) -> None:
    rng = seeded(8)
    some = portfolio([prefixed(random_book(rng, ONLY_GIVING), number) for number in range(40)], tmp_path)
    days = sorted({date(2023, 10, 1) + timedelta(days=rng.randint(0, 700)) for _ in range(80)})
    falls = []
    for figure, parts in (("revenue_ratable", ("ratable",)), ("revenue_on_delivery", ("delivery", "breakage"))):
        reached: dict[str, Decimal] = {}
        for row in some.opened.run(figure, boundaries=days).iter_rows(named=True):
            total = sum(row[part] for part in parts)
            if total < reached.get(row["lot_id"], 0):
                falls.append((figure, row))
            reached[row["lot_id"]] = total
        assert any(reached.values())

    assert not falls


def test_no_check_fails_in_books_without_faults(kind: str, random_portfolio: Portfolio) -> None:
    failed = random_portfolio.opened.failed_checks()

    assert set(failed) <= ({"reversals_matched"} if kind == "faulty" else set()), failed


def test_unmatched_reversals_are_named(tmp_path: Path) -> None:
    rng = seeded(3)
    some = portfolio([prefixed(random_book(rng), number) for number in range(20)], tmp_path)

    assert some.opened.failed_checks()["reversals_matched"].height > 0


def test_an_amendment_before_the_first_day_counts_from_the_first_day(tmp_path: Path) -> None:
    first, last = date(2024, 2, 1), date(2024, 2, 10)
    bought = [a_lot(name, "10", first, last) for name in ("added", "removed")]
    early = date(2024, 1, 1)
    changes = [an_amendment("add_units", "added", "10", early), an_amendment("remove_units", "removed", "4", early)]
    opened = published(small_book(*bought, *changes), tmp_path)
    days = [date(2024, 1, 31), first, date(2024, 2, 5), last]
    revenue = opened.run("revenue_ratable", boundaries=days).select("lot_id", "boundary", "ratable").rows()
    before = opened.run("lot_balance", as_of=date(2024, 1, 31)).select("lot_id", "granted_quantity").rows()

    assert revenue == [
        *(("added", day, money) for day, money in zip(days[1:], (2, 10, 20), strict=True)),
        *(("removed", day, money) for day, money in zip(days[1:], (Decimal("0.6"), 3, 6), strict=True)),
    ]
    assert before == [("added", 0), ("removed", 0)]


some_seeds = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@given(seed=st.integers(0, 10_000))
@some_seeds
def test_splitting_a_line_in_two_on_the_same_day_changes_nothing_in_total(seed: int) -> None:
    rng = seeded(seed)
    books = [random_book(rng, FAULTLESS) for _ in range(15)]
    halves = [_split(book, rng.randint(1, 9)) for book in books]
    assert sum(len(book["consumption"]) for book in halves) > sum(len(book["consumption"]) for book in books)

    assert _totals(books) == _totals(halves)


def _split(book: Rows, tenths: int) -> Rows:
    """The book with every line that nothing takes back and that is no reversal split in two."""
    taken_back = {line["reverses"] for line in book["consumption"]}
    lines = []
    for line in book["consumption"]:
        part = (line["quantity"] * tenths / 10).quantize(Decimal("0.0001"))
        if line["consumption_id"] in taken_back or not 0 < part < line["quantity"]:
            lines.append(line | {"line_no": 2 * line["line_no"]})
            continue
        lines.append(line | {"line_no": 2 * line["line_no"], "quantity": part})
        rest = {"consumption_id": f"{line['consumption_id']}+", "line_no": 2 * line["line_no"] + 1}
        lines.append(line | rest | {"quantity": line["quantity"] - part})
    return book | {"consumption": lines}


def _totals(books: list[Rows]) -> tuple[Any, ...]:
    """Revenue of every lot, and overage of every contract, day, service and unit."""
    days = [date(2023, 12, 31), date(2024, 3, 31), date(2024, 12, 31), THE_END]
    with tempfile.TemporaryDirectory() as store:
        some = portfolio([prefixed(book, number) for number, book in enumerate(books)], Path(store))
        overage: dict[Any, Decimal] = {}
        for row in some.opened.run("overage").iter_rows(named=True):
            key = tuple(row[part] for part in ("contract_id", "service_date", "service_type", "unit", "status"))
            overage[key] = overage.get(key, Decimal(0)) + row["quantity"]
        return (
            some.run("revenue_on_delivery", "lot_id", "boundary", boundaries=days),
            some.run("revenue_ratable", "lot_id", "boundary", boundaries=days),
            some.run("lot_balance", "lot_id", as_of=THE_END),
            overage,
        )


@given(seed=st.integers(0, 10_000), times=st.sampled_from([2, 3, 7, 10, 1000]))
@some_seeds
def test_scaling_all_amounts_scales_what_is_exact_and_moves_the_rest_by_its_rounding(seed: int, times: int) -> None:
    rng = seeded(seed)
    books = [prefixed(random_book(rng, FAULTLESS), number) for number in range(15)]
    scaled = [_scaled(book, times) for book in books]
    days = [date(2024, 1, 31), date(2024, 3, 14), date(2024, 9, 30), THE_END]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        once, often = portfolio(books, Path(one)), portfolio(scaled, Path(other))
        by_time = [some.run("revenue_ratable", "lot_id", "boundary", boundaries=days) for some in (once, often)]
        by_use = [some.run("revenue_on_delivery", "lot_id", "boundary", boundaries=days) for some in (once, often)]
    exact_count, compared = 0, []
    for lot, contract, reading in once.lots():
        unit = Fraction(1, 10 ** brute_force.MINOR_DIGITS[contract["currency"]])
        for key in ((lot["lot_id"], day) for day in days):
            gone = reading.drawn(*key) + reading.lapsed(*key)
            used = [(brute_force.unit_price(lot) * gone, Fraction(1))]
            elapsed = brute_force.spreads(reading, lot, contract, key[1])
            for spread, rows, parts in ((used, by_use, ("delivery", "breakage")), (elapsed, by_time, ("ratable",))):
                single, multiple = (sum(Fraction(side.get(key, {}).get(part, 0)) for part in parts) for side in rows)
                error = _most_rounded(spread, unit)
                exact_count += error == 0 and single > 0
                within = abs(multiple - times * single) <= error * (times + 1)
                compared.append((lot["contract_id"], str(key), True, within))

    assert exact_count
    assert_same(once, compared)


def _most_rounded(spread: list[tuple[Fraction, Fraction]], unit: Fraction) -> Fraction:
    """How far what is recognised of grants can be from exact: half a unit for every rounding that rounds.

    A lot's price so far is the end of one grant and the beginning of the next, so it counts with the difference of
    their parts.
    """
    error, before = Fraction(0), Fraction(0)
    for (price, part), (_, next_part) in pairwise([*spread, (Fraction(0), Fraction(0))]):
        is_price_exact = price % unit == 0 and before % unit == 0
        error += 0 if price % unit == 0 else unit / 2 * abs(part - next_part)
        error += 0 if part in (0, 1) or (is_price_exact and (price - before) * part % unit == 0) else unit / 2
        before = price
    return error


def _scaled(book: Rows, times: int) -> Rows:
    return {
        name: [row | {"amount": row["amount"] * times} if "amount" in row else row for row in rows]
        for name, rows in book.items()
    }

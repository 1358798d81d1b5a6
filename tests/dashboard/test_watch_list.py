"""The Monday call list: who is on it and why, what is new, what has left, and what a link asks of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from dashboard import format as fmt
from dashboard.charts import watch_list as chart
from dashboard.theme import LIGHT
from dashboard.watch_list import words
from dashboard.watch_list.calls import Entry, calls, entries, left
from dashboard.watch_list.expiries import expiries
from dashboard.watch_list.thresholds import THRESHOLDS
from queries.book import WATCH_THRESHOLDS
from tests.queries import tiny
from tests.queries.tiny import account, contract, extended, lot, used

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from queries.book import Book
    from tests.queries.tiny import OpenBook

    Visit = Callable[..., AppTest]

#: A term of a hundred days, its close halfway, and a day three weeks on.
TERM = "2026-01-01..2026-04-10"
BEFORE, NOW = date(2026, 2, 19), date(2026, 3, 12)
#: What every threshold is set to where nothing is to be on the list.
CLOSED = {"lag": "100", "ends": "0", "left": "100", "late": "100", "overdrawn": "0", "carry": "0"}

TABLES: dict[str, Any] = {
    "accounts": [account("Acme"), account("Beta"), account("Gamma"), account("Delta")],
    "contracts": [
        contract("stays"),
        contract("second"),
        contract("comes", account_id="Beta"),
        contract("used up", account_id="Gamma"),
        contract("ended", account_id="Gamma"),
        contract("extended", account_id="Gamma"),
        contract("caught up", account_id="Gamma"),
        contract("over", account_id="Delta"),
        contract("no longer over", account_id="Delta"),
    ],
    "lots": [
        lot("stays", 100, 1000, TERM),
        lot("second", 20, 100, "2026-01-01..2026-09-10", unit="day"),
        lot("comes", 100, 5000, "2026-03-01..2026-03-30"),
        lot("used up", 100, 1000, TERM),
        lot("ended", 100, 1000, "2026-01-01..2026-03-01"),
        lot("extended", 100, 1000, "2026-01-01..2026-03-31"),
        lot("caught up", 100, 1000, "2025-09-01..2026-09-10"),
        lot("over", 10, 100, "2026-01-01..2027-12-31"),
        lot("no longer over", 10, 100, "2026-01-01..2027-12-31"),
    ],
    "consumption": [
        used("S1", "stays", "2026-01-10", 10),
        used("E1", "ended", "2026-01-10", 40),
        used("X1", "extended", "2026-02-01", 60),
        used("N1", "no longer over", "2026-02-01", 12),
        used("U1", "used up", "2026-03-01", 100),
        used("C1", "caught up", "2026-03-01", 60),
        used("O1", "over", "2026-03-10", 13),
    ],
}


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> tuple[OpenBook, OpenBook]:
    """Lots that come onto the list and leave it, before and after the extension of one is known."""
    extension = [extended("M1", "extended", "2026-03-05", "2026-12-31")]
    before, now = (
        tiny.book(tmp_path_factory.mktemp("store"), **TABLES, amendments=amendments) for amendments in ([], extension)
    )
    return before, now


@pytest.fixture(scope="module")
def small(snapshots: tuple[OpenBook, OpenBook]) -> OpenBook:
    """The later of the two."""
    return snapshots[1]


@pytest.fixture(scope="module")
def before(snapshots: tuple[OpenBook, OpenBook]) -> pl.DataFrame:
    """What the earlier flagged on its day."""
    return flags(snapshots[0], BEFORE)


def flags(book: Book, on: date) -> pl.DataFrame:
    return book.run("watch_flags", as_of=on)


def test_a_client_is_one_call_with_its_lots_and_reasons_the_most_money_first(small: OpenBook) -> None:
    to_call = calls(entries(flags(small, NOW), None), None)
    assert [call.client for call in to_call] == ["Beta", "Acme", "Delta"]
    acme = to_call[1]
    assert [entry.lot_id for entry in acme.entries] == ["stays", "second"]
    assert acme.at_risk == sum(entry.at_risk for entry in acme.entries)
    assert acme.ends_first is not None
    assert acme.ends_first.lot_id == "stays"
    why = "Consulting hours: ends in 29 days, 10% used in 71% of the time. Consulting days: 0% used in 28% of the time"
    assert words.why(acme, NOW) == why
    assert words.what_to_do(acme, "USD", NOW) == "Consulting hours: book 90 h by 10 April, or agree an extension"
    over = to_call[2]
    assert words.why(over, NOW) == "Contract: 3 h used beyond its lots, no rate agreed"
    assert words.what_to_do(over, "USD", NOW) == "Offer a top-up, and agree a rate for what was used"


def test_the_sentence_names_the_client_with_the_most_at_risk_and_what_will_lapse_when(small: OpenBook) -> None:
    to_call = calls(entries(flags(small, NOW), None), None)
    amount = fmt.money(to_call[0].entries[0].at_risk, "USD")
    said = f"Call Beta first: about {amount} of consulting hours will lapse on 30 March"
    assert words.answer(to_call, "USD", NOW) == said
    assert words.counted(to_call) == "3 clients on the list"
    over = [call for call in to_call if call.client == "Delta"]
    assert words.answer(over, "USD", NOW) == "Call Delta first: 3 h used beyond its lots, no rate agreed"
    assert words.answer([], "USD", NOW) == "Nobody is on the watch-list"


def test_clients_lots_and_reasons_that_were_not_there_are_new(small: OpenBook, before: pl.DataFrame) -> None:
    to_call = calls(entries(flags(small, NOW), before), before)
    assert {call.client: call.news for call in to_call} == {"Beta": "New", "Acme": "New lot", "Delta": "New lot"}
    assert words.counted(to_call) == "3 clients on the list, 1 new"
    same = calls(entries(before, before), before)
    assert {call.news for call in same} == {""}
    fewer = before.filter(pl.col("reason") != "behind_pace")
    assert {call.client: call.news for call in calls(entries(before, fewer), fewer)}["Acme"] == "New reason"
    assert {call.news for call in calls(entries(before, None), None)} == {""}


def test_what_has_left_the_list_says_why(small: OpenBook, before: pl.DataFrame) -> None:
    gone = left(entries(flags(small, NOW), None), before)
    balances = {row["lot_id"]: row for row in small.run("lot_balance", as_of=NOW).iter_rows(named=True)}
    said = {entry.row["contract_id"]: words.why_left(entry, balances.get(entry.lot_id or ""), NOW) for entry in gone}
    assert said == {
        "used up": "Used up",
        "ended": "Ended: $600 lapsed",
        "extended": "Extended to 31 December",
        "caught up": "Nearer to pace: 60% used",
        "no longer over": "Nothing more used beyond its lots",
    }
    assert words.why_left(next(entry for entry in gone if entry.lot_id), None, NOW) == "No longer in this view"


@pytest.mark.parametrize(
    ("row", "reasons", "said"),
    [
        ({"recent_monthly": 3, "required_monthly": 12}, ("behind_pace",), "Book 12 days a month instead of 3 days"),
        ({"recent_monthly": 0, "required_monthly": 12}, ("behind_pace",), "Book 12 days a month instead of none"),
        (
            {"recent_monthly": 13, "required_monthly": 12},
            ("left_late",),
            "Hold the pace: 13 days a month, 12 days would do",
        ),
        ({}, ("in_grace", "ends_soon"), "Book 40 days by 10 April: then the carry-over ends"),
    ],
)
def test_what_to_do_follows_the_most_pressing_reason(
    small: OpenBook, row: dict[str, int], reasons: tuple[str, ...], said: str
) -> None:
    lot_row = flags(small, NOW).filter(lot_id="stays").row(0, named=True)
    own = (
        lot_row
        | {name: Decimal(value) for name, value in row.items()}
        | {"unit": "day", "flagged_quantity": Decimal(40), "lapses_quantity": Decimal(40)}
    )
    (call,) = calls([Entry(own, reasons, is_new=False, has_new_reason=False)], None)
    assert words.what_to_do(call, "USD", NOW) == said


def test_the_sentence_says_where_it_counts_one_lot_of_several(small: OpenBook) -> None:
    (acme,) = (call for call in calls(entries(flags(small, NOW), None), None) if call.client == "Acme")
    amount = fmt.money(acme.entries[0].at_risk, "USD")
    said = f"Call Acme first: about {amount} of consulting hours alone will lapse on 10 April"
    assert words.answer([acme], "USD", NOW) == said


def test_a_carry_over_cap_is_a_deadline_of_its_own(tmp_path: Path) -> None:
    capped = lot("C", 100, 1000, "2026-01-01..2026-03-31", grace_until="2026-09-30", carry_over_cap_quantity=20)
    book = tiny.book(tmp_path, lots=[capped], consumption=[used("U1", "C", "2026-02-01", 29)])
    (call,) = calls(entries(flags(book, NOW), None), None)
    amount = fmt.money(call.at_risk, "USD")
    assert (
        words.answer([call], "USD", NOW)
        == f"Call Acme first: about {amount} of consulting hours will lapse, from 31 March"
    )
    # 29 of 100 is 29%, though as doubles 0.29 times 100 is less; 71 of 273 days have passed.
    why = "Consulting hours: 51 h above the carry-over cap lapse in 19 days"
    assert words.why(call, NOW) == why
    assert words.what_to_do(call, "USD", NOW) == "Book 51 h by 31 March, or agree an extension"
    assert [(found.name, found.on) for found in expiries(call.entries, "USD", NOW)] == [
        ("C.cap", date(2026, 3, 31)),
        ("C.expiry", date(2026, 9, 30)),
    ]


def test_a_share_is_what_its_figures_say(tmp_path: Path) -> None:
    # As doubles 0.29 times 100 is a little less than 29.
    book = tiny.book(tmp_path, lots=[lot("C", 100, 1000, TERM)], consumption=[used("U1", "C", "2026-02-01", 29)])
    (call,) = calls(entries(flags(book, NOW), None), None)
    assert words.why(call, NOW) == "Consulting hours: ends in 29 days, 29% used in 71% of the time"


def test_a_client_of_two_owners_is_one_new_client(tmp_path: Path) -> None:
    book = tiny.book(
        tmp_path,
        contracts=[contract("one"), contract("two", owner="Team B")],
        lots=[lot("one", 100, 1000, TERM), lot("two", 100, 1000, TERM)],
    )
    listed = flags(book, NOW)
    to_call = calls(entries(listed, listed.clear()), listed.clear())
    assert len(to_call) == 2
    assert words.new_clients(to_call) == 1
    assert words.counted(to_call) == "1 client on the list, 1 new"


def deadline(client: str, on: date, amount: int, *, is_new: bool = False) -> chart.Deadline:
    return chart.Deadline(client, on, (on - NOW).days, Decimal(amount), is_new)


def test_the_chart_says_how_much_is_pressing_and_what_it_does_not_show() -> None:
    dots = [deadline("Acme", date(2026, 4, 10), 4000), deadline("Beta", date(2028, 1, 1), 6000)]
    said = chart.finding(dots, 60, NOW, "USD")
    assert said.title == "$4,000 of the $10k at risk ends within 60 days, with 1 client"
    assert said.subtitle.endswith("Not shown: $6,000 in 1 lot after 12 Mar 2027.")
    none = chart.finding(dots, 10, NOW, "USD").title
    assert none == "None of the $10k at risk ends within 10 days; the first to end is Acme's on 10 April"


@pytest.mark.parametrize("amounts", [(0, 0), (5000, 0), (5000, 5000)])
def test_any_list_can_be_drawn_and_names_no_client_over_another(amounts: tuple[int, int]) -> None:
    dots = [deadline(name, date(2026, 4, 10), of) for name, of in zip(("Acme", "Beta"), amounts, strict=True)]
    drawn = chart.draw(dots, NOW, BEFORE, "USD", LIGHT)
    places = [(note.x, note.y, note.xanchor, note.yshift) for note in drawn.layout.annotations if note.xref != "paper"]
    assert len(places) == len(set(places)) == sum(of > 0 for of in amounts)


def test_no_calendar_is_offered_where_nothing_has_a_day(monkeypatch: pytest.MonkeyPatch, visit: Visit) -> None:
    offered = []
    monkeypatch.setattr("dashboard.downloads.st.download_button", lambda label, **_: offered.append(label))
    visit("watch_list")
    assert offered.count("Calendar") == 1
    monkeypatch.setattr("dashboard.watch_list.expiries.Expiry", None)
    visit("watch_list", **CLOSED | {"overdrawn": "730"})
    assert offered.count("Calendar") == 1


def said(app: AppTest) -> str:
    assert not app.exception, app.exception
    return str(app.title[0].value).replace("\\", "")


def shown(app: AppTest, column: str) -> list[Any]:
    (table,) = (item.value for item in app.dataframe if column in item.value.columns)
    return list(table[column])


def test_the_page_opens_on_whom_to_call_and_lists_every_client_flagged(visit: Visit, book: Book, earlier: Book) -> None:
    now, before = (asked.run("watch_flags", as_of=asked.snapshot.dated_on, currency="USD") for asked in (book, earlier))
    to_call = calls(entries(now, before), before)
    app = visit("watch_list")
    assert said(app).startswith(f"Call {to_call[0].client} first: about ")
    assert shown(app, "what_to_do") == [words.what_to_do(call, "USD", book.snapshot.dated_on) for call in to_call]
    figures = {metric.label: metric.value.replace("\\", "") for metric in app.metric}
    assert figures["Clients to call"] == str(now["account_id"].n_unique())
    assert figures["New clients"] == str(len(set(now["account_id"]) - set(before["account_id"])))
    lapsing = now.drop_nulls("lot_id").unique("lot_id")["at_risk_amount"].sum()
    assert figures["At risk of lapsing"] == fmt.money(lapsing, "USD")
    assert shown(app, "became")
    assert not app.warning


def test_the_first_snapshot_has_a_list_and_nothing_new(visit: Visit, earlier: Book) -> None:
    app = visit("watch_list", snapshot=earlier.snapshot.dated_on.isoformat())
    assert said(app).startswith("Call ")
    assert set(shown(app, "new")) == {""}
    assert "New clients" not in {metric.label for metric in app.metric}


def test_thresholds_of_the_link_shorten_the_list_and_can_be_reset(visit: Visit) -> None:
    whole, shorter = visit("watch_list"), visit("watch_list", lag="60", ends="30")
    assert 0 < len(shown(shorter, "new")) < len(shown(whole, "new"))
    next(button for button in shorter.button if button.label == "Reset to defaults").click().run()
    assert shown(shorter, "what_to_do") == shown(whole, "what_to_do")


def test_a_list_nobody_is_on_says_how_to_see_more(visit: Visit) -> None:
    app = visit("watch_list", **CLOSED)
    assert said(app) == "Nobody is on the watch-list"
    assert "Lower one under Thresholds" in app.info[0].value
    assert not app.metric


@pytest.mark.parametrize(
    ("name", "value", "shown_instead"),
    [
        ("lag", "lots", 25),
        ("ends", "9999", 60),
        ("late", "-5", 75),
        ("overdrawn", "inf", 30),
        ("left", "nan", 30),
        ("carry", "1.5", 1),
    ],
)
def test_a_link_with_a_threshold_that_is_none_says_so_and_what_is_shown_instead(
    visit: Visit, name: str, value: str, shown_instead: int
) -> None:
    app = visit("watch_list", **{name: value})
    (warning,) = app.warning
    assert f"“{value}”; showing {shown_instead};" in warning.value.replace("\\", "")
    assert int(app.number_input(key=name).value) == shown_instead


def test_every_threshold_of_the_figure_can_be_set_on_the_page() -> None:
    assert {one.parameter for one in THRESHOLDS} == set(WATCH_THRESHOLDS)
    assert {one.key for one in THRESHOLDS} == set(CLOSED)

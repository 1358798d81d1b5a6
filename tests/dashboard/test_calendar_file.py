"""A calendar of expiries reads back as it was meant, whatever stands in its names."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import Calendar

from dashboard.calendar_file import ALARM_DAYS, Expiry, calendar
from dashboard.watch_list.calls import entries
from dashboard.watch_list.expiries import expiries
from queries.scope import Scope
from tests.queries import tiny

if TYPE_CHECKING:
    from pathlib import Path

    from queries.book import Book

DAY = date(2027, 3, 31)
STAMP = date(2026, 10, 31)
AWKWARD = 'Müller, Søn; "Partners" \\ Co.\nBEGIN:VEVENT ' + "long " * 30


def expiry(lot_id: str = "SOW-1-1", summary: str = "Northwind: 38 h ($7,600) forecast unused") -> Expiry:
    return Expiry(f"{lot_id}.expiry", DAY, summary, f"Last usable day. {summary}")


def test_an_expiry_is_an_all_day_event_with_an_alarm_a_month_before() -> None:
    (event,) = Calendar.from_ical(calendar([expiry()], STAMP)).walk("VEVENT")
    assert event.decoded("dtstart") == DAY
    assert event.decoded("dtend") == DAY + timedelta(days=1)
    assert event.decoded("dtstamp") == datetime(2026, 10, 31, tzinfo=UTC)
    assert str(event["summary"]) == "Northwind: 38 h ($7,600) forecast unused"
    (alarm,) = event.walk("VALARM")
    assert alarm.decoded("trigger") == timedelta(days=-ALARM_DAYS)


def test_an_event_of_a_lot_replaces_the_one_of_an_earlier_snapshot() -> None:
    files = (calendar([expiry()], STAMP), calendar([expiry(summary="Northwind: none")], STAMP + timedelta(days=30)))
    earlier, later = (Calendar.from_ical(file).walk("VEVENT")[0] for file in files)
    assert earlier["uid"] == later["uid"]
    assert earlier.decoded("dtstamp") < later.decoded("dtstamp")
    assert calendar([expiry()], STAMP) == files[0]


def test_commas_quotes_newlines_and_long_names_come_back_as_they_were() -> None:
    file = calendar([expiry(summary=AWKWARD)], STAMP)
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert str(event["summary"]) == AWKWARD
    assert max(map(len, file.split(b"\r\n"))) <= 75
    assert b"\n" not in file.replace(b"\r\n", b"")


def test_control_characters_are_left_out() -> None:
    file = calendar([expiry(summary="Acme\x00\x07\x0b\r\x7f Co.\tLtd")], STAMP)
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert str(event["summary"]) == "Acme Co.\tLtd"
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", file)


def test_a_service_keeps_its_capitals(tmp_path: Path) -> None:
    book = tiny.book(tmp_path, lots=[tiny.lot("C", 10, 100, "2026-01-01..2026-03-31", service="SEO audit")])
    listed = entries(book.run("watch_flags", as_of="2026-03-01"), None)
    (found,) = expiries(listed, "USD", date(2026, 3, 1))
    assert found.description.endswith("SEO audit, lot C.")


def test_a_csm_gets_the_lots_of_their_own_clients_alone(book: Book) -> None:
    mine = Scope(frozenset({"Team Cedar"}))
    own, every = (_events(book.seen_by(scope)) for scope in (mine, book.scope))
    lots = book.run("lot_terms")
    assert {uid for uid, _ in own} < {uid for uid, _ in every}
    expected = set(lots.filter(owner="Team Cedar")["lot_id"])
    assert {uid.split(".")[0] for uid, _ in own} <= expected
    clients = set(lots.filter(owner="Team Cedar")["account_name"])
    assert {summary.split(":")[0] for _, summary in own} <= clients


def test_the_end_of_a_carry_over_is_told_apart(book: Book) -> None:
    with_grace = {
        f"{lot}.expiry@drawdown"
        for lot, expires_on, usable_until in book.run("lot_terms")["lot_id", "expires_on", "usable_until"].rows()
        if usable_until is not None and usable_until > expires_on
    }
    told = {uid: "end of carry-over" in summary for uid, summary in _events(book) if ".expiry@" in uid}
    assert set(told.values()) == {True, False}
    assert {uid for uid, is_told in told.items() if is_told} == with_grace & set(told)


def _events(book: Book) -> set[tuple[str, str]]:
    as_of = book.snapshot.dated_on
    listed = entries(book.run("watch_flags", as_of=as_of, currency="USD"), None)
    file = Calendar.from_ical(calendar(expiries(listed, "USD", as_of), as_of))
    return {(str(event["uid"]), str(event["summary"])) for event in file.walk("VEVENT")}

"""From a number to its meaning, its SQL and the rows it adds up."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from dashboard import format as fmt
from queries.calendar import months_after

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from queries.book import Book

    Visit = Callable[..., AppTest]

#: Headline figures of Portfolio: what adds up to each, as portfolio_summary has it.
PORTFOLIO = {
    "Open balance": "open_amount",
    "Ends in 90 days": "ending_90_amount",
    "Forecast unused": "expected_amount",
    "Deferred revenue": "deferred_revenue",
    "Backlog": "backlog",
}


def opened(visit: Visit, page: str, label: str, **query: str) -> AppTest:
    """A page with the explanation of one of its numbers open."""
    app = visit(page, **query)
    assert not app.code
    app.session_state[f"explain_{label}"] = True
    app.run()
    assert not app.exception, app.exception
    return app


def added_up(app: AppTest) -> Decimal:
    said = " ".join(one.value for one in app.markdown)
    found = re.search(r"adds up to (-?[\d,.]+\d)", said.replace("\\", ""))
    assert found, said
    return Decimal(found[1].replace(",", ""))


@pytest.mark.parametrize(("label", "column"), PORTFOLIO.items())
def test_the_rows_behind_a_number_add_up_to_it_to_the_last_digit(
    visit: Visit, book: Book, label: str, column: str
) -> None:
    summary = book.run("portfolio_summary", as_of=book.snapshot.dated_on, currency="USD").row(0, named=True)
    app = opened(visit, "portfolio", label, currency="USD")
    assert added_up(app) == summary[column]
    assert "CREATE OR REPLACE MACRO portfolio_summary" in app.code[0].value


def test_behind_a_total_of_a_filtered_view_are_its_rows_alone(visit: Visit, book: Book) -> None:
    asked = {"as_of": book.snapshot.dated_on, "currency": "USD", "owner": "Team Cedar"}
    lots = book.run("watch_list", **asked)
    app = opened(visit, "portfolio", "Open balance", currency="USD", owner="Team Cedar")
    assert added_up(app) == lots["remaining_amount"].sum()
    assert any(set(table.value.get("owner", [])) == {"Team Cedar"} for table in app.dataframe)


@pytest.mark.parametrize(
    ("page", "label", "query"),
    [
        ("breakage", "Next four quarters", {}),
        ("recognition", "Revenue as booked", {}),
        ("recognition", "Contract liabilities", {"view": "Position"}),
        ("recognition", "Unallocated", {"view": "Departments"}),
        ("recognition", "Debits", {"view": "Journal"}),
    ],
)
def test_numbers_of_every_reader_say_what_adds_up_to_them(
    visit: Visit, page: str, label: str, query: dict[str, str]
) -> None:
    app = opened(visit, page, label, **query)
    shown = next(metric for metric in app.metric if metric.label == label)
    amount = added_up(app)
    assert amount > 0
    digits = re.sub(r"[^\d.]", "", shown.value)
    scale = {"k": 1_000, "M": 1_000_000}.get(shown.value[-1], 1)
    assert abs(Decimal(digits) * scale - amount) <= Decimal(scale) / 2


def test_changes_can_be_since_an_earlier_day_of_the_same_snapshot(visit: Visit, book: Book) -> None:
    app = visit("portfolio", currency="USD", since="a month earlier")
    now, then = (
        book.run("portfolio_summary", as_of=day, currency="USD").row(0, named=True)["backlog"]
        for day in (book.snapshot.dated_on, months_after(book.snapshot.dated_on, -1))
    )
    backlog = next(metric for metric in app.metric if metric.label == "Backlog")
    assert backlog.delta.replace("\\", "").startswith("+" if now > then else fmt.MINUS)
    assert any("as known now" in one.value for one in app.markdown)


def test_a_comparison_nobody_offers_is_named(visit: Visit) -> None:
    app = visit("portfolio", since="a decade earlier")
    assert "There is no comparison with “a decade earlier”" in app.warning[0].value


def links(app: AppTest) -> list[str]:
    return [one.proto.body for one in app.get("html") if one.proto.body.startswith("<a")]


def test_what_is_kept_as_a_view_is_listed_as_the_link_it_was(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit("breakage", owner="Team Cedar", by="Owner")
    monkeypatch.setattr("dashboard.saved_views.views_file", lambda *_: tmp_path / "views.json")
    app.session_state["_saved_views"] = True
    app.run()
    app.text_input(key="_view_name").set_value("Mine <b>")
    app.button(key="_save_view").click().run()
    link = links(app)[0]
    assert link.startswith('<a href="breakage?')
    assert {"owner=Team+Cedar", "by=Owner"} <= set(re.findall(r"\w+=[\w+]+", link))
    assert link.endswith(">Mine &lt;b&gt;</a>")
    app.button(key="_remove_Mine <b>").click().run()
    assert not links(app)


def test_a_view_without_a_name_is_refused(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = visit("breakage")
    monkeypatch.setattr("dashboard.saved_views.views_file", lambda *_: tmp_path / "views.json")
    app.session_state["_saved_views"] = True
    app.run()
    app.button(key="_save_view").click().run()
    assert "1 to 80 characters" in app.error[0].value
    assert not list(tmp_path.iterdir())

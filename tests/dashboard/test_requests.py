"""Requests: the page says what the figures say, names what no lot covers, and follows its link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from dashboard import format as fmt
from dashboard.charts import commitments as chart
from dashboard.theme import DARK, LIGHT
from dashboard.work_requests.lists import by_stage
from dashboard.work_requests.words import answer, by_unit, shortfall
from dashboard.work_requests.work import IN_FLIGHT, programs, work
from tests.queries import tiny

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from dashboard.work_requests.work import Work
    from queries.book import Book

    Visit = Callable[..., AppTest]

AS_OF = "2026-03-31"


def unescaped(markdown: str) -> str:
    return markdown.replace("\\", "")


def said(app: AppTest) -> str:
    assert not app.exception, app.exception
    return unescaped(app.title[0].value)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def notes(app: AppTest) -> str:
    return unescaped(" ".join(note.value for note in (*app.warning, *app.info)))


@pytest.fixture
def as_of(book: Book) -> date:
    return book.snapshot.dated_on


def in_flight(book: Book) -> pl.DataFrame:
    return book.run("open_requests", as_of=book.snapshot.dated_on, currency="USD")


def test_the_figures_are_counts_of_requests_and_contracts_with_their_change(
    visit: Visit, book: Book, earlier: Book, as_of: date
) -> None:
    app = visit("requests")
    now, before = in_flight(book), in_flight(earlier)
    over = book.run("commitments", as_of=as_of, currency="USD").filter("is_over_committed")
    waiting = now.filter(status="requested")
    longest = max((as_of - asked_on).days for asked_on in waiting["requested_on"].to_list())
    assert metrics(app) == {
        "In flight": f"{now.height:,}",
        "Waiting for approval": str(waiting.height),
        "Longest wait": f"{longest} days",
        "Booked ahead": str(now.height - waiting.height),
        "Over-committed": str(over.height),
    }
    assert unescaped(app.metric[0].delta) == fmt.count_change(now.height - before.height)
    assert over.height
    assert f"{over['account_name'].n_unique()} clients have booked" in said(app)
    assert app.dataframe[0].value["account_name"].to_list()[: over.height] == over["account_name"].to_list()
    assert app.get("plotly_chart")
    assert not app.warning


def test_a_status_is_compared_with_another_snapshot_only(visit: Visit) -> None:
    """A year earlier the same snapshot knows nothing: its requests have no past status."""
    app = visit("requests", since="a month earlier")
    assert not any(metric.delta for metric in app.metric)
    assert "changes since" not in " ".join(unescaped(text.value) for text in app.markdown)


def test_a_day_before_the_snapshot_says_of_which_day_the_statuses_are(visit: Visit, as_of: date) -> None:
    assert f"had on {as_of.day} {as_of:%b} {as_of.year}" in notes(visit("requests", as_of="2026-10-20"))
    assert not visit("requests").info


def test_a_programme_narrows_everything_on_the_page(visit: Visit, book: Book, as_of: date) -> None:
    rows = book.run("request_lines", as_of=as_of, currency="USD")
    row = rows.filter(pl.col("program_id").is_not_null(), pl.col("status").is_in(IN_FLIGHT)).row(0, named=True)
    own = rows.filter(pl.col("status").is_in(IN_FLIGHT), program_id=row["program_id"])
    app = visit("requests", program=f"{row['account_name']}: {row['program_name']}")
    assert metrics(app)["In flight"] == str(own.height)
    commitments, stages, lines = (table.value for table in app.dataframe)
    assert set(commitments["contract_id"]) == set(own["contract_id"])
    assert stages["request_count"].sum() == rows.filter(program_id=row["program_id"]).height
    assert sorted(lines["request_id"]) == sorted(own["request_id"])
    for page, is_narrowed in ((app, True), (visit("requests"), False)):
        context = " ".join(unescaped(text.value) for text in page.markdown)
        assert ("booked and left are of whole contracts, other programmes included" in context) == is_narrowed


def test_bad_values_in_a_link_are_named(visit: Visit) -> None:
    app = visit("requests", program="Nobody: Nothing", stage="Forgotten")
    assert "“Nobody: Nothing”; showing all programmes" in notes(app)
    assert "There is no stage “Forgotten”; showing In flight" in notes(app)
    assert metrics(app) == metrics(visit("requests"))


def test_each_stage_lists_its_requests(visit: Visit, book: Book, as_of: date) -> None:
    lines = book.run("request_lines", as_of=as_of, currency="USD")
    app = visit("requests")
    for stage in ("Requested", "Approved", "Scheduled", "Delivered", "Declined"):
        rows = lines.filter(status=stage.lower())
        app.session_state["stage"] = stage
        app.run()
        assert f"Requests: {stage.lower()}" in [unescaped(header.value) for header in app.header]
        assert set(app.dataframe[2].value["request_id"]) <= set(rows["request_id"])
        assert len(app.dataframe[2].value) == min(rows.height, 200)


def test_work_is_listed_by_programme_and_project(visit: Visit, book: Book, as_of: date) -> None:
    rows = book.run("requests_by_project", as_of=as_of, currency="USD")
    shown = visit("requests", stage="By project").dataframe[2].value
    assert len(shown) == min(rows.height, 200)
    assert {"for_request_quantity", "unrequested_quantity", "program_name"} <= set(shown.columns)


def test_a_row_can_be_picked_to_open_the_contracts_burn_down(visit: Visit) -> None:
    app = visit("requests")
    assert list(app.dataframe[0].proto.selection_mode)
    assert not list(app.dataframe[1].proto.selection_mode)


def test_a_store_without_requests_says_what_to_import(
    tmp_path: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.book(tmp_path, lots=[tiny.lot("A", 10, 1000)], billings=[tiny.billed("A-1", "A", "2026-01-01", 1000)])
    monkeypatch.setenv("DRAWDOWN_STORE", str(tmp_path))
    app = visit("requests")
    assert said(app) == "No request is known"
    assert "the table requests: request_id" in notes(app)
    assert "consumption.request_id" in notes(app)


def test_filters_that_leave_no_request_say_which_to_relax(
    tmp_path: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.book(
        tmp_path,
        contracts=[tiny.contract("A"), tiny.contract("B", owner="Team B")],
        lots=[tiny.lot("A", 10, 1000), tiny.lot("B", 10, 1000)],
        requests=[asked("A", "A", "approved", 1)],
    )
    monkeypatch.setenv("DRAWDOWN_STORE", str(tmp_path))
    assert said(visit("requests", as_of=AS_OF)) == "The one request in flight is covered by what its client holds"
    app = visit("requests", as_of=AS_OF, owner="Team B")
    assert said(app) == "No request is in flight"
    assert "Relax owner “Team B” to see some" in notes(app)


def asked(
    request_id: str, contract_id: str, status: str, quantity: object, day: str | None = None, **other: object
) -> tiny.Row:
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


class Asked:
    """A view of a book, without a dashboard."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def ask(self, figure: str) -> pl.DataFrame:
        return self.book.run(figure, as_of=AS_OF)


@pytest.fixture
def requested(tmp_path: Path) -> Callable[..., Work]:
    """The work of some requests: clients Acme and Beta hold 10 hours each, until 31 May for training alone."""

    def make(*requests: tiny.Row) -> Work:
        book = tiny.book(
            tmp_path,
            contracts=[tiny.contract("A"), tiny.contract("B", account_id="Beta")],
            lots=[
                tiny.lot(name, 10, 1000, "2026-01-01..2026-05-31", scope="consulting|training") for name in ("A", "B")
            ],
            requests=list(requests),
        )
        view: Any = Asked(book)
        return work(view)

    return make


@pytest.mark.parametrize(
    ("requests", "sentence"),
    [
        ([asked("R", "A", "delivered", 1)], "No request is in flight"),
        ([asked("R", "A", "approved", 10)], "The one request in flight is covered by what its client holds"),
        (
            [asked("R", "A", "approved", 10), asked("S", "B", "requested", 10)],
            "All 2 requests in flight are covered by what their clients hold",
        ),
        (
            [asked("R", "A", "approved", 8), asked("S", "A", "requested", 3)],
            "All booked work is covered; 1 request waiting for approval would not be",
        ),
        ([asked("S", "A", "requested", 11)], "Nothing is booked; 1 request waiting for approval would not be covered"),
        ([asked("R", "A", "approved", 11)], "Acme has booked more than it holds: it is 1 hour over"),
        (
            [asked("R", "A", "approved", 11), asked("S", "B", "approved", 12)],
            "2 clients have booked more than they hold: Beta is 2 hours over",
        ),
        (
            [asked("R", "A", "scheduled", 3, "2026-06-01")],
            "Acme has booked work that no lot covers: it is 3 hours over",
        ),
        (
            [asked("R", "A", "scheduled", 3, "2026-06-01"), asked("S", "B", "approved", 12)],
            "2 clients have booked work that no lot covers: Beta is 2 hours over",
        ),
    ],
)
def test_the_headline_is_true_for_any_work(
    requested: Callable[..., Work], requests: list[tiny.Row], sentence: str
) -> None:
    assert answer(requested(*requests)) == sentence


def test_what_is_over_is_said_with_its_reasons(requested: Callable[..., Work]) -> None:
    shown = requested(
        asked("R1", "A", "scheduled", 3, "2026-06-01"),
        asked("R2", "A", "approved", 2, service_type="design"),
        asked("R3", "A", "approved", "14.5"),
        asked("R4", "B", "approved", 1),
    )
    assert [shortfall(row) for row in shown.commitments.iter_rows(named=True)] == [
        "3 h after the last usable day, 2 h service out of scope, 4.5 h more than is left for it",
        "",
    ]


def test_bars_are_shares_of_what_is_left_and_stand_out_where_work_is_not_covered(
    requested: Callable[..., Work],
) -> None:
    shown = requested(
        asked("R1", "A", "scheduled", 3, "2026-06-01"),
        asked("R2", "B", "approved", 5),
        asked("R3", "B", "approved", 1, unit="day"),
    )
    for theme in (LIGHT, DARK):
        (bars,) = chart.draw(shown.commitments, theme).data
        assert list(bars.x) == [1.2, 0.3, 0.5]
        assert list(bars.marker.color) == [theme.attention, theme.attention, theme.actual]
        assert list(bars.text) == ["<b>1 day, none left</b>", "<b>3 of 10 h, 3 h uncovered</b>", "<b>5 of 10 h</b>"]
    assert "every contract with work booked" in chart.finding("", shown.commitments).subtitle


def test_units_stand_side_by_side_and_are_never_added(requested: Callable[..., Work]) -> None:
    shown = requested(
        asked("R1", "A", "approved", 3),
        asked("R2", "B", "approved", 2, unit="day", requested_on="2026-02-01"),
        asked("R3", "B", "declined", 1),
    )
    assert by_stage(shown.stages).select(
        "status", "request_count", "asked", "delivered", "oldest_waiting_days"
    ).rows() == [
        ("approved", 2, "2 days, 3 h", "none", 58),
        ("declined", 1, "1 h", "none", None),
    ]
    assert by_unit({}) == "none"


def test_programmes_of_the_same_name_are_told_apart() -> None:
    rows = pl.DataFrame(
        {
            "program_id": ["G1", "G2", "G1", None],
            "program_name": ["Growth", "Growth", "Growth", None],
            "account_name": ["Acme", "Acme", "Acme", "Beta"],
        }
    )
    assert programs(rows) == {"Acme: Growth": "G1", "Acme: Growth (G2)": "G2"}

"""The Restatement page: its sentence is true for every selection, and a month is closed from it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import format as fmt
from dashboard.charts import restatement
from dashboard.theme import DARK, LIGHT
from data.closes import close_period, list_closes
from queries.calendar import month_ends
from queries.close import AMOUNTS
from queries.restatement import compare, moved_contracts, moved_months, source_changes
from tests.dashboard.conftest import APP
from tests.queries import tiny

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from queries.book import Book

    Visit = Callable[..., AppTest]

MINUS = "\N{MINUS SIGN}"
UNTIL = date(2026, 8, 31)
ENDS = month_ends(UNTIL, 24)


def said(app: AppTest) -> str:
    assert not app.exception, app.exception
    return unescaped(app.title[0].value)


def unescaped(markdown: str) -> str:
    return markdown.replace("\\", "")


def notes(app: AppTest) -> str:
    return unescaped(" ".join(element.value for element in app.markdown))


def shown(app: AppTest, column: str) -> Any:
    """The first table of the page that has a column."""
    return next(table.value for table in app.dataframe if column in table.value.columns)


def months(*rows: dict[str, Any]) -> pl.DataFrame:
    """moved_months of rows that name what moved; what they don't name is nil."""
    named = [dict.fromkeys((*AMOUNTS, "revenue_total", "deferred_revenue"), 0) | row for row in rows]
    for row in named:
        row["revenue_total"] = sum(amount for name, amount in row.items() if name in AMOUNTS[3:7])
    amounts = pl.exclude("period_end").cast(pl.Decimal(18, 3))
    return pl.DataFrame(named, schema_overrides=dict.fromkeys(AMOUNTS, pl.Decimal(18, 3))).with_columns(amounts)


JULY, AUGUST = {"period_end": date(2026, 7, 31)}, {"period_end": UNTIL}
OLD, OLDEST = {"period_end": date(2025, 3, 31)}, {"period_end": ENDS[0]}


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([AUGUST | {"revenue_delivery": 42_000}], "Revenue of August moved by +$42k since"),
        (
            [JULY | {"revenue_delivery": 300}, AUGUST | {"revenue_delivery": -1_540}],
            f"Revenue of August and 1 more month moved by {MINUS}$1,240 in total since",
        ),
        (
            [OLD | {"revenue_ratable": 9}, JULY | {"revenue_delivery": 3}, AUGUST | {"billings": 100}],
            "Revenue of March 2025 and 1 more month moved by +$12 in total since",
        ),
        ([OLDEST | {"revenue_delivery": 5}], "Revenue of the time up to August 2024 moved by +$5 since"),
        (
            [JULY | {"revenue_delivery": -4}, AUGUST | {"revenue_delivery": 4}],
            "Revenue of July and 1 more month moved, nil in total, since",
        ),
        ([AUGUST | {"revenue_delivery": Decimal("-0.31")}], f"Revenue of August moved by {MINUS}$0.31 since"),
        ([AUGUST | {"billings": 100}], "Billings of August moved by +$100 since"),
        ([AUGUST | {"overage_revenue": 7}], "Overage revenue of August moved by +$7 since"),
        (
            [AUGUST | {"revenue_delivery": -9, "revenue_breakage": 9}],
            "Breakage of August moved by +$9 since",
        ),
        ([AUGUST], "Amounts of August moved between contracts, nil in total, since"),
    ],
)
def test_the_title_says_what_moved(rows: list[dict[str, Any]], title: str) -> None:
    finding = restatement.finding(months(*rows), ENDS, UNTIL, 0, 0, "USD")
    assert finding.title == f"{title} the snapshot of 31 August"


@pytest.mark.parametrize(
    ("late_count", "other_count", "why"),
    [
        (14, 0, "14 late postings"),
        (1, 2, "1 late posting and 2 other changes in the source rows"),
        (0, 1, "1 change in the source rows"),
    ],
)
def test_the_title_says_why(late_count: int, other_count: int, why: str) -> None:
    rows = months(AUGUST | {"revenue_delivery": 5, "billings": -2_000})
    finding = restatement.finding(rows, ENDS, date(2025, 12, 31), late_count, other_count, "USD")
    assert finding.title.endswith(f"since the snapshot of 31 December 2025; {why}")
    assert f"Also moved: billings by {MINUS}$2,000." in finding.subtitle


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_bars_show_each_component_and_each_month_its_total(theme: Any) -> None:
    rows = months(JULY | {"revenue_delivery": -300}, AUGUST | {"revenue_delivery": 50, "revenue_breakage": -20})
    figure = restatement.draw(rows, ENDS, "USD", theme)
    assert figure is not None
    assert [bar.marker.color for bar in figure.data] == [theme.actual, theme.attention]
    assert figure.data[0].y[-2:] == (-300, 50)
    assert {note.text for note in figure.layout.annotations} >= {f"{MINUS}$300", "+$30"}
    # A year is drawn, or back to the first month that moved; the first of all stands for what came before it.
    assert len(figure.data[0].x) == 12
    since_ever = restatement.draw(months(OLDEST | {"revenue_ratable": 5}), ENDS, "USD", theme)
    assert since_ever is not None
    assert since_ever.layout.xaxis.ticktext[0] == "to Aug<br>2024"
    assert restatement.draw(months(AUGUST | {"billings": 5}), ENDS, "USD", theme) is None


def test_the_page_opens_on_what_moved_since_the_snapshot_before(visit: Visit, book: Book, earlier: Book) -> None:
    until = earlier.snapshot.dated_on
    compared = compare(earlier, book, until, currency="USD")
    moved, contracts = moved_months(compared), moved_contracts(compared)
    sources = source_changes(earlier, book, until).filter(
        pl.col("contract_id").is_in(contracts["contract_id"].to_list())
    )

    app = visit("restatement")
    assert fmt.change(moved["revenue_total"].sum(), "USD") in said(app)
    assert f"{sources.filter(source='consumption', what='added').height} late postings" in said(app)
    assert len(app.metric) == 5
    assert len(app.get("plotly_chart")) == 1
    assert not app.warning
    assert shown(app, "revenue_before")["change"].sum() == pytest.approx(float(moved["revenue_total"].sum()))
    assert shown(app, "owner")["contract_id"].to_list() == contracts["contract_id"].to_list()
    assert "No month is closed" in notes(app)


def test_a_link_to_a_contract_is_followed(visit: Visit, book: Book, earlier: Book) -> None:
    contract_id = moved_contracts(compare(earlier, book, earlier.snapshot.dated_on, currency="USD"))["contract_id"][2]
    app = visit("restatement", contract=contract_id)
    assert any(contract_id in unescaped(header.value) for header in app.header)
    assert not app.warning
    assert "“X” is not among those that moved" in unescaped(visit("restatement", contract="X").warning[0].value)


def test_filters_narrow_what_moved(visit: Visit, book: Book, earlier: Book) -> None:
    contracts = moved_contracts(compare(earlier, book, earlier.snapshot.dated_on, currency="USD"))
    owner = contracts["owner"][0]
    app = visit("restatement", owner=owner)
    assert set(shown(app, "owner")["owner"]) == {owner}
    assert said(app) != said(visit("restatement"))


def test_a_bad_baseline_is_named(visit: Visit) -> None:
    app = visit("restatement", baseline="1999-01-01")
    assert "There is no baseline “1999-01-01”; showing 2026-09-30." in unescaped(app.warning[0].value)


def test_the_first_snapshot_has_nothing_to_be_compared_with(visit: Visit, earlier: Book) -> None:
    app = visit("restatement", snapshot=earlier.snapshot.dated_on.isoformat())
    assert said(app).startswith("This is the first snapshot")


def test_where_nothing_moved_the_page_says_what_to_relax(visit: Visit) -> None:
    app = visit("restatement", as_of="2019-06-30", owner="Team Alder")
    assert said(app) == "Nothing up to 30 June 2019 has moved since the snapshot of 30 September 2026"
    assert "Compare with an earlier snapshot" in app.info[0].value


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two snapshots of 1 January 2027: the later one knows of 3 hours more in December, at 100 each."""
    lots = [tiny.lot("A", 10, 1000, "2026-01-01..2027-12-31"), tiny.lot("B", 10, 1000)]
    contracts = [tiny.contract("B", owner="Team B")]
    known = [tiny.used("U1", "A", "2026-12-10", 2)]
    tiny.book(tmp_path, contracts=contracts, lots=lots, consumption=known)
    posted_late = tiny.used("U2", "A", "2026-12-20", 3, posted_on="2027-01-01")
    tiny.book(tmp_path, contracts=contracts, lots=lots, consumption=[*known, posted_late])
    monkeypatch.setenv("DRAWDOWN_STORE", str(tmp_path))
    return tmp_path


def restated(**query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page("app_pages/restatement.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_an_empty_view_names_the_filter_that_hides_what_moved(small: Path) -> None:
    app = restated(owner="Team B")
    assert said(app) == "Nothing up to 1 January has moved since the snapshot of 1 January"
    assert unescaped(app.info[0].value) == "Relax owner “Team B” to see what has."


def test_a_month_is_closed_on_the_snapshot_shown(small: Path) -> None:
    app = restated()
    assert said(app) == "Revenue of December 2026 moved by +$300 since the snapshot of 1 January; 1 late posting"
    app.button(key="confirm_2026-12-31").click().run()

    assert not app.exception
    (closed,) = list_closes(small)
    assert closed.period_end == date(2026, 12, 31)
    assert shown(app, "closed_at")["snapshot_id"].to_list() == [closed.snapshot_id]
    assert "January 2027 is reported as it is" in notes(app)
    # January is not over yet.
    assert app.button(key="cannot_close").disabled
    assert "2027-01-31 is after 2027-01-01, the day of the snapshot" in notes(app)


def test_a_month_that_somebody_else_closed_meanwhile_is_said_to_be(small: Path) -> None:
    app = restated()
    close_period(small, date(2026, 12, 31), None, datetime(2027, 1, 5, tzinfo=UTC))
    (closed,) = list_closes(small)
    app.button(key="confirm_2026-12-31").click().run()
    assert not app.exception
    assert list_closes(small) == [closed]
    assert app.button(key="cannot_close").disabled


def test_a_damaged_close_is_named(small: Path) -> None:
    (small / "closes").mkdir()
    (small / "closes" / "2026-12-31.json").write_text("")
    assert "2026-12-31.json is damaged" in unescaped(restated().error[0].value)


def test_what_is_late_is_reported_in_the_first_open_month(small: Path) -> None:
    first = min((small / "snapshots").iterdir(), key=lambda folder: (folder / "manifest.json").stat().st_mtime_ns).name
    close_period(small, date(2026, 12, 31), first, datetime(2027, 1, 5, tzinfo=UTC))

    app = restated()
    assert "January 2027 is reported with +$300 of revenue of closed months, from 1 contract." in notes(app)
    rows = shown(app, "reported").set_index("component").loc["Revenue, delivery"]
    assert rows.to_list() == [0, 300, 300]
    assert "No month" not in notes(app)
    # Of the filters' contracts nothing is late, and on the earlier snapshot nothing late is known.
    assert "January 2027 is reported as it is" in notes(restated(owner="Team B"))
    assert "On 30 Nov 2026 no month was open" in notes(restated(as_of="2026-11-30"))

"""The Burn-down page: whom it opens on, what a link may name, and what the sliders answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from dashboard import format as fmt
from tests.dashboard.test_pages import said, unescaped, warned

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from streamlit.testing.v1 import AppTest

    from queries.book import Book

    Visit = Callable[..., AppTest]


@pytest.fixture
def as_of(book: Book) -> date:
    return book.snapshot.dated_on


@pytest.fixture
def top(book: Book, as_of: date) -> dict[str, Any]:
    """Whom to call first."""
    return book.run("client_risk", as_of=as_of, currency="USD").row(0, named=True)


def headers(app: AppTest) -> list[str]:
    assert not app.exception, app.exception
    return [unescaped(header.value) for header in app.header]


def answer(app: AppTest) -> str:
    assert not app.exception, app.exception
    return next((unescaped(item.value) for item in app.markdown if "would be left instead" in item.value), "")


def test_it_opens_on_whom_to_call_first(visit: Visit, top: dict[str, Any]) -> None:
    app = visit("burn_down")
    assert said(app).startswith(top["account_name"])
    assert app.selectbox(key="_client").value == top["account_id"]
    listed = app.dataframe[0].value
    assert list(listed["expected_amount"]) == sorted(listed["expected_amount"], reverse=True)
    assert listed["account_name"][0] == top["account_name"]


def test_every_figure_but_the_last_day_to_act_has_its_change(visit: Visit, top: dict[str, Any]) -> None:
    app = visit("burn_down", lot=top["lot_id"])
    assert [metric.label for metric in app.metric] == [
        "Remaining",
        "Forecast unused",
        "Money at risk",
        "Needed a month",
        "Act by",
    ]
    assert all(metric.delta for metric in app.metric[:4])


def test_a_link_to_a_client_shows_its_lot_most_at_risk_and_all_its_lots(visit: Visit, book: Book, as_of: date) -> None:
    several = book.run("client_risk", as_of=as_of, currency="USD").filter(pl.col("lot_count") > 1)
    row = several.row(-1, named=True)
    app = visit("burn_down", client=row["account_id"])
    assert app.selectbox(key="_lot").value == row["lot_id"]
    (lots,) = (header for header in headers(app) if header.startswith(row["account_name"]))
    assert fmt.money(row["open_amount"], "USD") in lots
    assert fmt.money(row["expected_amount"], "USD") in lots


def test_a_client_without_an_open_lot_has_its_page(visit: Visit, book: Book, as_of: date) -> None:
    open_clients = book.run("client_risk", as_of=as_of)["account_id"].to_list()
    ended = book.run("lot_balance", as_of=as_of, currency="USD").filter(
        pl.col("status") == "ended", ~pl.col("account_id").is_in(open_clients)
    )
    app = visit("burn_down", client=ended["account_id"][0])
    assert said(app).startswith(ended["account_name"][0])
    assert not app.warning


@pytest.mark.parametrize("name", ["client", "contract", "lot"])
def test_a_link_that_names_nothing_says_so(visit: Visit, top: dict[str, Any], name: str) -> None:
    app = visit("burn_down", **{name: "X"})
    assert f"There is no {name} “X”; showing whom to call first." in warned(app)
    assert said(app).startswith(top["account_name"])


def test_a_client_and_a_lot_picked_take_the_page_there(visit: Visit, book: Book, as_of: date) -> None:
    row = book.run("client_risk", as_of=as_of, currency="USD").row(4, named=True)
    app = visit("burn_down")
    app.selectbox(key="_client").select(row["account_id"]).run()
    assert said(app).startswith(row["account_name"])
    assert app.query_params == {"client": row["account_id"]}
    other = app.selectbox(key="_lot").options[-1].split(":")[0]
    app.selectbox(key="_lot").select(other).run()
    assert app.selectbox(key="_lot").value == other
    assert app.query_params == {"lot": other}


def test_a_what_if_of_the_link_is_answered_from_the_draws(visit: Visit, book: Book, top: dict[str, Any]) -> None:
    asked = {"more_monthly": 4, "added_days": 0, "carried_days": 0, "carried_at_most": 0}
    row = book.run("lot_what_if", as_of=book.snapshot.dated_on, lot=top["lot_id"], **asked).row(0, named=True)
    app = visit("burn_down", lot=top["lot_id"], extra="4")
    assert fmt.quantity(fmt.rough(row["expected_quantity"]), row["unit"]) in answer(app)
    assert f"{row['used_up_chance']:.0%}" in answer(app)


def test_sliders_answer_and_fall_back_when_another_lot_is_shown(visit: Visit, top: dict[str, Any]) -> None:
    app = visit("burn_down", lot=top["lot_id"])
    assert not answer(app)
    app.slider(key="extra").set_value(app.slider(key="extra").max)
    app.slider(key="extension").set_value(6).run()
    more = answer(app)
    assert "the end 6 months later" in more
    app.slider(key="carry_over").set_value(3).run()
    assert answer(app) != more
    other = app.selectbox(key="_client").options[3]
    app.selectbox(key="_client").select(other).run()
    assert not answer(app)
    assert app.slider(key="extra").value == app.slider(key="extension").value == 0


@pytest.mark.parametrize("value", ["99999999", "-1", "many"])
def test_a_slider_that_can_not_be_set_so_says_it(visit: Visit, value: str) -> None:
    assert f"There is no amount a month of “{value}”; showing none." in warned(visit("burn_down", extra=value))


@pytest.mark.parametrize("by", ["By service", "By project", "By department", "Line by line"])
def test_what_was_delivered_is_shown_when_it_is_opened(visit: Visit, book: Book, as_of: date, by: str) -> None:
    figure = {
        "By service": "consumption_by_service",
        "By project": "consumption_by_project",
        "By department": "consumption_by_department",
        "Line by line": "deliveries",
    }[by]
    lot = book.run("watch_list", as_of=as_of, currency="USD").filter(pl.col("used_share") > 0).row(0, named=True)
    asked = {"first_day": "2020-01-01", "last_day": as_of} if figure == "deliveries" else {"as_of": as_of}
    rows = book.run(figure, contract=lot["contract_id"], **asked)
    app = visit("burn_down", lot=lot["lot_id"], delivered=by)
    shown = len(app.dataframe)
    app.session_state["open_delivered"] = True
    app.run()
    assert not app.exception
    assert len(app.dataframe) == shown + 1
    assert any(len(frame.value) == rows.height for frame in app.dataframe)
    assert any(header.startswith(by) for header in headers(app))


def test_the_ended_lots_it_rests_on_are_looked_for_when_asked(visit: Visit, book: Book, as_of: date) -> None:
    lot = book.run("watch_list", as_of=as_of, currency="USD")["lot_id"][0]
    alike = book.run("analogs", as_of=as_of, lot=lot).unique("analog_no", maintain_order=True)
    app = visit("burn_down", lot=lot)
    assert not [frame for frame in app.dataframe if "unused_share" in frame.value.columns]
    app.session_state["open_alike"] = True
    app.run()
    (shown,) = (frame.value for frame in app.dataframe if "unused_share" in frame.value.columns)
    assert list(shown["unused_share"]) == pytest.approx(alike["unused_share"].to_list())


def test_requests_in_flight_say_what_is_booked_and_where_all_are(visit: Visit, book: Book, as_of: date) -> None:
    open_lots = book.run("watch_list", as_of=as_of, currency="USD")["contract_id"].to_list()
    row = book.run("commitments", as_of=as_of).filter(pl.col("contract_id").is_in(open_lots)).row(0, named=True)
    app = visit("burn_down", contract=row["contract_id"])
    assert f"Requests in flight on {row['contract_id']}" in headers(app)
    texts = [unescaped(item.value) for item in (*app.markdown, *app.warning)]
    assert any(fmt.quantity(row["booked_quantity"], row["unit"]) in text for text in texts if "Booked:" in text)


def test_the_client_s_statement_is_a_click_away(visit: Visit, top: dict[str, Any]) -> None:
    app = visit("burn_down")
    app.button(key="to_statement").click().run()
    assert not app.exception
    assert app.query_params["client"] == top["account_id"]


def test_a_lot_used_up_says_what_was_delivered_beyond_the_lots(visit: Visit, book: Book, as_of: date) -> None:
    over = book.run("contract_totals", as_of=as_of).filter(pl.col("overage_quantity") > 0)
    lots = book.run("lot_balance", as_of=as_of, currency="USD").filter(status="exhausted")
    row = lots.join(over, on=["contract_id", "unit"], how="inner").row(0, named=True)
    app = visit("burn_down", lot=row["lot_id"])
    assert (app.metric[-1].label, app.metric[-1].value) == (
        "Beyond the lots",
        fmt.quantity(row["overage_quantity"], row["unit"]),
    )

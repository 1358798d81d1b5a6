"""The page Statement: what the statement says, what it is compared with, and what a link asks for in vain."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import polars as pl
import pytest

from dashboard import format as fmt
from dashboard.statement import words
from tests.dashboard.test_statement import stated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from queries.book import Book


def test_the_page_says_what_the_statement_says(visit: Callable[..., AppTest], book: Book) -> None:
    one = max(stated(book, "2026-10").values(), key=lambda one: len(one.deliveries))
    app = visit("statement", client=one.account_id, month="2026-10")
    assert not app.exception
    assert not app.warning
    assert app.title[0].value.replace("\\", "") == words.sentence(one)
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Left"] == words.quantity(one.totals[0].units.closing, one.totals[0].unit)


def test_the_page_of_a_part_says_so(visit: Callable[..., AppTest], book: Book) -> None:
    client = stated(book, "2026-10", owner="Team Cedar")
    app = visit("statement", client=next(iter(client)), owner="Team Cedar")
    assert any("Only contracts of owner Team Cedar" in said.value for said in app.markdown)


@pytest.mark.parametrize(
    ("since", "key", "said"),
    [
        ("a month earlier", "2026-06", "changes from 1 to 30 June 2026, as known now"),
        ("a year earlier", "2025-07", "changes from 1 to 31 July 2025, as known now"),
    ],
)
def test_changes_are_against_the_earlier_month(
    visit: Callable[..., AppTest], book: Book, since: str, key: str, said: str
) -> None:
    now, then = stated(book, "2026-07"), stated(book, key)
    client = next(
        account_id
        for account_id, one in now.items()
        if account_id in then
        and [len(each.totals) for each in (one, then[account_id])] == [1, 1]
        and one.totals[0].unit == then[account_id].totals[0].unit
        and one.totals[0].units.used != then[account_id].totals[0].units.used
    )
    app = visit("statement", client=client, month="2026-07", since=since)
    change = now[client].totals[0].units.used - then[client].totals[0].units.used
    metric = next(metric for metric in app.metric if metric.label == "Used")
    assert metric.delta == fmt.quantity_change(change, now[client].totals[0].unit)
    assert any(said in text.value for text in app.markdown)


def test_the_page_names_a_client_or_month_there_is_not(visit: Callable[..., AppTest]) -> None:
    app = visit("statement", client="Nobody", month="2031-01")
    said = " ".join(warning.value for warning in app.warning)
    assert "no client “Nobody”" in said
    assert "no month “2031-01”; showing October 2026" in said


def test_the_page_names_the_filter_that_hides_a_client(visit: Callable[..., AppTest], book: Book) -> None:
    client = book.run("lot_balance", as_of="2026-10-31").filter(pl.col("owner") != "Team Cedar")["account_id"][0]
    app = visit("statement", client=client, owner="Team Cedar")
    assert "is hidden by owner Team Cedar" in app.warning[0].value


def test_a_month_before_the_first_contract_says_which_to_pick(visit: Callable[..., AppTest], book: Book) -> None:
    lots = book.run("lot_terms").sort("valid_from")
    firsts = lots.group_by("account_id", maintain_order=True).first().sort("valid_from")
    client, first = firsts.row(-1, named=True)["account_id"], firsts["valid_from"][-1]
    app = visit("statement", client=client, month="2024-01")
    assert "had nothing to use in January 2024" in app.title[0].value
    assert f"pick {first:%B %Y} or a later month" in app.info[0].value
    assert not app.exception


def test_all_clients_are_made_when_asked_for(visit: Callable[..., AppTest]) -> None:
    app = visit("statement", segment="Enterprise", owner="Team Cedar")
    button = next(one for one in app.button if one.label == "All clients")
    button.click().run(timeout=60)
    assert not app.exception
    asked, made = app.session_state["_statements_archive"]
    assert dict(asked[2]) == {"owner": "Team Cedar", "segment": "Enterprise"}
    with zipfile.ZipFile(io.BytesIO(made)) as files:
        assert len(files.namelist()) > 2


def test_a_firm_that_can_not_be_read_is_named_and_nothing_is_offered(
    visit: Callable[..., AppTest], store: Path
) -> None:
    file = store / "firm.toml"
    file.write_text('name = "A"\ncolour = "blue"\n')
    try:
        app = visit("statement")
    finally:
        file.unlink()
    assert "colour must be like" in app.error[0].value
    assert not [one for one in app.button if one.label == "All clients"]

"""Every section of Recognition answers with its figures, follows the link, adds up, and says what it can't show."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from dashboard import format as fmt
from dashboard.recognition.links import SECTIONS
from queries.calendar import month_ends

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from queries.book import Book

    Visit = Callable[..., AppTest]

WHAT_IF = "service=training:ratable; breakage=0.15"


@pytest.fixture
def as_of(book: Book) -> date:
    return book.snapshot.dated_on


@pytest.fixture
def show(visit: Visit) -> Visit:
    def open_section(section: str, **query: str) -> AppTest:
        app = visit("recognition", view=section, **query)
        assert not app.exception, app.exception
        return app

    return open_section


def headline(app: AppTest) -> str:
    assert not app.exception, app.exception
    return str(app.title[0].value).replace("\\", "")


def text(app: AppTest) -> str:
    """Everything said outside tables."""
    spoken = [*app.markdown, *app.info, *app.warning, *app.error]
    return " ".join(str(element.value) for element in spoken).replace("\\", "")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_opens_with_an_answer_and_what_it_assumes(show: Visit, section: str) -> None:
    app = show(section)
    assert headline(app)
    assert "not accounting advice" in text(app)
    assert not app.warning
    assert not app.error


@pytest.mark.parametrize("section", [name for name in SECTIONS if name != "Scenario"])
def test_a_section_shows_figures_and_tables(show: Visit, section: str) -> None:
    app = show(section)
    assert 3 <= len(app.metric) <= 5
    assert len(app.dataframe) >= 2


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("query", [{"as_of": "2019-06-30"}, {"as_of": "2026-10-12", "by": "quarter"}])
def test_a_section_has_no_bad_day(show: Visit, section: str, query: dict[str, str]) -> None:
    assert headline_or_info(show(section, **query))


def headline_or_info(app: AppTest) -> str:
    return headline(app) if app.title else text(app)


def test_an_unknown_section_is_named(visit: Visit) -> None:
    app = visit("recognition", view="Nowhere", span="99 months", by="week")
    assert "Nowhere" in text(app)
    assert "99 months" in text(app)
    assert "week" in text(app)
    assert headline(app) == headline(visit("recognition"))


def test_the_headline_is_the_difference_of_the_span(show: Visit, book: Book, as_of: date) -> None:
    periods = book.run("recognition_by_period", as_of=as_of, currency="USD")
    sums = dict(periods.group_by("policy").agg(pl.sum("revenue_total")).iter_rows())
    assert fmt.money(abs(sums["on_delivery"] - sums["ratable"]), "USD") in headline(show("Policies"))
    against = show("Policies", compare="booked", against="remote")
    assert fmt.money(abs(sums["booked"] - sums["remote"]), "USD") in headline(against)


@pytest.mark.parametrize(("by", "periods"), [("month", 24), ("quarter", 9), ("year", 3)])
def test_periods_of_any_kind_come_to_the_same_total(show: Visit, by: str, periods: int) -> None:
    rows = show("Policies", span="24 months", by=by).dataframe[0].value
    monthly = show("Policies", span="24 months").dataframe[0].value
    assert len(rows) == periods + 1
    assert rows["period"].iloc[-1] == "Total"
    for policy in ("ratable", "on_delivery", "proportional", "remote", "booked", "difference"):
        assert rows[policy].iloc[-1] == pytest.approx(monthly[policy].iloc[-1])


def test_a_contract_s_difference_to_date_is_since_it_began(show: Visit, book: Book, as_of: date) -> None:
    row = show("Policies").dataframe[1].value.iloc[0]
    since = book.run("policy_difference", boundaries=[date(1, 1, 1), as_of], contract=row["contract_id"])
    assert row["difference_to_date"] == pytest.approx(float(since["on_delivery"][0] - since["ratable"][0]))


def test_a_scenario_of_the_link_is_asked_and_compared(show: Visit, book: Book, as_of: date) -> None:
    boundaries = month_ends(as_of, 12)
    booked, supposed = (
        book.run("recognition_by_period", boundaries=boundaries, currency="USD", **scenario)
        .filter(policy="booked")["revenue_total"]
        .sum()
        for scenario in ({}, {"scenario": WHAT_IF})
    )
    app = show("Scenario", scenario=WHAT_IF)
    assert fmt.money(abs(supposed - booked), "USD") in headline(app)
    assert "service training: ratable; 15% as breakage estimate (what-if)" in text(app)
    total = app.dataframe[0].value.iloc[-1]
    assert total["difference"] == pytest.approx(float(supposed - booked))


def test_a_scenario_that_changes_nothing_says_so(show: Visit) -> None:
    app = show("Scenario", scenario="service=juggling:remote")
    assert "book the same in every month" in headline(app)
    assert "Nothing shown has the service “juggling”" in text(app)
    assert "change a rule" in text(app)


@pytest.mark.parametrize("bad", ["foo", "service=training", "all:sometimes", "breakage=2", "all=x:remote", "<b>:x"])
def test_a_scenario_that_can_t_be_read_is_a_sentence(show: Visit, bad: str) -> None:
    app = show("Scenario", scenario=bad)
    assert "can't be read" in headline(app)
    assert "can't be read" in app.error[0].value


def test_a_rule_is_added_and_removed(show: Visit) -> None:
    app = show("Scenario")
    assert "No scenario yet" in headline(app)
    app.selectbox(key="_rule_for").select("all").run()
    app.selectbox(key="_rule_policy").select("remote").run()
    next(button for button in app.button if button.label == "Add rule").click().run()
    assert asked(app) == "all:remote"
    assert "the scenario books" in headline(app)
    next(button for button in app.button if button.label == "Remove").click().run()
    assert "No scenario yet" in headline(app)


def test_a_scenario_is_saved_compared_loaded_and_deleted(show: Visit, store: Path) -> None:
    app = show("Scenario", scenario="all:remote")
    app.text_input(key="scenario_name").input("All remote").run()
    press(app, "Save")
    assert (store / "scenarios.json").exists()
    other = show("Scenario", scenario="all:ratable", versus="All remote")
    assert "the scenario books" in headline(other)
    assert "than All remote" in headline(other)
    press(other, "Load")
    assert asked(other) == "all:remote"
    assert "All remote books" in headline(other)
    press(other, "Delete")
    assert "the scenario books" in headline(other)
    (store / "scenarios.json").unlink()


def test_a_scenario_without_a_name_is_not_saved(show: Visit) -> None:
    app = show("Scenario", scenario="all:remote")
    press(app, "Save")
    assert "1 to 80 characters" in text(app)


def asked(app: AppTest) -> str:
    """The scenario in the URL, which the harness gives as it was set."""
    value = app.query_params["scenario"]
    return value if isinstance(value, str) else value[0]


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception, app.exception


@pytest.mark.parametrize("policy", ["booked", "ratable", "on delivery", "proportional", "remote"])
def test_the_roll_forward_foots_and_its_total_spans_it(show: Visit, policy: str) -> None:
    rows = show("Position", policy=policy).dataframe[0].value
    flows = rows["opening"] + rows["billings"] - rows["refunds"] - rows["escheat"] - rows["revenue_total"]
    assert (flows - rows["closing"]).abs().max() < 0.001
    assert rows["opening"].iloc[-1] == rows["opening"].iloc[0]
    assert rows["closing"].iloc[-1] == rows["closing"].iloc[-2]


def test_backlog_bands_come_to_the_backlog(show: Visit, book: Book, as_of: date) -> None:
    backlog = book.run("backlog", as_of=as_of, currency="USD").filter(policy="booked")["backlog"].sum()
    bands = show("Position").dataframe[-1].value
    assert bands["amount"].iloc[-1] == pytest.approx(float(backlog))
    assert len(bands) == 6


def test_departments_reconcile_to_revenue(show: Visit) -> None:
    app = show("Departments")
    assert "add up to the" in text(app)
    assert "of overage, to the cent" in text(app)
    assert "(unallocated breakage)" in app.dataframe[0].value["department"].to_list()
    assert "Management reporting" in text(app)


def test_judgement_tells_each_question_with_its_rule_and_what_to_do(show: Visit, book: Book, as_of: date) -> None:
    flags = book.run("judgement_flags", as_of=as_of, currency="USD")
    app = show("Judgement")
    assert fmt.count(flags["contract_id"].n_unique(), "contract") in headline(app)
    rows = app.dataframe[0].value
    assert rows["to_do"].str.len().min() > 20
    assert set(rows["rule"]) == set(flags["rule"])
    one = rows["question"].iloc[0]
    assert len(show("Judgement", flag=one).dataframe[1].value) < flags.height


def test_the_journal_balances_and_has_account_codes(show: Visit) -> None:
    app = show("Journal")
    assert "debits equal credits" in headline(app)
    total = app.dataframe[0].value.iloc[-1]
    assert total["debit"] == total["credit"] > 0
    assert "2400" in app.dataframe[1].value["account_code"].to_list()


def test_a_chart_of_accounts_of_one_s_own_is_used_and_a_bad_one_named(show: Visit, store: Path) -> None:
    own = store / "accounts.toml"
    own.write_text('[deferred_revenue]\ncode = "25-00"\n')
    assert "25-00" in show("Journal").dataframe[1].value["account_code"].to_list()
    own.write_text("[nothing]\n")
    assert "there is no account nothing" in text(show("Journal"))
    own.unlink()


@pytest.mark.parametrize("policy", ["booked", "ratable", "on delivery", "proportional", "remote"])
def test_the_derivation_adds_up_to_the_amount(show: Visit, book: Book, as_of: date, policy: str) -> None:
    contract = book.run("policy_difference", boundaries=month_ends(as_of, 12), currency="USD")["contract_id"][3]
    app = show("Derivation", contract=contract, under=policy)
    roll = book.run("liability_rollforward", boundaries=[month_ends(as_of, 12)[0], as_of], contract=contract)
    amount = roll.filter(policy=policy.replace(" ", "_"), period_end=as_of)["revenue_total"][0]
    assert fmt.money_in_full(amount, "USD") in headline(app)
    rows = app.dataframe[0].value
    assert rows["amount"].iloc[:-1].sum() == pytest.approx(float(amount))
    assert rows["amount"].iloc[-1] == pytest.approx(float(amount))
    assert "to date." in text(app)


def test_the_derivation_of_a_scenario_is_of_the_scenario_s_amount(show: Visit, book: Book, as_of: date) -> None:
    ends = month_ends(as_of, 12)
    boundaries = [ends[0], as_of]
    booked = book.run("policy_difference", boundaries=boundaries, currency="USD").filter(
        recognition_method="on_delivery"
    )
    contract = booked.filter(pl.col("on_delivery") != pl.col("ratable"))["contract_id"][0]
    what_if = "all:ratable/month_even"
    supposed = book.run("policy_difference", boundaries=boundaries, contract=contract, scenario=what_if)["booked"][0]
    app = show("Derivation", contract=contract, under="the scenario", scenario=what_if)
    assert f"{fmt.money_in_full(supposed, 'USD')} under the scenario" in headline(app)
    assert "to date." in text(app)
    assert "monthly instalments" in app.dataframe[0].value["derivation"].iloc[0]


def test_a_period_of_the_derivation_is_followed(show: Visit) -> None:
    app = show("Derivation", period="Mar 2026")
    assert "in Mar 2026" in headline(app)
    assert "by 31 Oct 2026" in headline(show("Derivation", period="to date"))
    assert "“Jan 1999”" in text(show("Derivation", period="Jan 1999"))


def test_a_contract_that_is_not_there_or_hidden_is_named(show: Visit, book: Book, as_of: date) -> None:
    assert "There is no contract “X”" in text(show("Derivation", contract="X"))
    euro = book.run("watch_list", as_of=as_of, currency="EUR")["contract_id"][0]
    assert "hidden by currency USD" in text(show("Derivation", contract=euro))


def test_nothing_shown_says_what_to_relax(show: Visit, as_of: date) -> None:
    for section in ("Policies", "Position", "Departments", "Journal"):
        assert "later as-of day" in text(show(section, as_of="2019-06-30"))


def test_a_yen_amount_has_no_minor_digits() -> None:
    assert fmt.money_in_full(Decimal(1235), "JPY").endswith("1,235")

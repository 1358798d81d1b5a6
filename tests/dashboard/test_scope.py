"""A csm sees their own clients alone: on every page, in every total and file, and through every parameter of a link."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest
import streamlit as st
from google.protobuf import json_format
from pypdf import PdfReader
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from dashboard import session, sign_in
from dashboard.recognition.links import SECTIONS
from data import named_texts
from data.closes import close_period
from data.snapshots import list_snapshots
from tests.dashboard.conftest import APP
from tests.shared_forecasts import copy_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from queries.book import Book

CSM = "Team Cedar"
PAGES = [path.stem for path in sorted((APP.parent / "app_pages").glob("[!_]*.py"))]
#: Every page as it opens, and every section of Recognition.
VISITS = [
    *((page, {}) for page in PAGES if page != "recognition"),
    *(("recognition", {"view": section}) for section in SECTIONS),
    ("recognition", {"view": "Scenario", "scenario": "all:ratable"}),
    ("data", {"view": "Dictionary"}),
]
EACH_VISIT = pytest.mark.parametrize(
    ("page", "query"), VISITS, ids=lambda value: value if isinstance(value, str) else "-".join(value.values())
)
#: Parameters of a link that name nobody's rows: choices of days, months, sections and what-ifs.
NAMES_NOTHING = {
    "since",
    "ending",
    "snapshot",
    "as_of",
    "baseline",
    "currency",
    "entry",
    "view",
    "span",
    "by",
    "kind",
    "policy",
    "compare",
    "against",
    "under",
    "period",
    "month",
    "journal",
    "flag",
    "more_time",
    "burn",
    "extra",
    "extension",
    "carry_over",
    "cap",
    "delivered",
    "quarter",
    "stage",
    "current_until",
    "lag",
    "ends",
    "left",
    "late",
    "overdrawn",
    "carry",
}


class Shown(NamedTuple):
    """A page as it is sent to the browser, and the files it offers."""

    app: AppTest
    text: str
    files: str
    parameters: set[str]

    @property
    def headline(self) -> str:
        return str(self.app.title[0].value)

    @property
    def metrics(self) -> list[tuple[str, str]]:
        return [(metric.label, metric.value) for metric in self.app.metric]


@pytest.fixture(scope="module")
def scoped_store(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store with an access file, a closed month, and scenarios about a contract of each team."""
    own = copy_store(store, tmp_path_factory.mktemp("scoped") / "store")
    (own / "access.toml").write_text(
        f'[people."csm@example.com"]\nrole = "csm"\nowners = ["{CSM}"]\n'
        '[people."leadership@example.com"]\nrole = "leadership"\n'
    )
    earlier, _ = list_snapshots(own)
    close_period(own, date(2026, 8, 31), earlier.snapshot_id, datetime(2026, 9, 5, tzinfo=UTC))
    return own


@pytest.fixture(scope="module")
def contracts(book: Book) -> pl.DataFrame:
    """contract_id, account_name, account_id, owner and program_name, with the ids of each contract's lots."""
    lots = book.run("lot_terms").group_by("contract_id").agg(pl.col("lot_id"))
    accounts = book.source("accounts").select("account_id", account_name="name")
    programs = book.source("programs").select("account_id", program_name="name")
    known = book.source("contracts").join(accounts, on="account_id").join(lots, on="contract_id", how="left")
    return known.join(programs, on="account_id", how="left").sort("program_name", "contract_id", nulls_last=True)


@pytest.fixture(scope="module")
def foreign(contracts: pl.DataFrame) -> re.Pattern[str]:
    """Whatever names someone else's clients, contracts or lots, or their owner."""
    is_own = pl.col("owner") == CSM
    names: set[str] = set()
    for name in ("account_name", "account_id", "contract_id", "owner", "lot_id"):
        column = pl.col(name).explode() if name == "lot_id" else pl.col(name)
        own, others = (set(contracts.filter(which).select(column)[name].drop_nulls()) for which in (is_own, ~is_own))
        assert own
        assert others - own
        names |= others - own
    return re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, sorted(names))) + r")(?![\w-])")


@pytest.fixture
def visit_as(store: Path, scoped_store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Shown]:
    """Open a page by its link, signed in as someone."""
    monkeypatch.setenv("DRAWDOWN_STORE", str(scoped_store))
    monkeypatch.setattr(sign_in, "is_configured", lambda: True)
    # The snapshots are those of the other tests' store: their books and forecasts serve here as well.
    opened = session._book  # noqa: SLF001
    monkeypatch.setattr(session, "_book", lambda folder: opened(store / "snapshots" / folder.name))
    read: set[str] = set()
    files: list[Callable[[], bytes]] = []
    get = QueryParamsProxy.get

    def noted(self: QueryParamsProxy, key: str, *default: Any) -> Any:
        read.add(key)
        return get(self, key, *default)

    monkeypatch.setattr(QueryParamsProxy, "get", noted)
    monkeypatch.setattr(st, "download_button", lambda *_, data, **__: files.append(data))

    def open_page(role: str, page: str, **query: str) -> Shown:
        read.clear()
        files.clear()
        monkeypatch.setattr(sign_in, "_claims", lambda: {"is_logged_in": True, "email": f"{role}@example.com"})
        app = AppTest.from_file(APP, default_timeout=60)
        app.switch_page(f"app_pages/{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception
        text = "\n".join(_sent(app))
        return Shown(app, text, "\n".join(_content(data()) for data in files), read | set(_bound(text)))

    return open_page


@pytest.fixture(scope="module")
def shown_to_csm() -> dict[tuple[str, ...], Shown]:
    return {}


@pytest.fixture
def visit_as_csm(visit_as: Callable[..., Shown], shown_to_csm: dict[tuple[str, ...], Shown]) -> Callable[..., Shown]:
    """What the csm is shown of a visit, opened once for all tests that look at it."""

    def open_page(page: str, **query: str) -> Shown:
        key = (page, *query, *query.values())
        if key not in shown_to_csm:
            shown_to_csm[key] = visit_as("csm", page, **query)
        return shown_to_csm[key]

    return open_page


def _sent(app: AppTest) -> Iterator[str]:
    """All that goes to the browser, as text."""
    for node in app._tree:  # noqa: SLF001  the whole tree, whatever it is made of
        if getattr(node, "proto", None) is not None:
            yield json.dumps(json_format.MessageToDict(node.proto), ensure_ascii=False)
    for frame in app.dataframe:
        yield frame.value.to_csv()


def _bound(text: str) -> list[str]:
    return re.findall(r'"queryParamKey": "(\w+)"', text)


def _content(file: bytes) -> str:
    if file.startswith(b"%PDF"):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)
    if not file.startswith(b"PK"):
        return file.decode()
    with zipfile.ZipFile(io.BytesIO(file)) as workbook:
        return "\n".join(workbook.read(name).decode() for name in workbook.namelist() if name.endswith(".xml"))


@EACH_VISIT
def test_a_csm_sees_nobody_elses_client_contract_lot_or_owner(
    visit_as_csm: Callable[..., Shown], foreign: re.Pattern[str], page: str, query: dict[str, str]
) -> None:
    shown = visit_as_csm(page, **query)
    assert shown.headline
    assert foreign.findall(shown.text) == []
    assert foreign.findall(shown.files) == []


@EACH_VISIT
def test_totals_of_a_csm_are_those_of_their_owner_filter(
    visit_as: Callable[..., Shown], visit_as_csm: Callable[..., Shown], page: str, query: dict[str, str]
) -> None:
    own, filtered = visit_as_csm(page, **query), visit_as("leadership", page, owner=CSM, **query)
    assert own.headline == filtered.headline
    assert own.metrics == filtered.metrics
    assert bool(own.files) == bool(filtered.files)


@pytest.mark.parametrize("page", ["portfolio", "restatement", "burn_down"])
def test_leadership_sees_everybody(visit_as: Callable[..., Shown], foreign: re.Pattern[str], page: str) -> None:
    """Else the tests above would pass whatever they look for."""
    shown = visit_as("leadership", page)
    assert foreign.search(shown.text)
    assert foreign.search(shown.files)


def test_every_parameter_of_a_link_is_one_that_is_known_here(visit_as_csm: Callable[..., Shown]) -> None:
    """A new parameter has to say whether it can name someone's rows; if it can, the test below covers it."""
    found = set().union(*(visit_as_csm(page, **query).parameters for page, query in VISITS))
    assert found - NAMES_NOTHING == set(PARAMETERS)


#: What a parameter of a link can name of the rows of a contract, and the visits on which it is read.
PARAMETERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "owner": lambda row: row["owner"],
    "segment": lambda _: "Segment of nobody here",
    "vehicle": lambda _: "vehicle of nobody here",
    "contract": lambda row: row["contract_id"],
    "lot": lambda row: row["lot_id"][0],
    "client": lambda row: row["account_id"],
    "program": lambda row: f"{row['account_name']}: {row['program_name']}",
    "scenario": lambda row: f"contract={row['contract_id']}:remote",
    "versus": lambda _: "About someone else",
}
READ_ON = {
    "contract": [("burn_down", {}), ("restatement", {}), ("recognition", {"view": "Derivation"})],
    "lot": [("burn_down", {})],
    "client": [("burn_down", {}), ("statement", {})],
    "program": [("requests", {})],
    "scenario": [("recognition", {"view": "Scenario"}), ("recognition", {"view": "Derivation"})],
    "versus": [("recognition", {"view": "Scenario", "scenario": "all:ratable"})],
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_link_to_what_is_out_of_scope_is_answered_like_one_to_what_does_not_exist(
    visit_as: Callable[..., Shown], contracts: pl.DataFrame, scoped_store: Path, name: str
) -> None:
    row = contracts.filter(pl.col("owner") != CSM, pl.col("lot_id").list.len() > 0).row(0, named=True)
    named_texts.save(
        named_texts.scenarios_file(scoped_store), "About someone else", f"contract={row['contract_id']}:remote"
    )
    nobody = dict.fromkeys(row, "Nobody") | {"lot_id": ["Nobody"]}
    theirs, missing = PARAMETERS[name](row), PARAMETERS[name](nobody)
    for page, query in READ_ON.get(name, [("portfolio", {})]):
        shown, expected = (visit_as("csm", page, **query, **{name: value}) for value in (theirs, missing))
        assert _plain(shown).replace(theirs, missing).replace(row["contract_id"], "Nobody") == _plain(expected)
        assert shown.files.count(row["contract_id"]) == 0


def _plain(shown: Shown) -> str:
    """What can be read on a page, without the ids that hold its parameters."""
    app = shown.app
    said = [*app.title, *app.header, *app.warning, *app.error, *app.info, *app.markdown]
    picked = [box.value for box in app.selectbox]
    return "\n".join([*(item.value.replace("\\", "") for item in said), *map(str, picked)])


def test_all_statements_of_a_csm_are_those_of_their_own_clients(
    visit_as: Callable[..., Shown], foreign: re.Pattern[str]
) -> None:
    app = visit_as("csm", "statement", segment="Enterprise").app
    next(button for button in app.button if button.label == "All clients").click().run()
    _, made = app.session_state["_statements_archive"]
    with zipfile.ZipFile(io.BytesIO(made)) as files:
        assert len(files.namelist()) > 2
        for name in files.namelist():
            assert foreign.findall(_content(files.read(name))) == []


def test_scenarios_about_others_are_not_offered(
    visit_as: Callable[..., Shown], contracts: pl.DataFrame, scoped_store: Path
) -> None:
    own, other = (
        contracts.filter(which)["contract_id"][0] for which in (pl.col("owner") == CSM, pl.col("owner") != CSM)
    )
    named_texts.save(named_texts.scenarios_file(scoped_store), "About mine", f"contract={own}:remote")
    named_texts.save(named_texts.scenarios_file(scoped_store), "About someone else", f"contract={other}:remote")
    csm, leadership = (visit_as(role, "recognition", view="Scenario").text for role in ("csm", "leadership"))
    assert "About mine" in csm
    assert "About someone else" not in csm
    assert "About someone else" in leadership


def test_what_one_viewer_asked_is_not_answered_to_another(visit_as: Callable[..., Shown]) -> None:
    """Results are kept for everyone: asked in turn, each still gets their own."""
    everything, own = (visit_as("leadership", "portfolio", **query).headline for query in ({}, {"owner": CSM}))
    assert everything != own
    for role, expected in (("csm", own), ("leadership", everything), ("csm", own)):
        assert visit_as(role, "portfolio").headline == expected


def test_pages_reach_books_and_snapshots_only_within_a_scope() -> None:
    """Whatever reads rows past session.py would have to be scoped anew: nothing does."""
    past = re.compile(r"\.read\(|\bBook\(|read_parquet|_book\(|pq\.read")
    sources = [path for path in APP.parent.rglob("*.py") if not {"commands", "bench"} & set(path.parts)]
    found = {path.name for path in sources if past.search(path.read_text())}
    assert found == {"session.py"}

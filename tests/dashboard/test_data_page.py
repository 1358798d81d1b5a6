"""Data: what is uploaded is checked, shown and published; snapshots are restored; what is damaged is said."""

from __future__ import annotations

import errno
import json
import os
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import session, sign_in
from dashboard.intake import uploads
from data.snapshots import list_snapshots, open_snapshot, restore, set_aside_snapshots
from data.verification import verify
from queries import catalog
from queries.book import Book
from tests.dashboard.conftest import APP
from tests.queries.tiny import account, book, contract, lot, used

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "consumption_id,contract_id,line_no,service_date,posted_on,service_type,unit,quantity\n"
ADDED = "D2,C1,2,2026-02-03,2026-02-04,consulting,hour,4\n"
CORRECTED = "D1,C1,0,2026-02-01,2026-02-01,consulting,hour,3.5\n"
BAD = 'B1,C1,3,2026-02-05,2026-02-05,consulting,hour,"2,5"\nB2,C9,4,2026-02-05,2026-02-05,consulting,hour,1\n'
KNOWN: dict[str, Any] = {
    "accounts": [account("Acme")],
    "contracts": [contract("C1", owner="Team Cedar")],
    "lots": [lot("C1", quantity=10, amount=1000, term="2026-01-01..")],
    "consumption": [used("D1", "C1", "2026-02-01", 3)],
}
LATER = KNOWN | {"consumption": [*KNOWN["consumption"], used("D2", "C1", "2026-02-03", 1)]}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one snapshot."""
    folder = tmp_path_factory.mktemp("store")
    book(folder, **KNOWN)
    return folder


@pytest.fixture(scope="module")
def published_twice(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same store with a second snapshot."""
    folder = tmp_path_factory.mktemp("twice") / "store"
    shutil.copytree(published, folder)
    book(folder, **LATER)
    return folder


@pytest.fixture(scope="module")
def books() -> dict[str, Book]:
    """Books by the id of their snapshot, which says what they hold: each is opened once for all tests."""
    return {}


@pytest.fixture
def store(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, books: dict[str, Book]) -> Path:
    """A store of one snapshot, to write to."""
    return own_store(published, tmp_path, monkeypatch, books)


@pytest.fixture
def two(published_twice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, books: dict[str, Book]) -> Path:
    """A store of two snapshots, to write to."""
    return own_store(published_twice, tmp_path, monkeypatch, books)


def own_store(of: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, books: dict[str, Book]) -> Path:
    own = folder / "store"
    shutil.copytree(of, own)
    monkeypatch.setenv("DRAWDOWN_STORE", str(own))

    def opened(folder: Path) -> Book:
        snapshot = open_snapshot(own, folder.name)
        if verify(snapshot) or folder.name not in books:
            books[folder.name] = Book(snapshot)
        return books[folder.name]

    monkeypatch.setattr(session, "_book", opened)
    return own


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """What the page offers to download, by file name."""
    offered: dict[str, Callable[[], bytes]] = {}

    def offer(*_: object, data: Callable[[], bytes], file_name: str, **__: object) -> None:
        offered[file_name] = data

    monkeypatch.setattr(st, "download_button", offer)
    return offered


def visit(page: str = "data", **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page(f"app_pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception
    return app


def click(app: AppTest, label: str) -> AppTest:
    (button,) = (button for button in app.button if button.label.startswith(label))
    button.click()
    return run(app)


def upload(app: AppTest, **contents: str) -> AppTest:
    """Upload files, named as given and `.csv`."""
    (uploader,) = (one for one in app.file_uploader if one.label.startswith("Files"))
    uploader.set_value([(f"{name}.csv", text.encode(), "text/csv") for name, text in contents.items()])
    return run(app)


def checked(**contents: str) -> AppTest:
    return click(upload(visit(), **contents), "Check")


def said(app: AppTest) -> str:
    return plain(app.title[0].value)


def plain(markdown: str) -> str:
    return str(markdown).replace("\\", "")


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def ids(store: Path) -> list[str]:
    return [snapshot.snapshot_id for snapshot in list_snapshots(store)]


# --- import -----------------------------------------------------------------------------------------------------


def test_rejected_rows_are_shown_with_their_cells_and_nothing_is_published(
    store: Path, files: dict[str, Callable[[], bytes]]
) -> None:
    before = ids(store)
    app = checked(consumption=HEADER + ADDED + BAD)
    assert said(app) == "2 of 3 rows are rejected: nothing would be published"
    assert [(metric.label, metric.value) for metric in app.metric] == [
        ("Rows in", "3"),
        ("Used", "1"),
        ("Rejected", "2"),
        ("Left out", "0"),
    ]
    rejected = next(frame.value for frame in app.dataframe if "line" in frame.value.columns)
    assert [tuple(row) for row in rejected[["file", "line", "column", "value"]].itertuples(index=False)] == [
        ("consumption.csv", 3, "quantity", "2,5"),
        ("consumption.csv", 4, "contract_id", "C9"),
    ]
    cells = next(frame.value for frame in app.dataframe if list(frame.value.columns) == ["column", "value", "reason"])
    assert list(cells["column"]) == HEADER.strip().split(",")
    assert cells.set_index("column")["reason"].dropna().index.tolist() == ["quantity"]
    assert ids(store) == before
    assert pl.read_csv(files["rejected.csv"](), infer_schema=False)["line"].to_list() == ["3", "4"]
    assert files["rejected.parquet"]().startswith(b"PAR1")


def test_a_formula_in_a_rejected_value_leaves_as_text(store: Path, files: dict[str, Callable[[], bytes]]) -> None:
    checked(consumption=HEADER + "B1,=HYPERLINK(1),3,2026-02-05,2026-02-05,consulting,hour,1\n")
    assert "'=HYPERLINK(1)" in files["rejected.csv"]().decode()


def test_good_rows_are_published_and_the_rejected_kept_beside_them(store: Path) -> None:
    app = checked(consumption=HEADER + ADDED + BAD)
    click(app, "Publish the good rows, keep the 2 rejected rows out")
    first, published = list_snapshots(store)
    assert said(app) == f"Published the snapshot {published.snapshot_id} with 1 row; 2 rejected rows kept beside it"
    assert published.row_count("consumption") == first.row_count("consumption") + 1
    assert (store / published.manifest["source"]["rejected"]).exists()
    assert app.selectbox(key="snapshot").options[0] == published.dated_on.isoformat()
    assert not [one for one in app.file_uploader if one.label.startswith("Files") and one.value]
    (line,) = (json.loads(line) for line in (store / "access.log").read_text().splitlines() if '"import"' in line)
    assert (line["files"], line["published"]) == ("consumption.csv", published.snapshot_id)


def test_the_difference_is_shown_before_it_is_published(store: Path) -> None:
    app = checked(consumption=HEADER + ADDED + CORRECTED)
    assert said(app) == "2 rows are good: 1 added, 1 corrected"
    counts = next(frame.value for frame in app.dataframe if "added" in frame.value.columns)
    assert counts.iloc[0].tolist() == ["consumption", 1, 1, 1, 0, 2]
    correction = next(
        frame.value for frame in app.dataframe if "before" in frame.value.columns and "key" in frame.value
    )
    assert correction.iloc[0].tolist() == ["consumption", "D1", "quantity", "3.0000", "3.5000"]
    click(app, "Publish")
    assert len(ids(store)) == 2
    (link,) = app.get("page_link")
    assert link.proto.label == "→ Portfolio of 1 Jan 2027"


def test_the_same_file_again_changes_nothing(store: Path) -> None:
    click(checked(consumption=HEADER + ADDED), "Publish")
    assert said(checked(consumption=HEADER + ADDED)) == "1 row is good: nothing would change"


def test_where_the_store_changed_the_new_difference_comes_first(store: Path, published_twice: Path) -> None:
    app = checked(consumption=HEADER + ADDED)
    shutil.copytree(published_twice / "snapshots", store / "snapshots", dirs_exist_ok=True)
    before = ids(store)
    click(app, "Publish")
    assert "The store changed" in app.warning[0].value
    assert said(app) == "1 row is good: 1 corrected"
    assert ids(store) == before
    click(app, "Publish")
    assert len(ids(store)) == len(before) + 1


def test_another_file_or_setting_makes_what_was_checked_void(store: Path) -> None:
    app = checked(consumption=HEADER + ADDED)
    upload(app, consumption=HEADER + BAD)
    assert not [label for label in labels(app) if label.startswith("Publish")]
    assert "snapshot" in said(app)


def test_a_refused_day_is_said_in_the_words_of_the_page(store: Path) -> None:
    app = upload(visit(), consumption=HEADER + ADDED)
    app.date_input(key="import_dated_on").set_value(date(2020, 1, 1))
    run(app)
    click(app, "Check")
    assert "can't speak for 2020-01-01" in plain(app.error[0].value)


def test_a_file_no_mapping_was_made_for_gets_one_proposed(store: Path, files: dict[str, Callable[[], bytes]]) -> None:
    app = checked(hours="Client,Booking day,Hours spent,What was done\nAcme,2026-02-01,3,advice\n")
    assert said(app) == "hours.csv can't be read as rows: nothing would be published"
    assert "QUESTION" in files["hours.toml"]().decode()
    assert not [label for label in labels(app) if label.startswith("Publish")]


def test_a_file_of_another_mapping_is_told_which(store: Path) -> None:
    app = checked(deliveries=HEADER + ADDED)
    assert "name it consumption.csv" in plain(app.info[0].value)


OWN_MAPPING = """
kind = "rows"
ignores_others = true
[columns.id]
names = ["id"]
type = "text"
required = true
[columns.on]
names = ["day"]
type = "date"
required = true

one_of_formats = ["%d/%m/%Y", "%m/%d/%Y"]
[tables.consumption]
consumption_id = "{id}"
contract_id = "C1"
service_date = "{on}"
posted_on = "{on}"
service_type = "consulting"
unit = "hour"
quantity = "1"
"""


def own_mapping(app: AppTest, text: str) -> AppTest:
    app.selectbox(key="import_mapping").select("own")
    run(app)
    (uploader,) = (one for one in app.file_uploader if "toml" in one.label)
    uploader.set_value(("mine.toml", text.encode(), "application/toml"))
    return run(app)


def test_days_that_can_be_read_in_two_ways_are_asked_about(store: Path) -> None:
    app = click(upload(own_mapping(visit(), OWN_MAPPING), export="id,day\nD2,04/03/2026\n"), "Check")
    assert "can't be read" in said(app)
    assert "choose above how they are written" in plain(app.warning[0].value)
    choice = app.selectbox(key="import_format_on")
    assert "“day”" in choice.label
    choice.select("%d/%m/%Y")
    click(run(app), "Check")
    assert said(app) == "1 row is good: 1 added"
    click(app, "Publish")
    assert list_snapshots(store)[-1].dated_on.isoformat() == "2027-01-01"


def test_a_mapping_that_breaks_a_rule_is_said(store: Path) -> None:
    app = own_mapping(visit(), 'kind = "rows"\n')
    assert "mine.toml" in plain(app.error[0].value)


def test_the_first_files_come_into_an_empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAWDOWN_STORE", str(tmp_path / "new"))
    app = visit()
    assert said(app) == "The store is empty: import the first files"
    upload(app, accounts="account_id,name\nAcme,Acme\n")
    app.date_input(key="import_dated_on").set_value(date(2026, 1, 31))
    click(run(app), "Check")
    assert said(app) == "1 row is good: 1 added"
    click(app, "Publish")
    assert len(ids(tmp_path / "new")) == 1
    # Clients without a contract are no book to show yet, and the next files still get in.
    upload(app, accounts="account_id,name\nBeech,Beech\n")
    assert said(click(app, "Check")) == "1 row is good: 1 added"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\files\\lots.csv", "lots.csv"),
        ("..", "upload"),
        ("a\0.csv", "a.csv"),
        ("é" * 300 + ".csv", "é" * 98 + ".csv"),
    ],
)
def test_an_uploads_name_leads_nowhere_else(sent: str, kept: str) -> None:
    assert uploads.own_name(sent) == kept


@pytest.mark.parametrize("full", ["tempfile.mkdtemp", "pathlib.Path.write_bytes"])
def test_a_full_disk_is_said_before_anything_is_read(store: Path, monkeypatch: pytest.MonkeyPatch, full: str) -> None:
    app = upload(visit(), consumption=HEADER + ADDED)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(full, refuse)
    click(app, "Check")
    assert "can't be kept: No space left on device. Free some space" in plain(app.error[0].value)


# --- who may ----------------------------------------------------------------------------------------------------


@pytest.fixture
def signed_in(store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sign in as a role."""
    (store / "access.toml").write_text(
        "".join(f'[people."{role}@example.com"]\nrole = "{role}"\n' for role in ("leadership", "finance", "admin"))
        + '[people."csm@example.com"]\nrole = "csm"\nowners = ["Team Cedar"]\n'
    )
    monkeypatch.setattr(sign_in, "is_configured", lambda: True)

    def become(role: str) -> None:
        monkeypatch.setattr(sign_in, "_claims", lambda: {"is_logged_in": True, "email": f"{role}@example.com"})

    return become


@pytest.mark.parametrize("role", ["csm", "leadership", "finance"])
def test_only_an_admin_imports_and_restores(signed_in: Callable[[str], None], role: str) -> None:
    signed_in(role)
    for section in ("Import", "Snapshots"):
        app = visit(view=section)
        assert f"There is no section “{section}”" in plain(app.warning[0].value)
        assert "checks hold" in said(app)
        assert not app.file_uploader
        assert not {"Check", "Verify", "Restore"} & set(labels(app))


@pytest.mark.parametrize("button", ["Check", "Publish"])
def test_a_click_of_who_no_longer_may_does_nothing(store: Path, signed_in: Callable[[str], None], button: str) -> None:
    signed_in("admin")
    app = upload(visit(), consumption=HEADER + ADDED)
    if button == "Publish":
        click(app, "Check")
    before = ids(store)
    signed_in("finance")
    click(app, button)
    assert ids(store) == before
    assert "checks hold" in said(app)


# --- snapshots --------------------------------------------------------------------------------------------------


def test_an_older_snapshot_is_restored_after_saying_what_is_set_aside(two: Path) -> None:
    older, newer = ids(two)
    app = visit(view="Snapshots")
    assert said(app).startswith("2 snapshots; the current one is of")
    app.selectbox(key="snapshot_worked_on").select(older)
    run(app)
    assert f"Set aside: {newer}" in plain(" ".join(item.value for item in app.markdown))
    click(app, f"Make {older} the current one")
    assert ids(two) == [older]
    assert [one.snapshot_id for one in set_aside_snapshots(two)] == [newer]
    assert f"{older} is the current snapshot now" in plain(app.success[0].value)
    assert [line for line in (two / "access.log").read_text().splitlines() if '"event": "restore"' in line]


def test_verifying_names_the_file_that_is_not_what_was_published(two: Path) -> None:
    app = click(visit(view="Snapshots"), "Verify all 2")
    assert "every check holds" in app.success[0].value
    older = list_snapshots(two)[0]
    path = older.path("lots")
    path.write_bytes(path.read_bytes()[:-1])
    click(app, "Verify all 2")
    faults = next(frame.value for frame in app.dataframe if "fault" in frame.value.columns)
    assert list(faults["snapshot"]) == [older.snapshot_id]
    assert str(path) in faults["fault"][0]


def test_a_click_makes_every_page_show_an_older_snapshot(two: Path) -> None:
    older, newer = list_snapshots(two)
    app = visit(view="Snapshots")
    app.selectbox(key="snapshot_worked_on").select(older.snapshot_id)
    click(run(app), "Show the snapshot of")
    assert app.selectbox(key="snapshot").value == f"{older.dated_on} no. {older.number}"
    app.switch_page("app_pages/recognition.py")
    assert app.run().selectbox(key="snapshot").value != newer.dated_on.isoformat()


# --- damage -----------------------------------------------------------------------------------------------------


def test_a_damaged_snapshot_is_named_and_the_last_good_one_served(two: Path) -> None:
    newer = ids(two)[1]
    (two / "snapshots" / newer / "manifest.json").write_text("{")
    app = visit("recognition")
    assert newer in plain(app.warning[0].value)
    assert "import again" in plain(app.warning[0].value)
    assert said(app)


@pytest.mark.parametrize("harm", ["missing", "cut", "rewritten"])
def test_a_snapshot_whose_file_is_gone_gives_way_to_the_last_good_one(two: Path, harm: str) -> None:
    path = list_snapshots(two)[1].path("consumption")
    content = path.read_bytes()
    path.unlink()
    if harm != "missing":
        path.write_bytes(content[:-20] if harm == "cut" else b"\0" * len(content))
    app = visit("recognition")
    warned = plain(app.warning[0].value)
    assert str(path) in warned
    assert "Move its folder away and import again." in warned
    assert "is shown" in warned
    assert said(app)
    assert not app.error


def test_nothing_is_imported_on_top_of_a_damaged_snapshot_before_an_older_one_is_restored(two: Path) -> None:
    older, newer = list_snapshots(two)
    newer.path("consumption").unlink()
    app = checked(consumption=HEADER + ADDED)
    assert "Restore an older one" in plain(app.error[0].value)
    restore(two, older.snapshot_id)
    assert said(click(app, "Check")) == "1 row is good: 1 added"


def test_where_every_snapshot_is_damaged_the_page_says_so_and_data_still_works(store: Path) -> None:
    (only,) = list_snapshots(store)
    only.path("lots").unlink()
    assert "No snapshot can be opened" in plain(visit("recognition").error[0].value)
    app = visit(view="Snapshots")
    assert said(app)
    (only.folder / "manifest.json").unlink()
    assert "Every snapshot is damaged" in plain(visit("recognition").error[0].value)
    assert said(visit(view="Snapshots")).startswith("No snapshot can be shown")
    assert said(visit()) == "No snapshot can be shown: import anew, or mend what is damaged"
    assert said(visit(view="Dictionary"))


# --- checks and dictionary --------------------------------------------------------------------------------------


def test_every_check_is_listed_and_what_breaks_one_is_shown(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(visit(view="Checks")).startswith(f"All {len(catalog.checks())} checks hold")
    monkeypatch.setattr(
        catalog, "checks", lambda: {"never": "-- No contract\n-- at all.\nSELECT contract_id FROM contracts"}
    )
    st.cache_data.clear()
    app = visit(view="Checks")
    assert said(app).startswith("1 of 1 checks fails")
    assert app.table[0].value.iloc[0].tolist() == ["1 row breaks it", "No contract at all.", "never"]
    assert list(app.dataframe[0].value["contract_id"]) == ["C1"]


def test_every_entry_of_the_dictionary_can_be_looked_up(store: Path, files: dict[str, Callable[[], bytes]]) -> None:
    app = visit(view="Dictionary", entry="lots")
    assert app.header[0].value == "lots, a source table"
    assert "price" in str(app.table[0].value)
    assert files["lots.csv"]().startswith(b"lot_id,")
    assert files["lots.xlsx"]().startswith(b"PK")
    assert files["templates-csv.zip"]().startswith(b"PK")
    app = visit(view="Dictionary", entry="burn_down")
    assert "CREATE OR REPLACE MACRO burn_down" in app.code[0].value
    app.text_input(key="dictionary_search").set_value("escheat_rate")
    run(app)
    assert "contracts" in " ".join(app.selectbox(key="entry").options)
    app.text_input(key="dictionary_search").set_value("nothing is called this")
    run(app)
    assert "Search for another word" in app.info[0].value

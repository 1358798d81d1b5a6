"""Who is let in and what they may do, with sign-in and without; and what the access log says of it."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from dashboard import access_log, session, sign_in
from dashboard.serving import WITHOUT_SIGN_IN, is_loopback
from data import named_texts
from data.closes import list_closes
from tests.dashboard.conftest import APP
from tests.shared_forecasts import copy_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROLES = ("csm", "leadership", "finance", "admin")
ACCESS = '[people."csm@example.com"]\nrole = "csm"\nowners = ["Team Cedar"]\n' + "".join(
    f'[people."{role}@example.com"]\nrole = "{role}"\n' for role in ROLES[1:]
)


@pytest.fixture
def own_store(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store to write to, whose books are those of the other tests."""
    own = copy_store(store, tmp_path / "store")
    opened = session._book  # noqa: SLF001
    monkeypatch.setattr(session, "_book", lambda folder: opened(store / "snapshots" / folder.name))
    monkeypatch.setenv("DRAWDOWN_STORE", str(own))
    return own


@pytest.fixture
def visit_as(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page with the claims of an identity; none before anyone has signed in."""
    (own_store / "access.toml").write_text(ACCESS)
    monkeypatch.setattr(sign_in, "is_configured", lambda: True)

    def open_page(page: str = "restatement", query: dict[str, str] | None = None, **claims: object) -> AppTest:
        monkeypatch.setattr(sign_in, "_claims", lambda: {"is_logged_in": bool(claims), **claims})
        return opened(page, query)

    return open_page


def opened(page: str = "restatement", query: dict[str, str] | None = None) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page(f"app_pages/{page}.py")
    for name, value in (query or {}).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def email(role: str) -> str:
    return f"{role}@example.com"


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def shows_nothing(app: AppTest) -> bool:
    return not (app.metric or app.dataframe or app.selectbox or app.get("plotly_chart"))


def logged(store: Path, *events: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (store / "access.log").read_text().splitlines()]
    return [line for line in lines if not events or line["event"] in events]


def test_who_has_not_signed_in_is_asked_to_and_sees_nothing(visit_as: Callable[..., AppTest]) -> None:
    app = visit_as()
    assert buttons(app) == ["Sign in"]
    assert shows_nothing(app)


@pytest.mark.parametrize("role", ROLES)
def test_who_has_a_role_is_let_in_and_told_as_whom(visit_as: Callable[..., AppTest], role: str) -> None:
    app = visit_as(email=email(role).upper())
    assert app.selectbox
    assert any(role in item.value and email(role).upper() in item.value for item in app.sidebar.markdown)
    assert "Sign out" in buttons(app)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"email": "nobody@example.com"}, "it has no role"),
        ({"sub": "1234"}, "it has no role"),
        ({"email": email("admin"), "email_verified": False}, "not verified"),
        ({"email": email("admin"), "email_verified": "false"}, "not verified"),
    ],
)
def test_whoever_else_signs_in_is_told_what_to_do_and_sees_nothing(
    visit_as: Callable[..., AppTest], own_store: Path, claims: dict[str, object], said: str
) -> None:
    app = visit_as(**claims)
    assert said in app.error[0].value
    assert "Ask whoever runs Drawdown here" in app.error[0].value
    assert shows_nothing(app)
    assert buttons(app) == ["Sign out"]
    app.run()
    (line,) = logged(own_store)
    assert line["event"] == "refused"
    assert said in line["why"]


def test_a_csm_of_no_owner_and_one_of_an_unknown_owner_see_nothing(
    visit_as: Callable[..., AppTest], own_store: Path
) -> None:
    for owners, place, said in (("[]", "error", "a csm of no owner"), ('["Team Elm"]', "info", "belongs to Team Elm")):
        (own_store / "access.toml").write_text(f'[people."{email("csm")}"]\nrole = "csm"\nowners = {owners}\n')
        app = visit_as(email=email("csm"))
        assert said in getattr(app, place)[0].value
        assert list(app.metric) + list(app.dataframe) == []


def test_without_an_access_file_or_with_a_damaged_one_nobody_is_let_in(
    visit_as: Callable[..., AppTest], own_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_store / "access.toml").write_text("[people")
    app = visit_as(email=email("admin"))
    assert "Nobody can be let in now" in app.error[0].value
    assert shows_nothing(app)
    assert f"{own_store / 'access.toml'}: it can't be read" in capsys.readouterr().err
    (own_store / "access.toml").unlink()
    assert shows_nothing(visit_as(email=email("admin")))


def test_a_role_taken_away_counts_from_the_next_run(visit_as: Callable[..., AppTest], own_store: Path) -> None:
    app = visit_as(email=email("leadership"))
    assert app.selectbox
    (own_store / "access.toml").write_text("")
    app.run()
    assert shows_nothing(app)


@pytest.mark.parametrize("role", ROLES)
def test_only_finance_and_admin_close_months(visit_as: Callable[..., AppTest], own_store: Path, role: str) -> None:
    may = role in ("finance", "admin")
    app = visit_as(email=email(role))
    confirm = [button for button in app.button if (button.key or "").startswith("confirm_")]
    assert bool(confirm) == may
    for button in confirm:
        button.click().run()
    assert bool(list_closes(own_store)) == may
    assert [line["who"] for line in logged(own_store, "close")] == ([email(role)] if may else [])


@pytest.mark.parametrize("role", ROLES)
def test_only_finance_and_admin_save_and_delete_scenarios(
    visit_as: Callable[..., AppTest], own_store: Path, role: str
) -> None:
    may = role in ("finance", "admin")
    named_texts.save(named_texts.scenarios_file(own_store), "Kept", "all:ratable")
    app = visit_as("recognition", {"view": "Scenario", "scenario": "all:remote"}, email=email(role))
    assert ("Save" in buttons(app)) == ("Delete" in buttons(app)) == may
    assert "Load" in buttons(app)
    if may:
        app.text_input(key="scenario_name").set_value("New")
        next(button for button in app.button if button.label == "Save").click().run()
        assert named_texts.saved(named_texts.scenarios_file(own_store)) == {"Kept": "all:ratable", "New": "all:remote"}
        assert logged(own_store, "save scenario")[0]["scenario"] == "New"


def test_a_button_drawn_before_the_role_was_taken_away_does_nothing(
    visit_as: Callable[..., AppTest], own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit_as("recognition", {"view": "Scenario", "scenario": "all:remote"}, email=email("finance"))
    app.text_input(key="scenario_name").set_value("New")
    (own_store / "access.toml").write_text(f'[people."{email("finance")}"]\nrole = "leadership"\n')
    next(button for button in app.button if button.label == "Save").click().run()
    assert named_texts.saved(named_texts.scenarios_file(own_store)) == {}


def test_only_an_admin_imports_and_restores() -> None:
    for action in (sign_in.IMPORT, sign_in.RESTORE):
        may = [role for role in ROLES if sign_in.Viewer(None, role, sign_in.EVERYTHING).may(action)]
        assert may == ["admin"]


def test_without_sign_in_the_page_says_that_it_is_for_this_machine(own_store: Path) -> None:
    app = opened()
    assert app.selectbox
    assert "No sign-in: this machine only." in app.sidebar.markdown[-1].value.replace("\\", "")


@pytest.mark.parametrize("address", ["0.0.0.0", "", "192.0.2.1", "example.com"])  # noqa: S104
def test_without_sign_in_a_wider_address_shows_nothing_unless_asked_for(
    own_store: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    before = config.get_option("server.address")
    config.set_option("server.address", address or None)
    try:
        app = opened()
        assert "can be reached from other machines" in app.error[0].value
        assert shows_nothing(app)
        monkeypatch.setenv(WITHOUT_SIGN_IN, "1")
        app = opened()
        assert "anyone who reaches this address sees everything" in app.sidebar.markdown[-1].value
        assert app.selectbox
    finally:
        config.set_option("server.address", before)


def test_a_store_with_an_access_file_shows_nothing_while_sign_in_is_not_set_up(own_store: Path) -> None:
    """A secrets file that was lost or damaged must not open to everyone what was for some."""
    (own_store / "access.toml").write_text(ACCESS)
    app = opened()
    assert "nobody can be told apart" in app.error[0].value
    assert shows_nothing(app)


def test_addresses_of_this_machine() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, (None, "", "0.0.0.0", "::", "192.0.2.1", "localhost.example.com")))  # noqa: S104


def test_a_view_is_logged_once_until_it_shows_something_else(visit_as: Callable[..., AppTest], own_store: Path) -> None:
    app = visit_as("recognition", {"view": "Position"}, email=email("csm"))
    app.query_params["view"] = "Position"  # a browser sends its link with every run
    app.run()
    signed_in, first = logged(own_store)
    assert signed_in["event"] == "sign-in"
    assert (first["event"], first["who"], first["role"], first["page"]) == ("view", email("csm"), "csm", "Recognition")
    assert {"at", "snapshot", "as_of"} <= set(first)
    assert first["parameters"] == {"view": "Position"}
    app.selectbox(key="owner").select_index(0).run()
    second = logged(own_store)[-1]
    assert second["filters"] == first["filters"] | {"owner": "Team Cedar"}
    assert stat.S_IMODE((own_store / "access.log").stat().st_mode) == 0o600


def test_a_download_is_logged_when_it_is_taken(
    visit_as: Callable[..., AppTest], own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(st, "download_button", lambda *_, data, file_name, **__: offered.update({file_name: data}))
    visit_as("recognition", email=email("finance"))
    assert logged(own_store, "download") == []
    name, take = next(iter(offered.items()))
    assert take()
    (line,) = logged(own_store, "download")
    assert (line["who"], line["page"], line["file"]) == (email("finance"), "Recognition", name)


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_log_that_can_not_be_written_stops_no_page_and_with_sign_in_loses_no_line(
    visit_as: Callable[..., AppTest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_signed_in: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setenv("DRAWDOWN_ACCESS_LOG", str(tmp_path / "no folder" / "access.log"))
    if is_signed_in:
        app = visit_as(email=email("admin"))
    else:
        monkeypatch.setattr(sign_in, "is_configured", lambda: False)
        monkeypatch.setenv(WITHOUT_SIGN_IN, "1")
        app = opened()
    assert app.selectbox
    said = capsys.readouterr().err
    assert ("can't be written" in said and '"event": "view"' in said) == is_signed_in


def test_lines_of_many_writers_never_mix(own_store: Path) -> None:
    line = {"who": email("csm"), "page": "\n" + "x" * 5000}
    for _ in range(3):
        access_log.did("download", line, file="é\r\n.csv")
    assert [entry["page"] for entry in logged(own_store)] == [line["page"]] * 3

"""Sign-in end to end: a real browser, a local OpenID provider, and what each person then sees, takes and is refused."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import expect

from tests.browser.hands import choose
from tests.browser.server import HOST, free_port, serving, settled, visit
from tests.queries.test_scope import described
from tests.queries.tiny import book

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

OWNER, OTHER = "Team Cedar", "Team Birch"
#: Whatever is the other team's has its name in it: owner, clients, contracts, lots, deliveries and projects.
THEIRS = b"Birch"
DAY = "as_of=2026-03-31"
PAGES = ("", "burn_down", "breakage", "track_record", "recognition", "restatement")
ACCESS = f"""
[claims]
roles = "groups"

[groups.cs-cedar]
role = "csm"
owners = ["{OWNER}"]

[people."leadership@example.com"]
role = "leadership"
"""
PEOPLE = [
    User(sub="csm", claims={"email": "csm@example.com", "email_verified": True, "groups": ["cs-cedar"]}),
    User(sub="leadership", claims={"email": "leadership@example.com", "email_verified": True}),
    User(sub="unverified", claims={"email": "leadership@example.com", "email_verified": False}),
    User(sub="stranger", claims={"email": "stranger@example.com", "email_verified": True}),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("store")
    book(store, **described(OWNER, OTHER))
    (store / "access.toml").write_text(ACCESS)
    return store


@pytest.fixture(scope="module")
def address(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.toml"
    with run_server_in_thread(user_claims=PEOPLE) as provider:
        secrets.write_text(
            "[auth]\n"
            f'redirect_uri = "http://{HOST}:{port}/oauth2callback"\n'
            'cookie_secret = "a secret of this test alone, long enough"\n'
            'client_id = "drawdown"\n'
            'client_secret = "secret"\n'
            f'server_metadata_url = "http://localhost:{provider.server_port}/.well-known/openid-configuration"\n'
        )
        with serving(store, "--secrets.files", str(secrets), port=port) as address:
            yield address


@pytest.fixture
def page(page: Page) -> Page:
    """A page that gets the provider's style sheet and icon, which lie elsewhere, as empty files."""
    page.route(re.compile(r"favicon\.ico|^https:"), lambda route: route.fulfill(body=""))
    return page


@pytest.fixture
def received(page: Page) -> list[bytes]:
    """All that the server sends to the page, tables and charts included, whether they are drawn or not."""
    frames: list[bytes] = []

    def keep(frame: str | bytes) -> None:
        frames.append(frame if isinstance(frame, bytes) else frame.encode())

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    return frames


def sign_in(page: Page, address: str, who: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=who, exact=True).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_csm_sees_and_takes_their_own_clients_alone(
    page: Page, received: list[bytes], address: str, store: Path
) -> None:
    page.goto(address)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert not page.get_by_test_id("stMetric").count()
    sign_in(page, address, "csm")
    for path in PAGES:
        page.goto(f"{address}/{path}?{DAY}")
        settled(page)
        expect(page.get_by_text("csm@example.com · csm")).to_be_visible()
        assert THEIRS not in b"".join(received)
        assert OWNER.encode() in b"".join(received)
    visit(page, f"{address}/?{DAY}")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert {row["owner"] for row in rows} == {OWNER}
    page.goto(f"{address}/?{DAY}&owner=Team+Birch")
    expect(page.get_by_test_id("stAlert")).to_contain_text("There is no owner “Team Birch”; showing all owners.")
    visit(page, f"{address}/recognition?{DAY}")
    choose(page, "Months shown", "36 months")
    page.wait_for_url("**span=36*")
    settled(page)
    lines = [json.loads(line) for line in (store / "access.log").read_text().splitlines()]
    assert lines[-1]["parameters"] == {"as_of": "2026-03-31", "span": "36 months"}
    assert {line["who"] for line in lines} == {"csm@example.com"}
    assert {"sign-in", "view", "download"} == {line["event"] for line in lines}


def test_who_signs_out_sees_nothing_more(page: Page, address: str) -> None:
    sign_in(page, address, "csm")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    page.goto(f"{address}/burn_down")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert not page.get_by_test_id("stMetric").count()


@pytest.mark.parametrize(("who", "why"), [("stranger", "it has no role"), ("unverified", "is not verified")])
def test_whoever_has_no_role_is_told_what_to_do(page: Page, address: str, who: str, why: str) -> None:
    sign_in(page, address, who)
    expect(page.get_by_test_id("stAlert")).to_contain_text(why)
    assert not page.get_by_test_id("stMetric").count()


def test_leadership_sees_everybody(page: Page, received: list[bytes], address: str) -> None:
    sign_in(page, address, "leadership")
    visit(page, f"{address}/?{DAY}")
    assert THEIRS in b"".join(received)

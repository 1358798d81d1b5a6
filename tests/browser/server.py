"""The real server and a real Chromium, for the journeys and for the screenshots of the documentation."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
APP = ROOT / "dashboard" / "serve.py"
HOST = "127.0.0.1"
START_SECONDS = 60
#: The first figure of a fresh server compiles the draws kernel.
PAGE_MILLISECONDS = 60_000


def chromium_path() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serving(store: Path, *options: str, port: int | None = None, app: Path = APP, folder: Path = ROOT) -> Iterator[str]:
    """Serve a store, on a free port unless one is given; its address.

    Args:
        store: the snapshots to show.
        *options: of `streamlit run`.
        port: where to listen.
        app: the script, if it is not the dashboard.
        folder: where the server runs, so where its configuration is.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port)]
    environment = {**os.environ, "DRAWDOWN_STORE": str(store.absolute())}
    with subprocess.Popen(
        [*command, "--server.address", HOST, *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait_until_healthy(HOST, port)
            yield f"http://{HOST}:{port}"
        finally:
            server.terminate()


@contextmanager
def browsing() -> Iterator[Browser]:
    """The system's Chromium, or the one playwright has installed."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def settled(page: Page) -> None:
    """Wait until the page has its headline and the script has run to its end."""
    expect(page.locator("h1")).to_be_visible(timeout=PAGE_MILLISECONDS)
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=PAGE_MILLISECONDS
    )


def loaded(page: Page) -> None:
    """Wait until what draws the page's charts and tables has come: it is fetched when the first of them is shown."""
    settled(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=PAGE_MILLISECONDS)


def visit(page: Page, address: str) -> None:
    """Open a link and wait until its chart is drawn."""
    page.goto(address)
    settled(page)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=PAGE_MILLISECONDS)


def _wait_until_healthy(host: str, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", "/_stcore/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise TimeoutError(f"The server did not start within {START_SECONDS} s.")

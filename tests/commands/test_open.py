"""`drawdown open` serves this machine only, unless people sign in or wider is asked for by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from dashboard import sign_in
from dashboard.cli import app
from dashboard.serving import WITHOUT_SIGN_IN
from tests.dashboard.small_store import publish_last

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


class Started(Exception):  # noqa: N818  what would have become the server
    pass


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_last(tmp_path_factory.mktemp("store"), months=1)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[list[str], dict[str, str]]]:
    """What the command would have become: its arguments and environment."""
    started: list[tuple[list[str], dict[str, str]]] = []

    def become(_program: str, arguments: list[str], environment: dict[str, str]) -> None:
        started.append((arguments, environment))
        raise Started

    monkeypatch.chdir(tmp_path)  # put back when the command has left it
    monkeypatch.delenv(WITHOUT_SIGN_IN, raising=False)
    monkeypatch.setattr(os, "execve", become)
    monkeypatch.setattr(sign_in, "is_configured", lambda: False)
    return started


def run(store: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["open", "--store", str(store), *options])


Served = list[tuple[list[str], dict[str, str]]]


@pytest.mark.parametrize("options", [[], ["--address", "127.0.0.1"], ["--address", "::1"]])
def test_without_sign_in_it_is_served_to_this_machine_and_says_so(
    store: Path, served: Served, options: list[str]
) -> None:
    result = run(store, "--port", "8600", *options)
    ((arguments, environment),) = served
    address = options[1] if options else "localhost"
    assert f"--server.address={address}" in arguments
    assert environment["DRAWDOWN_STORE"] == str(store)
    assert WITHOUT_SIGN_IN not in environment
    assert f"http://{address}:8600" in result.output
    assert "this machine only" in result.output


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
def test_without_sign_in_a_wider_address_is_refused(store: Path, served: Served, address: str) -> None:
    result = run(store, "--address", address)
    assert result.exit_code == 2
    assert "--without-sign-in" in result.output
    assert served == []


def test_a_wider_address_is_served_to_anyone_when_asked_for_by_name(store: Path, served: Served) -> None:
    result = run(store, "--address", "0.0.0.0", "--without-sign-in")  # noqa: S104
    ((arguments, environment),) = served
    assert "--server.address=0.0.0.0" in arguments
    assert environment[WITHOUT_SIGN_IN] == "1"
    assert "whoever reaches it sees everything" in result.output


def test_with_sign_in_a_wider_address_is_served(store: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "is_configured", lambda: True)
    result = run(store, "--address", "0.0.0.0")  # noqa: S104
    ((_, environment),) = served
    assert WITHOUT_SIGN_IN not in environment
    assert "Whoever signs in" in result.output

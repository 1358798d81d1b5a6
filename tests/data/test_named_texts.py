"""Scenarios and views kept beside a store's snapshots."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from data.named_texts import NameRefusedError, remove, save, saved, scenarios_file, views_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    return scenarios_file(tmp_path)


def test_a_store_without_scenarios_has_none(scenarios: Path) -> None:
    assert saved(scenarios) == {}


def test_scenarios_are_kept_by_name_in_name_order(scenarios: Path) -> None:
    save(scenarios, "Évenly", "all:ratable")
    save(scenarios, "  As   delivered ", "all:on_delivery")
    save(scenarios, "Évenly", "all:ratable/month_even")

    assert list(saved(scenarios).items()) == [("As delivered", "all:on_delivery"), ("Évenly", "all:ratable/month_even")]


def test_a_scenario_can_be_removed_and_removing_it_again_does_nothing(scenarios: Path) -> None:
    save(scenarios, "Evenly", "all:ratable")
    remove(scenarios, "Evenly")
    remove(scenarios, "Evenly")

    assert saved(scenarios) == {}


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_is_neither_empty_nor_endless(scenarios: Path, name: str) -> None:
    with pytest.raises(NameRefusedError, match="1 to 80 characters"):
        save(scenarios, name, "all:ratable")


def test_a_damaged_file_is_named(scenarios: Path) -> None:
    scenarios.write_text("{")

    with pytest.raises(NameRefusedError, match=r"scenarios\.json is damaged"):
        saved(scenarios)


@pytest.mark.parametrize("viewer", ["../../etc/passwd", "x" * 300, "a/b@example.com", "..", "csm@example.com", None])
def test_views_are_kept_apart_for_each_viewer_inside_the_store(tmp_path: Path, viewer: str | None) -> None:
    save(views_file(tmp_path, viewer), "Mine", "burn_down?owner=Team+Cedar")

    assert saved(views_file(tmp_path, viewer)) == {"Mine": "burn_down?owner=Team+Cedar"}
    assert saved(views_file(tmp_path, "other@example.com")) == {}
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "views"]


def test_what_many_keep_at_once_is_all_kept(scenarios: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: save(scenarios, f"No. {number}", "all:ratable"), range(60)))

    assert len(saved(scenarios)) == 60


def test_a_file_that_cannot_be_written_is_named(scenarios: Path) -> None:
    scenarios.mkdir()

    with pytest.raises(NameRefusedError, match=r"scenarios\.json can't be written"):
        remove(scenarios, "Evenly")

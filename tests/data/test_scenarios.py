"""Named scenarios kept beside a store's snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from data.scenarios import ScenarioNameError, remove, save, saved

if TYPE_CHECKING:
    from pathlib import Path


def test_a_store_without_scenarios_has_none(tmp_path: Path) -> None:
    assert saved(tmp_path) == {}


def test_scenarios_are_kept_by_name_in_name_order(tmp_path: Path) -> None:
    save(tmp_path, "Évenly", "all:ratable")
    save(tmp_path, "  As   delivered ", "all:on_delivery")
    save(tmp_path, "Évenly", "all:ratable/month_even")

    assert list(saved(tmp_path).items()) == [("As delivered", "all:on_delivery"), ("Évenly", "all:ratable/month_even")]


def test_a_scenario_can_be_removed_and_removing_it_again_does_nothing(tmp_path: Path) -> None:
    save(tmp_path, "Evenly", "all:ratable")
    remove(tmp_path, "Evenly")
    remove(tmp_path, "Evenly")

    assert saved(tmp_path) == {}


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_is_neither_empty_nor_endless(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScenarioNameError, match="1 to 80 characters"):
        save(tmp_path, name, "all:ratable")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "scenarios.json").write_text("{")

    with pytest.raises(ScenarioNameError, match=r"scenarios\.json is damaged"):
        saved(tmp_path)

"""One folder for what all test stores derive from the sample.

Forecasts are kept by snapshot and code, so a forecast that another process made of the same snapshot is the same one.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parents[1] / ".store" / "tests"


def share_forecasts(store: Path) -> Path:
    """Let a store keep its forecasts in the common folder; the store."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    (store / "derived").symlink_to(_FOLDER, target_is_directory=True)
    return store


def copy_store(store: Path, to: Path) -> Path:
    """The snapshots of a store in another folder, without what its readers left there; the new store."""
    shutil.copytree(store / "snapshots", to / "snapshots")
    return share_forecasts(to)

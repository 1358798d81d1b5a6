"""The last months of the sample portfolio: enough for every page, published in a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.sample import SNAPSHOT_DATES, known_by, write_history
from data.snapshots import publish
from tests.shared_forecasts import share_forecasts

if TYPE_CHECKING:
    from pathlib import Path


def publish_last(store: Path, months: int) -> Path:
    history = write_history()
    for on in SNAPSHOT_DATES[-months:]:
        publish(store, known_by(history, on), on, {"mapping": "sample"})
    return share_forecasts(store)

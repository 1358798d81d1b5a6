"""A few viewers at once are shown what one alone is shown; `python -m tests.load` is the whole load, with its times."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from data.snapshots import list_snapshots
from tests.browser.server import serving
from tests.dashboard.small_store import publish_last
from tests.load.measured import by_page, differing, errors
from tests.load.mix import Mix
from tests.load.viewers import alone, look

if TYPE_CHECKING:
    from pathlib import Path

VIEWERS = 8
SECONDS = 6


def test_viewers_at_once_are_shown_what_one_alone_is(tmp_path: Path) -> None:
    store = publish_last(tmp_path, months=1)
    mix = Mix(list_snapshots(store))
    with serving(store) as address:
        answers = asyncio.run(look(address, VIEWERS, SECONDS, mix, seed=2))
    with serving(store) as address:
        single = asyncio.run(alone(address, dict.fromkeys(answer.asked for answer in answers)))

    assert len(by_page(answers)) > 1
    assert errors(answers) == []
    assert differing(answers, {asked: [run] for asked, run in single.items()}) == []

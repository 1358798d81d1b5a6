"""The real server while its store changes, breaks, can't be written or loses a writer: what viewers are shown."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from data.sample import SNAPSHOT_DATES, known_by, write_history
from data.snapshots import publish
from data.store_files import BUILDING, building
from tests.browser.server import serving
from tests.data.kill_workers import started
from tests.load.client import connected
from tests.load.drawn import Drawn
from tests.queries import tiny
from tests.queries.tiny import lot
from tests.shared_forecasts import share_forecasts

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from data.snapshots import Snapshot
    from tests.load.client import Run

#: A page without forecasts: what is tested here is which snapshot is shown.
PAGE = "recognition"
BEFORE, AFTER = (on.strftime("%-d %B %Y") for on in SNAPSHOT_DATES[-2:])


def shown(run: Run) -> str:
    drawn = Drawn(run.messages)
    assert drawn.errors() == []
    return drawn.text()


@pytest.fixture(scope="module")
def history() -> dict[str, pa.Table]:
    return write_history()


def publish_month(store: Path, history: dict[str, pa.Table], place: int) -> Snapshot:
    on = SNAPSHOT_DATES[place]
    return publish(store, known_by(history, on), on, {"mapping": "sample"})


def test_a_snapshot_comes_breaks_and_a_writer_dies_while_a_page_is_open(
    tmp_path: Path, history: dict[str, pa.Table]
) -> None:
    """One server and one open page for all of it: each step is what the step before left."""
    publish_month(share_forecasts(tmp_path), history, -2)

    async def look(address: str) -> None:
        async with connected(address) as session:
            assert f"as of {BEFORE}" in shown(await session.open(PAGE, {}))
            killed_while_publishing(tmp_path)
            assert f"as of {BEFORE}" in shown(await session.turn_to(PAGE, {}))
            newest = publish_month(tmp_path, history, -1)
            assert not begun(tmp_path), "what the dead writer left is swept"
            assert f"as of {AFTER}" in shown(await session.turn_to(PAGE, {}))
            newest.path("lots").write_bytes(b"PAR1 but not for long PAR1")
        with serving(tmp_path) as fresh:
            async with connected(fresh) as session:
                said = shown(await session.open(PAGE, {}))
                assert "missing or damaged. Move its folder away and import again." in said.replace("\\", "")
                assert f"as of {BEFORE}" in said
            (newest.folder / "manifest.json").unlink()
            async with connected(fresh) as session:
                assert f"as of {BEFORE}" in shown(await session.open(PAGE, {}))

    with serving(tmp_path) as address:
        asyncio.run(look(address))


def test_pages_are_shown_from_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    store = tiny.book(tmp_path, lots=[lot("L1", 100, 1000, "2026-07-01..2027-12-31")]).snapshot.folder.parents[1]
    shutil.rmtree(store / "derived", ignore_errors=True)
    (store / "derived").write_text("not a folder, so nothing can be kept")
    for folder in (store, store / "snapshots"):
        folder.chmod(0o555)

    async def look(address: str) -> None:
        async with connected(address) as session:
            assert "is open with 1 client" in shown(await session.open("", {}))
            assert shown(await session.turn_to("breakage", {}))

    with serving(store) as address:
        asyncio.run(look(address))
    for folder in (store, store / "snapshots"):
        folder.chmod(0o755)


def killed_while_publishing(store: Path) -> None:
    """A process that dies with its snapshot half written."""
    worker = started(publish_half_and_die, store)
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    assert len(begun(store)) == 1


def publish_half_and_die(store: Path) -> None:
    with building(store) as folder:
        (folder / "lots.parquet").write_bytes(b"PAR1")
        os.kill(os.getpid(), signal.SIGKILL)


def begun(store: Path) -> list[Path]:
    return list((store / "snapshots").glob(f"{BUILDING}*"))

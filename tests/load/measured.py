"""What a load came to: times by page, errors, answers that differ, and the server's memory."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Final

import psutil

from tests.load.drawn import Drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.load.client import Run
    from tests.load.mix import Asked
    from tests.load.viewers import Answer

#: What a load must keep: seconds of a run that 95 of 100 stay under, and how far memory may grow once it is warm.
P95_SECONDS: Final = 1.5
GROWTH: Final = 0.05
_MEGABYTE: Final = 1024**2


@dataclass(frozen=True)
class Times:
    """Seconds of runs."""

    count: int
    p50: float
    p95: float
    longest: float


def times(runs: Sequence[Run]) -> Times:
    """The times of runs, of which there is at least one."""
    seconds = sorted(run.seconds for run in runs)
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    return Times(len(seconds), cuts[49], cuts[94], seconds[-1])


def by_page(answers: Sequence[Answer]) -> dict[str, Times]:
    """Times by page and section."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for answer in answers:
        runs[answer.asked.name].append(answer.run)
    return {name: times(found) for name, found in sorted(runs.items())}


def errors(answers: Sequence[Answer]) -> list[str]:
    """Every traceback, error box and run that did not end, with what was asked."""
    return [
        f"{answer.asked}: {error}"
        for answer in answers
        for error in (*Drawn(answer.run.messages).errors(), *([] if answer.run.is_whole else ["did not end"]))
    ]


def differing(answers: Sequence[Answer], alone: Mapping[Asked, Sequence[Run]]) -> list[Asked]:
    """What was answered otherwise than a single viewer was.

    Args:
        answers: what the viewers were shown.
        alone: what a single viewer was shown: any of several, where a snapshot came while they looked.
    """
    right = {asked: {Drawn(run.messages).digest() for run in runs} for asked, runs in alone.items()}
    return [answer.asked for answer in answers if Drawn(answer.run.messages).digest() not in right[answer.asked]]


def process_at(address: str) -> psutil.Process:
    """The server that this process started at an address."""
    port = address.rsplit(":", 1)[1]
    return next(child for child in psutil.Process().children() if port in child.cmdline())


async def memory(server: psutil.Process, into: list[float]) -> None:
    """Note the server's memory in MB every half second, until cancelled."""
    while True:
        into.append(server.memory_info().rss / _MEGABYTE)
        await asyncio.sleep(0.5)


def growth(megabytes: Sequence[float]) -> float:
    """How far memory grew over the last two thirds, as a share."""
    return megabytes[-1] / megabytes[len(megabytes) // 3] - 1

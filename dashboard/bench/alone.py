"""A job in a process of its own, so that its peak of memory is its own."""

from __future__ import annotations

import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

from dashboard.bench import by_pandas, floors, stages

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")


def alone(job: Callable[..., Found], *arguments: object) -> tuple[Found, float]:
    """Run a job in a fresh process.

    Args:
        job: a function of a module.
        *arguments: what it is called with.

    Returns:
        What it returned, and the most memory its process had, in MB.
    """
    # Forked from a server that has only read the modules, not from this process: a child begins with its memory.
    context = get_context("forkserver")
    context.set_forkserver_preload([stage.__name__ for stage in (stages, floors, by_pandas)])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measured, job, arguments).result()


def _measured(job: Callable[..., Found], arguments: tuple[object, ...]) -> tuple[Found, float]:
    found = job(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux kibibytes.
    return found, peak * (1 if sys.platform == "darwin" else 1024) / 1e6

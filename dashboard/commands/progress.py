"""How far a long command is: a bar on standard error."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_bar(doing: str, column: ProgressColumn | None = None) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told how much is done of how much.

    Args:
        doing: what is being done.
        column: how the amounts are written; plain numbers unless given.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), column or MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(doing, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)

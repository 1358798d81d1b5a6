"""`drawdown statement`: what clients receive for a month, as files."""

from __future__ import annotations

import os
import tempfile
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from dashboard import format as fmt
from dashboard.commands.progress import progress_bar
from dashboard.commands.stores import Store, store_to_read
from dashboard.statement import words
from dashboard.statement.files import MADE_BY, Format, named
from dashboard.statement.month import Month, month
from dashboard.statement.statement import statements
from data.firm import firm
from data.snapshots import open_snapshot
from queries.book import Book

if TYPE_CHECKING:
    from collections.abc import Mapping

_READABLE: Final = 0o644


class StatementError(Exception):
    """A statement that can't be written; the message says what to do."""


def statement(
    *,
    client: Annotated[str | None, typer.Option(help="The client's id or exact name.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every client with something to state.")] = False,
    month_: Annotated[str, typer.Option("--month", help="The month, like 2026-10.")],
    store: Store = None,
    snapshot: Annotated[str | None, typer.Option(help="Snapshot id, or a date: the latest by then.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Last day stated, where the month has not ended; default: the snapshot's date.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.PDF,
    out: Annotated[Path, typer.Option(help="Folder to write to.", file_okay=False)] = Path(),
) -> None:
    """Write a client's statement of a month in your firm's name: what was there, used, for what, and what ends next.

    One client by id or name, all of them as spreadsheets, and October as it was known at its end:

        drawdown statement --client "Northwind" --month 2026-10

        drawdown statement --all --month 2026-10 --format xlsx --out statements

        drawdown statement --client A001 --month 2026-10 --snapshot 2026-10-31

    The firm's name, colour, address and logo are in `firm.toml` in the store: docs/statements.md.
    """
    if (client is None) != every:
        raise StatementError("Name one client with --client, or take every client with --all.")
    folder = store_to_read(store)
    house = firm(folder)
    opened = open_snapshot(folder, snapshot)
    asked = _month(month_, as_of, opened.dated_on)
    book = Book(opened)
    found = statements(book.run, opened, asked, only="", **_narrowed(book, client))
    if not found:
        known = words.full_day(opened.dated_on)
        raise StatementError(
            f"There is nothing to state for {client or 'any client'} in {asked.name}, as known on {known}: nothing was"
            " held, used or bought. Choose another month or snapshot."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StatementError(f"{out} can't be written to: {error.strerror}.") from error
    with progress_bar(f"Writing {fmt.count(len(found), 'statement')}") as on_progress:
        for number, (name, one) in enumerate(named(found.values()), start=1):
            path = out / f"{name}.{format_}"
            try:
                _write(path, MADE_BY[format_](one, house))
            except OSError as error:
                written = f" {number - 1} of {len(found)} statements were written before it." if every else ""
                raise StatementError(
                    f"{path}, the statement of {one.client} ({one.account_id}), can't be written to:"
                    f" {error.strerror}.{written}"
                ) from error
            on_progress(number, len(found))
            if not every:
                Console().print(f"{path}: {words.sentence(one)}.", markup=False, highlight=False, soft_wrap=True)
    if every:
        Console().print(f"{fmt.count(len(found), 'statement')} in {out}", markup=False, highlight=False, soft_wrap=True)


def _month(key: str, as_of: str | None, dated_on: date) -> Month:
    try:
        day = date.fromisoformat(as_of) if as_of else dated_on
    except ValueError:
        raise StatementError(f"--as-of must be a date like {dated_on}, not {as_of}.") from None
    if day > dated_on:
        raise StatementError(f"--as-of {day} is later than the snapshot, which knows what was posted by {dated_on}.")
    try:
        return month(key, day)
    except ValueError as error:
        raise StatementError(f"--month {error}.") from error


def _narrowed(book: Book, client: str | None) -> dict[str, str]:
    """The filter for one client; none for all."""
    if client is None:
        return {}
    names: Mapping[str, str] = dict(book.source("accounts").select("account_id", "name").iter_rows())
    if client in names:
        return {"account": client}
    called = [account_id for account_id, name in names.items() if name == client]
    if len(called) > 1:
        raise StatementError(f"Several clients are called {client}: name one by its id, {', '.join(called)}.")
    if not called:
        near = get_close_matches(client, [*names, *names.values()], n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else " `drawdown query lot_balance` lists the clients."
        raise StatementError(f"There is no client {client}.{hint}")
    return {"account": called[0]}


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=".statement-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(aside).chmod(_READABLE)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise

"""Statements as files: what they are called, and all of them in one archive."""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dashboard.statement.pdf import pdf
from dashboard.statement.workbook import workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dashboard.statement.statement import Statement
    from data.firm import Firm

#: Bytes, which is what file systems count, of each of the two texts a name has.
_LONGEST: Final = 90
#: Archives keep the time of each file; one that never changes lets the same figures give the same bytes.
_DATED: Final = (1980, 1, 1, 0, 0, 0)


class Format(StrEnum):
    """What a statement is written as."""

    PDF = "pdf"
    XLSX = "xlsx"


MADE_BY: Final = {Format.PDF: pdf, Format.XLSX: workbook}


def named(statements: Iterable[Statement]) -> Iterator[tuple[str, Statement]]:
    """Each statement with a name for its file, without ending, that no other of them has on any file system."""
    taken: set[str] = set()
    for statement in statements:
        parts = (_plain(statement.client), _plain(statement.account_id), statement.month.file_key)
        name = "-".join(part for part in parts if part)
        unique, number = name, 1
        while unique.casefold() in taken:
            number += 1
            unique = f"{name}-{number}"
        taken.add(unique.casefold())
        yield unique, statement


def archive(statements: Iterable[Statement], firm: Firm, on_made: Callable[[int], None]) -> bytes:
    """A ZIP with the PDF and the workbook of every statement.

    Args:
        statements: what to write.
        firm: in whose name.
        on_made: told how many are done.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as files:
        for number, (name, statement) in enumerate(named(statements), start=1):
            for format_, made in MADE_BY.items():
                files.writestr(zipfile.ZipInfo(f"{name}.{format_}", _DATED), made(statement, firm))
            on_made(number)
    return target.getvalue()


def _plain(text: str) -> str:
    """Text as a part of a file name: letters, digits and hyphens."""
    return re.sub(r"[\W_]+", "-", text).strip("-").encode()[:_LONGEST].decode(errors="ignore").strip("-")

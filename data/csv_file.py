"""A CSV file before its rows are read: encoding, newlines, quotes, and where each record lies."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_NEWLINE, _QUOTE = b'\n"'


class UnreadableError(Exception):
    """The file as a whole can't be read as rows."""

    def __init__(self, line: int, reason: str, column: str | None = None, value: str | None = None) -> None:
        super().__init__(reason)
        self.line, self.reason, self.column, self.value = line, reason, column, value


def normalised(path: Path) -> bytes:
    """The file's bytes as strict UTF-8 with plain newlines and no byte-order mark.

    Raises:
        UnreadableError: the file can't be opened, is empty, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableError(1, f"the file can't be opened: {error.strerror}") from error
    if content.startswith(_UTF16_BOMS):
        raise UnreadableError(1, "the file is UTF-16, not UTF-8: save it as UTF-8")
    content = content.removeprefix(_UTF8_BOM)
    if not content.strip():
        raise UnreadableError(1, "the file is empty")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        byte, line = content[error.start], content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            line, f"byte 0x{byte:02X} is not UTF-8 (Latin-1 or Windows-1252 by the look of it): save the file as UTF-8"
        ) from error
    if b"\0" in content:
        raise UnreadableError(content.count(b"\n", 0, content.index(b"\0")) + 1, "a NUL byte: this is not a text file")
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


@dataclass(frozen=True)
class Records:
    """Where the records lie: a record ends at a newline outside quotes, so it may span physical lines."""

    header_end: int
    lines: np.ndarray[tuple[int], np.dtype[np.int64]]
    blank_lines: tuple[int, ...]

    @classmethod
    def scan(cls, content: bytes) -> Records:
        """Find the records, independently of the reader, so that its count can be checked.

        Raises:
            UnreadableError: a quote is left open or stands inside a value, or there are no rows.
        """
        text = np.frombuffer(content, dtype=np.uint8)
        quotes = np.flatnonzero(text == _QUOTE)
        newlines = np.flatnonzero(text == _NEWLINE)
        _check_quotes(text, quotes, newlines)
        ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
        if text[-1] != _NEWLINE:
            ends = np.append(ends, len(text))
        starts = np.append(0, ends[:-1] + 1)
        lines = np.searchsorted(newlines, starts) + 1
        is_blank = starts == ends
        if is_blank[0]:
            raise UnreadableError(1, "the header line is blank")
        rows = ~is_blank
        rows[0] = False
        if not rows.any():
            raise UnreadableError(1, "the file has a header and no rows")
        return cls(int(ends[0]), lines[rows], tuple(lines[is_blank].tolist()))

    def header(self, content: bytes) -> list[str]:
        """The header's names as written."""
        return next(csv.reader([content[: self.header_end].decode()]))


def _check_quotes(
    text: np.ndarray[tuple[int], np.dtype[np.uint8]],
    quotes: np.ndarray[tuple[int], np.dtype[np.intp]],
    newlines: np.ndarray[tuple[int], np.dtype[np.intp]],
) -> None:
    """An opening quote follows a separator and a closing one is followed by a separator; a pair is a quote itself.

    A quote left open swallows the rows up to the next quote and turns every later one inside out, so the first
    closing quote in a wrong place gives it away.
    """
    padded = np.pad(text, 1, constant_values=_NEWLINE)
    separators = np.array([ord(","), _NEWLINE, _QUOTE])
    opening, closing = quotes[::2], quotes[1::2]
    stray = opening[~np.isin(padded[opening], separators)]
    closed_inside = opening[: len(closing)][~np.isin(padded[closing + 2], separators)]
    never_closed = opening[len(closing) :]
    faults = [
        (int(position), reason)
        for positions, reason in (
            (stray, "a quote stands inside a value that is not quoted"),
            (closed_inside, "the quote opened here is not closed before the next separator"),
            (never_closed, "the quote opened here is never closed"),
        )
        for position in positions[:1]
    ]
    if faults:
        position, reason = min(faults)
        raise UnreadableError(int(np.searchsorted(newlines, position)) + 1, reason)

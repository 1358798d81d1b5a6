"""Where each record of a normalised CSV file lies, found without the reader, so that the reader can be checked.

Read in pieces, so that a file may be larger than memory.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from data.csv_file import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

_PIECE: Final = 16 * 1024 * 1024
_NEWLINE, _QUOTE = b'\n"'
#: No header is longer; what is, is a file of another kind.
_LONGEST_HEADER: Final = 100_000


@dataclass(frozen=True)
class Records:
    """Where the records of a normalised file lie: a record ends at a newline outside quotes, so it may span lines.

    `shifts` says on which physical line the row in a place starts: from each first place on, the place plus the shift.
    `misfit` is what is wrong with the first record that has more or fewer values than the header. The reader itself
    lets an empty value too many pass, and the values before it then stand under wrong names.
    """

    header: tuple[str, ...]
    count: int
    shifts: tuple[tuple[int, int], ...]
    blank_lines: tuple[int, ...]
    misfit: UnreadableError | None

    @classmethod
    def scan(cls, path: Path, delimiter: str = ",") -> Records:
        """Find the records, independently of the reader, so that its count can be checked.

        Raises:
            UnreadableError: a quote is left open or stands inside a value, or there are no rows.
        """
        scan = _Scan(ord(delimiter))
        with path.open("rb") as file:
            _walk(scan, file)
            if scan.header_end > _LONGEST_HEADER:
                raise UnreadableError(1, f"the first line is no header: it is {scan.header_end:,} bytes long")
            file.seek(0)
            header = next(csv.reader([file.read(scan.header_end).decode()], delimiter=delimiter), [])
            if not header:
                raise UnreadableError(1, "the header line is blank")
            misfit = scan.misfit.error(file, len(header)) if scan.misfit else None
        if not scan.count:
            raise UnreadableError(1, "the file has a header and no rows")
        return cls(tuple(header), scan.count, tuple(scan.shifts), tuple(scan.blank_lines), misfit)


def _walk(scan: _Scan, file: BinaryIO) -> None:
    """Walk the file piece by piece; each piece is seen with the bytes on either side of it."""
    before = b"\n"
    piece = file.read(_PIECE)
    while piece:
        following = file.read(_PIECE)
        scan.add(before, piece, following[:1])
        before, piece = piece[-1:], following
    scan.finish(before)


@dataclass(frozen=True)
class _Misfit:
    """A record that has more or fewer values than the header: where it lies, its line, and how many it has."""

    start: int
    end: int
    line: int
    values: int

    def error(self, file: BinaryIO, expected: int) -> UnreadableError:
        """What is said of it, with its text."""
        file.seek(self.start)
        text = file.read(self.end - self.start).decode()
        return UnreadableError(self.line, f"Expected Number of Columns: {expected} Found: {self.values}", value=text)


class _Scan:
    """The records found so far."""

    def __init__(self, delimiter: int) -> None:
        self.delimiter = delimiter
        self.separators = np.array([delimiter, _NEWLINE, _QUOTE], dtype=np.uint8)
        self.offset = self.quotes = self.newlines = 0
        self.open_quote_line = 0
        self.record_start, self.record_line = 0, 1
        self.header_end = -1
        self.header_delimiters = self.open_delimiters = 0
        self.misfit: _Misfit | None = None
        self.count = 0
        self.shifts: list[tuple[int, int]] = []
        self.blank_lines: list[int] = []

    def add(self, before: bytes, piece: bytes, after: bytes) -> None:
        """One more piece of the file.

        Raises:
            UnreadableError: a quote in it stands where none can.
        """
        text = np.frombuffer(before + piece + (after or b"\n"), dtype=np.uint8)
        inner = text[1:-1]
        quotes, newlines = np.flatnonzero(inner == _QUOTE), np.flatnonzero(inner == _NEWLINE)
        self._check_quotes(text, quotes, newlines)
        is_outside = (self.quotes + np.searchsorted(quotes, newlines)) % 2 == 0
        ends = newlines[is_outside]
        delimiters = self._delimiters(inner, quotes)
        before_ends = np.searchsorted(delimiters, ends)
        self._add_records(ends + self.offset, self.newlines + 1 + np.flatnonzero(is_outside), before_ends)
        self.open_delimiters += len(delimiters)
        self.offset += len(piece)
        self.quotes += len(quotes)
        self.newlines += len(newlines)

    def finish(self, last: bytes) -> None:
        """The file ends: so does its last record.

        Raises:
            UnreadableError: a quote is still open.
        """
        if self.quotes % 2:
            raise UnreadableError(self.open_quote_line, "the quote opened here is never closed")
        if last != b"\n":
            self._add_records(np.array([self.offset]), np.array([self.newlines + 1]), np.array([0]))

    def _delimiters(self, inner: NDArray[np.uint8], quotes: NDArray[np.intp]) -> NDArray[np.intp]:
        """Where the delimiters outside quotes lie."""
        found: NDArray[np.intp] = np.flatnonzero(inner == self.delimiter)
        if len(quotes) or self.quotes % 2:
            found = found[(self.quotes + np.searchsorted(quotes, found)) % 2 == 0]
        return found

    def _add_records(
        self, ends: NDArray[np.int64], last_lines: NDArray[np.int64], delimiters: NDArray[np.int64]
    ) -> None:
        """Records by the byte each ends at, the line it ends on, and the delimiters this piece has before its end."""
        if not len(ends):
            return
        counts = np.diff(delimiters, prepend=-self.open_delimiters)
        self.open_delimiters = -int(delimiters[-1])
        starts = np.append(self.record_start, ends[:-1] + 1)
        lines = np.append(self.record_line, last_lines[:-1] + 1)
        self.record_start, self.record_line = int(ends[-1]) + 1, int(last_lines[-1]) + 1
        is_blank = starts == ends
        if self.header_end < 0:
            self.header_end, self.header_delimiters = int(ends[0]), int(counts[0])
            starts, ends, lines, is_blank, counts = starts[1:], ends[1:], lines[1:], is_blank[1:], counts[1:]
        misfits = np.flatnonzero((counts != self.header_delimiters) & ~is_blank)
        if len(misfits) and not self.misfit:
            start, end, line, count = (int(of_all[misfits[0]]) for of_all in (starts, ends, lines, counts))
            self.misfit = _Misfit(start, end, line, count + 1)
        self.blank_lines.extend(lines[is_blank].tolist())
        self._add_rows(lines[~is_blank])

    def _add_rows(self, lines: NDArray[np.int64]) -> None:
        places = self.count + np.arange(len(lines))
        shifts = lines - places
        known = self.shifts[-1][1] if self.shifts else None
        is_new = np.diff(shifts, prepend=shifts[:1] - 1) != 0
        found = list(zip(places[is_new].tolist(), shifts[is_new].tolist(), strict=True))
        self.shifts.extend(found[1:] if found and found[0][1] == known else found)
        self.count += len(lines)

    def _check_quotes(self, text: NDArray[np.uint8], quotes: NDArray[np.intp], newlines: NDArray[np.intp]) -> None:
        """An opening quote follows a separator and a closing one is followed by a separator; a pair is a quote itself.

        A quote left open swallows the rows up to the next quote and turns every later one inside out, so the first
        closing quote in a wrong place gives it away.
        """
        first = self.quotes % 2
        opening, closing = quotes[first::2], quotes[1 - first :: 2]
        stray = opening[~np.isin(text[opening], self.separators)]
        wrong = closing[~np.isin(text[closing + 2], self.separators)]
        if len(stray) and not (len(wrong) and wrong[0] < stray[0]):
            raise UnreadableError(self._line(newlines, stray[0]), "a quote stands inside a value that is not quoted")
        if len(wrong):
            opened = opening[opening < wrong[0]]
            line = self._line(newlines, opened[-1]) if len(opened) else self.open_quote_line
            raise UnreadableError(line, "the quote opened here is not closed before the next separator")
        if len(opening):
            self.open_quote_line = self._line(newlines, opening[-1])

    def _line(self, newlines: NDArray[np.intp], position: np.intp) -> int:
        return self.newlines + int(np.searchsorted(newlines, position)) + 1

"""A CSV file before its rows are read: encoding, newlines, quotes, and where each record lies.

Read in pieces, so that a file may be larger than memory.
"""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

_UTF16_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PIECE: Final = 16 * 1024 * 1024
_NEWLINE, _QUOTE = b'\n"'


class UnreadableError(Exception):
    """The file as a whole can't be read as rows."""

    def __init__(self, line: int, reason: str, column: str | None = None, value: str | None = None) -> None:
        super().__init__(reason)
        self.line, self.reason, self.column, self.value = line, reason, column, value


def normalise(path: Path, encoding: str, target: Path) -> None:
    """Copy a file as strict UTF-8 with plain newlines and no byte-order mark.

    Args:
        path: the file.
        encoding: how it is written, "utf-8" unless its mapping says otherwise.
        target: where the copy goes.

    Raises:
        UnreadableError: the file can't be opened, is empty, or is not written as declared.
    """
    try:
        with path.open("rb") as file, target.open("wb") as copy:
            has_text = False
            for text in _plain(_decoded(file, encoding)):
                has_text = has_text or bool(text.strip())
                copy.write(text.encode())
    except OSError as error:
        raise UnreadableError(1, f"the file can't be opened: {error.strerror}") from error
    if not has_text:
        raise UnreadableError(1, "the file is empty")


def _decoded(file: BinaryIO, encoding: str) -> Iterator[str]:
    """The file's text in pieces, without its byte-order mark.

    Raises:
        UnreadableError: a byte is not of the encoding, or is NUL.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    line, is_first = 1, True
    while True:
        piece = file.read(_PIECE)
        if is_first and encoding == "utf-8" and piece.startswith(_UTF16_BOMS):
            raise UnreadableError(1, "the file is UTF-16, not UTF-8: save it as UTF-8")
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            raise UnreadableError(line + _lines_before(error), _not_of(encoding, error)) from error
        if "\0" in text:
            line += _newlines(text[: text.index("\0")])
            raise UnreadableError(line, "a NUL byte: this is not a text file")
        yield text.removeprefix("\ufeff") if is_first else text
        if not piece:
            return
        line, is_first = line + _newlines(text), False


def _newlines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _lines_before(error: UnicodeDecodeError) -> int:
    return _newlines(error.object[: error.start].decode(error.encoding, errors="replace"))


def _not_of(encoding: str, error: UnicodeDecodeError) -> str:
    byte = f"byte 0x{error.object[error.start]:02X} is not {encoding.upper()}"
    if encoding == "utf-8":
        return f"{byte} (Latin-1 or Windows-1252 by the look of it): save the file as UTF-8"
    return f"{byte}, as the mapping declares it"


def _plain(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces with every newline the same; a return at a piece's end waits for the next."""
    held = ""
    for piece in pieces:
        text = held + piece
        held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix(held)
        yield text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    yield "\n" if held else ""


def line_at(path: Path, position: int) -> int:
    """The physical line that a byte of a normalised file stands on."""
    line, left = 1, position
    with path.open("rb") as file:
        while left > 0:
            piece = file.read(min(left, _PIECE))
            line, left = line + piece.count(b"\n"), left - len(piece)
    return line


@dataclass(frozen=True)
class Records:
    """Where the records of a normalised file lie: a record ends at a newline outside quotes, so it may span lines.

    `shifts` says on which physical line the row in a place starts: from each first place on, the place plus the shift.
    """

    header: tuple[str, ...]
    count: int
    shifts: tuple[tuple[int, int], ...]
    blank_lines: tuple[int, ...]

    @classmethod
    def scan(cls, path: Path, delimiter: str = ",") -> Records:
        """Find the records, independently of the reader, so that its count can be checked.

        Raises:
            UnreadableError: a quote is left open or stands inside a value, or there are no rows.
        """
        scan = _Scan(ord(delimiter))
        with path.open("rb") as file:
            _walk(scan, file)
            file.seek(0)
            header = next(csv.reader([file.read(scan.header_end).decode()], delimiter=delimiter), [])
        if not header:
            raise UnreadableError(1, "the header line is blank")
        if not scan.count:
            raise UnreadableError(1, "the file has a header and no rows")
        return cls(tuple(header), scan.count, tuple(scan.shifts), tuple(scan.blank_lines))


def _walk(scan: _Scan, file: BinaryIO) -> None:
    """Walk the file piece by piece; each piece is seen with the bytes on either side of it."""
    before = b"\n"
    piece = file.read(_PIECE)
    while piece:
        following = file.read(_PIECE)
        scan.add(before, piece, following[:1])
        before, piece = piece[-1:], following
    scan.finish(before)


class _Scan:
    """The records found so far."""

    def __init__(self, delimiter: int) -> None:
        self.separators = np.array([delimiter, _NEWLINE, _QUOTE], dtype=np.uint8)
        self.offset = self.quotes = self.newlines = 0
        self.open_quote_line = 0
        self.record_start, self.record_line = 0, 1
        self.header_end = -1
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
        self._add_records(ends + self.offset, self.newlines + 1 + np.flatnonzero(is_outside))
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
            self._add_records(np.array([self.offset]), np.array([self.newlines + 1]))

    def _add_records(self, ends: NDArray[np.int64], last_lines: NDArray[np.int64]) -> None:
        """Records by the byte each ends at and the line it ends on."""
        if not len(ends):
            return
        starts = np.append(self.record_start, ends[:-1] + 1)
        lines = np.append(self.record_line, last_lines[:-1] + 1)
        self.record_start, self.record_line = int(ends[-1]) + 1, int(last_lines[-1]) + 1
        is_blank = starts == ends
        if self.header_end < 0:
            self.header_end = int(ends[0])
            lines, is_blank = lines[1:], is_blank[1:]
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

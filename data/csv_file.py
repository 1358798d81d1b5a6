"""A CSV file before its rows are read: its encoding and its newlines.

Read in pieces, so that a file may be larger than memory.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_UTF16_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PIECE: Final = 16 * 1024 * 1024


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
        OSError: the copy can't be written.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableError(1, f"the file can't be opened: {error.strerror}") from error
    with file, target.open("wb") as copy:
        has_text = False
        for text in _plain(_decoded(file, encoding)):
            has_text = has_text or bool(text.strip())
            copy.write(text.encode())
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

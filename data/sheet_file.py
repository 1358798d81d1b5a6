"""The first sheet of an XLSX workbook, as text: no blank row is dropped, and no cell's trouble is hidden.

fastexcel reads the values. What it doesn't tell is read from the sheet's own XML (ECMA-376 part 1, 18.3.1): the row the
sheet starts in, which cells are formulas, and which numbers have more digits than a spreadsheet keeps.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import fastexcel
import pyarrow as pa

from data.csv_file import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
#: A number in a spreadsheet is a binary double that keeps 15 digits: the last ones of a larger number are made up.
_FIRST_INEXACT: Final = 10**15
_ERROR: Final = "is a spreadsheet error, not a value"
_NO_NUMBER: Final = "is stored as a number and is none"
_FORMULA: Final = "is a formula: write the value itself"
_LOST_DIGITS: Final = (
    "has more digits than a spreadsheet keeps in a number: format the column as text and type it again"
)


@dataclass(frozen=True)
class Suspect:
    """A cell whose text can't be taken as it stands: the row's place, the cell's, and why.

    A formula is no id, though its value may be an amount; a number with lost digits is nothing at all.
    """

    place: int
    cell: int
    reason: str
    only_in_text: bool


@dataclass(frozen=True)
class Sheet:
    """A sheet below its header, every value as text; `first_line` is where the first of `rows` stands."""

    header: tuple[str, ...]
    rows: pa.Table
    first_line: int
    suspects: tuple[Suspect, ...]


def read_sheet(path: Path) -> Sheet:
    """Read the first sheet of a workbook; blank rows between the others are rows without a value.

    Raises:
        UnreadableError: it is no workbook, or its first sheet has no rows below a header.
    """
    try:
        loaded = fastexcel.read_excel(path).load_sheet(
            0, header_row=None, dtypes="string", skip_whitespace_tail_rows=True
        )
        cells, errors = loaded.to_arrow_with_errors()
        oddities = _oddities(path)
    except (OSError, KeyError, ET.ParseError, zipfile.BadZipFile, fastexcel.FastExcelError) as error:
        raise UnreadableError(1, f"the file can't be read as a workbook: {str(error).splitlines()[0]}") from error
    table = pa.Table.from_batches([pa.record_batch(cells)])
    if table.num_rows == 0:
        raise UnreadableError(1, "the first sheet is empty")
    header = tuple((column[0].as_py() or "").strip() for column in table.columns)
    if table.num_rows == 1:
        raise UnreadableError(oddities.first_row, "the sheet has a header and no rows")
    failed = [
        Suspect(error.offset_position[0] - 1, error.offset_position[1], _ERROR, only_in_text=False)
        for error in (errors.errors if errors else ())
    ]
    return Sheet(header, table.slice(1), oddities.first_row + 1, (*failed, *oddities.suspects))


@dataclass(frozen=True)
class _Oddities:
    """The row and column the sheet's values start in, counted from 1 and 0, and its suspect cells."""

    first_row: int
    suspects: tuple[Suspect, ...]


def _oddities(path: Path) -> _Oddities:
    found: list[tuple[int, int, str, bool]] = []
    first_row, first_cell, row, cell = 0, 0, 0, -1
    with zipfile.ZipFile(path) as workbook, workbook.open(_first_sheet(workbook)) as sheet:
        for event, element in ET.iterparse(sheet, events=("start", "end")):
            # Where a row or a cell does not say its place, it comes right after the one before.
            if event == "start":
                if element.tag == f"{_MAIN}row":
                    row, cell = int(element.attrib.get("r", row + 1)), -1
                elif element.tag == f"{_MAIN}c":
                    cell = _column(element.attrib["r"]) if "r" in element.attrib else cell + 1
                continue
            if element.tag == f"{_MAIN}row":
                element.clear()
            if element.tag != f"{_MAIN}c":
                continue
            if element.find(f"{_MAIN}v") is None and element.find(f"{_MAIN}is") is None:
                continue
            first_cell = min(first_cell, cell) if first_row else cell
            first_row = first_row or row
            found += [(row, cell, reason, only_in_text) for reason, only_in_text in _troubles(element)]
    return _Oddities(
        max(first_row, 1),
        tuple(
            Suspect(row - first_row - 1, cell - first_cell, reason, only_in_text)
            for row, cell, reason, only_in_text in found
            if row > first_row
        ),
    )


def _first_sheet(workbook: zipfile.ZipFile) -> str:
    """The XML part of the first sheet."""
    sheet = ET.fromstring(workbook.read("xl/workbook.xml")).find(f"{_MAIN}sheets/{_MAIN}sheet")
    relations = ET.fromstring(workbook.read("xl/_rels/workbook.xml.rels"))
    if sheet is None:
        raise KeyError("it has no sheet")
    target = {relation.attrib["Id"]: relation.attrib["Target"] for relation in relations}[sheet.attrib[_RELATION]]
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _troubles(cell: ET.Element) -> Iterator[tuple[str, bool]]:
    """Why a cell can't be taken as it stands, and whether that matters only where it is to be text."""
    if cell.find(f"{_MAIN}f") is not None:
        yield _FORMULA, True
    value = cell.findtext(f"{_MAIN}v")
    if value and cell.attrib.get("t", "n") == "n":
        try:
            is_inexact = abs(float(value)) >= _FIRST_INEXACT
        except ValueError:
            yield _NO_NUMBER, False
        else:
            if is_inexact:
                yield _LOST_DIGITS, False


def _column(reference: str) -> int:
    """Column (from 0) of a reference such as AB12."""
    column = 0
    for letter in reference.rstrip("0123456789"):
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1

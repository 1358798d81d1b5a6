"""How the text of one value is judged: SQL for why a column's text is refused, and for its typed value.

Nothing is guessed: a date is one of the formats declared, a number has the marks declared, and no digit is rounded off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from data.mapping import date_pattern

if TYPE_CHECKING:
    from data.mapping import SourceColumn

#: Wide enough for money (three decimals) and quantities (four), so a value that fits here fits every target.
_NUMBER_TYPE: Final = "DECIMAL(18,4)"
_FORMULA: Final = r"[=@].*|#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)"


def value(column: SourceColumn) -> str:
    """SQL for the typed value of a column whose text was not refused; NULL when it is empty."""
    if column.type == "text":
        return f"nullif({_title_case(column.quoted) if column.is_title_case else column.quoted}, '')"
    if column.type == "date":
        return _date(column)
    return f"TRY_CAST({_plain_number(column)} AS {_NUMBER_TYPE})"


def reason(column: SourceColumn) -> str:
    """SQL for why a column's text is refused, NULL when it is good."""
    empty = "'is required and empty'" if column.is_required else "NULL"
    checks = {"text": _text_checks, "date": _date_checks, "decimal": _number_checks}[column.type](column)
    cases = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in checks)
    return f"CASE WHEN {column.quoted} = '' THEN {empty} {cases} END"


def _text_checks(column: SourceColumn) -> list[tuple[str, str]]:
    return [(_matches(column.quoted, _FORMULA), "is a spreadsheet formula or error, not a value")]


def _title_case(name: str) -> str:
    """SQL for one spelling whatever the case and the blanks between the words."""
    words = f"string_split_regex(lower({name}), '\\s+')"
    return f"array_to_string(list_transform({words}, lambda word: upper(word[1]) || word[2:]), ' ')"


def _date_checks(column: SourceColumn) -> list[tuple[str, str]]:
    shapes = " OR ".join(_matches(column.quoted, date_pattern(date_format)) for date_format in column.formats)
    return [
        (f"NOT ({shapes})", f"is not a date as declared ({', '.join(column.formats)})"),
        (f"{_date(column)} IS NULL", "is not a day of the calendar"),
    ]


def _date(column: SourceColumn) -> str:
    """SQL for the civil day. The pattern decides the format: strptime alone would read 7/1/15 as the year 15."""
    cases = " ".join(
        f"WHEN {_matches(column.quoted, date_pattern(date_format))} "
        f"THEN CAST(try_strptime({column.quoted}, {literal(date_format)}) AS DATE)"
        for date_format in column.formats
    )
    return f"CASE {cases} END"


def _number_checks(column: SourceColumn) -> list[tuple[str, str]]:
    number, declared = _plain_number(column), ", ".join(["plain digits", *column.formats]).replace("_", " ")
    return [
        (f"NOT {_matches(column.quoted, _number_pattern(column))}", f"is not a number as declared ({declared})"),
        (f"{_decimals_of(number)} > {column.decimals}", f"has more than {column.decimals} decimals"),
        (f"TRY_CAST({number} AS {_NUMBER_TYPE}) IS NULL", "is too large"),
    ]


def _number_pattern(column: SourceColumn) -> str:
    """The texts that are numbers: plain digits, and what the mapping declares beyond them."""
    digits = r"(\d+|\d{1,3}(,\d{3})+)" if "thousands_separators" in column.formats else r"\d+"
    exponent = r"([eE][+-]?\d{1,3})?" if "scientific" in column.formats else ""
    number = rf"{digits}(\.\d+)?{exponent}"
    shapes = [rf"-?{number}"]
    if "parentheses_are_negative" in column.formats:
        shapes.append(rf"\({number}\)")
    if "dash_is_zero" in column.formats:
        shapes.append("-")
    return "|".join(shapes)


def _plain_number(column: SourceColumn) -> str:
    """SQL for the text as a plain number: no separators, a minus for parentheses, 0 for a dash."""
    signed = rf"regexp_replace(replace({column.quoted}, ',', ''), '^\((.*)\)$', '-\1')"
    return f"CASE WHEN {column.quoted} = '-' THEN '0' ELSE {signed} END"


def _decimals_of(number: str) -> str:
    """SQL for the decimals a number needs: 250.500 needs one, 1.25E1 one, 1E-3 three. A cast would round them off."""
    mantissa = f"regexp_extract({number}, '[0-9.]+')"
    fraction = f"length(regexp_extract({mantissa}, '\\.(.*)', 1))"
    digits = f"replace({mantissa}, '.', '')"
    trailing_zeros = f"(length({digits}) - length(rtrim({digits}, '0')))"
    exponent = f"coalesce(TRY_CAST(regexp_extract({number}, '[eE](.*)', 1) AS INTEGER), 0)"
    return f"{fraction} - {trailing_zeros} - {exponent}"


def _matches(name: str, pattern: str) -> str:
    return f"regexp_full_match({name}, {literal(pattern)})"


def literal(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"

"""How the text of one value is judged: SQL for why a column's text is refused, and for its typed value.

Nothing is guessed: a date is one of the formats declared, a number has the marks declared, and no digit of a number is
rounded off. Only what is worked out (a duration, a number times its scale) is rounded, half up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from data.mapping import WORKED_OUT_DECIMALS, date_pattern
from data.sql import literal

if TYPE_CHECKING:
    from data.mapping import SourceColumn

_FORMULA: Final = r"[=@].*|#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)"
_CLOCK_FORMATS: Final = {"h:mm": r"-?\d{1,6}:[0-5]\d", "h:mm:ss": r"-?\d{1,6}:[0-5]\d:[0-5]\d"}
_ISO: Final = "%Y-%m-%d"
_SECONDS: Final = 3600
#: Decimals of a number of hours: beyond them lies less than a microsecond.
_HOUR_DECIMALS: Final = 10


def value(column: SourceColumn) -> str:
    """SQL for the typed value of a column whose text was not refused; NULL when it is empty and has no default."""
    if column.type == "text":
        return _text(column)
    if column.type == "date":
        return _date(column)
    number = _duration(column) if column.type == "duration" else _number(column)
    return f"TRY_CAST({number} AS {column.sql_type})"


def reason(column: SourceColumn) -> str:
    """SQL for why a column's text is refused, NULL when it is good."""
    empty = "'is required and empty'" if column.is_required else "NULL"
    checks = {
        "text": _text_checks,
        "date": _date_checks,
        "decimal": _number_checks,
        "duration": _duration_checks,
    }[column.type](column)
    cases = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in checks)
    return f"CASE WHEN {column.quoted} = '' THEN {empty} {_plainly_good(column)} {cases} END"


def _plainly_good(column: SourceColumn) -> str:
    """SQL for the commonest good texts: what no rule could refuse is quickly seen, and most values are of that kind."""
    if column.type == "date" and _ISO in column.formats:
        return f"WHEN {_is_iso(column)} THEN NULL"
    if column.type == "decimal" and column.scale == 1:
        takes_fraction = column.decimals and "decimal_comma" not in column.formats
        fraction = rf"(\.\d{{1,{column.decimals}}})?" if takes_fraction else ""
        plain = rf"-?\d{{1,{_whole_digits(column)}}}{fraction}"
        return f"WHEN {_matches(column.quoted, plain)} THEN NULL"
    return ""


def _whole_digits(column: SourceColumn) -> int:
    precision, scale = column.sql_type.removeprefix("DECIMAL(").removesuffix(")").split(",")
    return int(precision) - int(scale)


# --- texts ------------------------------------------------------------------------------------------------------


def _text(column: SourceColumn) -> str:
    text = _title_case(column.quoted) if column.is_title_case else column.quoted
    if column.values:
        cases = " ".join(f"WHEN {literal(written)} THEN {literal(meaning)}" for written, meaning in column.values)
        text = f"CASE {text} {cases} ELSE '' END"
    return f"coalesce(nullif({text}, ''), {'NULL' if column.default is None else literal(column.default)})"


def _text_checks(column: SourceColumn) -> list[tuple[str, str]]:
    may_be = " OR ".join(f"prefix({column.quoted}, '{first}')" for first in "=@#")
    checks = [(f"({may_be}) AND {_matches(column.quoted, _FORMULA)}", "is a spreadsheet formula or error, not a value")]
    if column.values:
        known = [written for written, _ in column.values]
        listed = ", ".join(literal(written) for written in known)
        text = _title_case(column.quoted) if column.is_title_case else column.quoted
        checks.append((f"{text} NOT IN ({listed})", f"is not one of {', '.join(known)}"))
    return checks


def _title_case(name: str) -> str:
    """SQL for one spelling whatever the case and the blanks between the words."""
    words = f"string_split_regex(lower({name}), '\\s+')"
    return f"array_to_string(list_transform({words}, lambda word: upper(word[1]) || word[2:]), ' ')"


# --- dates ------------------------------------------------------------------------------------------------------


def _date_checks(column: SourceColumn) -> list[tuple[str, str]]:
    shapes = " OR ".join(_matches(column.quoted, date_pattern(date_format)) for date_format in column.formats)
    return [
        (f"NOT ({shapes})", f"is not a date as declared ({', '.join(column.formats)})"),
        (f"{_date(column)} IS NULL", "is not a day of the calendar"),
    ]


def _date(column: SourceColumn) -> str:
    """SQL for the civil day. The pattern decides the format: strptime alone would read 7/1/15 as the year 15."""
    quick = f"WHEN {_is_iso(column)} THEN TRY_CAST({column.quoted} AS DATE) " if _ISO in column.formats else ""
    cases = quick + " ".join(
        f"WHEN {_matches(column.quoted, date_pattern(date_format))} "
        f"THEN CAST(try_strptime({column.quoted}, {literal(date_format)}) AS DATE)"
        for date_format in column.formats
    )
    return f"CASE {cases} END"


def _is_iso(column: SourceColumn) -> str:
    """SQL for whether the text is a day just as a day is written: 2026-03-31."""
    text = column.quoted
    return f"length({text}) = 10 AND {text} > '1' AND CAST(TRY_CAST({text} AS DATE) AS VARCHAR) = {text}"


# --- numbers ----------------------------------------------------------------------------------------------------


def _number(column: SourceColumn) -> str:
    if column.scale == 1:
        return _plain_number(column)
    millionths = f"CAST(TRY_CAST({_plain_number(column)} AS DECIMAL(20, 6)) * 1000000 AS HUGEINT)"
    return _ratio(f"({millionths} * {column.scale.numerator})", 1_000_000 * column.scale.denominator, column.places)


def _number_checks(column: SourceColumn) -> list[tuple[str, str]]:
    number, declared = _plain_number(column), ", ".join(["plain digits", *column.formats]).replace("_", " ")
    return [
        (f"NOT {_matches(column.quoted, _number_pattern(column))}", f"is not a number as declared ({declared})"),
        (f"{_decimals_of(number)} > {column.decimals}", f"has more than {column.decimals} decimals"),
        (f"{value(column)} IS NULL", "is too large"),
    ]


def _number_pattern(column: SourceColumn) -> str:
    """The texts that are numbers: plain digits, and what the mapping declares beyond them."""
    mark, separator = (",", r"\.") if "decimal_comma" in column.formats else (r"\.", ",")
    digits = rf"(\d+|\d{{1,3}}({separator}\d{{3}})+)" if "thousands_separators" in column.formats else r"\d+"
    exponent = r"([eE][+-]?\d{1,3})?" if "scientific" in column.formats else ""
    number = rf"{digits}({mark}\d+)?{exponent}"
    shapes = [rf"-?{number}"]
    if "parentheses_are_negative" in column.formats:
        shapes.append(rf"\({number}\)")
    if "dash_is_zero" in column.formats:
        shapes.append("-")
    return "|".join(shapes)


def _plain_number(column: SourceColumn) -> str:
    """SQL for the text as a plain number: a decimal point, no separators, a minus for parentheses, 0 for a dash."""
    if not column.formats:
        return column.quoted
    if "decimal_comma" in column.formats:
        digits = f"replace(replace({column.quoted}, '.', ''), ',', '.')"
    else:
        digits = f"replace({column.quoted}, ',', '')"
    signed = rf"regexp_replace({digits}, '^\((.*)\)$', '-\1')"
    return f"CASE WHEN {column.quoted} = '-' THEN '0' ELSE {signed} END"


def _decimals_of(number: str) -> str:
    """SQL for the decimals a number needs: 250.500 needs one, 1.25E1 one, 1E-3 three. A cast would round them off."""
    mantissa = f"regexp_extract({number}, '[0-9.]+')"
    fraction = f"length(regexp_extract({mantissa}, '\\.(.*)', 1))"
    digits = f"replace({mantissa}, '.', '')"
    trailing_zeros = f"(length({digits}) - length(rtrim({digits}, '0')))"
    exponent = f"coalesce(TRY_CAST(regexp_extract({number}, '[eE](.*)', 1) AS INTEGER), 0)"
    return f"{fraction} - {trailing_zeros} - {exponent}"


# --- durations --------------------------------------------------------------------------------------------------


def _duration_checks(column: SourceColumn) -> list[tuple[str, str]]:
    shapes = [_matches(column.quoted, _CLOCK_FORMATS[shape]) for shape in column.formats if shape in _CLOCK_FORMATS]
    checks = []
    if "decimal" in column.formats:
        shapes.append(_matches(column.quoted, _number_pattern(column)))
        too_fine = f"NOT contains({column.quoted}, ':') AND {_decimals_of(_plain_number(column))} > {_HOUR_DECIMALS}"
        checks.append((too_fine, f"has more than {_HOUR_DECIMALS} decimals"))
    declared = ", ".join(column.formats).replace("_", " ")
    return [
        (f"NOT ({' OR '.join(shapes)})", f"is not a duration as declared ({declared})"),
        *checks,
        (f"{value(column)} IS NULL", "is too large"),
    ]


def _duration(column: SourceColumn) -> str:
    """SQL for hours. The sign stands before the whole: -0:30 is half an hour taken back."""
    parts = f"string_split(ltrim({column.quoted}, '-'), ':')"
    seconds = " + ".join(
        f"coalesce(TRY_CAST({parts}[{place}] AS HUGEINT), 0) * {weight}"
        for place, weight in ((1, _SECONDS), (2, 60), (3, 1))
    )
    signed = f"(CASE WHEN starts_with({column.quoted}, '-') THEN -1 ELSE 1 END * ({seconds}))"
    clock = _ratio(signed, _SECONDS, WORKED_OUT_DECIMALS)
    if "decimal" not in column.formats:
        return f"CASE WHEN contains({column.quoted}, ':') THEN {clock} END"
    hours = f"TRY_CAST({_plain_number(column)} AS DECIMAL(28, {_HOUR_DECIMALS}))"
    return f"CASE WHEN contains({column.quoted}, ':') THEN {clock} ELSE TRY_CAST({hours} AS {column.sql_type}) END"


def _ratio(numerator: str, denominator: int, places: int) -> str:
    """SQL for a ratio of whole numbers, rounded half up without ever leaving them."""
    doubled = f"(2 * abs({numerator}) * {10**places} + {denominator}) // {2 * denominator}"
    unit = f"CAST('1e-{places}' AS DECIMAL({places + 1}, {places}))"
    return f"TRY_CAST(sign({numerator}) * ({doubled}) AS DECIMAL(30, 0)) * {unit}"


# --- SQL --------------------------------------------------------------------------------------------------------


def _matches(name: str, pattern: str) -> str:
    return f"regexp_full_match({name}, {literal(pattern)})"

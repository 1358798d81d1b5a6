"""A golden case from its file, with everything the comparison rests on known to be there."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Case = dict[str, Any]


class CaseError(Exception):
    """A file that can't be read as a case; the message says why."""


def read_case(path: Path) -> Case:
    """The case in a file; one without an id goes by the file's name.

    Raises:
        CaseError: the file can't be read as a case.
    """
    with reading():
        case: Case = json.loads(path.read_text(encoding="utf-8"))
    _require(case, _SHAPE, "")
    return {"id": path.stem, **case}


@contextmanager
def reading() -> Iterator[None]:
    """Say what is wrong with a case that does not hold what it should.

    Raises:
        CaseError: something is missing or malformed.
    """
    try:
        yield
    except KeyError as error:
        raise CaseError(f"{error.args[0]} is missing") from error
    except (ArithmeticError, AttributeError, OSError, RecursionError, TypeError, ValueError) as error:
        raise CaseError(" ".join(str(error).split())) from error


def _text(value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")


_ANY_KEY: Final = "*"
_LINES: Final[list[Case]] = [{}]

#: What must be there: objects by key (`?` = may be left out), lists by what each item is, values by what reads them.
_SHAPE: Final = {
    "inputs": {
        "contracts": [{"contract_id": _text}],
        "policies": [{"policy_id": _text, "method": _text}],
        "periods": [{"label": _text, "start": date.fromisoformat, "end": date.fromisoformat}],
    },
    "expected": {
        _ANY_KEY: {
            "contracts?": {
                _ANY_KEY: {
                    "periods?": _LINES,
                    "lots?": _LINES,
                    "draws?": _LINES,
                    "overage?": _LINES,
                    "catch_ups?": _LINES,
                    "rpo?": _LINES,
                    "ssp_allocation?": {},
                    "departments?": {},
                }
            },
            "functional?": {"periods?": _LINES},
        }
    },
}


def _require(value: Any, shape: Any, place: str) -> None:
    if isinstance(shape, dict):
        _require_object(value, shape, place)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise CaseError(f"{place} is not a list")
        for number, item in enumerate(value):
            _require(item, shape[0], f"{place}.{number}")
    else:
        _require_value(value, shape, place)


def _require_value(value: Any, read: Callable[[Any], object], place: str) -> None:
    try:
        read(value)
    except (TypeError, ValueError) as error:
        raise CaseError(f"{place}: {error}") from error


def _require_object(value: Any, shape: Case, place: str) -> None:
    if not isinstance(value, dict):
        raise CaseError(f"{place or 'the file'} is not an object")
    for key, inner in shape.items():
        name = key.removesuffix("?")
        if key not in (name, _ANY_KEY) and value.get(name) is None:
            continue
        for found in value if key == _ANY_KEY else (name,):
            where = f"{place}.{found}".removeprefix(".")
            if found not in value:
                raise CaseError(f"{where} is missing")
            _require(value[found], inner, where)

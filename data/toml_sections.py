"""What a key of a TOML document may hold; every error names the key and what to write there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def expect_keys(where: str, keys: Mapping[str, Any], *, required: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Refuse a section with a key too few or too many.

    Raises:
        ValueError: naming the keys that are missing, or those not known.
    """
    missing = set(required) - set(keys)
    if missing:
        raise ValueError(f"{where} lacks {', '.join(sorted(missing))}")
    unknown = set(keys) - set(required) - set(optional)
    if unknown:
        raise ValueError(f"{where} has unknown key {', '.join(sorted(unknown))}")


def section(where: str, value: Any) -> Mapping[str, Any]:
    """A table of TOML.

    Raises:
        ValueError: it is not one.
    """
    if isinstance(value, dict):
        return value
    raise ValueError(f"{where} must be a table")


def texts(where: str, value: Any) -> tuple[str, ...]:
    """A list of texts, none of them empty.

    Raises:
        ValueError: it is not one.
    """
    if isinstance(value, list) and all(isinstance(text, str) and text for text in value):
        return tuple(value)
    raise ValueError(f"{where} must be a list of texts, none of them empty")


def text(where: str, value: Any) -> str:
    """A text that is not empty.

    Raises:
        ValueError: it is not one.
    """
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"{where} must be a text, not {value!r}")


def one_of(where: str, value: Any, allowed: Iterable[Any]) -> Any:
    """One of the values allowed.

    Raises:
        ValueError: it is none of them.
    """
    known = list(allowed)
    if value in known:
        return value
    raise ValueError(f"{where} must be one of {', '.join(map(str, known))}, not {value!r}")


def flag(where: str, keys: Mapping[str, Any], key: str) -> bool:
    """A key that is true or false; false when left out.

    Raises:
        ValueError: it is neither.
    """
    return bool(one_of(f"{where}.{key}" if where else key, keys.get(key, False), (True, False)))


def whole_number(where: str, value: Any, lowest: int, highest: int) -> int:
    """A whole number within bounds.

    Raises:
        ValueError: it is not one.
    """
    if isinstance(value, int) and lowest <= value <= highest:
        return value
    raise ValueError(f"{where} must be a whole number from {lowest} to {highest}, not {value!r}")

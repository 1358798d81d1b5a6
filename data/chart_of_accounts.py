"""The chart of accounts: the code and name of every account the journal writes to, one's own over the default.

The figures name accounts by their role; only where a journal leaves the house do roles become codes. Roles and their
default accounts are in `data/chart_of_accounts.toml`, one's own in `accounts.toml` in the store.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT: Final = Path(__file__).with_suffix(".toml")
FILE_NAME: Final = "accounts.toml"
_KEYS: Final = ("code", "name")


class ChartOfAccountsError(Exception):
    """A chart of accounts that can't be used; the message names the file, the key and what is wrong with it."""


@dataclass(frozen=True)
class Account:
    """One account of the general ledger."""

    code: str
    name: str


def accounts(store: Path) -> dict[str, Account]:
    """The account of every role: those of the store's `accounts.toml`, the default ones for the others.

    Args:
        store: the store's folder; it need not have a chart of its own.

    Raises:
        ChartOfAccountsError: the store's chart can't be read, or breaks a rule.
    """
    default = {role: Account(**keys) for role, keys in tomllib.loads(DEFAULT.read_text(encoding="utf-8")).items()}
    own = store / FILE_NAME
    if not own.exists():
        return default
    try:
        return default | _own_accounts(_document(own), default)
    except ValueError as error:
        raise ChartOfAccountsError(f"{own}: {error}.") from error


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"it can't be read: {error}") from error


def _own_accounts(document: Mapping[str, Any], default: Mapping[str, Account]) -> dict[str, Account]:
    """The accounts a document names; a name it leaves out stays the default one."""
    for role in document:
        if role not in default:
            raise ValueError(f"there is no account {role}; there are {', '.join(default)}")
    return {role: replace(default[role], **_texts(role, _table(role, keys))) for role, keys in document.items()}


def _table(role: str, keys: Any) -> dict[str, Any]:
    if isinstance(keys, dict):
        return keys
    raise ValueError(f"{role} must be a table: [{role}] with a code")


def _texts(role: str, keys: Mapping[str, Any]) -> dict[str, str]:
    unknown = [key for key in keys if key not in _KEYS]
    if unknown:
        raise ValueError(f"{role}.{unknown[0]} is unknown; an account has {' and '.join(_KEYS)}")
    if "code" not in keys:
        raise ValueError(f"{role}.code is missing")
    return {key: _text(f"{role}.{key}", value) for key, value in keys.items()}


def _text(where: str, value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(f"{where} must be text in quotes, not {value!r}")

"""Texts that people keep under a name beside the snapshots of a store: policy scenarios, and views of the dashboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_NAME: Final = 80
#: Whose views are kept where nobody signs in.
_EVERYONE: Final = "everyone"


class NameRefusedError(ValueError):
    """A name nothing can be kept under, or a damaged file; the message says why."""


def scenarios_file(store: Path) -> Path:
    """The file of a store's policy scenarios, for everyone: their texts, not their results."""
    return store / "scenarios.json"


def views_file(store: Path, viewer: str | None) -> Path:
    """The file of someone's saved views, each the link to it; None is whoever comes without signing in."""
    return store / "views" / f"{quote(viewer or _EVERYONE, safe='@')}.json"


def saved(path: Path) -> dict[str, str]:
    """The texts of a file by name, in name order.

    Raises:
        NameRefusedError: the file is damaged.
    """
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(text) for name, text in sorted(found.items())}
    except (ValueError, AttributeError) as error:
        raise NameRefusedError(f"{path} is damaged: {error}. Mend it, or move it away.") from error


def save(path: Path, name: str, text: str) -> None:
    """Keep a text under a name, in the place of one already there.

    Raises:
        NameRefusedError: the name is empty or too long.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_NAME:
        raise NameRefusedError(f"A name has 1 to {_LONGEST_NAME} characters.")
    _write(path, {**saved(path), name: text})


def remove(path: Path, name: str) -> None:
    """Forget what is kept under a name."""
    _write(path, {known: text for known, text in saved(path).items() if known != name})


def _write(path: Path, texts: dict[str, str]) -> None:
    """Written aside and moved into place, so that a reader never sees half a file."""
    path.parent.mkdir(exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(texts, indent=1, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    aside.replace(path)

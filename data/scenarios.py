"""Named policy scenarios, kept beside the snapshots of a store: their texts, not their results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_FILE: Final = "scenarios.json"
_LONGEST_NAME: Final = 80


class ScenarioNameError(ValueError):
    """A name a scenario can't be kept under; the message says why."""


def saved(store: Path) -> dict[str, str]:
    """The scenarios' texts by name, in name order.

    Raises:
        ScenarioNameError: the file is damaged.
    """
    path = store / _FILE
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(text) for name, text in sorted(found.items())}
    except (ValueError, AttributeError) as error:
        raise ScenarioNameError(f"{path} is damaged: {error}. Mend it, or move it away.") from error


def save(store: Path, name: str, text: str) -> None:
    """Keep a scenario under a name, in the place of one already there.

    Raises:
        ScenarioNameError: the name is empty or too long.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ScenarioNameError(f"A scenario's name has 1 to {_LONGEST_NAME} characters.")
    _write(store, {**saved(store), name: text})


def remove(store: Path, name: str) -> None:
    """Forget a scenario."""
    _write(store, {known: text for known, text in saved(store).items() if known != name})


def _write(store: Path, scenarios: dict[str, str]) -> None:
    """Written aside and moved into place, so that a reader never sees half a file."""
    path = store / _FILE
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(scenarios, indent=1, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    aside.replace(path)

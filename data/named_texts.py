"""Texts that people keep under a name beside the snapshots of a store: policy scenarios, and views of the dashboard."""

from __future__ import annotations

import json
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from data.store_files import locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST_NAME: Final = 80
#: Whose views are kept where nobody signs in.
_EVERYONE: Final = "everyone"


class NameRefusedError(ValueError):
    """A name nothing can be kept under, or a file that is damaged or can't be written; the message says why."""


def scenarios_file(store: Path) -> Path:
    """The file of a store's policy scenarios, for everyone: their texts, not their results."""
    return store / "scenarios.json"


def views_file(store: Path, viewer: str | None) -> Path:
    """The file of someone's saved views, each the link to it.

    Args:
        store: the folder the snapshots are in.
        viewer: what tells them from everyone else; None without sign-in.
    """
    # An identity is as long as its provider likes, and of any characters.
    name = _EVERYONE if viewer is None else sha256(viewer.encode()).hexdigest()
    return store / "views" / f"{name}.json"


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
        NameRefusedError: the name is empty or too long, or the file can't be written.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_NAME:
        raise NameRefusedError(f"A name has 1 to {_LONGEST_NAME} characters.")
    with _changing(path) as texts:
        texts[name] = text


def remove(path: Path, name: str) -> None:
    """Forget what is kept under a name.

    Raises:
        NameRefusedError: the file can't be written.
    """
    with _changing(path) as texts:
        texts.pop(name, None)


@contextmanager
def _changing(path: Path) -> Iterator[dict[str, str]]:
    """The texts of a file, to be changed by one at a time and then written."""
    try:
        path.parent.mkdir(exist_ok=True)
        with locked(path.parent):
            texts = saved(path)
            yield texts
            _write(path, texts)
    except OSError as error:
        raise NameRefusedError(f"{path} can't be written: {error.strerror}.") from error


def _write(path: Path, texts: dict[str, str]) -> None:
    """Written aside and moved into place, so that a reader never sees half a file."""
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(texts, indent=1, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    aside.replace(path)

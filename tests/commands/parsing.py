"""What a written command line comes to, without running it."""

from __future__ import annotations

import shlex
from typing import Any

import typer

from dashboard.cli import app
from queries import catalog
from queries.book import FILTERS

PROGRAM = "drawdown"
_ROOT: Any = typer.main.get_command(app)


def commands() -> dict[str, Any]:
    """Every command and sub-command by its name, as in `snapshots verify`."""
    found = {}
    waiting = [("", _ROOT)]
    while waiting:
        path, command = waiting.pop()
        for name, sub in getattr(command, "commands", {}).items():
            known = f"{path} {name}".strip()
            found[known] = sub
            waiting.append((known, sub))
    return found


def examples(help_text: str) -> list[str]:
    """The lines of a text that are command lines."""
    lines = map(str.strip, help_text.splitlines())
    return [line for line in lines if line == PROGRAM or line.startswith(f"{PROGRAM} ")]


def named(words: list[str]) -> tuple[str, list[str]]:
    """The command that words after the program's name begin with, as in `snapshots verify`, and its own words."""
    known = commands()
    for count in (2, 1):
        name = " ".join(words[:count])
        if len(words) >= count and name in known:
            return name, words[count:]
    raise ValueError(f"{' '.join(words)} is no command")


def parse(line: str) -> str:
    """Take a command line apart as it would be before it runs; the command it names.

    Raises:
        Exception: it has an option, an argument or a value that the command does not know.
    """
    words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
    name, own = named(words)
    context = commands()[name].make_context(name, own)
    if name == "query" and (asked := context.params["name"]):
        known = {*catalog.figure(asked).parameters, *FILTERS}
        unknown = {pair.partition("=")[0] for pair in context.params["settings"] or ()} - known
        if unknown:
            raise ValueError(f"{asked} takes no {', '.join(sorted(unknown))}")
    return name

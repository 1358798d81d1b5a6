"""Every command says how it is used, and what it says still works."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from tests.commands.parsing import commands, examples, parse

HELP = {name: command.help or "" for name, command in commands().items()}
EXAMPLES = [example for text in HELP.values() for example in examples(text)]


@pytest.mark.parametrize("name", HELP)
def test_every_command_shows_an_example_of_itself(name: str) -> None:
    assert any(f"{example} ".startswith(f"drawdown {name} ") for example in examples(HELP[name]))


@pytest.mark.parametrize("name", HELP)
def test_help_prints_its_examples_as_written(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "300"})

    assert result.exit_code == 0
    printed = [line.strip() for line in result.output.splitlines()]
    assert [line for line in printed if line.startswith("drawdown ")] == examples(HELP[name])


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_can_be_run(example: str) -> None:
    assert f"{example} ".startswith(f"drawdown {parse(example)} ")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("drawdown snapshots prune --last 12", "--last"),
        ("drawdown import hours.csv", "mapping"),
        ("drawdown statement --month 2026-10 --format docx", "docx"),
        ("drawdown query no_such_figure", "no_such_figure"),
        ("drawdown query watch_list --set owners=x", "owners"),
        ("drawdown export", "export"),
    ],
)
def test_a_line_that_has_rotted_is_found(line: str, wrong: str) -> None:
    with pytest.raises(Exception, match=wrong):
        parse(line)

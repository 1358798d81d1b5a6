"""What the documents name is there: pages and files they link to, commands, options, figures, targets of make."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.commands.parsing import examples, named, parse

ROOT: Final = Path(__file__).parents[1]
DOCUMENTS: Final = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "queries/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
TARGETS: Final = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
#: A path from the top of the repository, as the documents write one; `X` and `NAME` stand for any.
PATH: Final = re.compile(r"(?:data|queries|dashboard|tests|docs)/(?:[\w.*-]+/)*[\w.*-]*")
STANDS_FOR_ANY: Final = re.compile(r"\b(X|NAME)\b")

EVERY_DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def blocks(text: str) -> str:
    """The lines of a document that are code: indented or fenced."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*fenced, *re.findall(r"^ {4,}\S.*$", text, re.MULTILINE)])


def quoted(text: str) -> list[str]:
    """What stands in backticks within sentences."""
    sentences = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", sentences)]


def anchors(document: Path) -> set[str]:
    """What a link can lead to within a document: its headings as the forge spells them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def missing_links(document: Path) -> list[str]:
    missing = []
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            missing.append(link)
    return missing


def unknown_commands(text: str) -> list[str]:
    """Command lines that could not be run, and commands named within sentences that there are not."""
    unknown = []
    for line in examples(blocks(text)):
        try:
            parse(line)
        except Exception as error:  # noqa: BLE001  whatever the parser says of it
            unknown.append(f"{line}: {error}")
    for line in (line for line in quoted(text) if line.startswith("drawdown ")):
        try:
            named(line.split()[1:])
        except ValueError as error:
            unknown.append(str(error))
    return unknown


def missing_files(text: str) -> list[str]:
    paths = {path for code in quoted(text) for path in PATH.findall(code) if PATH.fullmatch(code)}
    return sorted(path for path in paths if not STANDS_FOR_ANY.search(path) and not any(ROOT.glob(path.rstrip("/"))))


@EVERY_DOCUMENT
def test_every_link_leads_somewhere(document: Path) -> None:
    assert missing_links(document) == []


@EVERY_DOCUMENT
def test_every_command_that_is_named_exists(document: Path) -> None:
    assert unknown_commands(document.read_text()) == []


@EVERY_DOCUMENT
def test_every_file_that_is_named_exists(document: Path) -> None:
    assert missing_files(document.read_text()) == []


@EVERY_DOCUMENT
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    named_targets = re.findall(r"^ *make ([a-z]+)\b", blocks(text), re.MULTILINE)
    named_targets += [word for code in quoted(text) for word in re.findall(r"^make ([a-z]+)\b", code)]
    assert set(named_targets) - TARGETS == set()


def test_the_tree_of_the_architecture_page_is_the_tree() -> None:
    tree = (ROOT / "docs" / "architecture.md").read_text()
    paths = re.findall(rf"^ {{4}}({PATH.pattern})", tree, re.MULTILINE)
    assert len(paths) > 20
    assert [path for path in paths if not any(ROOT.glob(path.rstrip("/")))] == []


def test_what_is_not_there_is_found(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(
        "# A page\n\n[good](#a-page) [lost](lost.md) [away](#away) [web](https://example.com)\n\n"
        "    drawdown open --prot 8600   # a slip\n\n"
        "`drawdown snapshots push`, `drawdown export` and `queries/no_such_figure.sql`, but `queries/X.sql`.\n"
    )
    text = document.read_text()

    assert missing_links(document) == ["lost.md", "#away"]
    assert ["--prot" in line for line in unknown_commands(text)] == [True, False]
    assert unknown_commands(text)[1] == "export is no command"
    assert missing_files(text) == ["queries/no_such_figure.sql"]

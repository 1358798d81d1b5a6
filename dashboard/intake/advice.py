"""For files no row could be read of: which mappings read them, or one to start from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard.intake.files import offer
from dashboard.parts import plain
from data.mapping import MappingError
from data.proposal import Fit, fitting, fitting_table, propose
from data.sample_file import open_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.import_report import ImportReport


@dataclass(frozen=True)
class Advice:
    """What fits the files, in sentences, and the mapping proposed where nothing does, as (file name, TOML)."""

    hints: tuple[str, ...] = ()
    proposal: tuple[str, str] | None = None


NO_ADVICE: Final = Advice()


def advise(paths: Sequence[str], report: ImportReport) -> Advice:
    """Look at the files a check could not read.

    Args:
        paths: where the files are.
        report: what became of each, in the same order.
    """
    hints: list[str] = []
    proposal = None
    for path, file in zip(map(Path, paths), report.files, strict=True):
        if file.rows_in:
            continue
        try:
            with open_sample(path) as sample:
                table, fits = fitting_table(sample.headers), fitting(sample.headers)
                if table and path.stem != table:
                    hints.append(f"{path.name} has the columns of {table}: name it {table}{path.suffix}, as canonical.")
                hints += [_hint(path.name, fit) for fit in fits]
                if not (table or fits or proposal):
                    proposal = (f"{path.stem}.toml", propose(sample))
        except MappingError:
            # It can't be read as rows with any mapping; the report says why.
            continue
    return Advice(tuple(hints), proposal)


def _hint(name: str, fit: Fit) -> str:
    others = f", {fit.others} others ignored" if fit.others else ""
    return f"The mapping {fit.mapping} knows the columns of {name}: {fit.known} known{others}."


def show_advice(advice: Advice) -> None:
    """Draw it."""
    for hint in advice.hints:
        st.info(plain(hint))
    if advice.proposal is None:
        return
    name, toml = advice.proposal
    st.info(
        "No mapping that is shipped knows these columns. Take the proposed one, answer its questions in a text editor,"
        " and choose it above as a mapping of your own."
    )
    offer(
        "Proposed mapping", name, toml.encode, "application/toml", "TOML, with a QUESTION wherever something is open."
    )

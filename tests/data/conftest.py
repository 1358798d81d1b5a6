from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from data.mapping_file import load_mapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from data.mapping import SourceMapping

HEADER = "current_item_id,department_name,vendor,contract_structure_type,start_dt,end_dt,amt,tot_payments"


@pytest.fixture(scope="session")
def philadelphia() -> SourceMapping:
    return load_mapping("philadelphia")


@pytest.fixture
def write_report(tmp_path: Path) -> Callable[..., Path]:
    """Write a report from its lines; `write_report("A1,Water,…")` puts the usual header above them."""

    def write(*lines: str, name: str = "FY-2014-Q1.csv", header: str = HEADER) -> Path:
        path = tmp_path / name
        path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8", newline="")
        return path

    return write

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from typer.testing import CliRunner

from dashboard.cli import app
from data.mapping import MappingError
from data.mapping_file import load_mapping

EXPORTS = Path(__file__).parents[1] / "data" / "exports"

runner = CliRunner()


def mapped(path: Path) -> str:
    result = runner.invoke(app, ["map", str(path)])
    assert result.exit_code == 0, result.output
    return result.stdout


def proposed(folder: Path, name: str, *lines: str) -> str:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return mapped(path)


def load(folder: Path, text: str, name: str = "hours") -> dict[str, str]:
    """The formats and templates of a mapping as text, by column."""
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    mapping = load_mapping(str(path))
    return {column.name: ", ".join([column.type, *column.formats]) for column in mapping.columns.values()}


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("toggl.csv", "toggl: 9 columns known, 5 others ignored."),
        ("clockify_older.csv", "clockify: 7 columns known, 8 others ignored."),
        ("harvest.csv", "harvest: 9 columns known, 11 others ignored."),
        ("harvest_2015.csv", "harvest: 9 columns known, 11 others ignored."),
        ("kimai.csv", "kimai: 9 columns known, 18 others ignored."),
        ("salesforce_timecards.csv", "salesforce_timecards: 13 columns known, 5 others ignored."),
        ("salesforce_credit_purchases.csv", "salesforce_credit_purchases: 9 columns known, 2 others ignored."),
        ("salesforce_credit_consumption.csv", "salesforce_credit_consumption: 6 columns known, 3 others ignored."),
        ("cornerstone_redemptions.csv", "cornerstone_redemptions: 6 columns known, 4 others ignored."),
        ("xero_invoice_lines.csv", "xero_invoice_lines: 9 columns known, 28 others ignored."),
    ],
)
def test_the_mapping_that_reads_an_export_is_named(file: str, sentence: str) -> None:
    assert mapped(EXPORTS / file) == f"{sentence}\n"


def test_a_report_of_running_totals_is_known_too(tmp_path: Path) -> None:
    header = "current_item_id,department_name,vendor,contract_structure_type,start_dt,end_dt,amt,tot_payments"

    assert proposed(tmp_path, "FY-2014-Q1.csv", header, "A1,Water,Vendor 1,Legal,2013-07-01,2014-06-30,1,1") == (
        "philadelphia: all 8 columns known.\n"
    )


def test_a_tables_own_columns_are_canonical(tmp_path: Path) -> None:
    assert proposed(tmp_path, "clients.csv", "account_id,name", "A1,Client 1") == (
        "canonical: the columns are those of accounts; name the file accounts.csv.\n"
    )


def test_a_proposal_loads_once_its_questions_are_answered(tmp_path: Path) -> None:
    text = proposed(
        tmp_path,
        "Hours (May).csv",
        "Work Date;Contract;Hours;Task;Comment",
        "03/04/2025;C1;1,5;Design;x",
        '04/05/2025;C1;"1.200,25";Design;y',
    )

    assert "save the rest as hours_may.toml" in text
    assert 'ignored_columns = ["Comment"]' in text
    assert 'delimiter = ";"' in text
    assert text.count("# QUESTION:") == 2
    with pytest.raises(MappingError, match="read the same text differently"):
        load(tmp_path, text, "hours_may")
    text = text.replace('["%m/%d/%Y", "%d/%m/%Y"]', '["%d/%m/%Y"]')
    with pytest.raises(MappingError, match=r"tables\.consumption\.unit is empty"):
        load(tmp_path, text, "hours_may")
    assert load(tmp_path, text.replace('unit = ""', 'unit = "hour"'), "hours_may") == {
        "contract_id": "text",
        "service_date": "date, %d/%m/%Y",
        "service_type": "text",
        "quantity": "decimal, decimal_comma, thousands_separators",
    }


def test_what_the_sample_settles_is_not_asked(tmp_path: Path) -> None:
    text = proposed(
        tmp_path,
        "hours.csv",
        "Entry ID,Project,Spent on,Time spent,Activity,Unit",
        "1,Website,25/09/2025,1:30,Design,hour",
        "2,Website,01/10/2025,0:06,Design,hour",
    )

    assert "# QUESTION:" not in text
    assert load(tmp_path, text) == {
        "consumption_id": "text",
        "service_date": "date, %d/%m/%Y",
        "service_type": "text",
        "unit": "text",
        "quantity": "duration, h:mm, h:mm:ss, decimal",
        "project_id": "text",
    }
    assert 'take = "projects.contract_id"' in text


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (("1,234.50", "7"), 'formats = ["thousands_separators"]'),
        (("1.234,50", "7"), 'formats = ["decimal_comma", "thousands_separators"]'),
        (("(450.00)", "-"), 'formats = ["parentheses_are_negative", "dash_is_zero"]'),
        (("1.5E3", "7"), 'formats = ["scientific"]'),
        (("1.5", "7"), "decimals = 2"),
        (("1.125", "7"), "QUESTION: a comma or a point before the decimals under Line amount?"),
        (("12 EUR", "7"), "QUESTION: how are the values under Line amount written?"),
    ],
)
def test_numbers_are_proposed_as_written(tmp_path: Path, amounts: tuple[str, ...], expected: str) -> None:
    rows = [f'L{place},C1,2025-09-01,"{amount}"' for place, amount in enumerate(amounts)]
    text = proposed(tmp_path, "lines.csv", "Line ID,Contract,Invoice date,Line amount", *rows)

    assert "[tables.billings]" in text
    assert expected in text
    if "QUESTION" in expected:
        with pytest.raises(MappingError, match=r"columns\.amount"):
            load(tmp_path, text, "lines")
    else:
        assert load(tmp_path, text, "lines")["billed_on"] == "date, %Y-%m-%d"


def test_a_workbook_is_read_too(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "clients.xlsx") as workbook:
        rows = workbook.add_worksheet()
        rows.write_row(0, 0, ["Client ID", "Client Name", "Industry"])
        rows.write_row(1, 0, ["A1", "Client 1", "Retail"])

    text = mapped(tmp_path / "clients.xlsx")
    assert load(tmp_path, text, "clients") == {"account_id": "text", "name": "text", "segment": "text"}


def test_a_file_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    result = runner.invoke(app, ["map", str(tmp_path / "gone.csv")])

    assert isinstance(result.exception, MappingError)
    assert str(result.exception).startswith("gone.csv can't be read: ")

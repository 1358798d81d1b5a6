"""A mapping is refused before any row is read, with the key and what to write instead."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from data.mapping import MappingError
from data.mapping_file import BUNDLED, load_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from data.mapping import SourceMapping

PHILADELPHIA = (BUNDLED / "philadelphia.toml").read_text(encoding="utf-8")


def load_changed(tmp_path: Path, old: str, new: str) -> SourceMapping:
    """The Philadelphia mapping with one text replaced, the first time it occurs."""
    assert old in PHILADELPHIA
    path = tmp_path / "changed.toml"
    path.write_text(PHILADELPHIA.replace(old, new, 1), encoding="utf-8")
    return load_mapping(str(path))


def test_the_bundled_mapping_loads_by_name_and_by_path(tmp_path: Path) -> None:
    by_name = load_mapping("philadelphia")
    by_path = load_mapping(str(BUNDLED / "philadelphia.toml"))

    assert by_name == by_path
    assert by_name.columns["amount"].headers == ("amt", "contract_amount")


@pytest.mark.parametrize(
    ("file", "day"),
    [
        ("FY-2013-Q4.csv", date(2013, 6, 30)),
        ("FY-2014-Q1.csv", date(2013, 9, 30)),
        ("FY-2014-Q2.csv", date(2013, 12, 31)),
        ("FY-2014-Q3.csv", date(2014, 3, 31)),
        ("FY-2014-Q5.csv", None),
        ("FY-0000-Q1.csv", None),
        ("FY-2014-Q1 (1).csv", None),
    ],
)
def test_the_file_name_gives_the_end_of_the_quarter(philadelphia: SourceMapping, file: str, day: date | None) -> None:
    assert philadelphia.file_date.read(file) == day


@pytest.mark.parametrize(("month", "day"), [(1, date(2014, 3, 31)), (4, date(2013, 6, 30)), (10, date(2013, 12, 31))])
def test_a_fiscal_year_may_start_in_any_month(tmp_path: Path, month: int, day: date) -> None:
    mapping = load_changed(tmp_path, "fiscal_year_starts_in_month = 7", f"fiscal_year_starts_in_month = {month}")

    assert mapping.file_date.read("FY-2014-Q1.csv") == day


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "running_totals"', 'kind = "totals"', "kind must be one of running_totals, rows, not 'totals'"),
        ('kind = "running_totals"', 'kind = "running_totals"\nkeep = 1', "the mapping has unknown key keep"),
        ("[file_date]", "[file_dates]", "the mapping lacks file_date"),
        ("(?P<quarter>[1-4])", "(?P<part>[1-4])", "must name the groups fiscal_year and quarter"),
        ("(?P<quarter>[1-4])", "(?P<quarter>[1-4]", "file_date.pattern is not a regular expression"),
        (
            "fiscal_year_starts_in_month = 7",
            "fiscal_year_starts_in_month = 13",
            "file_date.fiscal_year_starts_in_month must be a whole number from 1 to 12, not 13",
        ),
        ("[columns.item]", "[columns.Item]", "columns.Item: a column's name is lower-case letters"),
        ("[columns.item]", "[columns.line]", "columns.line: the import uses line itself"),
        ("[columns.item]", "[columns.entry]", "running_totals needs columns.item (text)"),
        ('names = ["vendor"]', "", "columns.vendor lacks names"),
        ('names = ["vendor"]', 'names = "vendor"', "columns.vendor.names must be a list of texts"),
        ('names = ["vendor"]', 'names = ["vendor"]\nunit = 1', "columns.vendor has unknown key unit"),
        ('names = ["vendor"]', 'names = ["amt"]', "the header 'amt' is listed twice"),
        ('"orig_vendor",', '"vendor",', "the header 'vendor' is listed twice"),
        (
            'type = "date"',
            'type = "day"',
            "columns.starts_on.type must be one of text, date, decimal, duration, not 'day'",
        ),
        ('case = "title"', 'case = "upper"', "columns.department.case must be one of title, not 'upper'"),
        ("required = true", "required = 'yes'", "columns.item.required must be one of True, False, not 'yes'"),
        ("required = true", "required = false", "columns.item must be of type text and required"),
        ('"%Y-%m-%d", "%m/%d/%Y"', '"%d/%m/%Y", "%m/%d/%Y"', "%d/%m/%Y and %m/%d/%Y read the same text differently"),
        ('"%Y-%m-%d", ', '"%Y-%m", ', "columns.starts_on.formats: %Y-%m needs %Y or %y, %m and %d once"),
        ('"%Y-%m-%d", ', '"%d %b %Y", ', "columns.starts_on.formats: %d %b %Y needs %Y or %y, %m and %d once"),
        ('"scientific"', '"currency_sign"', "columns.amount.formats must be one of thousands_separators"),
        ("decimals = 2", "decimals = 4", "columns.amount.decimals must be a whole number from 0 to 3, not 4"),
        ("decimals = 2", "decimals = 2.0", "columns.amount.decimals must be a whole number from 0 to 3, not 2.0"),
        ("[tables.lots]", "[tables.tranches]", "tables lacks lots"),
        ('owner = "{department}"\n', "", "tables.contracts lacks owner"),
        ('currency = "USD"', 'currency = "USD"\nregion = "x"', "tables.contracts has unknown key region"),
        ('unit = "USD"', 'unit = "USD"\nquantity = "1"', "tables.lots has unknown key quantity"),
        ('owner = "{department}"', 'owner = "{team}"', "tables.contracts.owner: {team} is not one of the mapping's"),
        ('owner = "{department}"', 'owner = "{department"', "tables.contracts.owner: '{department' is not a template"),
        ('owner = "{department}"', 'owner = "{department:>9}"', "only a column's name may stand in braces"),
        ('owner = "{department}"', 'owner = "{starts_on}"', "tables.contracts.owner is a text column, not date"),
        ('ends_on = "{ends_on}"', 'ends_on = "{vendor}"', "tables.contracts.ends_on is a date column, not text"),
        ('ends_on = "{ends_on}"', 'ends_on = "soon"', "tables.contracts.ends_on: 'soon' is not a DATE"),
        ('draw_order = "fefo"', 'draw_order = "lifo"', "tables.contracts.draw_order must be one of fefo"),
        ('overage_rate = "1"', 'overage_rate = "0.0000005"', "overage_rate: '0.0000005' is not a DECIMAL(18,6)"),
        ('unit = "USD"', 'unit = ""', "tables.lots.unit is empty"),
    ],
)
def test_a_faulty_mapping_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(MappingError) as refused:
        load_changed(tmp_path, old, new)

    assert str(refused.value).startswith("changed.toml: ")
    assert message in str(refused.value)


def test_a_required_target_needs_a_required_source(tmp_path: Path) -> None:
    vendor = '[columns.vendor]\nnames = ["vendor"]\ntype = "text"\nrequired = true'

    with pytest.raises(MappingError, match=r"tables\.accounts\.account_id is required, so columns\.vendor must be"):
        load_changed(tmp_path, vendor, vendor.replace("true", "false"))


def test_no_such_mapping_names_those_there_are() -> None:
    with pytest.raises(MappingError, match=r"There is no mapping atlantis\. Name one of .*philadelphia"):
        load_mapping("atlantis")


def test_toml_that_does_not_parse_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("kind = ", encoding="utf-8")

    with pytest.raises(MappingError, match=r"broken\.toml can't be read: "):
        load_mapping(str(path))


def test_a_template_of_several_columns_is_a_derived_id(tmp_path: Path) -> None:
    mapping = load_changed(tmp_path, 'account_id = "{vendor}"', 'account_id = "{department}/{vendor}"')

    template = mapping.tables["accounts"]["account_id"]
    assert template.columns == ("department", "vendor")
    assert not template.is_single_column

"""A mapping of the kind `rows` is refused before any row is read, with the key and what to write instead."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from data.mapping import Lookup, MappingError, Product, Unpivot
from data.mapping_file import bundled_mappings, load_mapping, with_date_format

if TYPE_CHECKING:
    from pathlib import Path

    from data.mapping import SourceMapping

HOURS = """
kind = "rows"
ignored_columns = ["Notes"]
ignores_others = true
delimiter = ";"
encoding = "cp1252"
replaces_period = true

[columns.project]
names = ["Project"]
type = "text"
required = true

[columns.client]
names = ["Client"]
type = "text"

[columns.day_of_work]
names = ["Date", "Day"]
type = "date"
required = true
formats = ["%Y-%m-%d"]
one_of_formats = ["%m/%d/%Y", "%d/%m/%Y"]

[columns.minutes]
names = ["Minutes"]
type = "decimal"
required = true
decimals = 0
scale = "1/60"

[columns.price]
names = ["Price"]
type = "decimal"
decimals = 6

[columns.billable]
names = ["Billable"]
type = "text"
may_be_missing = true
default = "yes"
values = { Y = "yes", N = "no" }

[[skip]]
column = "billable"
is = ["N"]
reason = "is not billable"

[[skip]]
empty = ["project", "day_of_work"]
reason = "is a total"

[tables.consumption]
consumption_id = "hours-{fingerprint}"
contract_id = { take = "projects.contract_id", where = { "projects.name" = "{project}", "accounts.name" = "{client}" } }
service_date = "{day_of_work}"
posted_on = "{dated_on}"
service_type = "{billable}"
unit = "hour"
quantity = "{minutes}"
"""
LOOKUP = '{ take = "projects.contract_id", where = { "projects.name" = "{project}", "accounts.name" = "{client}" } }'
WEEKS = '[unpivot]\nfrom = "day_of_work"\nweekdays = { minutes = 1 }\n\n[tables.consumption]'


def load(tmp_path: Path, text: str) -> SourceMapping:
    path = tmp_path / "hours.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(str(path))


def load_changed(tmp_path: Path, old: str, new: str) -> SourceMapping:
    assert old in HOURS
    return load(tmp_path, HOURS.replace(old, new, 1))


def test_every_key_arrives(tmp_path: Path) -> None:
    mapping = load(tmp_path, HOURS)

    assert (mapping.kind, mapping.delimiter, mapping.encoding) == ("rows", ";", "cp1252")
    assert (mapping.ignored_columns, mapping.ignores_others) == (frozenset({"Notes"}), True)
    assert mapping.replaces_period
    assert mapping.columns["minutes"].scale == Fraction(1, 60)
    assert mapping.columns["billable"].values == (("Y", "yes"), ("N", "no"))
    assert [(skip.reason, skip.texts, skip.empty) for skip in mapping.skips] == [
        ("is not billable", ("N",), ()),
        ("is a total", (), ("project", "day_of_work")),
    ]
    assert mapping.tables["consumption"]["contract_id"] == Lookup(
        "projects",
        "contract_id",
        where=(("projects.name", "project"), ("accounts.name", "client")),
        joins=(
            ("contracts", "contracts.contract_id = projects.contract_id"),
            ("accounts", "accounts.account_id = contracts.account_id"),
        ),
    )


def test_what_is_left_out_has_the_plainest_meaning(tmp_path: Path) -> None:
    names = ("ignored_columns", "ignores_others", "delimiter", "encoding")
    lines = [line for line in HOURS.splitlines() if not line.startswith(names)]
    mapping = load(tmp_path, "\n".join(lines))

    assert (mapping.ignored_columns, mapping.ignores_others) == (frozenset(), False)
    assert (mapping.delimiter, mapping.encoding, mapping.unpivot) == (",", "utf-8", None)


def test_weekdays_side_by_side(tmp_path: Path) -> None:
    mapping = load_changed(tmp_path, "[tables.consumption]", WEEKS)

    assert mapping.unpivot == Unpivot("day_of_work", {"minutes": 1})


def test_a_product(tmp_path: Path) -> None:
    mapping = load_changed(
        tmp_path,
        "[tables.consumption]",
        """[tables.billings]
billing_id = "hours-{fingerprint}"
contract_id = "{project}"
billed_on = "{day_of_work}"
amount = { product = ["minutes", "minutes"] }

[tables.consumption]""",
    )

    assert mapping.tables["billings"]["amount"] == Product(("minutes", "minutes"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ignores_others = true", "ignores_others = 1.5", "ignores_others must be one of True, False, not 1.5"),
        ('delimiter = ";"', 'delimiter = ":"', "delimiter must be one of ,, ;, "),
        ('encoding = "cp1252"', 'encoding = "ansi"', "encoding must be one of utf-8, utf-16, latin-1, cp1252"),
        ('kind = "rows"', 'kind = "rows"\nfile_date = "x"', "the mapping has unknown key file_date"),
        ("[columns.client]", "[columns.fingerprint]", "columns.fingerprint: the import uses fingerprint itself"),
        ('type = "decimal"', 'type = "decimal"\ndefault = "0"', "columns.minutes has unknown key default"),
        ("may_be_missing = true", "required = true", "columns.billable is required, so it can't have a default"),
        ("decimals = 6", "decimals = 7", "columns.price.decimals must be a whole number from 0 to 6, not 7"),
        ("decimals = 6", 'decimals = 6\nscale = "0.01"', "columns.price: its values may have 8 decimals, more than 6"),
        ('"1/60"', '"1/0"', "columns.minutes.scale must be a factor above 0 as text"),
        ('"1/60"', '"0"', "columns.minutes.scale must be a factor above 0 as text"),
        ('"1/60"', "0.5", "columns.minutes.scale must be a factor above 0 as text"),
        ('"1/60"', '"1e9"', "columns.minutes.scale must be a factor above 0 as text"),
        ('"1/60"', '"20000"', "columns.minutes.scale must be from 1/10000 to 10000, not '20000'"),
        ('values = { Y = "yes", N = "no" }', "values = {}", "columns.billable.values needs at least one text"),
        ('N = "no"', "N = 0", "columns.billable.values.N must be a text, not 0"),
        ('default = "yes"', 'default = ""', "columns.billable.default must be a text, not ''"),
        (', "%d/%m/%Y"]', "]", "columns.day_of_work.one_of_formats needs two formats or more"),
        ('formats = ["%Y-%m-%d"]', 'formats = ["%m/%d/%Y"]', "%m/%d/%Y and %m/%d/%Y read the same text differently"),
        (
            'formats = ["%Y-%m-%d"]\none_of_formats = ["%m/%d/%Y", "%d/%m/%Y"]',
            "",
            "must declare at least one date format",
        ),
        (
            'type = "decimal"\nrequired',
            'type = "duration"\nrequired',
            "columns.minutes has unknown key decimals, scale",
        ),
        (
            'type = "decimal"\nrequired = true\ndecimals = 0\nscale = "1/60"',
            'type = "duration"\nrequired = true\nformats = ["decimal_comma"]',
            "columns.minutes.formats must declare at least one of h:mm, h:mm:ss, decimal",
        ),
        ("decimals = 6", 'formats = ["h:mm"]', "columns.price.formats must be one of thousands_separators"),
        ("decimals = 6", 'formats = ["decimal_point", "decimal_comma"]', "columns.price: one of decimal_point and"),
        ('column = "billable"', 'column = "bill"', "skip.column must be one of project, client"),
        ('reason = "is not billable"', "", "skip lacks reason"),
        ('is = ["N"]', "", "skip lacks is"),
        ('empty = ["project", "day_of_work"]', "empty = []", "skip.empty needs at least one column"),
        ('empty = ["project", "day_of_work"]', 'empty = ["job"]', "skip.empty must be one of project"),
        ("[[skip]]\nempty", "[skip.total]\nempty", "skip has unknown key total"),
        ("[tables.consumption]", "[tables.hours]", "tables must be one of accounts, contracts"),
        ('unit = "hour"\n', "", "tables.consumption lacks unit"),
        ("service_date", "served_on", "tables.consumption lacks service_date"),
        ('quantity = "{minutes}"', 'quantity = "{price}"', "tables.consumption.quantity is required, so columns.price"),
        (
            'quantity = "{minutes}"',
            'quantity = "{project}"',
            "tables.consumption.quantity is a decimal column, not text",
        ),
        (
            'quantity = "{minutes}"',
            'quantity = "{dated_on}"',
            "tables.consumption.quantity is a decimal column, not date",
        ),
        (
            'quantity = "{minutes}"',
            'quantity = { product = ["minutes"] }',
            "tables.consumption.quantity.product must name two columns",
        ),
        (
            'quantity = "{minutes}"',
            'quantity = { product = ["minutes", "project"] }',
            "tables.consumption.quantity is a decimal column, not text",
        ),
        (
            'quantity = "{minutes}"',
            'quantity = { product = ["minutes", "price"] }',
            "tables.consumption.quantity is required, so columns.price must be required too",
        ),
        ("projects.contract_id", "projects.contract", "contract_id.take must be a table and its column"),
        ("projects.contract_id", "contracts.booked_on", "contract_id.take: contracts.booked_on is a DATE, contract_id"),
        ('"accounts.name"', '"lots.lot_id"', "contract_id.where: projects does not refer to lots, only to accounts, "),
        ('"{client}"', '"{team}"', "contract_id.where: {team} is not a column of the file"),
        ('"{client}"', '"Client {client}"', 'accounts.name must equal one column, such as "{project}"'),
        ('"{client}"', '"{day_of_work}"', "contract_id.where: accounts.name is a text column, not date"),
        ('"projects.name" = "{project}", ', "", "contract_id.where needs a column that is required"),
        ('"{client}"', '"{fingerprint}"', "contract_id.where: {fingerprint} is not a column of the file"),
        (
            'quantity = "{minutes}"',
            'quantity = { product = ["minutes", "line"] }',
            "tables.consumption.quantity: {line} is not a column of the file",
        ),
        (LOOKUP, '{ take = "projects.contract_id" }', "tables.consumption.contract_id lacks where"),
        (LOOKUP, LOOKUP.replace("{client}", "{client"), 'accounts.name must equal one column, such as "{project}"'),
        ("replaces_period = true", "", "{fingerprint} needs replaces_period = true"),
        ('"hours-{fingerprint}"', '"{fingerprint}"', "consumption_id must start with 'hours-'"),
        ("[tables.consumption]", WEEKS.replace("day_of_work", "project"), "unpivot.from must be one of day_of_work"),
        ("[tables.consumption]", WEEKS.replace("minutes", "client"), "unpivot.weekdays must be one of minutes, price"),
        ("[tables.consumption]", WEEKS.replace("= 1", "= 8"), "weekdays.minutes must be a whole number from 1 to 7"),
        ("[tables.consumption]", WEEKS.replace("= 1", "= 1, price = 1"), "no weekday twice"),
    ],
)
def test_a_faulty_mapping_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(MappingError) as refused:
        load_changed(tmp_path, old, new)

    assert str(refused.value).startswith("hours.toml")
    assert message in str(refused.value)


def test_more_decimals_than_the_target_keeps_are_refused(tmp_path: Path) -> None:
    fine = 'type = "decimal"\nrequired = true\ndecimals = 6'

    with pytest.raises(MappingError, match=r"quantity keeps 4 decimals, columns\.minutes may have 6"):
        load_changed(tmp_path, 'type = "decimal"\nrequired = true\ndecimals = 0\nscale = "1/60"', fine)


def test_skips_are_a_list(tmp_path: Path) -> None:
    before, rest = HOURS.split("[[skip]]", 1)
    after = rest[rest.index("[tables") :]

    with pytest.raises(MappingError, match=r"skip must be written as \[\[skip\]\], once for each reason"):
        load(tmp_path, f'skip = "N"\n{before}\n{after}')


@pytest.mark.parametrize("name", bundled_mappings())
def test_every_bundled_mapping_loads(name: str) -> None:
    assert load_mapping(name).name == name


def test_a_date_format_can_be_settled_from_outside(tmp_path: Path) -> None:
    mapping = with_date_format(load(tmp_path, HOURS), "Day", "%d/%m/%Y")

    assert mapping.columns["day_of_work"].formats == ("%d/%m/%Y",)
    assert mapping.columns["day_of_work"].one_of_formats == ()


@pytest.mark.parametrize(
    ("header", "date_format", "message"),
    [
        ("Minutes", "%d/%m/%Y", "The mapping hours reads no dates under 'Minutes', only under: Date, Day."),
        ("Date", "%d/%m", "Date.formats: %d/%m needs %Y or %y, %m and %d once"),
    ],
)
def test_a_date_format_that_settles_nothing_is_refused(
    tmp_path: Path, header: str, date_format: str, message: str
) -> None:
    mapping = load(tmp_path, HOURS)

    with pytest.raises(MappingError) as refused:
        with_date_format(mapping, header, date_format)

    assert message in str(refused.value)

"""Which mapping reads a file; where none does, one to start from, with a question wherever something is open."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from data.aliases import best_table, matched, normalised
from data.inference import as_date, as_duration, as_number
from data.mapping import SourceColumn
from data.mapping_file import bundled_mappings, load_mapping
from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from data.mapping import SourceMapping
    from data.sample_file import SampleFile
    from data.schema import Column

#: What stands in for a column no export names.
_WORKED_OUT: Final = {("consumption", "posted_on"): "{dated_on}"}
_NUMBERED: Final = ("consumption", "line_no")
#: A header of a project's id; any other is taken for its name.
_IS_ID: Final = re.compile(r"\b(id|code|number)$")


@dataclass(frozen=True)
class Fit:
    """A mapping that reads a file: `known` of its columns are used or ignored by name, `others` ignored as others."""

    mapping: str
    known: int
    others: int


def fitting(headers: Sequence[str]) -> tuple[Fit, ...]:
    """The bundled mappings that read a header, the one that knows most of it first."""
    found = [_fit(load_mapping(name), headers) for name in bundled_mappings()]
    return tuple(sorted(filter(None, found), key=lambda fit: -fit.known))


def fitting_table(headers: Sequence[str]) -> str | None:
    """The table whose own columns a header holds, all required ones among them: the mapping `canonical` reads it."""
    for table in TABLES.values():
        required = {column.name for column in table.columns if column.is_required}
        if required <= set(headers) <= {column.name for column in table.columns}:
            return table.name
    return None


def _fit(mapping: SourceMapping, headers: Sequence[str]) -> Fit | None:
    by_header = {header: column.name for column in mapping.columns.values() for header in column.headers}
    used = [by_header[header] for header in headers if header in by_header]
    needed = {name for name, column in mapping.columns.items() if not column.may_be_missing}
    others = [header for header in headers if header not in by_header and header not in mapping.ignored_columns]
    if not needed <= set(used) or len(set(used)) < len(used) or (others and not mapping.ignores_others):
        return None
    return Fit(mapping.name, len(headers) - len(others), len(others))


# --- a mapping to start from ------------------------------------------------------------------------------------


def propose(sample: SampleFile) -> str:
    """A mapping as TOML for the table the file fills best.

    What is open is marked QUESTION, and the mapping does not load before it is answered.
    """
    table = best_table(sample.headers)
    found = matched(table, sample.headers)
    name = re.sub(r"[^a-z0-9]+", "_", sample.file.rpartition(".")[0].lower()).strip("_") or "export"
    unused = [header for header in dict.fromkeys(sample.headers) if header and header not in found.values()]
    has_id = TABLES[table].key[0] in found or len(TABLES[table].key) > 1
    head = [
        f"# Proposed for {sample.file}, as rows of {table}: {TABLES[table].grain}. Answer each QUESTION and delete it,",
        f"# save the rest as {name}.toml, and import with --mapping {name}.toml.",
        'kind = "rows"',
        f"ignored_columns = {json.dumps(unused, ensure_ascii=False)}",
        *([f"delimiter = {json.dumps(sample.delimiter)}"] if sample.delimiter != "," else []),
        *([] if has_id else ["replaces_period = true # the rows have no id: an import replaces its period"]),
    ]
    columns = [line for target, header in found.items() for line in _column(table, target, header, sample)]
    targets = [line for column in TABLES[table].columns for line in _target(table, column, found, name)]
    return "\n".join([*head, *columns, "", f"[tables.{table}]", *targets]) + "\n"


def _column(table: str, target: str, header: str, sample: SampleFile) -> Iterator[str]:
    """The section of one source column; it has the name of the target column it fills."""
    schema = TABLES[table].column(target)
    kind = {"VARCHAR": "text", "DATE": "date"}.get(schema.type, "decimal")
    probe = SourceColumn(f"c{sample.headers.index(header)}", (header,), kind)
    candidates = _candidates(probe, schema, sample.count)
    yield ""
    yield f"[columns.{target}]"
    yield f"names = [{json.dumps(header, ensure_ascii=False)}]"
    yield f'type = "{candidates[0].type if candidates else kind}"'
    if schema.is_required or target == "project_id":  # a contract that is not named is found through it
        yield "required = true"
    if kind == "text":
        return
    formats = list(dict.fromkeys(name for candidate in candidates for name in candidate.formats))
    if not candidates:
        yield f"# QUESTION: how are the values under {header} written? The sample shows none that can be read."
        yield 'formats = [""]'
    elif len(candidates) > 1 and kind == "date":
        yield f"# QUESTION: which of these do the values under {header} use? The sample can be read as each."
        yield f"formats = {json.dumps(formats)}"
    elif len(candidates) > 1:
        yield f"# QUESTION: a comma or a point before the decimals under {header}? The sample can be read as both."
        yield f"formats = {json.dumps([*formats, 'decimal_point'])}"
    elif formats:
        yield f"formats = {json.dumps(formats)}"
    if candidates and candidates[0].type == "decimal":
        yield f"decimals = {max(candidate.decimals for candidate in candidates)}"


def _candidates(probe: SourceColumn, schema: Column, count: Callable[[str], int]) -> list[SourceColumn]:
    if probe.type == "text":
        return [probe]
    if probe.type == "date":
        return as_date(probe, count)
    scale = int(schema.type.rpartition(",")[2].rstrip(")")) if schema.type.startswith("DECIMAL") else 0
    return as_number(probe, min(scale, 6), count) or as_duration(replace(probe, decimals=scale), count)


def _target(table: str, column: Column, found: dict[str, str], name: str) -> Iterator[str]:
    """The line that fills a target column, a question where a required one has no source."""
    key = TABLES[table].key
    if column.name == "project_id" and "project_id" in found and table != "projects":
        yield f"project_id = {_through_project('project_id', found)}"
    elif column.name in found:
        text = f"{{{column.name}}}"
        yield f'{column.name} = "{text}"'
    elif (table, column.name) in _WORKED_OUT:
        yield f'{column.name} = "{_WORKED_OUT[table, column.name]}"'
    elif (column.name,) == key:
        yield f'{column.name} = "{name}-{{fingerprint}}"'
    elif column.name == "contract_id" and "project_id" in found:
        yield f"contract_id = {_through_project('contract_id', found)}"
    elif column.is_required and (table, column.name) != _NUMBERED:
        choice = f", one of {', '.join(column.allowed)}" if column.allowed else ""
        yield f"# QUESTION: which {column.name} ({column.meaning}{choice}) do all rows have, or which column holds it?"
        yield f'{column.name} = ""'


def _through_project(column: str, found: dict[str, str]) -> str:
    """A look-up in the store's projects, by id or by name as the header says."""
    named_by = "project_id" if _IS_ID.search(normalised(found["project_id"])) else "name"
    return f'{{ take = "projects.{column}", where = {{ "projects.{named_by}" = "{{project_id}}" }} }}'

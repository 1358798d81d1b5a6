"""The access file: who is let in, as what, and what is said of a file that can't be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from data.access import AccessError, Grant, access

if TYPE_CHECKING:
    from pathlib import Path

FILE = """
[claims]
roles = "groups"
owners = "teams"

[groups.cs-cedar]
role = "csm"
owners = ["Team Cedar"]

[groups.cs-birch]
role = "csm"
owners = ["Team Birch"]

[groups.accounting]
role = "finance"

[people."Admin@example.com"]
role = "admin"

[people."csm@example.com"]
role = "csm"
owners = ["Team Alder"]
"""


def csm(*owners: str) -> Grant:
    return Grant("csm", frozenset(owners))


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"groups": ["cs-cedar"]}, csm("Team Cedar")),
        ({"groups": "cs-cedar"}, csm("Team Cedar")),
        ({"groups": ["cs-cedar", "cs-birch", "unheard of"]}, csm("Team Cedar", "Team Birch")),
        ({"groups": ["cs-cedar"], "teams": ["Team Elm"]}, csm("Team Cedar", "Team Elm")),
        ({"groups": ["cs-cedar", "accounting"], "teams": ["Team Elm"]}, Grant("finance")),
        ({"email": "admin@Example.com"}, Grant("admin")),
        ({"email": "csm@example.com", "groups": ["accounting"]}, csm("Team Alder")),
        ({"email": "nobody@example.com"}, None),
        ({"groups": ["unheard of"], "teams": ["Team Elm"]}, None),
        ({"groups": {"accounting": True}}, None),
        ({"groups": [["accounting"], 3, None]}, None),
        ({"email": None}, None),
        ({}, None),
    ],
)
def test_who_is_let_in_and_as_what(tmp_path: Path, claims: dict[str, object], expected: Grant | None) -> None:
    (tmp_path / "access.toml").write_text(FILE)
    found = access(tmp_path)
    assert found is not None
    assert found.grant(claims) == expected


def test_a_store_need_not_have_a_file(tmp_path: Path) -> None:
    assert access(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("people = 3", "people must be a table"),
        ("[persons]", "unknown key persons"),
        ("[claims]\nrole = 'groups'", "claims has unknown key role"),
        ("[claims]\nroles = 3", "claims.roles must be a text"),
        ("[groups.a]\nrole = 'csm'", 'claims lacks roles; write the claim the groups are in, such as roles = "groups"'),
        ("[people.a]\nowners = ['Team Cedar']", 'people."a" lacks role'),
        ("[people.a]\nrole = 'boss'", 'people."a".role must be one of csm, leadership, finance, admin'),
        ("[people.a]\nrole = 'csm'\nowners = 'Team Cedar'", 'people."a".owners must be a list'),
        ("[people.a]\nrole = 'finance'\nowners = ['Team Cedar']", 'people."a".owners narrows nothing'),
        ("[people.a]\nrole = 'csm'\nowner = ['Team Cedar']", "unknown key owner"),
        ("[people", "can't be read"),
        ("\xff", "can't be read"),
    ],
)
def test_a_file_that_can_not_be_used_says_where_and_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "access.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(AccessError) as error:
        access(tmp_path)
    assert str(tmp_path / "access.toml") in str(error.value)
    assert said in str(error.value)

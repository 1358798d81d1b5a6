"""Who is let in, and as what: roles by a claim of the identity provider or by e-mail, in `access.toml` in the store.

A csm sees the contracts of some owners, everyone else every contract. Who is not in the file is not let in.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from data.toml_sections import expect_keys, one_of, section, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FILE_NAME: Final = "access.toml"
CSM: Final = "csm"
ADMIN: Final = "admin"
#: From the narrowest to the widest: of several roles the last counts.
ROLES: Final = (CSM, "leadership", "finance", ADMIN)


class AccessError(Exception):
    """An access file that can't be used; the message names the file, the key and what to write."""


@dataclass(frozen=True)
class Grant:
    """What someone is let in as, and, of a csm, the owners whose contracts they see."""

    role: str
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Access:
    """A store's access file.

    Attributes:
        roles_claim: the claim whose values are the groups.
        owners_claim: the claim whose values are owners of a csm, as contracts name them.
        groups: what each value of the roles claim grants.
        people: what each person is granted, by e-mail in lower case; it counts before any group.
    """

    roles_claim: str | None = None
    owners_claim: str | None = None
    groups: Mapping[str, Grant] = field(default_factory=dict)
    people: Mapping[str, Grant] = field(default_factory=dict)

    def grant(self, claims: Mapping[str, object]) -> Grant | None:
        """What someone with these claims is granted, None if they are not let in.

        Of several groups the widest role counts; the owners of all add up.
        """
        person = self.people.get(str(claims.get("email")).casefold())
        groups = (self.groups.get(value) for value in _values(claims, self.roles_claim))
        found = [grant for grant in ([person] if person else groups) if grant is not None]
        if not found:
            return None
        role = max((grant.role for grant in found), key=ROLES.index)
        if role != CSM:
            return Grant(role)
        return Grant(CSM, frozenset(_values(claims, self.owners_claim)).union(*(grant.owners for grant in found)))


def access(store: Path) -> Access | None:
    """The access file of a store, None if it has none.

    Args:
        store: the store's folder.

    Raises:
        AccessError: the file can't be read, or breaks a rule.
    """
    path = store / FILE_NAME
    try:
        return _access(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AccessError(f"{path}: it can't be read: {error}.") from error
    except ValueError as error:
        raise AccessError(f"{path}: {error}.") from error


def _values(claims: Mapping[str, object], name: str | None) -> Iterable[str]:
    """The values of a claim, which is a text or a list of texts."""
    value = claims.get(name) if name else None
    listed = value if isinstance(value, list | tuple) else [value]
    return [one for one in listed if isinstance(one, str)]


def _access(document: Mapping[str, Any]) -> Access:
    expect_keys("the file", document, required=(), optional=("claims", "groups", "people"))
    claims = section("claims", document.get("claims", {}))
    expect_keys("claims", claims, required=(), optional=("roles", "owners"))
    named = {key: text(f"claims.{key}", value) for key, value in claims.items()}
    groups = _grants("groups", document)
    if groups and "roles" not in named:
        raise ValueError('claims lacks roles; write the claim the groups are in, such as roles = "groups"')
    people = {email.casefold(): grant for email, grant in _grants("people", document).items()}
    return Access(named.get("roles"), named.get("owners"), groups, people)


def _grants(name: str, document: Mapping[str, Any]) -> dict[str, Grant]:
    return {key: _grant(f'{name}."{key}"', keys) for key, keys in section(name, document.get(name, {})).items()}


def _grant(where: str, keys: Any) -> Grant:
    keys = section(where, keys)
    expect_keys(where, keys, required=("role",), optional=("owners",))
    role, owners = str(one_of(f"{where}.role", keys["role"], ROLES)), texts(f"{where}.owners", keys.get("owners", []))
    if owners and role != CSM:
        raise ValueError(f"{where}.owners narrows nothing: a {role} sees every contract; leave it out, or write csm")
    return Grant(role, frozenset(owners))

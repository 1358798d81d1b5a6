"""A case's ids nest in their contract, those of the source tables don't: they are qualified on the way in."""

from __future__ import annotations


def qualified(contract_id: str, own_id: str | None) -> str | None:
    """The id in the tables; a common beginning, so that ids order within their contract as before."""
    return None if own_id is None else f"{contract_id}/{own_id}"


def plain(contract_id: str, table_id: str) -> str:
    """The id as the case has it."""
    return table_id.removeprefix(f"{contract_id}/")

"""Whose contracts a question may see: all, or those of some owners. What is out of scope does not exist for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.snapshots import Snapshot


@dataclass(frozen=True)
class Scope:
    """A part of every book: the contracts of these owners; None is every contract."""

    owners: frozenset[str] | None = None

    def __and__(self, other: Scope) -> Scope:
        """What both hold: a scope laid over another never widens it."""
        if self.owners is None or other.owners is None:
            return Scope(self.owners if other.owners is None else other.owners)
        return Scope(self.owners & other.owners)

    def contracts(self, snapshots: Sequence[Snapshot]) -> frozenset[str] | None:
        """The contracts in scope, each where the newest of some snapshots, the last, puts it; None is every contract.

        Raises:
            SnapshotError: a snapshot's contracts are missing or damaged.
        """
        if self.owners is None:
            return None
        owners: dict[str, str] = {}
        for snapshot in snapshots:
            contracts = snapshot.read("contracts")
            owners.update(zip(*(contracts[name].to_pylist() for name in ("contract_id", "owner")), strict=True))
        return frozenset(contract for contract, owner in owners.items() if owner in self.owners)


EVERYTHING: Final = Scope()

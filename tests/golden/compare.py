"""Hold a golden case against the figures: every value it expects is one check."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from data.snapshots import SnapshotError, publish
from queries.book import Book
from queries.catalog import FigureError
from tests.golden.asked import Asked, Contract
from tests.golden.case_tables import tables
from tests.golden.figures import THE_END, contract_pairs
from tests.golden.functional import functional_pairs
from tests.golden.pairs import NOT_COMPUTED, Pair
from tests.golden.values import same, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.golden.case_files import Case


class Check(NamedTuple):
    """One value a case expects, and the one the figures have."""

    case: str
    policy: str
    contract: str
    period: str
    field: str
    expected: Any
    got: Any

    @property
    def holds(self) -> bool:
        """Whether the figure is what the case expects."""
        return same(self.expected, self.got)

    def __str__(self) -> str:
        return " ".join(shown(value) for value in self)


def checks(case: Case, methods: set[str] | None = None) -> list[Check]:
    """Every check of a case for the policies of the given methods (all if None).

    Raises:
        CaseError: an input of the case is missing or malformed.
    """
    found = [check for policy in policies(case, methods) for check in _policy_checks(case, policy)]
    return [*found, *_unknown_policies(case)]


def differences(case: Case, methods: set[str] | None = None) -> list[Check]:
    """The checks that do not hold."""
    return [check for check in checks(case, methods) if not check.holds]


def policies(case: Case, methods: set[str] | None) -> list[Case]:
    """The case's policies of the given methods (all if None)."""
    return [policy for policy in case["inputs"]["policies"] if methods is None or policy["method"] in methods]


def _unknown_policies(case: Case) -> list[Check]:
    """What is expected of a policy the case does not give can't be computed."""
    given = {policy["policy_id"] for policy in case["inputs"]["policies"]}
    names = [policy_id for policy_id in case["expected"] if policy_id not in given]
    return [Check(case["id"], name, "-", "-", "policy", "given", "missing") for name in names]


def _policy_checks(case: Case, policy: Case) -> list[Check]:
    """A case the project can't take or answer fails in one check."""
    name = (case["id"], policy["policy_id"])
    try:
        with tempfile.TemporaryDirectory() as store:
            book = Book(publish(Path(store), tables(case, policy), THE_END, {}))
            return list(_expected_checks(book, case, policy))
    except SnapshotError as error:
        return [Check(*name, "-", "-", "snapshot", "published", error)]
    except FigureError as error:
        return [Check(*name, "-", "-", "figures", "answered", error)]
    except (duckdb.Error, ArithmeticError, LookupError, TypeError, ValueError) as error:
        # One case that breaks the engine must not keep the others from being run.
        return [Check(*name, "-", "-", "figures", "answered", repr(error))]


def _expected_checks(book: Book, case: Case, policy: Case) -> Iterator[Check]:
    name = (case["id"], policy["policy_id"])
    asked = Asked(book, policy["method"], case["inputs"])
    for block, wanted in case["expected"].get(policy["policy_id"], {}).items():
        if block == "contracts":
            for contract_id, expected in (wanted or {}).items():
                pairs = contract_pairs(Contract(asked, contract_id), expected)
                yield from (Check(*name, contract_id, *pair) for pair in pairs)
        elif block == "functional":
            yield from (Check(*name, "-", *pair) for pair in functional_pairs(asked, wanted or {}))
        else:
            yield Check(*name, "-", *Pair("-", block, wanted, NOT_COMPUTED))

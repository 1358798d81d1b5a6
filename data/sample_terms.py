"""What a few contracts of the sample firm agree on beyond the usual: bundle prices, escheat, a policy of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from data.sample_catalog import LAST_SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from data.sample_book import Contract

_BUNDLES: Final = 3
_BUNDLE_DISCOUNTS: Final = (0.08, 0.15)
_LOTS_OF_A_BUNDLE: Final = 2
_HUNDRED_DOLLARS: Final = 10_000
_OUTLIERS: Final = 3
#: Percent of the unused value owed to a government, by the policies of the contracts that owe it.
_ESCHEAT: Final = (("on_delivery", 10), ("on_delivery", 15), ("on_delivery", 25), ("proportional", 20), ("remote", 12))
_SMALL: Final = 5_000_000
_LEAVES_UNITS: Final = 0.8


def with_special_terms(book: Mapping[str, Contract], rng: np.random.Generator) -> dict[str, Contract]:
    """The book, a few of its contracts with terms that are rare."""
    special = dict(book)
    for contract_id in _some(book, _is_bundle, _BUNDLES, rng):
        contract = book[contract_id]
        total = sum(lot.quantity * lot.standalone_price // 100 for lot in contract.lots)
        agreed = round(total * (1 - rng.uniform(*_BUNDLE_DISCOUNTS)) / _HUNDRED_DOLLARS) * _HUNDRED_DOLLARS
        special[contract_id] = replace(contract, bundle_price=agreed)
    for contract_id in _some(special, _is_plain_consulting, _OUTLIERS, rng):
        special[contract_id] = replace(special[contract_id], method="ratable")
    for method, percent in _ESCHEAT:
        candidates = {contract_id: each for contract_id, each in special.items() if each.method == method}
        for contract_id in _some(candidates, _leaves_something_small, 1, rng):
            special[contract_id] = replace(special[contract_id], escheat_rate=percent)
    return special


def _some(
    book: Mapping[str, Contract], fits: Callable[[Contract], bool], count: int, rng: np.random.Generator
) -> list[str]:
    """The ids of some contracts that fit, each of another client; Northwind's stays as it was written down."""
    of_client: dict[str, str] = {}
    for contract_id, contract in book.items():
        if fits(contract) and not contract.lots[0].deliveries:
            of_client.setdefault(contract.client.account_id, contract_id)
    chosen = rng.choice(len(of_client), count, replace=False)
    return [list(of_client.values())[place] for place in sorted(chosen)]


def _is_bundle(contract: Contract) -> bool:
    """Whether two services were sold in one order, and nothing since."""
    services = {lot.offer.service for lot in contract.lots}
    orders = {lot.bought_on for lot in contract.lots}
    is_changed = any(lot.is_pool or lot.amendments for lot in contract.lots)
    return len(contract.lots) == len(services) == _LOTS_OF_A_BUNDLE and len(orders) == 1 and not is_changed


def _is_plain_consulting(contract: Contract) -> bool:
    return contract.method == "on_delivery" and {lot.offer.service for lot in contract.lots} == {"consulting"}


def _leaves_something_small(contract: Contract) -> bool:
    """Whether a small purchase lapsed with units left."""
    lot = contract.lots[0]
    is_small = sum(each.amount(each.quantity) for each in contract.lots) < _SMALL
    has_left = lot.demand < _LEAVES_UNITS and lot.usable_until < LAST_SNAPSHOT
    is_usual = contract.escheat_rate is None and contract.bundle_price is None and not lot.is_pool
    return is_small and has_left and is_usual

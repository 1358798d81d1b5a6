"""What a case's policy judges: breakage estimates and remote assessments, as rows of the source tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.golden.case_ids import qualified
from tests.golden.values import civil, either, fraction, listed, rounded_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.golden.case_files import Case


def breakage_estimates(contracts: list[Case], policy: Case) -> Iterator[Case]:
    """An estimate without a lot or contract is for every lot there is (R5.8)."""
    for count, estimate in enumerate(listed(policy, "breakage_estimates")):
        for contract_id, lot_id in _subjects(contracts, estimate) if _is_narrowed(estimate) else [(None, None)]:
            yield {
                "estimate_id": f"{count:03}-{contract_id or ''}",
                "contract_id": contract_id,
                "lot_id": lot_id,
                "effective_on": civil(either(estimate, "effective", "effective_on", "date")),
                "rate": rounded_share(fraction(estimate["rate"])),
            }


def remote_assessments(contracts: list[Case], policy: Case) -> Iterator[Case]:
    """An assessment without a lot is about whole contracts (R6.1)."""
    for count, assessment in enumerate(listed(policy, "remote_assessments")):
        for contract_id, lot_id in _subjects(contracts, assessment):
            yield {
                "assessment_id": f"{count:03}-{contract_id}",
                "contract_id": contract_id,
                "lot_id": lot_id,
                "assessed_on": civil(either(assessment, "date", "assessed_on", "effective")),
                "evidence": "case",
            }


def _is_narrowed(judged: Case) -> bool:
    return either(judged, "lot_id", "contract_id") is not None


def _subjects(contracts: list[Case], judged: Case) -> Iterator[tuple[str, str | None]]:
    """The contracts a judgement is about, each with the lot's id in the tables if it is about one lot."""
    lot_id = judged.get("lot_id")
    for contract in contracts:
        own = contract["contract_id"]
        has_lot = lot_id is None or any(lot["lot_id"] == lot_id for lot in listed(contract, "lots"))
        if has_lot and judged.get("contract_id") in (None, own):
            yield own, qualified(own, lot_id)

"""A case's usage as deliveries, and as the parts departments have in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.golden.case_ids import qualified
from tests.golden.case_work import service, usage_unit
from tests.golden.values import civil, listed, number, shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.golden.case_files import Case


def consumption(contract: Case) -> Iterator[Case]:
    """The deliveries, in the order of the case."""
    for line, usage in enumerate(listed(contract, "usage")):
        yield {
            "consumption_id": qualified(contract["contract_id"], usage["usage_id"]),
            "contract_id": contract["contract_id"],
            "lot_id": qualified(contract["contract_id"], usage.get("lot_id")),
            "line_no": line,
            "service_date": civil(usage["date"]),
            "posted_on": civil(usage["date"]),
            "service_type": service(usage),
            "unit": usage_unit(contract, usage),
            "quantity": number(usage["quantity"]),
            "reverses": qualified(contract["contract_id"], usage.get("reverses")),
        }


def consumption_departments(contract: Case) -> Iterator[Case]:
    """The departments' shares of the deliveries that name any (R12.1)."""
    for usage in listed(contract, "usage"):
        for department, share in shares(_parts(usage)).items():
            yield {
                "consumption_id": qualified(contract["contract_id"], usage["usage_id"]),
                "department": department,
                "share": share,
            }


def _parts(usage: Case) -> dict[str, Any]:
    parts: dict[str, Any] = usage.get("departments") or {}
    return parts

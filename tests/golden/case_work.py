"""What a case's lots and usage are counted in, and which services they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.golden.values import listed

if TYPE_CHECKING:
    from tests.golden.case_files import Case


def usage_unit(contract: Case, usage: Case) -> str:
    """A case's usage names no unit: that of the lot pinned, else of the first lot whose scope covers the service."""
    lots = listed(contract, "lots")
    pinned = [lot for lot in lots if usage.get("lot_id") in (None, lot["lot_id"])]
    covering = [lot for lot in pinned if service(usage) in (services(lot) or [service(usage)])]
    return lot_unit(next(iter(covering or lots), {}))


def lot_unit(lot: Case) -> str:
    """What the lot is counted in."""
    return str(lot.get("unit") or "unit")


def service(usage: Case) -> str:
    """What was delivered."""
    return str(usage.get("service_type") or "case")


def services(lot: Case) -> list[str]:
    """The services a lot is confined to; none = it covers any."""
    scope = lot.get("scope") or "any"
    return [] if scope == "any" else list(scope)

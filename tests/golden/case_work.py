"""What a case's lots and usage are counted in, and which services they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.golden.values import listed

if TYPE_CHECKING:
    from tests.golden.case_files import Case


#: What everything is counted in where usage names no unit: such usage can draw any lot (R2.2).
_UNIT: Final = "unit"


def usage_unit(contract: Case, usage: Case) -> str:
    """The unit named; else that of the lot pinned, else of the first lot whose scope covers the service."""
    lots = listed(contract, "lots")
    pinned = [lot for lot in lots if usage.get("lot_id") in (None, lot["lot_id"])]
    covering = [lot for lot in pinned if service(usage) in (services(lot) or [service(usage)])]
    return str(usage.get("unit") or lot_unit(contract, next(iter(covering or lots), {})))


def lot_unit(contract: Case, lot: Case) -> str:
    """What the lot is counted in, which matters only where usage names units."""
    names_units = any(usage.get("unit") for usage in listed(contract, "usage"))
    return str(lot.get("unit") or _UNIT) if names_units else _UNIT


def service(usage: Case) -> str:
    """What was delivered."""
    return str(usage.get("service_type") or "case")


def services(lot: Case) -> list[str]:
    """The services a lot is confined to; none = it covers any."""
    scope = lot.get("scope") or "any"
    return [] if scope == "any" else list(scope)

"""The events of a case as what they become: amendments, invoices and credit notes, and lots of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.golden.case_ids import qualified
from tests.golden.values import civil, either, listed, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from tests.golden.case_files import Case

#: The format shows three events; the names the others may use.
_LOT: Final = ("lot_id", "from_lot_id", "from_lot", "source_lot_id", "from")
_TO_LOT: Final = ("to_lot_id", "to_lot", "target_lot_id", "to")
_NEW_END: Final = ("new_expires_on", "new_end", "new_term_end", "expires_on")
_NEW_GRACE: Final = ("new_grace_until", "grace_until")
_LOT_TERMS: Final = ("valid_from", "expires_on", "grace_until", "carry_over_cap_quantity", "scope", "ssp_unit")


def with_added_lots(contract: Case) -> Case:
    """The contract with the units it added at their stand-alone price as lots of their own, no longer events (R7.7).

    Their price comes on top of the transaction price, which the first lots share (R9.4).
    """
    added = [_added_lot(contract, count, event) for count, event in _events(contract) if _is_lot(contract, event)]
    others = [event for _, event in _events(contract) if not _is_lot(contract, event)]
    whole = {**contract, "lots": [*listed(contract, "lots"), *added], "events": others}
    price = contract.get("transaction_price")
    if price is not None:
        whole["transaction_price"] = sum((number(lot["amount"]) for lot in added), number(price))
    return whole


def added_lot_ids(contract: Case) -> list[str]:
    """The ids of those lots, in the order of the case."""
    return [lot["lot_id"] for lot in with_added_lots(contract)["lots"][len(listed(contract, "lots")) :]]


def transfer_targets(contract: Case) -> list[str]:
    """The lots that units are transferred to, in the order of the case."""
    return [either(event, *_TO_LOT) for _, event in _events(contract) if event["type"] == "transfer"]


def amendments(contract: Case, method: str) -> Iterator[Case]:
    """The events that change a lot, in the order of the case."""
    own = contract["contract_id"]
    for count, event in _events(contract):
        for place, lot_id in enumerate(_lot_ids(contract, event)):
            yield {
                "amendment_id": qualified(own, f"event-{count:03}-{place:03}"),
                "contract_id": own,
                "lot_id": qualified(own, lot_id),
                "effective_on": civil(event["date"]),
                **_AMENDMENTS[event["type"]](own, event, method),
            }


def event_billings(contract: Case) -> Iterator[Case]:
    """What the events bill or, negative, refund: once, to the first lot where an event is about several."""
    own = contract["contract_id"]
    for count, event in _events(contract):
        for place, billing in enumerate(_billed(event)):
            yield {
                "billing_id": qualified(own, f"event-{count:03}-{place:03}"),
                "contract_id": own,
                "lot_id": qualified(own, _lot_ids(contract, event)[0]),
                "billed_on": civil(billing["date"]),
                "amount": number(billing["amount"]),
            }


def _events(contract: Case) -> Iterator[tuple[int, Case]]:
    for count, event in enumerate(listed(contract, "events"), start=1):
        if event["type"] not in _AMENDMENTS:
            raise ValueError(f"{event['type']!r} is not a type of event")
        yield count, event


def _lot_ids(contract: Case, event: Case) -> list[str]:
    """The lot an event is about; one that names none is about the contract's only lot, a termination about all."""
    named = either(event, *_LOT)
    if named is not None:
        return [named]
    lot_ids: list[str] = [lot["lot_id"] for lot in listed(contract, "lots")]
    if not lot_ids or (len(lot_ids) > 1 and event["type"] != "termination"):
        raise ValueError(f"{event['type']} of {event['date']} names no lot")
    return lot_ids


def _extension(_: str, event: Case, method: str) -> Case:
    """An extension has one day: the end of the term, which ratable spreads over, or else the end of use."""
    ends = [day for day in (either(event, *_NEW_END), either(event, *_NEW_GRACE)) if day is not None]
    return {"kind": "extension", "new_expires_on": civil(ends[0] if method == "ratable" else max(ends))}


def _transfer(contract_id: str, event: Case, _: str) -> Case:
    to_lot = qualified(contract_id, either(event, *_TO_LOT))
    return {"kind": "transfer", "quantity": _quantity(event), "to_lot_id": to_lot}


def _added_units(_: str, event: Case, __: str) -> Case:
    return {"kind": "add_units", "quantity": _quantity(event), "amount": number(event["amount"])}


def _price_change(_: str, event: Case, __: str) -> Case:
    end = either(event, *_NEW_END)
    return {
        "kind": "price_change",
        "amount": number(event["amount"]),
        "treatment": event.get("treatment") or "prospective",
        "new_expires_on": None if end is None else civil(end),
    }


def _concession(_: str, event: Case, __: str) -> Case:
    """The treatment is an input (R7.5): the schema refuses a concession that names none."""
    return {"kind": "price_change", "amount": -abs(number(event["amount"])), "treatment": event.get("treatment")}


def _termination(_: str, __: Case, ___: str) -> Case:
    return {"kind": "termination"}


#: What an event changes: from its contract, itself and the method of the policy.
_AMENDMENTS: Final[dict[str, Callable[[str, Case, str], Case]]] = {
    "expiry_extension": _extension,
    "transfer": _transfer,
    "add_units": _added_units,
    "price_change_ratable": _price_change,
    "price_concession": _concession,
    "termination": _termination,
}


def _quantity(event: Case) -> Decimal:
    return number(either(event, "quantity", "units"))


def _billed(event: Case) -> list[Case]:
    """What an event bills, each with its day; a credit note is negative."""
    billings = either(event, "billings", "billed")
    if isinstance(billings, list):
        return billings
    amount = _billed_amount(event, billings)
    return [{"date": event["date"], "amount": amount}] if amount else []


def _billed_amount(event: Case, billed: Any) -> Decimal:
    if event["type"] in ("add_units", "price_change_ratable"):
        return number(event["amount"] if billed is None else billed)
    credited = {"price_concession": "amount", "termination": "refund"}.get(event["type"], "")
    return -abs(number(event.get(credited) or 0))


def _is_lot(contract: Case, event: Case) -> bool:
    """Whether an event adds units at their stand-alone price: it says so, or their price is the lot's own.

    It says so too by naming a lot there is not.
    """
    if event["type"] != "add_units":
        return False
    if not _is_known(contract, event):
        return True
    said = either(event, "treatment", "pricing")
    if said is not None:
        return any(word in str(said) for word in ("alone", "separate", "new"))
    if either(event, "new_lot_id", "new_lot") is not None:
        return True
    price = event.get("ssp_unit") or _lot(contract, event).get("ssp_unit")
    return price is not None and number(event["amount"]) == _quantity(event) * number(price)


def _is_known(contract: Case, event: Case) -> bool:
    """Whether the lot an event names, if any, is one of the contract's."""
    return either(event, *_LOT) in (None, *(lot["lot_id"] for lot in listed(contract, "lots")))


def _added_lot(contract: Case, count: int, event: Case) -> Case:
    """A lot on the terms of the one it was added to, but for those the event states."""
    base, is_known = _lot(contract, event), _is_known(contract, event)
    return {
        **base,
        "lot_id": event.get("new_lot_id") or (f"{base['lot_id']}+{count}" if is_known else base["lot_id"]),
        "quantity": _quantity(event),
        "amount": event["amount"],
        "valid_from": event["date"],
        "billings": _billed(event),
        **{key: event[key] for key in _LOT_TERMS if key in event},
        **(event.get("new_lot") or {}),
    }


def _lot(contract: Case, event: Case) -> Case:
    (lot_id,) = _lot_ids(contract, event)
    found: Case = next((lot for lot in listed(contract, "lots") if lot["lot_id"] == lot_id), {"lot_id": lot_id})
    return found

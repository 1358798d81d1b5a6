"""The headers under which exports hold what a target column needs, for proposing a mapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Beside a column's own name; the likeliest first.
_ALIASES: Final = {
    "accounts": {
        "account_id": ("id", "client id", "customer id", "account number"),
        "name": ("account name", "account", "client", "client name", "customer", "customer name"),
        "segment": ("industry", "type", "size"),
        "region": ("territory", "country"),
    },
    "contracts": {
        "contract_id": ("id", "contract number", "contract", "sow", "sow number", "order number"),
        "account_id": ("account", "client", "customer", "client id", "customer id"),
        "owner": ("owner id", "csm", "account manager", "department"),
        "vehicle": ("contract type", "type"),
        "booked_on": ("booked", "booking date", "activated date", "signed date", "close date"),
        "starts_on": ("start date", "start", "contract start date"),
        "ends_on": ("end date", "end", "contract end date"),
        "currency": ("currency code", "currency iso code"),
        "transaction_price": ("total", "amount", "price", "value", "contract value", "total contract value"),
    },
    "lots": {
        "lot_id": ("id", "purchase id", "keycode", "key code", "lot"),
        "contract_id": ("contract", "contract number", "sow", "order number"),
        "service": ("product", "product name", "service line"),
        "unit": ("unit of measure", "uom"),
        "quantity": ("units", "credits", "training units", "qty", "number of services credits", "hours"),
        "amount": ("total", "price", "value", "amount paid"),
        "valid_from": ("start date", "acquired date", "purchase date", "effective date", "effective at"),
        "expires_on": ("expires", "expiry date", "expiration date", "end date", "expires at"),
    },
    "billings": {
        "billing_id": ("id", "invoice line id", "line id"),
        "contract_id": ("contract", "contract number", "sow", "order number", "reference"),
        "lot_id": ("lot", "keycode"),
        "billed_on": ("invoice date", "date", "issuing date", "billed date"),
        "amount": ("line amount", "net amount", "total", "amount due", "subtotal"),
        "fx_rate": ("exchange rate",),
    },
    "consumption": {
        "consumption_id": ("id", "entry id", "timecard id", "transaction id", "uuid"),
        "contract_id": ("contract", "contract number", "sow", "order number"),
        "lot_id": ("lot", "keycode", "key code"),
        "service_date": ("date", "start date", "work date", "spent on", "day", "started at"),
        "posted_on": ("posted", "created", "created date", "entered on"),
        "service_type": ("service", "task", "activity", "service name", "training title"),
        "unit": ("unit of measure", "uom"),
        "quantity": ("hours", "duration", "units", "qty", "credits", "time", "time spent", "training unit amount"),
        "reverses": ("reversed id", "reversal of"),
        "project_id": ("project", "project name", "project code"),
        "request_id": ("request", "ticket", "case"),
    },
    "projects": {
        "project_id": ("id", "project number", "project code"),
        "contract_id": ("contract", "contract number", "sow", "order number"),
        "program_id": ("program", "programme"),
        "name": ("project", "project name"),
    },
}


def normalised(header: str) -> str:
    """A header without case, punctuation, a currency in brackets and what Salesforce adds to names."""
    bare = re.sub(r"\([^)]*\)|^pse__|__c$", " ", header.strip())
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)
    return " ".join(re.findall(r"[a-z0-9]+", parted.lower()))


def matched(table: str, headers: Sequence[str]) -> dict[str, str]:
    """The target columns a header was found for: its own name before any alias, no header twice."""
    left = {normalised(header): header for header in reversed(headers) if normalised(header)}
    found: dict[str, str] = {}
    aliases = _ALIASES.get(table, {})
    own = [(column.name, (column.name.replace("_", " "),)) for column in TABLES[table].columns]
    for name, names in [*own, *aliases.items()]:
        match = next((alias for alias in names if alias in left), None)
        if match is not None and name not in found:
            found[name] = left.pop(match)
    return found


def best_table(headers: Sequence[str]) -> str:
    """The table the headers fill best: most of its columns, then fewest required ones left open."""

    def fit(table: str) -> tuple[int, int]:
        found = matched(table, headers)
        missing = [column.name for column in TABLES[table].columns if column.is_required and column.name not in found]
        return len(found), -len(missing)

    return max(TABLES, key=fit)

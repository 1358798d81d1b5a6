"""The source tables of a snapshot: every column's type, meaning, key and reference, in one place.

All dates are civil and inclusive (R1.1). Money and quantities are DECIMAL, never floats: money carries three
decimals because ISO 4217 has currencies with three minor digits (KWD), quantities carry four, and the price of one unit
six, because a credit can cost 0.0125.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from data.currencies import CURRENCIES

MONEY: Final = "DECIMAL(18,3)"
QUANTITY: Final = "DECIMAL(18,4)"
PRICE: Final = "DECIMAL(18,6)"
SHARE: Final = "DECIMAL(18,12)"
FX_RATE: Final = "DECIMAL(18,8)"

RECOGNITION_METHODS: Final = ("ratable", "on_delivery", "proportional", "remote")
RATABLE_CONVENTIONS: Final = ("daily", "month_even", "month_half", "month_actual")
DRAW_ORDERS: Final = ("fefo", "current_term_first")
AMENDMENT_KINDS: Final = ("extension", "transfer", "add_units", "remove_units", "price_change", "termination")
TREATMENTS: Final = ("prospective", "cumulative_catch_up")
REQUEST_STATUSES: Final = ("requested", "approved", "scheduled", "delivered", "declined")


@dataclass(frozen=True)
class Column:
    """One column: `type` in DuckDB's words, `meaning` with its unit, `references` as `table.column`."""

    name: str
    type: str
    meaning: str
    is_required: bool = True
    references: str | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """What no row may do beyond its columns' types: `broken_by` is the SQL condition, `column` the one to name."""

    column: str
    reason: str
    broken_by: str


@dataclass(frozen=True)
class Table:
    """One source table: `grain` says what a row is, `key` the columns that identify it.

    No snapshot breaks `rules`. `intake_rules` hold for what is imported besides: a book that breaks them has an answer,
    but whoever wrote the row meant something else.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    intake_rules: tuple[Rule, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: there is no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def _optional(name: str, type_: str, meaning: str, references: str | None = None) -> Column:
    return Column(name, type_, meaning, is_required=False, references=references)


ACCOUNTS = Table(
    "accounts",
    "one client",
    ("account_id",),
    (
        Column("account_id", "VARCHAR", "the client"),
        Column("name", "VARCHAR", "the client's name as shown"),
        _optional("segment", "VARCHAR", "size or industry class used for totals"),
        _optional("region", "VARCHAR", "sales region used for totals"),
    ),
)

CONTRACTS = Table(
    "contracts",
    "one SOW, service order or credit purchase",
    ("contract_id",),
    (
        Column("contract_id", "VARCHAR", "the contract"),
        Column("account_id", "VARCHAR", "the client that bought", references="accounts.account_id"),
        Column("owner", "VARCHAR", "who sees the budget through: a CSM, account team or department"),
        Column("vehicle", "VARCHAR", "how it was sold: SOW, service order, credit purchase, pool …"),
        Column("booked_on", "DATE", "day the booking entered the backlog"),
        Column("starts_on", "DATE", "first day of the term"),
        _optional("ends_on", "DATE", "last day of the term; empty = open-ended"),
        Column("currency", "VARCHAR", "ISO 4217 code; amounts of two currencies are never added"),
        Column("transaction_price", MONEY, "agreed price in the contract's currency"),
        Column(
            "recognition_method",
            "VARCHAR",
            "policy the contract is booked under",
            allowed=RECOGNITION_METHODS,
        ),
        Column(
            "recognition_convention",
            "VARCHAR",
            "how ratable spreads over months (R3.3)",
            allowed=RATABLE_CONVENTIONS,
        ),
        Column("draw_order", "VARCHAR", "which lot is used first (R2.1)", allowed=DRAW_ORDERS),
        _optional("escheat_rate", SHARE, "share of unused value owed to a government, 0 to 1 (R5.6); empty = none"),
    ),
    rules=(
        Rule("ends_on", "is before starts_on", "ends_on < starts_on"),
        Rule("escheat_rate", "must be from 0 to 1", "escheat_rate NOT BETWEEN 0 AND 1"),
    ),
    intake_rules=(
        Rule("currency", "is no currency of ISO 4217", f"currency NOT IN ({', '.join(map(repr, CURRENCIES))})"),
    ),
)

LOTS = Table(
    "lots",
    "one purchased tranche of units",
    ("lot_id",),
    (
        Column("lot_id", "VARCHAR", "the lot"),
        Column("contract_id", "VARCHAR", "the contract it was bought under", references="contracts.contract_id"),
        Column("service", "VARCHAR", "the service line it was sold as, for totals"),
        Column("unit", "VARCHAR", "what is counted: USD, hour, day, credit …; units are never added"),
        Column("quantity", QUANTITY, "units bought"),
        _optional(
            "amount",
            MONEY,
            "price of the units in the contract's currency; empty = its share of the transaction price (R9.4)",
        ),
        Column("valid_from", "DATE", "first day the units can be used"),
        _optional("expires_on", "DATE", "last usable day of the stated term (R1.2); empty = never expires"),
        _optional("grace_until", "DATE", "last usable day after carry-over (R1.3); empty = no grace"),
        _optional("carry_over_cap_quantity", QUANTITY, "units that may outlive expires_on (R7.4); empty = all"),
        Column("scope", "VARCHAR", "'any', or the service types it covers, separated by |"),
        _optional("standalone_price", PRICE, "stand-alone selling price of one unit (R9.4)"),
    ),
    rules=(
        Rule("quantity", "must be above 0", "quantity <= 0"),
        Rule("amount", "must not be below 0", "amount < 0"),
        Rule(
            "lot_id",
            "has neither an amount nor a stand-alone price (R9.4)",
            "amount IS NULL AND coalesce(standalone_price, 0) <= 0",
        ),
        Rule("expires_on", "is before valid_from", "expires_on < valid_from"),
        Rule("carry_over_cap_quantity", "must not be below 0", "carry_over_cap_quantity < 0"),
        Rule("grace_until", "is before expires_on", "grace_until < expires_on OR expires_on IS NULL"),
    ),
)

BILLINGS = Table(
    "billings",
    "one invoice line",
    ("billing_id",),
    (
        Column("billing_id", "VARCHAR", "the invoice line"),
        Column("contract_id", "VARCHAR", "the contract billed", references="contracts.contract_id"),
        _optional("lot_id", "VARCHAR", "the lot billed", references="lots.lot_id"),
        Column("billed_on", "DATE", "invoice date"),
        Column("amount", MONEY, "billed in the contract's currency; a credit note is negative"),
        _optional("fx_rate", FX_RATE, "functional currency per unit of contract currency that day (R11.1)"),
    ),
)

CONSUMPTION = Table(
    "consumption",
    "one delivery, or the reversal of one",
    ("consumption_id",),
    (
        Column("consumption_id", "VARCHAR", "the delivery line"),
        Column("contract_id", "VARCHAR", "the contract it draws on", references="contracts.contract_id"),
        _optional("lot_id", "VARCHAR", "pins the line to one lot (R2.2)", "lots.lot_id"),
        Column("line_no", "BIGINT", "order within a day: the line's place in its source (R1.4)"),
        Column("service_date", "DATE", "day of delivery; the draw and its revenue fall on it (R1.5)"),
        Column("posted_on", "DATE", "day the line became known"),
        Column("service_type", "VARCHAR", "what was delivered"),
        Column("unit", "VARCHAR", "unit of quantity; draws only lots of the same unit"),
        Column("quantity", QUANTITY, "units delivered; negative = reversal of `reverses` (R4.5)"),
        _optional("reverses", "VARCHAR", "the delivery taken back", "consumption.consumption_id"),
        _optional("project_id", "VARCHAR", "the project it was done for", "projects.project_id"),
        _optional("request_id", "VARCHAR", "the request it answers", "requests.request_id"),
    ),
    intake_rules=(
        Rule(
            "quantity",
            "is negative and takes no delivery back: name it in reverses",
            "quantity < 0 AND reverses IS NULL",
        ),
        Rule("reverses", "is given for units that are not negative", "quantity >= 0"),
        Rule(
            "reverses",
            "is taken back further than it was delivered",
            """reverses IN (
                SELECT taken.reverses
                FROM consumption AS taken
                INNER JOIN consumption AS delivery ON taken.reverses = delivery.consumption_id
                GROUP BY taken.reverses
                HAVING sum(taken.quantity) + min(delivery.quantity) < 0
            )""",
        ),
        Rule(
            "service_date",
            "is before the delivery it takes back",
            """reverses IS NOT NULL AND EXISTS (
                SELECT 1 FROM consumption AS delivery
                WHERE delivery.consumption_id = subject.reverses AND delivery.service_date > subject.service_date
            )""",
        ),
        Rule(
            "unit",
            "is not the unit of the delivery it takes back",
            """reverses IS NOT NULL AND EXISTS (
                SELECT 1 FROM consumption AS delivery
                WHERE delivery.consumption_id = subject.reverses AND delivery.unit <> subject.unit
            )""",
        ),
        Rule(
            "unit",
            "is the unit of none of the contract's lots",
            """contract_id IN (SELECT contract_id FROM lots)
                AND NOT EXISTS (
                    SELECT 1 FROM lots WHERE lots.contract_id = subject.contract_id AND lots.unit = subject.unit
                )""",
        ),
    ),
)

CONSUMPTION_DEPARTMENTS = Table(
    "consumption_departments",
    "one department's part in a delivery",
    ("consumption_id", "department"),
    (
        Column("consumption_id", "VARCHAR", "the delivery line", references="consumption.consumption_id"),
        Column("department", "VARCHAR", "the delivering department"),
        Column("share", SHARE, "its part of the line, 0 to 1; the shares of a line add up to 1 (R12.1)"),
    ),
    rules=(Rule("share", "must be from 0 to 1", "share NOT BETWEEN 0 AND 1"),),
    intake_rules=(
        Rule(
            "share",
            "is one of shares that do not add up to 1 (R12.1)",
            # Thirds can't be written out: a line's shares may miss 1 by what their last decimals hide.
            """consumption_id IN (
                SELECT consumption_id
                FROM consumption_departments
                GROUP BY consumption_id
                HAVING abs(sum(share) - 1) > 0.000000001
            )""",
        ),
    ),
)

AMENDMENTS = Table(
    "amendments",
    "one change to a lot after it was bought; what it bills or refunds is in billings",
    ("amendment_id",),
    (
        Column("amendment_id", "VARCHAR", "the amendment"),
        Column("contract_id", "VARCHAR", "the contract amended", references="contracts.contract_id"),
        Column("lot_id", "VARCHAR", "the lot amended", references="lots.lot_id"),
        Column("kind", "VARCHAR", "what changes (R7)", allowed=AMENDMENT_KINDS),
        Column(
            "effective_on",
            "DATE",
            "first day it counts, before that day's deliveries (R1.4); of a termination the first day without service",
        ),
        _optional("quantity", QUANTITY, "units added, taken back or transferred, positive"),
        _optional("amount", MONEY, "price of the units added or taken back, positive; of a price change, its sign"),
        _optional("new_expires_on", "DATE", "last usable day after an extension or price change (R7.1)"),
        _optional("to_lot_id", "VARCHAR", "the lot a transfer moves units to (R7.2)", "lots.lot_id"),
        Column(
            "treatment",
            "VARCHAR",
            "how a price change is recognised (R7.5): what was delivered keeps its price, or catches up",
            is_required=False,
            allowed=TREATMENTS,
        ),
    ),
    rules=(
        Rule("quantity", "must be above 0", "quantity <= 0"),
        Rule("kind", "needs a quantity", "kind IN ('add_units', 'remove_units', 'transfer') AND quantity IS NULL"),
        Rule("kind", "needs an amount", "kind IN ('add_units', 'remove_units', 'price_change') AND amount IS NULL"),
        Rule("amount", "must not be below 0", "kind <> 'price_change' AND amount < 0"),
        Rule("kind", "needs new_expires_on", "kind = 'extension' AND new_expires_on IS NULL"),
        Rule("kind", "needs to_lot_id", "kind = 'transfer' AND to_lot_id IS NULL"),
        Rule("to_lot_id", "is the lot the units come from", "to_lot_id = lot_id"),
        Rule("kind", "needs a treatment", "kind = 'price_change' AND treatment IS NULL"),
    ),
)

BREAKAGE_ESTIMATES = Table(
    "breakage_estimates",
    "one recorded estimate of the share that will never be used",
    ("estimate_id",),
    (
        Column("estimate_id", "VARCHAR", "the estimate"),
        _optional(
            "contract_id",
            "VARCHAR",
            "the contract it is for; empty = every contract",
            "contracts.contract_id",
        ),
        _optional("lot_id", "VARCHAR", "the lot it is for; empty = every lot of the contract", "lots.lot_id"),
        Column("effective_on", "DATE", "first day it counts (R5.2)"),
        Column("rate", SHARE, "expected unused share, 0 to 1 (R5.1)"),
    ),
    rules=(Rule("rate", "must be from 0 to 1", "rate NOT BETWEEN 0 AND 1"),),
)

REMOTE_ASSESSMENTS = Table(
    "remote_assessments",
    "one recorded judgement that further use is remote",
    ("assessment_id",),
    (
        Column("assessment_id", "VARCHAR", "the assessment"),
        Column("contract_id", "VARCHAR", "the contract it is for", references="contracts.contract_id"),
        _optional("lot_id", "VARCHAR", "the lot it is for; empty = every lot of the contract", "lots.lot_id"),
        Column("assessed_on", "DATE", "day the judgement was made (R6.1)"),
        Column("evidence", "VARCHAR", "what it rests on"),
    ),
)

PROGRAMS = Table(
    "programs",
    "one programme of projects for a client",
    ("program_id",),
    (
        Column("program_id", "VARCHAR", "the programme"),
        Column("account_id", "VARCHAR", "the client", references="accounts.account_id"),
        Column("name", "VARCHAR", "its name as shown"),
    ),
)

PROJECTS = Table(
    "projects",
    "one project done under a contract",
    ("project_id",),
    (
        Column("project_id", "VARCHAR", "the project"),
        Column("contract_id", "VARCHAR", "the contract it draws on", references="contracts.contract_id"),
        _optional("program_id", "VARCHAR", "the programme it belongs to", "programs.program_id"),
        Column("name", "VARCHAR", "its name as shown"),
    ),
)

REQUESTS = Table(
    "requests",
    "one piece of work asked for",
    ("request_id",),
    (
        Column("request_id", "VARCHAR", "the request"),
        Column("contract_id", "VARCHAR", "the contract it will draw on", references="contracts.contract_id"),
        _optional("project_id", "VARCHAR", "the project it became", "projects.project_id"),
        Column("title", "VARCHAR", "what was asked for"),
        Column("service_type", "VARCHAR", "the service asked for"),
        Column("unit", "VARCHAR", "unit of quantity"),
        Column("quantity", QUANTITY, "units asked for"),
        Column("status", "VARCHAR", "how far it has come", allowed=REQUEST_STATUSES),
        Column("requested_on", "DATE", "day it was asked for"),
        _optional("scheduled_for", "DATE", "day delivery is planned; empty = not yet scheduled"),
    ),
)

FX_RATES = Table(
    "fx_rates",
    "one currency's rate on one day",
    ("currency", "functional_currency", "rate_on"),
    (
        Column("currency", "VARCHAR", "contract currency"),
        Column("functional_currency", "VARCHAR", "the seller's own currency"),
        Column("rate_on", "DATE", "day of the rate"),
        Column("rate", FX_RATE, "functional currency per unit of contract currency (R11.1)"),
    ),
)

RATE_CARD = Table(
    "rate_card",
    "the agreed price of a unit beyond the lots",
    ("contract_id", "service_type"),
    (
        Column("contract_id", "VARCHAR", "the contract", references="contracts.contract_id"),
        Column("service_type", "VARCHAR", "the service"),
        Column("overage_rate", PRICE, "price of one unit of overage in the contract's currency (R9.2)"),
    ),
)

TABLES: Final = {
    table.name: table
    for table in (
        ACCOUNTS,
        CONTRACTS,
        LOTS,
        BILLINGS,
        CONSUMPTION,
        CONSUMPTION_DEPARTMENTS,
        AMENDMENTS,
        BREAKAGE_ESTIMATES,
        REMOTE_ASSESSMENTS,
        PROGRAMS,
        PROJECTS,
        REQUESTS,
        FX_RATES,
        RATE_CARD,
    )
}

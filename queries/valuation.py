"""The walk: contracts whose prices move, valued event by event in exact fractions.

Most lots have one price for life, and the figures compute what they recognise in SQL. A contract is walked instead
where that is not so: it has an amendment (R7), a carry-over cap (R7.4) or a judgement that use is remote (R6). The
rules are in `queries/layer.py`; this file brings the events in the order of R1.4 and rounds what came of them (R10.1).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from itertools import groupby
from math import lcm
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from queries.layer import Layer, Ratable, RatableSpan, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

Row = dict[str, Any]

#: Places in a day (R1.4): what is agreed, what is delivered, what ends.
_AGREED: Final = 0
_DELIVERED: Final = 1
_ENDED: Final = 2

#: Denominators of spans are kept below this, so that SQL can multiply them in 128 bits.
_LARGEST_DENOMINATOR: Final = 10**13

_WALKED: Final = """
CREATE OR REPLACE TEMP TABLE walking AS
SELECT contract_id FROM amendments
UNION
SELECT contract_id FROM remote_assessments
UNION
SELECT contract_id FROM lots WHERE carry_over_cap_quantity IS NOT NULL
"""

_LOTS: Final = """
SELECT
    lots.lot_id,
    lots.contract_id,
    CAST(mills(lot_prices.amount) AS BIGINT) AS amount,
    CAST(units(lots.quantity) AS BIGINT) AS quantity,
    lots.valid_from,
    coalesce(lots.expires_on, contracts.ends_on) AS ends_on,
    CAST(currencies.minor_unit AS BIGINT) AS minor_unit,
    coalesce(CAST(contracts.escheat_rate AS VARCHAR), '0') AS escheat_rate,
    lot_policies.convention
FROM lots
SEMI JOIN walking USING (contract_id)
INNER JOIN lot_prices USING (lot_id)
INNER JOIN lot_policies USING (lot_id)
INNER JOIN contracts ON lots.contract_id = contracts.contract_id
INNER JOIN currencies USING (currency)
ORDER BY lots.contract_id, lots.lot_id
"""

_MOVEMENTS: Final = """
SELECT
    ledger.contract_id,
    ledger.moved_on,
    ledger.movement_no,
    ledger.lot_id,
    ledger.layer_id,
    ledger.event_id,
    ledger.kind,
    CAST(units(ledger.quantity) AS BIGINT) AS quantity_units,
    amendments.kind AS amendment,
    CAST(mills(amendments.amount) AS BIGINT) AS amount,
    CAST(units(amendments.quantity) AS BIGINT) AS amended_units,
    amendments.new_expires_on,
    amendments.treatment,
    amendments.effective_on,
    consumption.reverses
FROM unit_ledger AS ledger
SEMI JOIN walking ON ledger.contract_id = walking.contract_id
LEFT JOIN amendments ON ledger.event_id = amendments.amendment_id AND ledger.is_amended
LEFT JOIN consumption ON ledger.event_id = consumption.consumption_id AND NOT ledger.is_amended
WHERE ledger.lot_id IS NOT NULL
ORDER BY ledger.contract_id, ledger.movement_no
"""

_BILLINGS: Final = """
SELECT
    contract_id, billed_on AS happened_on, lot_id, billing_id, CAST(mills(amount) AS BIGINT) AS amount
FROM billings SEMI JOIN walking USING (contract_id)
ORDER BY contract_id, billed_on, billing_id
"""

_ASSESSMENTS: Final = """
SELECT contract_id, assessed_on AS happened_on, lot_id, assessment_id
FROM remote_assessments
ORDER BY contract_id, assessed_on, assessment_id
"""

#: The rate in force on every day on which an estimate of some level takes effect.
_ESTIMATES: Final = """
SELECT contract_id, lot_id, effective_on AS happened_on, CAST(rate AS VARCHAR) AS rate, estimate_id
FROM lot_estimates SEMI JOIN walking USING (contract_id)
ORDER BY contract_id, lot_id, effective_on
"""


class Walk(NamedTuple):
    """What the walk found, as frames for the figures; money is in thousandths.

    `values`: contract_id, lot_id, event_id, movement_no (null: money without units), moved_on, kind and amount: what
    each movement is worth at the lot's own price.
    `postings`: what each event recognises under the policies that follow use, by component.
    `spans`: the ratable terms of each layer; amounts are integers, as text, over one denominator.
    `contracts`: contract_id of those walked.
    """

    values: pl.DataFrame
    postings: pl.DataFrame
    spans: pl.DataFrame
    contracts: pl.DataFrame


class _Event(NamedTuple):
    """Something that happens to a contract; the events of one day come in the order of R1.4."""

    on: date
    place: int
    order: tuple[int, int]
    cause: str
    event_id: str | None
    rows: list[Row]


def walk(connection: duckdb.DuckDBPyConnection) -> Walk:
    """Value the contracts the connection sees whose prices move."""
    connection.execute(_WALKED)
    lots = _by_contract(connection, _LOTS)
    others = [_by_contract(connection, statement) for statement in (_MOVEMENTS, _BILLINGS, _ASSESSMENTS, _ESTIMATES)]
    walked = [_Contract(rows, *(found[key] for found in others)) for key, rows in lots.items()]
    for contract in walked:
        contract.walk()
    return Walk(
        _frame([row for contract in walked for row in contract.values], _VALUES),
        _frame([row for contract in walked for row in contract.postings], _POSTINGS),
        _frame([row for contract in walked for row in contract.spans()], _SPANS),
        connection.sql("SELECT contract_id FROM walking").pl(),
    )


def _by_contract(connection: duckdb.DuckDBPyConnection, statement: str) -> dict[str, list[Row]]:
    rows = connection.sql(statement).pl().to_dicts()
    found = {key: list(group) for key, group in groupby(rows, key=lambda row: str(row["contract_id"]))}
    return defaultdict(list, found)


def _frame(rows: list[tuple[Any, ...]], columns: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns, orient="row")


_VALUES: Final = {
    "contract_id": pl.String,
    "lot_id": pl.String,
    "event_id": pl.String,
    "movement_no": pl.Int64,
    "moved_on": pl.Date,
    "kind": pl.String,
    "amount": pl.Int64,
}
_POSTINGS: Final = {
    "lot_id": pl.String,
    "contract_id": pl.String,
    "policy": pl.String,
    "posted_on": pl.Date,
    "movement_no": pl.Int64,
    "event_id": pl.String,
    "cause": pl.String,
    "delivery": pl.Int64,
    "breakage": pl.Int64,
    "adjustment": pl.Int64,
    "escheat": pl.Int64,
}
_SPANS: Final = {
    "lot_id": pl.String,
    "layer_id": pl.String,
    "contract_id": pl.String,
    "convention": pl.String,
    "starts_on": pl.Date,
    "ends_on": pl.Date,
    "base": pl.String,
    "spread": pl.String,
    "adjustment": pl.String,
    "denominator": pl.String,
}


class _Contract:
    """The walk of one contract."""

    def __init__(
        self, lots: list[Row], movements: list[Row], billings: list[Row], assessments: list[Row], estimates: list[Row]
    ) -> None:
        self.values: list[tuple[Any, ...]] = []
        self.postings: list[tuple[Any, ...]] = []
        self._lots = {str(row["lot_id"]): row for row in lots}
        self._layers = {(lot_id, lot_id): _layer(row) for lot_id, row in self._lots.items()}
        self._in_transit: list[dict[str, Fraction]] = []
        self._booked: dict[tuple[str, str, str], tuple[int, ...]] = {}
        self._valued: dict[tuple[str, str], tuple[int, int]] = {}
        self._events = sorted(
            [
                *_billed(billings, self._lots),
                *_estimated(estimates),
                *_assessed(assessments, self._lots),
                *_moved(movements),
            ],
            key=lambda event: event[:3],
        )

    def walk(self) -> None:
        """Let everything happen, in order."""
        for event in self._events:
            touched: dict[tuple[str, str], date] = {}
            for row in event.rows:
                for layer in self._layers_of(event, row):
                    on = layer.no_earlier(row.get("moved_on", event.on))
                    self._apply(event, row, layer, on)
                    self._value(event, row, layer, on)
                    touched[layer.lot_id, layer.layer_id] = on
            for key, on in touched.items():
                if event.cause == "amendment" and self._layers[key].terminated_on is not None:
                    self._layers[key].settle(on)
                self._post(event, self._layers[key], on)

    def spans(self) -> Iterator[tuple[Any, ...]]:
        """The ratable terms of the layers."""
        for layer in self._layers.values():
            layer.ratable.finish(layer.minor_unit)
            for span in layer.ratable.spans:
                yield _span(layer, span)

    def _layers_of(self, event: _Event, row: Row) -> list[Layer]:
        """The layer a row moves; all layers of a lot for what is judged of it as a whole."""
        lot_id = str(row["lot_id"])
        if event.cause in ("estimate", "assessment"):
            return [layer for layer in self._layers.values() if layer.lot_id == lot_id]
        layer_id = str(row.get("layer_id") or lot_id)
        if (lot_id, layer_id) not in self._layers:
            self._layers[lot_id, layer_id] = _transferred(self._layers[lot_id, lot_id], layer_id)
        return [self._layers[lot_id, layer_id]]

    def _apply(self, event: _Event, row: Row, layer: Layer, on: date) -> None:
        if event.cause == "billing":
            layer.bill(row["amount"], on)
        elif event.cause == "estimate":
            layer.estimate(Fraction(row["rate"]))
        elif event.cause == "assessment":
            layer.judge_remote()
        elif row["kind"] == "draw":
            _deliver(layer, row)
        elif row["kind"] == "lapse":
            _lapse(layer, row)
        elif row["kind"] == "grant":
            self._grant(layer, row, on)

    def _grant(self, layer: Layer, row: Row, on: date) -> None:
        units, amendment = row["quantity_units"], row["amendment"]
        if amendment is None:
            layer.grant(units, Fraction(self._lots[layer.lot_id]["amount"]), on)
        elif amendment in ("add_units", "remove_units"):
            layer.grant(units, Fraction(row["amount"] * units, row["amended_units"]), on)
        elif amendment == "transfer":
            self._transfer(layer, units, on)
        elif layer.terminated_on is not None:
            return
        elif amendment == "termination":
            layer.terminate(on)
        else:
            _change_terms(layer, row, on)

    def _transfer(self, layer: Layer, units: int, on: date) -> None:
        if units < 0:
            leaving = layer.carried_by(-units, on)
            layer.take_in(units, [{policy: -amount for policy, amount in leaving.items()}], on)
            self._in_transit.append(leaving)
        else:
            layer.take_in(units, self._in_transit, on)
            self._in_transit = []

    def _value(self, event: _Event, row: Row, layer: Layer, on: date) -> None:
        """What the row is worth: grants move the lot's price, what ends it waives price, the rest is gone of it."""
        key = (layer.lot_id, layer.layer_id)
        price_before, gone_before = self._valued.get(key, (0, 0))
        chain = layer.delivery
        price = rounded(chain.price + chain.residue, layer.minor_unit)
        gone = rounded(chain.bookable(chain.recognised + chain.adjustment), layer.minor_unit)
        kind = row.get("kind")
        worth: list[tuple[str, int]] = []
        if kind is None or row["amendment"] == "termination":  # an invoice after the end, or the end itself
            worth += [("waive", price_before - price)] if kind in (None, "grant") else []
        elif kind == "grant":
            worth.append(("grant", price - price_before))
        if kind != "grant":
            worth.append((kind or "revalue", gone - gone_before))
        self._valued[key] = (price, gone_before if kind == "grant" else gone)
        named = (layer.contract_id, layer.lot_id, event.event_id, row.get("movement_no"), on)
        self.values += [(*named, *part) for part in worth]

    def _post(self, event: _Event, layer: Layer, on: date) -> None:
        for policy, components in _components(layer):
            key = (layer.lot_id, layer.layer_id, policy)
            before = self._booked.get(key, (0, 0, 0, 0))
            self._booked[key] = components
            posted = [now - then for now, then in zip(components, before, strict=True)]
            if any(posted):
                number = max((row["movement_no"] for row in event.rows if "movement_no" in row), default=None)
                named = (layer.lot_id, layer.contract_id, policy, on, number, event.event_id, event.cause)
                self.postings.append((*named, *posted))


def _layer(row: Row) -> Layer:
    return Layer(
        lot_id=row["lot_id"],
        layer_id=row["lot_id"],
        contract_id=row["contract_id"],
        minor_unit=row["minor_unit"],
        escheat_rate=Fraction(row["escheat_rate"]),
        ends_on=row["ends_on"],
        ratable=Ratable(convention=row["convention"]),
    )


def _transferred(lot: Layer, layer_id: str) -> Layer:
    """A layer of a lot: its end, its estimate, its end before time."""
    layer = Layer(
        lot_id=lot.lot_id,
        layer_id=layer_id,
        contract_id=lot.contract_id,
        minor_unit=lot.minor_unit,
        escheat_rate=lot.escheat_rate,
        ends_on=lot.ends_on,
        ratable=Ratable(convention=lot.ratable.convention),
        terminated_on=lot.terminated_on,
    )
    layer.estimate(lot.proportional.rate)
    return layer


def _deliver(layer: Layer, row: Row) -> None:
    if row["quantity_units"] > 0:
        layer.draw(row["quantity_units"], row["event_id"])
    else:
        layer.reverse(-row["quantity_units"], row["reverses"])


def _lapse(layer: Layer, row: Row) -> None:
    units = row["quantity_units"]
    if row["amendment"] == "termination":
        layer.left -= units  # the termination itself says what they are worth
    elif units < 0:
        layer.reinstate(-units)
    else:
        layer.lapse(units, owes_escheat=row["reverses"] is None)


def _change_terms(layer: Layer, row: Row, on: date) -> None:
    if row["new_expires_on"] is not None:
        layer.extend(max(row["new_expires_on"], on), on)
    if row["amendment"] == "price_change" and layer.layer_id == layer.lot_id:
        layer.change_price(Fraction(row["amount"]), on, catches_up=row["treatment"] == "cumulative_catch_up")


def _billed(rows: list[Row], lots: dict[str, Row]) -> Iterator[_Event]:
    """Invoices by lot; one that names none is split by the lots' prices."""
    for number, row in enumerate(rows):
        named = {row["lot_id"]: Fraction(row["amount"])} if row["lot_id"] else _split(row["amount"], lots)
        parts = [{"lot_id": lot_id, "amount": amount} for lot_id, amount in named.items()]
        yield _Event(row["happened_on"], _AGREED, (0, number), "billing", row["billing_id"], parts)


def _split(amount: int, lots: dict[str, Row]) -> dict[str, Fraction]:
    """An invoice by the lots' prices, to bookable amounts by largest remainder, ties by lot (as R9.4)."""
    minor_unit = next(iter(lots.values()))["minor_unit"]
    prices = {lot_id: lot["amount"] for lot_id, lot in sorted(lots.items())}
    total = sum(prices.values())
    if not total:
        return {min(lots): Fraction(amount)}
    whole = {lot_id: amount * price // (total * minor_unit) * minor_unit for lot_id, price in prices.items()}
    missing = amount - sum(whole.values())
    by_remainder = sorted(prices, key=lambda lot_id: (whole[lot_id] * total - amount * prices[lot_id], lot_id))
    for lot_id in by_remainder:
        step = min(missing, minor_unit)
        whole[lot_id] += step
        missing -= step
    return {lot_id: Fraction(part) for lot_id, part in whole.items()}


def _estimated(rows: list[Row]) -> Iterator[_Event]:
    for number, row in enumerate(rows):
        yield _Event(row["happened_on"], _AGREED, (1, number), "estimate", row["estimate_id"], [row])


def _assessed(rows: list[Row], lots: dict[str, Row]) -> Iterator[_Event]:
    for number, row in enumerate(rows):
        judged = [row["lot_id"]] if row["lot_id"] else list(lots)
        parts = [{"lot_id": lot_id} for lot_id in judged]
        yield _Event(row["happened_on"], _ENDED, (1, number), "assessment", row["assessment_id"], parts)


def _moved(rows: list[Row]) -> Iterator[_Event]:
    """Movements by what caused them; purchases come first, so that units can move before they can be used."""
    for row in rows:
        if row["event_id"] is None and row["kind"] == "grant":
            yield _Event(date.min, _AGREED, (0, row["movement_no"]), "purchase", None, [row])
        elif row["event_id"] is None:
            yield _Event(row["moved_on"], _ENDED, (0, row["movement_no"]), "lapse", None, [row])
    caused = [row for row in rows if row["event_id"] is not None]
    for event_id, group in groupby(caused, key=lambda row: str(row["event_id"])):
        parts = list(group)
        first = parts[0]
        if first["amendment"] is not None:
            # units can move out of a lot before its first day; all else takes effect on it
            on = first["effective_on"] if first["amendment"] == "transfer" else first["moved_on"]
            yield _Event(on, _AGREED, (2, first["movement_no"]), "amendment", event_id, parts)
        else:
            cause = "draw" if first["reverses"] is None else "reversal"
            yield _Event(first["moved_on"], _DELIVERED, (0, first["movement_no"]), cause, event_id, parts)


def _components(layer: Layer) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What each policy has booked: delivery, breakage, adjustment and escheat, rounded as a chain (R10.1)."""
    for policy, chain in layer.usage_chains():
        earned = chain.recognised - layer.escheated
        sums = (layer.delivered, earned, earned + chain.adjustment, chain.recognised + chain.adjustment)
        booked = [rounded(chain.bookable(amount), layer.minor_unit) for amount in sums]
        yield policy, tuple(now - before for now, before in zip(booked, [0, *booked], strict=False))


def _span(layer: Layer, span: RatableSpan) -> tuple[Any, ...]:
    amounts = (span.base, span.spread, span.adjustment)
    denominator = min(lcm(*(amount.denominator for amount in amounts)), _LARGEST_DENOMINATOR)
    numerators = [str(round(amount * denominator)) for amount in amounts]
    return (layer.lot_id, layer.layer_id, layer.contract_id, *span.term, *numerators, str(denominator))

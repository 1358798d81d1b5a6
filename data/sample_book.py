"""The sample firm's book: who its clients are and what they bought, as if written down by its sales desk."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from data.sample_catalog import (
    ANY_SERVICE,
    CLIENT_NAMES,
    FIRST_PURCHASE,
    FIRST_SNAPSHOT,
    HABITS,
    LAST_SNAPSHOT,
    METHODS_OF,
    NORTHWIND_DELIVERIES,
    OFFERS,
    OWNERS,
    REGIONS,
    SEGMENT_SCALE,
    SEGMENTS,
    SERVICE_TYPES,
    THREE_YEAR_POOL,
    VEHICLE_PREFIXES,
    Offer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

_CLIENTS: Final = 250
_EARLY_CLIENTS_SHARE: Final = 0.55
_SECOND_NEED: Final = 0.36
_RENEWS: Final = 0.82
_RENEWS_UNDER_SAME_CONTRACT: Final = 0.6
_POOL: Final = 0.12
_POOL_SCALE: Final = 2.6
_GRACE: Final = 0.25
_GRACE_MONTHS: Final = 6
_CARRY_OVER_CAPPED: Final = 0.4
_KEEPS_HABIT: Final = 0.6
_COMPANION: Final = 0.05
_ADDED_UNITS: Final = 0.03
_GOES_ON_WHEN_EMPTY: Final = 0.35
_EURO_OUTSIDE_EUROPE: Final = 0.02
_EURO_IN_EUROPE: Final = 0.68
_CURRENT_TERM_FIRST: Final = 0.05
_MONTH_EVEN: Final = 0.3
_STARTS_ON_THE_FIRST: Final = 0.65
_TWO_SERVICES: Final = 0.6
_YEAR: Final = 12
_POOL_YEARS: Final = 3


#: Demand as a share of what was bought: its mean and spread between clients, and from one lot to the next.
_DEMAND_MEAN: Final = 0.86
_DEMAND_BETWEEN_CLIENTS: Final = 0.24
_DEMAND_BETWEEN_LOTS: Final = 0.2
_DEMAND_LIMITS: Final = (0.03, 1.45)

#: The block the look of the burn-down page was drawn with.
NORTHWIND_NUMBER: Final = 1042
_NORTHWIND_TERM: Final = (date(2026, 4, 1), date(2027, 3, 31))

_Choice = TypeVar("_Choice")


@dataclass(frozen=True)
class Client:
    """A client with the traits that last: how much of a purchase it tends to use, and when."""

    account_id: str
    name: str
    segment: str
    region: str
    currency: str
    owner: str
    demand: float
    habit: str


@dataclass(frozen=True)
class Amendment:
    """A change to a lot, as `data.schema` knows them; `billed` is invoiced that day, below 0 as a credit note."""

    kind: str
    effective_on: date
    quantity: int | None = None
    amount: int | None = None
    new_expires_on: date | None = None
    to_lot_id: str | None = None
    treatment: str | None = None
    billed: int = 0


@dataclass(frozen=True)
class Lot:
    """A purchased tranche, and the demand it will meet: `demand` is a share of its quantity.

    `deliveries` (day, hundredths of the unit) stand instead of drawn ones where they are given.
    """

    offer: Offer
    scope: tuple[str, ...]
    quantity: int
    price: int
    standalone_price: int
    bought_on: date
    valid_from: date
    expires_on: date
    grace_until: date | None
    carry_over_cap: int | None
    demand: float
    habit: str
    goes_on_when_empty: bool
    amendments: tuple[Amendment, ...] = ()
    deliveries: tuple[tuple[date, int], ...] = ()

    @property
    def usable_until(self) -> date:
        """The last day its units can be used."""
        return self.grace_until or self.expires_on

    @property
    def is_pool(self) -> bool:
        """Whether it is used over several years, and billed by the year."""
        return self.expires_on > plus_months(self.valid_from, _YEAR)

    @property
    def added_quantity(self) -> int:
        """The units added to it since it was bought."""
        return sum(change.quantity or 0 for change in self.amendments if change.kind == "add_units")

    def amount(self, quantity: int) -> int:
        """The price in cents of a number of its units; exact, since lots are sold in whole units."""
        return quantity * self.price // 100


@dataclass
class Contract:
    """A contract and the lots bought under it, first purchase first.

    `bundle_price` is the agreed price in cents where its lots have none of their own, `escheat_rate` is in percent.
    """

    client: Client
    vehicle: str
    method: str
    convention: str
    draw_order: str
    lots: list[Lot] = field(default_factory=list)
    bundle_price: int | None = None
    escheat_rate: int | None = None

    @property
    def booked_on(self) -> date:
        """The day of its first purchase."""
        return self.lots[0].bought_on


def write_book(rng: np.random.Generator) -> dict[str, Contract]:
    """Every contract of the sample firm by its id, in the order they were booked."""
    names = rng.choice(len(CLIENT_NAMES), size=_CLIENTS - 1, replace=False)
    clients = [_client(f"A{number:03}", CLIENT_NAMES[name], rng) for number, name in enumerate(names, start=2)]
    northwind = _northwind()
    contracts = [northwind]
    for client in clients:
        for offer in _needs(client, rng):
            contracts += _relationship(client, offer, rng)
    contracts.sort(key=lambda contract: (contract.booked_on, contract.client.account_id))
    first_number = NORTHWIND_NUMBER - contracts.index(northwind)
    return {
        f"{VEHICLE_PREFIXES[contract.vehicle]}-{number}": contract
        for number, contract in enumerate(contracts, start=first_number)
    }


def lots_by_id(book: Mapping[str, Contract]) -> dict[str, Lot]:
    """Every lot of the book by its id."""
    return {
        f"{contract_id}-{number}": lot
        for contract_id, contract in book.items()
        for number, lot in enumerate(contract.lots, start=1)
    }


def plus_months(day: date, months: int) -> date:
    """The same day some months on, clamped to the month's length; a month-end stays a month-end (R1.3)."""
    years, month = divmod(day.month - 1 + months, _YEAR)
    length = _days_in_month(day.year + years, month + 1)
    is_month_end = day.day == _days_in_month(day.year, day.month)
    return date(day.year + years, month + 1, length if is_month_end else min(day.day, length))


def _days_in_month(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _pick(odds: Mapping[_Choice, float], rng: np.random.Generator) -> _Choice:
    """One of the keys, by its odds; the odds need not add up to 1."""
    point = rng.random() * sum(odds.values())
    for choice, part in odds.items():
        point -= part
        if point < 0:
            return choice
    return choice


def _client(account_id: str, name: str, rng: np.random.Generator) -> Client:
    region = _pick(REGIONS, rng)
    is_euro = rng.random() < (_EURO_IN_EUROPE if region == "Europe" else _EURO_OUTSIDE_EUROPE)
    return Client(
        account_id=account_id,
        name=name,
        segment=_pick(SEGMENTS, rng),
        region=region,
        currency="EUR" if is_euro else "USD",
        owner=OWNERS[rng.integers(len(OWNERS))],
        demand=rng.normal(_DEMAND_MEAN, _DEMAND_BETWEEN_CLIENTS),
        habit=_pick(HABITS, rng),
    )


def _needs(client: Client, rng: np.random.Generator) -> list[Offer]:
    """One or two ways of buying; a budget in dollars is not sold in another currency."""
    odds = {offer: offer.odds for offer in OFFERS if offer.unit in {client.currency, "hour", "day", "credit"}}
    first = _pick(odds, rng)
    others = {offer: part for offer, part in odds.items() if offer.service != first.service}
    return [first, _pick(others, rng)] if rng.random() < _SECOND_NEED else [first]


def _relationship(client: Client, offer: Offer, rng: np.random.Generator) -> list[Contract]:
    """One need over the years: purchase after purchase until the client leaves or the sample ends."""
    contracts: list[Contract] = []
    size = offer.quantity.typical * SEGMENT_SCALE[client.segment] * rng.lognormal(0, 0.45)
    price = offer.price.nearest(rng.normal(offer.price.typical, (offer.price.high - offer.price.low) / 5))
    scope = _scope(offer, rng)
    has_pool = rng.random() < _POOL
    valid_from = _first_start(rng)
    while (
        lot := _purchase(client, offer, scope, size, price, valid_from, rng, has_pool=has_pool)
    ).bought_on <= LAST_SNAPSHOT:
        if contracts and not has_pool and rng.random() < _RENEWS_UNDER_SAME_CONTRACT:
            contracts[-1].lots.append(lot)
        else:
            contracts.append(_contract(client, lot, rng, has_pool=has_pool))
        if rng.random() > _RENEWS:
            break
        valid_from = _next_start(lot, rng)
        price = offer.price.nearest(price * 1.03)
        size *= 0.9 + 0.2 * min(lot.demand, 1)
    return contracts


def _first_start(rng: np.random.Generator) -> date:
    """When a client's first lot begins: mostly on the first of a month."""
    if rng.random() < _EARLY_CLIENTS_SHARE:
        first, last = FIRST_PURCHASE, FIRST_SNAPSHOT
    else:
        first, last = FIRST_SNAPSHOT, LAST_SNAPSHOT - timedelta(days=90)
    day = first + timedelta(days=int(rng.integers((last - first).days)))
    return day.replace(day=1) if rng.random() < _STARTS_ON_THE_FIRST else day


def _next_start(lot: Lot, rng: np.random.Generator) -> date:
    """A renewal follows the old lot, or overlaps it; a client that runs out comes back early."""
    following = lot.expires_on + timedelta(days=1)
    if lot.demand > 1:
        return following - timedelta(days=int(rng.integers(20, 120)))
    shift = _pick({"follows": 0.6, "overlaps": 0.3, "pauses": 0.1}, rng)
    days = {"follows": 0, "overlaps": -int(rng.integers(5, 60)), "pauses": int(rng.integers(10, 75))}
    return following + timedelta(days=days[shift])


def _scope(offer: Offer, rng: np.random.Generator) -> tuple[str, ...]:
    own = SERVICE_TYPES[offer.service]
    kind = _pick({"line": 0.6, "narrow": 0.2, ANY_SERVICE: 0.12, "fungible": 0.08}, rng)
    if kind == "narrow":
        return own[:2] if rng.random() < _TWO_SERVICES else own[:1]
    if kind == ANY_SERVICE:
        return (ANY_SERVICE,)
    # Credits not used for training can be used for custom analytics (N14).
    is_fungible = kind == "fungible" or (offer.service, offer.unit) == ("training", "credit")
    return (*own, "custom analytics") if is_fungible and offer.service != "analytics" else own


def _purchase(
    client: Client,
    offer: Offer,
    scope: tuple[str, ...],
    size: float,
    price: int,
    valid_from: date,
    rng: np.random.Generator,
    *,
    has_pool: bool,
) -> Lot:
    years = _POOL_YEARS if has_pool else 1
    expires_on = plus_months(valid_from, _YEAR * years) - timedelta(days=1)
    quantity = offer.quantity.nearest(size * rng.uniform(0.85, 1.18))
    if has_pool:
        quantity = round(quantity * _POOL_SCALE / offer.quantity.step) * offer.quantity.step
    has_grace = rng.random() < _GRACE
    is_capped = has_grace and rng.random() < _CARRY_OVER_CAPPED
    added = round(quantity * rng.uniform(0.1, 0.25) / 100) * 100
    effective_on = valid_from + (expires_on - valid_from) * rng.uniform(0.3, 0.8)
    is_added_to = rng.random() < _ADDED_UNITS and effective_on <= LAST_SNAPSHOT
    price_added = added * price // 100
    addition = Amendment("add_units", effective_on, quantity=added, amount=price_added, billed=price_added)
    return Lot(
        offer=offer,
        scope=scope,
        quantity=quantity,
        price=price,
        standalone_price=round(price * rng.choice([1.0, 1.05, 1.1])),
        bought_on=valid_from - timedelta(days=int(rng.integers(2, 28))),
        valid_from=valid_from,
        expires_on=expires_on,
        grace_until=plus_months(expires_on, _GRACE_MONTHS) if has_grace else None,
        carry_over_cap=round(quantity * rng.uniform(0.2, 0.5) / 100) * 100 if is_capped else None,
        demand=min(max(rng.normal(client.demand, _DEMAND_BETWEEN_LOTS), _DEMAND_LIMITS[0]), _DEMAND_LIMITS[1]),
        habit=client.habit if rng.random() < _KEEPS_HABIT else _pick(HABITS, rng),
        goes_on_when_empty=rng.random() < _GOES_ON_WHEN_EMPTY,
        amendments=(addition,) if is_added_to else (),
    )


def _contract(client: Client, lot: Lot, rng: np.random.Generator, *, has_pool: bool) -> Contract:
    method = _pick(METHODS_OF[lot.offer.service], rng)
    is_even = method == "ratable" and rng.random() < _MONTH_EVEN
    contract = Contract(
        client=client,
        vehicle=THREE_YEAR_POOL if has_pool else lot.offer.vehicle,
        method=method,
        convention="month_even" if is_even else "daily",
        draw_order="current_term_first" if rng.random() < _CURRENT_TERM_FIRST else "fefo",
        lots=[lot],
    )
    if rng.random() < _COMPANION:
        contract.lots.append(_companion(client, lot, rng))
    return contract


def _companion(client: Client, lot: Lot, rng: np.random.Generator) -> Lot:
    """A second lot in the same order, counted in another unit."""
    odds = {offer: offer.odds for offer in OFFERS if offer.unit in {"hour", "day", "credit"} - {lot.offer.unit}}
    offer = _pick(odds, rng)
    size = offer.quantity.typical * 0.5
    companion = _purchase(
        client, offer, SERVICE_TYPES[offer.service], size, offer.price.typical, lot.valid_from, rng, has_pool=False
    )
    return replace(companion, bought_on=lot.bought_on)


def _northwind() -> Contract:
    """A block of 200 consulting hours that burns too slowly; its deliveries are written down, not drawn."""
    offer = next(offer for offer in OFFERS if (offer.service, offer.unit) == ("consulting", "hour"))
    valid_from, expires_on = _NORTHWIND_TERM
    lot = Lot(
        offer=offer,
        scope=SERVICE_TYPES["consulting"],
        quantity=20_000,
        price=20_000,
        standalone_price=20_000,
        bought_on=date(2026, 3, 12),
        valid_from=valid_from,
        expires_on=expires_on,
        grace_until=None,
        carry_over_cap=None,
        demand=0.8,
        habit="steady",
        goes_on_when_empty=False,
        deliveries=NORTHWIND_DELIVERIES,
    )
    client = Client("A001", "Northwind", "Mid-market", "North America", "USD", "Team Cedar", 0.8, "steady")
    return Contract(client, offer.vehicle, "on_delivery", "daily", "fefo", [lot])

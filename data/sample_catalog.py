"""What the sample firm sells, and the words its book is written in.

Quantities are whole hundredths of a unit and money is whole cents throughout the sample, so that nothing is
rounded before it becomes a DECIMAL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

#: The knowledge dates run from the first to the last; nothing after the last is ever published.
FIRST_SNAPSHOT: Final = date(2023, 11, 30)
LAST_SNAPSHOT: Final = date(2026, 10, 31)
FIRST_PURCHASE: Final = date(2022, 9, 1)

ANY_SERVICE: Final = "any"
THREE_YEAR_POOL: Final = "three-year pool"
VEHICLE_PREFIXES: Final = {
    "SOW": "SOW",
    "service order": "SO",
    "credit purchase": "CP",
    THREE_YEAR_POOL: "POOL",
}

#: Service types by the service line that delivers them.
SERVICE_TYPES: Final = {
    "training": ("workshop", "online class", "coaching"),
    "consulting": ("advisory", "implementation", "health check"),
    "creative": ("design", "video", "copywriting"),
    "analytics": ("custom analytics", "dashboard build", "data audit"),
}
SERVICE_OF: Final = {type_: service for service, types in SERVICE_TYPES.items() for type_ in types}
DEPARTMENT_OF: Final = {
    "training": "Education",
    "consulting": "Professional Services",
    "creative": "Creative Studio",
    "analytics": "Data & Analytics",
}
#: Who lends a hand when a delivery is shared.
SECOND_DEPARTMENT_OF: Final = {
    "training": "Professional Services",
    "consulting": "Support",
    "creative": "Education",
    "analytics": "Support",
}
#: Policies by service, with their odds: one firm, several policies (N17), mostly the same for a service (N10).
METHODS_OF: Final = {
    "training": {"ratable": 0.55, "on_delivery": 0.40, "proportional": 0.05},
    "consulting": {"on_delivery": 0.93, "remote": 0.07},
    "creative": {"on_delivery": 0.89, "proportional": 0.08, "remote": 0.03},
    "analytics": {"on_delivery": 0.80, "proportional": 0.20},
}


@dataclass(frozen=True)
class Span:
    """Values from `low` to `high` in steps of `step`; `typical` is the middle most of them lie near."""

    low: int
    typical: int
    high: int
    step: int

    def nearest(self, value: float) -> int:
        """The value of the span nearest to any value."""
        return round(min(max(value, self.low), self.high) / self.step) * self.step


@dataclass(frozen=True)
class Offer:
    """One way a service is sold: lot sizes and delivery sizes in hundredths of the unit, prices in cents.

    `delivery_spread` is how far deliveries stray from the typical one, in log terms; `odds` how often it is bought.
    """

    service: str
    unit: str
    vehicle: str
    quantity: Span
    price: Span
    delivery: Span
    delivery_spread: float
    odds: float


_HOURS: Final = Span(4_000, 16_000, 60_000, 1_000)
_SESSION_HOURS: Final = Span(200, 550, 1_600, 25)
_DAYS: Final = Span(1_000, 2_200, 6_000, 100)
_SESSION_DAYS: Final = Span(50, 100, 300, 50)

OFFERS: Final = (
    Offer("training", "day", "service order", _DAYS, Span(140_000, 170_000, 220_000, 5_000), _SESSION_DAYS, 0.25, 0.16),
    Offer(
        "training",
        "credit",
        "credit purchase",
        Span(5_000, 25_000, 100_000, 1_000),
        Span(2_500, 7_500, 12_000, 500),
        Span(100, 600, 3_000, 100),
        0.5,
        0.20,
    ),
    Offer("consulting", "hour", "service order", _HOURS, Span(15_000, 19_500, 26_000, 500), _SESSION_HOURS, 0.5, 0.26),
    Offer("consulting", "day", "SOW", _DAYS, Span(150_000, 190_000, 220_000, 5_000), _SESSION_DAYS, 0.25, 0.06),
    Offer(
        "creative",
        "USD",
        "SOW",
        Span(1_000_000, 6_000_000, 25_000_000, 250_000),
        Span(100, 100, 100, 100),
        Span(150_000, 420_000, 2_000_000, 1),
        0.6,
        0.14,
    ),
    Offer("creative", "hour", "SOW", _HOURS, Span(15_000, 17_000, 21_000, 500), _SESSION_HOURS, 0.5, 0.06),
    Offer(
        "analytics",
        "credit",
        "credit purchase",
        Span(5_000, 20_000, 60_000, 1_000),
        Span(6_000, 9_500, 12_000, 500),
        Span(200, 800, 4_000, 100),
        0.6,
        0.07,
    ),
    Offer("analytics", "hour", "service order", _HOURS, Span(16_000, 20_500, 26_000, 500), _SESSION_HOURS, 0.5, 0.05),
)

OWNERS: Final = tuple(
    f"Team {tree}" for tree in ("Alder", "Birch", "Cedar", "Hazel", "Juniper", "Larch", "Maple", "Rowan")
)
SEGMENTS: Final = {"Enterprise": 0.25, "Mid-market": 0.45, "Small business": 0.30}
SEGMENT_SCALE: Final = {"Enterprise": 1.9, "Mid-market": 1.0, "Small business": 0.6}
REGIONS: Final = {"North America": 0.62, "Europe": 0.28, "Asia-Pacific": 0.10}

#: How clients spread their use over a term, with the odds of each.
HABITS: Final = {
    "steady": 0.36,
    "slow start": 0.18,
    "front-loaded": 0.14,
    "stops": 0.10,
    "rush": 0.12,
    "bursts": 0.10,
}

_NAME_STARTS: Final = (
    *("Ash", "Brack", "Cald", "Dun", "Elm", "Fern", "Glen", "Harrow", "Iver", "Kest", "Lorn", "Marl"),
    *("Neth", "Oster", "Pell", "Quill", "Raven", "Sorrel", "Thorn", "Ulver", "Vant", "Wex", "Yarrow", "Zell"),
)
_NAME_ENDS: Final = ("mere", "wick", "holm", "stead", "fold", "combe")
_TRADES: Final = (
    *("Foods", "Freight", "Health", "Instruments", "Credit Union", "College"),
    *("Textiles", "Energy", "Insurance", "Robotics", "Housing", "Mills"),
)
CLIENT_NAMES: Final = tuple(
    f"{start}{end} {trade}" for start in _NAME_STARTS for end in _NAME_ENDS for trade in _TRADES
)

PROJECT_NAMES: Final = {
    "training": ("Onboarding curriculum", "Manager academy", "Certification path"),
    "consulting": ("Process review", "System rollout", "Operating model", "Data migration"),
    "creative": ("Website refresh", "Launch campaign", "Brand guide", "Annual report"),
    "analytics": ("Sales dashboard", "Churn study", "Data quality", "Cost model"),
}
PROGRAM_NAMES: Final = ("Digital workplace", "Growth programme", "Service excellence", "Skills for tomorrow")
REMOTE_EVIDENCE: Final = "No request and no use for 90 days; the client's sponsor team was dissolved"

#: Northwind's deliveries in hundredths of an hour; those after the last snapshot are agreed, not yet done.
NORTHWIND_DELIVERIES: Final = (
    (date(2026, 4, 3), 850),
    (date(2026, 5, 22), 150),
    (date(2026, 6, 4), 200),
    (date(2026, 6, 11), 500),
    (date(2026, 6, 16), 400),
    (date(2026, 6, 19), 1_100),
    (date(2026, 6, 29), 450),
    (date(2026, 7, 2), 400),
    (date(2026, 7, 9), 150),
    (date(2026, 7, 27), 425),
    (date(2026, 8, 6), 400),
    (date(2026, 8, 17), 750),
    (date(2026, 8, 19), 300),
    (date(2026, 9, 3), 800),
    (date(2026, 9, 22), 550),
    (date(2026, 10, 1), 150),
    (date(2026, 10, 9), 200),
    (date(2026, 10, 26), 325),
    (date(2026, 11, 18), 600),
    (date(2026, 11, 26), 250),
    (date(2026, 12, 9), 400),
    (date(2027, 1, 14), 800),
    (date(2027, 2, 11), 600),
)


def hundredths(*columns: str) -> list[pl.Expr]:
    """The columns, counted in whole hundredths, as decimals."""
    return [(pl.col(column) / 100).round(2).cast(pl.Decimal(18, 2)) for column in columns]

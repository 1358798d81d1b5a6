"""One colour, one meaning, everywhere: the palette of the charts for light and dark, safe for colour-blind readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Opacity of the 80% and the 50% band of a forecast, and of the grace window.
BAND_80: Final = 0.14
BAND_50: Final = 0.22
GRACE: Final = 0.18

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
TEXT_SIZE: Final = 13


@dataclass(frozen=True)
class Theme:
    """What each colour of a chart stands for, as hex."""

    actual: str
    context: str
    attention: str
    ratable: str
    proportional: str
    remote: str
    grace: str
    ink: str
    muted: str
    grid: str
    paper: str


LIGHT: Final = Theme(
    actual="#0B5CAD",
    context="#8A8F98",
    attention="#C2410C",
    ratable="#8A6D1D",
    proportional="#0E8365",
    remote="#9C3F86",
    grace="#E8A33D",
    ink="#1F2430",
    muted="#667085",
    grid="#ECEEF1",
    paper="#FFFFFF",
)

DARK: Final = Theme(
    actual="#6AB0FF",
    context="#8A93A3",
    attention="#FF8A5B",
    ratable="#D9B75B",
    proportional="#4CC9A4",
    remote="#E08CCB",
    grace="#E8A33D",
    ink="#E6E9EF",
    muted="#9AA4B2",
    grid="#2A2F3A",
    paper="#14171E",
)


def theme(kind: str | None) -> Theme:
    """The palette of `light` or `dark`; light while the browser has not said which."""
    return DARK if kind == "dark" else LIGHT


def faded(colour: str, opacity: float) -> str:
    """A hex colour at an opacity, as Plotly reads it."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"

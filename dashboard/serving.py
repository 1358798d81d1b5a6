"""Whom the dashboard is served to: without sign-in this machine alone, unless wider is asked for by name."""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import Final

#: Set, the dashboard is served without sign-in to whoever reaches it.
WITHOUT_SIGN_IN: Final = "DRAWDOWN_WITHOUT_SIGN_IN"


def is_loopback(address: str | None) -> bool:
    """Whether only this machine reaches a server at an address; None is every address of the machine."""
    if address == "localhost":
        return True
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False


def is_open_to_anyone() -> bool:
    """Whether serving without sign-in beyond this machine was asked for."""
    return bool(os.environ.get(WITHOUT_SIGN_IN))

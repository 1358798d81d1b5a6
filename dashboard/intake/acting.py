"""Who acts, for the access log: also where no snapshot is shown yet."""

from __future__ import annotations

from typing import Any

from dashboard import access_log
from dashboard.sign_in import viewer


def acting() -> dict[str, Any]:
    """Who acts and what the page shows, to be noted with what is done."""
    who = viewer()
    return {"who": who.name, "role": who.role, "page": "Data"} | access_log.seen()

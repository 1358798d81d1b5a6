"""How far lots miss together, learned from past forecasts: what makes the interval of a total honest.

Each past forecast of a lot that has ended since says how surprising its end was, as a normal score. Lots of one
forecast day and quarter of expiry that miss on the same side show a common factor; its share of the variance is the
correlation used for totals. Few quarters say little, so they are mixed with what was measured on other data (0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from queries.forecast.known import Integers, Numbers

#: The correlation assumed before anything is known, and how many quarters it counts for.
PRIOR: Final = 0.15
_PRIOR_QUARTERS: Final = 4
_MOST: Final = 0.6


def correlation(scores: Numbers, origins: Integers, quarters: Integers) -> float:
    """The correlation of normal scores of lots that can miss together, drawn to the prior.

    Args:
        scores: normal scores of outcomes within their forecasts.
        origins: the day each forecast was made, as a number.
        quarters: the quarter in which each lot ended, as a number. Forecasts of one quarter from several days are not
            independent of each other, so it is quarters that count against the prior.
    """
    _, groups = np.unique(np.stack([origins, quarters], axis=1), axis=0, return_inverse=True)
    sizes = np.bincount(groups)
    pairs = (sizes * (sizes - 1)).sum()
    if not pairs:
        return PRIOR
    shared = (np.bincount(groups, scores) ** 2 - np.bincount(groups, scores**2)).sum() / pairs
    measured = shared / np.mean(scores**2)
    seen = len(np.unique(quarters))
    mixed = (seen * measured + _PRIOR_QUARTERS * PRIOR) / (seen + _PRIOR_QUARTERS)
    return float(min(max(mixed, 0.0), _MOST))

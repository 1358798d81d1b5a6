"""The forecast of what is left unused at expiry: one concept per module, pure functions, no page knows how they work.

known.py         what was known of lots and their use on a day
traits.py        how a lot looks on a day: the numbers by which lots are compared
trees.py         which ended lots are alike: extremely randomized trees, compiled
forecaster.py    the forecast of every requested lot and day
distribution.py  quantiles, means and joint draws of what is forecast
together.py      how far lots miss together, learned from past forecasts
"""

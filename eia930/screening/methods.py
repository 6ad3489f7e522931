# SPDX-License-Identifier: Apache-2.0
"""Which screening a series gets, by its name. Why: docs/quality.md."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from types import MappingProxyType

import numpy as np

from eia930.reference.routes import FUEL, INTERCHANGE
from eia930.reference.series import SeriesKey, find_series
from eia930.screening.demand import screen, screen_forecast
from eia930.screening.flags import Screened
from eia930.screening.quartiles import Values
from eia930.screening.signed import screen_signed


class Method(StrEnum):
    """The four ways to screen a series."""

    DEMAND = "demand"
    """The published method, all nine steps."""
    FORECAST = "forecast"
    """The published method without single deltas: forecasts step from level to level and stay there."""
    SIGNED = "signed"
    """Sign and zero are legal: short spikes out of proportion, and a moving series that stands still."""
    STEADY = "steady"
    """As signed, but runs of one value are normal: only the spikes."""


_STEADY_FUELS = frozenset({"NUC", "GEO"})
_SCREENS: Mapping[Method, Callable[[Values], Screened]] = MappingProxyType(
    {
        Method.DEMAND: screen,
        Method.FORECAST: screen_forecast,
        Method.SIGNED: screen_signed,
        Method.STEADY: partial(screen_signed, stands_still=True),
    }
)


def steps_for(key: SeriesKey) -> Method:
    """Return the method for a series: demand of areas and sub-areas, forecasts, steady plants, all the rest."""
    if key.type == "D":
        return Method.DEMAND
    if key.type == "DF":
        return Method.FORECAST
    steady = key.route is INTERCHANGE or (key.route is FUEL and key.kind in _STEADY_FUELS)
    return Method.STEADY if steady else Method.SIGNED


def screen_series(series_id: str, values: Values) -> Screened:
    """Screen one series by the method that fits its name; `values` as for `screen`.

    Of a name that no route of ours has nothing is known, so nothing is doubted.
    """
    key = find_series(series_id)
    if key is None:
        return Screened(code=np.zeros(values.size, np.uint8), g=float("nan"), iqr_r=float("nan"))
    return _SCREENS[steps_for(key)](values)

# SPDX-License-Identifier: Apache-2.0
"""Which screening a series gets, by its name. Why: docs/quality.md."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from types import MappingProxyType

from eia930.reference.series_ids import parse_series_id
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


def steps_for(series_id: str) -> Method:
    """Return the method for a series: demand of areas and sub-areas, forecasts, steady plants, all the rest.

    ValueError for a name that is no hourly series of Form EIA-930.
    """
    name = parse_series_id(series_id)
    if name.kind == "D":
        return Method.DEMAND
    if name.kind == "DF":
        return Method.FORECAST
    return Method.STEADY if name.fuel in _STEADY_FUELS or name.kind == "ID" else Method.SIGNED


def screen_series(series_id: str, values: Values) -> Screened:
    """Screen one series by the method that fits its name; `values` as for `screen`."""
    return _SCREENS[steps_for(series_id)](values)

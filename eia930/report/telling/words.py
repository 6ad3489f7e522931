# SPDX-License-Identifier: Apache-2.0
"""Names and figures as a reader sees them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from eia930.reference.respondents import respondents
from eia930.reference.routes import REGION, ROUTES
from eia930.reference.series import find_series

FLAG_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "negative_or_zero": "zero or below, where only a positive figure is possible",
        "identical_run": "third and later hours of one repeated value",
        "global_outlier": "ten times the median of the series, or more",
        "global_outlier_neighbor": "the hour before or after such an outlier",
        "local_outlier_high": "far above what this hour of the day usually is",
        "local_outlier_low": "far below what this hour of the day usually is",
        "double_delta": "a spike or dip: far from both neighbouring hours, to the same side",
        "single_delta": "a jump away from the last trusted hour",
        "anomalous_region": "a short stretch among many flagged hours",
    }
)


METHOD_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "eia": "EIA's own figure",
        "regression_kriging": "from other series, the forecast and the hours around",
        "same_hour": "between the same hour of the days beside",
    }
)


def respondent_name(code: str) -> str:
    """The authority's or region's name; the code where the tables do not know it."""
    known = respondents().get(code)
    return known.name if known else code


def kind_name(route: str, kind: str) -> str:
    """What a row of the account is about: a type of region-data by name, else the whole route."""
    return ROUTES[route].title(kind) if route in ROUTES else route


def unit_of(series_id: str) -> str:
    """What the figures of a series are in: `MW`, or its route's own unit."""
    key = find_series(series_id)
    return key.route.power if key else REGION.power


def count(number: int) -> str:
    """`1,384,924`."""
    return f"{number:,}"


def figure(value: float | None) -> str:
    """`12,345`, `−7.5`, or `none`."""
    if value is None:
        return "none"
    text = f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    return text.replace("-", "−")


def three_digits(value: float) -> str:
    """`152,000`, `1.75`: a speed that was measured once says no more than that."""
    return f"{float(f'{value:.3g}'):,.12g}"


def percent(share: float | None) -> str:
    """`99.88 %`. Never 100 % for less than all, never 0 % for more than none."""
    if share is None:
        return "–"
    if 0 < share < 0.0001:
        return "<0.01 %"
    text = f"{min(100 * share, 99.99 if share < 1 else 100.0):.2f} %"
    return text.replace("100.00", "100").replace("0.00 %", "0 %") if share in (0, 1) else text

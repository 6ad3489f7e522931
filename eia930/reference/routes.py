# SPDX-License-Identifier: Apache-2.0
"""The four hourly routes of `electricity/rto`, as data: their keys, rows, series ids and first hours.

Nothing else in the package knows a facet's name. A new route is a new entry of `ROUTES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from eia930.reference.hours import parse_hour

UNIT = "megawatthours"
PAGE = 5000
"""Most rows that one JSON answer holds (EIA's documentation)."""


@dataclass(frozen=True, slots=True)
class Route:
    """One hourly route.

    `respondent` and `kind` are the facets that make its key, and the row's members of the same name:
    whose hours these are, and which of its series (a type, a fuel, a neighbour or a sub-region).
    """

    id: str
    name: str
    description: str
    respondent: str
    kind: str
    respondent_name: str
    kind_name: str
    facets: Mapping[str, str] = field(hash=False)
    alias: str
    series: str
    first: int
    """The first hour that the API serves (its `startPeriod` since December 2024)."""
    types: tuple[str, ...] = ()
    """Kinds to ask for by name; empty means whatever exists (fuels and neighbours come and go)."""

    def series_id(self, respondent: str, kind: str) -> str:
        """EIA's own name of a series, as `EBA.PACW-ALL.D.H`."""
        return self.series.format(respondent=respondent, kind=kind)

    @property
    def keys(self) -> tuple[str, str]:
        """The two key columns, as EIA names them."""
        return (self.respondent, self.kind)


_FIRST = parse_hour("2019-01-01T00")
_SOURCE = "  \n    Source: Form EIA-930\n    Product: Hourly Electric Grid Monitor"

REGION = Route(
    id="region-data",
    name="Hourly Demand, Demand Forecast, Generation, and Interchange",
    description="Hourly demand, day-ahead demand forecast, net generation, and interchange "
    "by balancing authority." + _SOURCE,
    respondent="respondent",
    kind="type",
    respondent_name="respondent-name",
    kind_name="type-name",
    facets=MappingProxyType({"respondent": "Balancing Authority / Region", "type": "Type"}),
    alias="Demand",
    series="EBA.{respondent}-ALL.{kind}.H",
    first=_FIRST,
    # Asked for by name: since 2024 the route also lists carbon dioxide (CO2.*), which is another record.
    types=("D", "DF", "NG", "TI"),
)
FUEL = Route(
    id="fuel-type-data",
    name="Hourly Generation by Energy Source",
    description="Hourly net generation by balancing authority and energy source." + _SOURCE,
    respondent="respondent",
    kind="fueltype",
    respondent_name="respondent-name",
    kind_name="type-name",
    facets=MappingProxyType({"respondent": "Balancing Authority / Region", "fueltype": "Energy Source"}),
    alias="Net Generation",
    series="EBA.{respondent}-ALL.NG.{kind}.H",
    first=_FIRST,
)
INTERCHANGE = Route(
    id="interchange-data",
    name="Hourly Interchange by Neighboring Balancing Authority",
    description="Daily interchange between neighboring balancing authorities." + _SOURCE,
    respondent="fromba",
    kind="toba",
    respondent_name="fromba-name",
    kind_name="toba-name",
    facets=MappingProxyType(
        {"fromba": "Balancing Authority / Region", "toba": "Neighboring Balancing Authority / Region"}
    ),
    alias="Interchange",
    series="EBA.{respondent}-{kind}.ID.H",
    first=_FIRST,
)
SUBREGION = Route(
    id="region-sub-ba-data",
    name="Hourly Demand by Subregion",
    description="Hourly demand by balancing authority subregion." + _SOURCE,
    respondent="parent",
    kind="subba",
    respondent_name="parent-name",
    kind_name="subba-name",
    facets=MappingProxyType({"subba": "Subregion", "parent": "Balancing Authority"}),
    alias="Demand",
    series="EBA.{respondent}-{kind}.D.H",
    first=_FIRST,
)

ROUTES: Mapping[str, Route] = MappingProxyType({r.id: r for r in (REGION, FUEL, INTERCHANGE, SUBREGION)})
TYPE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "D": "Demand",
        "DF": "Day-ahead demand forecast",
        "NG": "Net generation",
        "TI": "Total interchange",
    }
)
FUEL_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "BAT": "Battery storage",
        "COL": "Coal",
        "GEO": "Geothermal",
        "NG": "Natural Gas",
        "NUC": "Nuclear",
        "OIL": "Petroleum",
        "OTH": "Other",
        "PS": "Pumped storage",
        "SUN": "Solar",
        "UES": "Unknown energy storage",
        "UNK": "Unknown",
        "WAT": "Hydro",
        "WND": "Wind",
    }
)

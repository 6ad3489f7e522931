# SPDX-License-Identifier: Apache-2.0
"""The four hourly routes of `electricity/rto`, as data: keys, unit, names of series, first hour, and what to expect.

Nothing else in the package knows a facet's name, or which kinds a respondent should have. A new route is a new
entry of `ROUTES`; docs/how-to/add-a-route.md goes through one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from eia930.reference import respondents as tables
from eia930.reference.halves import FIRST, FIRST_FUELS
from eia930.reference.hours import parse_hour
from eia930.reference.life import Life

PAGE = 5000
"""Most rows that one JSON answer holds (EIA's documentation)."""
FORECAST = "DF"
"""The type that tells of hours to come, a day ahead: it says nothing of how far the record has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """EIA's own names of its series: `{respondent}` and `{kind}` stand for the codes."""
    first: int
    """The first hour that the API serves (its `startPeriod` since December 2024)."""
    begins: int
    """The first hour that the form asks for: before it there is nothing, whatever the source."""
    lives: Callable[[str], tables.Lives]
    """Respondent → the kinds that the tables know of it, and from when to when; empty for one that they do not know."""
    named: Callable[[], Mapping[str, str]]
    """What the kinds are called, by code."""
    word: str = ""
    """What an analyst puts before a kind: `NG` in `NG.SUN`; empty where the types are words by themselves."""
    titled: str = "{name}"
    """What one of its series is called, by the kind's name."""
    unit: str = "megawatthours"
    """What every row of it must say: MWh in the hour, which is MW on average."""
    types: tuple[str, ...] = ()
    """Kinds to ask for by name, each a quantity of its own; empty means whatever exists (fuels, neighbours come and
    go), all of one quantity."""
    beside: tuple[str, ...] = ()
    """Kinds that its facet lists, and that are another record."""
    total: str = ""
    """The type of region-data that the kinds of a respondent add up to; empty where there is none."""
    only_listed: bool = False
    """Whether none but the respondents that the tables list can have hours in it."""
    of_sources: bool = False
    """Whether its kinds are energy sources, which have lives of their own."""

    @property
    def keys(self) -> tuple[str, str]:
        """The two key columns, as EIA names them."""
        return (self.respondent, self.kind)

    @property
    def of_wholes(self) -> bool:
        """Whether its series are of a respondent as a whole, so that a region's is the sum over its authorities."""
        return "-ALL." in self.series

    @property
    def energy(self) -> str:
        """What an hour of it is counted in, as readers write it: `MWh`, or its own unit."""
        return "MWh" if self.unit == "megawatthours" else self.unit

    @property
    def power(self) -> str:
        """The same on average over the hour: `MW`, or its own unit."""
        return "MW" if self.unit == "megawatthours" else self.unit

    def expected(self, respondent: str, during: tuple[int, int] | None = None) -> tuple[str, ...]:
        """The kinds that the tables know for a respondent: a first guess at rows an hour, never a limit.

        `during`: only those that can have hours in these (first and last, inclusive, since 1970 UTC).
        """
        return tuple(kind for kind, life in self.lives(respondent).items() if during is None or life.hours(*during))

    def served(self) -> tuple[str, ...]:
        """The respondents that can have hours in it, sorted."""
        return _served(self)

    def kinds(self) -> tuple[str, ...]:
        """Every kind that the tables know, sorted."""
        return tuple(sorted({*self.names(), *(kind for code in self.served() for kind in self.lives(code))}))

    def knows(self, respondent: str, kind: str) -> bool:
        """Whether the tables have both codes; of a sub-region, whether they have it of this authority."""
        if respondent not in tables.respondents():
            return False
        return kind in (self.lives(respondent) if self.only_listed else _kinds(self))

    def life(self, respondent: str, kind: str) -> Life:
        """From when to when a series can have hours, as far as the tables know: its respondent, the two, the kind."""
        one, code = tables.respondents().get(respondent), tables.energy_sources().get(kind)
        whole = one.life if one else Life()
        if code and self.of_sources:
            whole = whole.within(code.life)
        return self.lives(respondent).get(kind, Life()).within(whole)

    def names(self) -> Mapping[str, str]:
        """What the kinds are called, by code; a code may lack a name."""
        return self.named()

    def line(self, kind: str) -> str:
        """What of a series its line in tables and maps goes by: the kind where each is a quantity, else nothing."""
        return kind if self.types else ""

    def title(self, kind: str) -> str:
        """What such a line is called: the type's name, or the route's."""
        return self.names().get(kind, kind) if self.types else self.name


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
    begins=FIRST.hours()[0],
    beside=("CO2.CON", "CO2.EM", "CO2.EXPR", "CO2.GER", "CO2.IMPR"),  # carbon dioxide, since 2024
    types=tuple(tables.types()),
    lives=tables.types_of,
    named=tables.type_names,
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
    begins=FIRST_FUELS.hours()[0],
    lives=tables.fuels_of,
    named=tables.fuel_names,
    word="NG",
    total="NG",
    of_sources=True,
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
    begins=FIRST.hours()[0],
    lives=tables.partners_of,
    named=tables.respondent_names,
    word="ID",
    titled="Interchange with {name}",
    total="TI",
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
    begins=FIRST_FUELS.hours()[0],
    lives=tables.subregions_of,
    named=dict,
    word="SUB",
    titled="Demand of sub-region {name}",
    total="D",
    only_listed=True,
)


@cache
def _served(route: Route) -> tuple[str, ...]:
    return tuple(code for code in tables.at_home() if route.lives(code) or not route.only_listed)


@cache
def _kinds(route: Route) -> frozenset[str]:
    return frozenset(route.kinds())


ROUTES: Mapping[str, Route] = MappingProxyType({r.id: r for r in (REGION, FUEL, INTERCHANGE, SUBREGION)})

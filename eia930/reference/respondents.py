# SPDX-License-Identifier: Apache-2.0
"""Balancing authorities and regions: codes, names, time zones, neighbours, fuels, sub-regions.

The tables travel inside the package, so that an installed copy on a cluster's worker has them.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Respondent:
    """A balancing authority, a region that sums over some, the nation (`US48`), or a foreign neighbour."""

    code: str
    name: str
    kind: str
    """`authority`, `region`, `nation` or `foreign`."""
    region: str
    time_zone: str
    generation_only: bool
    activated: date | None
    retired: date | None

    def is_active(self, first: date, last: date) -> bool:
        """Whether it was at work on any of the days; where no date is known, it was."""
        return (self.activated is None or self.activated <= last) and (self.retired is None or self.retired >= first)


@cache
def respondents() -> Mapping[str, Respondent]:
    """Every code of EIA's reference tables, with the areas added up to 2026, by code."""
    return MappingProxyType({row["code"]: _respondent(row) for row in _table("respondents")})


@cache
def neighbours() -> Mapping[str, tuple[str, ...]]:
    """The authorities that each one reports interchange with (seen on 2022-07-10, and those since gone)."""
    return _grouped("neighbours")


@cache
def fuels() -> Mapping[str, tuple[str, ...]]:
    """The energy sources that each authority reports (seen on 2022-07-10, and those since gone)."""
    return _grouped("fuels")


@cache
def subregions() -> Mapping[str, tuple[str, ...]]:
    """The sub-regions of the authorities that report any (seen 2020-2024). Codes repeat: key on both."""
    return _grouped("subregions")


@cache
def members() -> Mapping[str, tuple[str, ...]]:
    """Region → its authorities, and `US48` → all of them."""
    home = [r for r in respondents().values() if r.kind == "authority"]
    regions = sorted({r.region for r in home})
    table = {code: tuple(sorted(r.code for r in home if r.region == code)) for code in regions}
    return MappingProxyType({**table, "US48": tuple(sorted(r.code for r in home))})


def at_home() -> tuple[str, ...]:
    """Everybody but the foreign neighbours, sorted: who can have hours of its own."""
    return tuple(sorted(code for code, one in respondents().items() if one.kind != "foreign"))


def names() -> Mapping[str, str]:
    """The name of every respondent, by code."""
    return {code: one.name for code, one in respondents().items()}


def types_of(code: str) -> tuple[str, ...]:
    """The types of region-data that the tables know for a respondent: who only generates has no demand."""
    about = respondents().get(code)
    return ("NG", "TI") if about is not None and about.generation_only else ("D", "DF", "NG", "TI")


def fuels_of(code: str) -> tuple[str, ...]:
    """The energy sources of an authority, or of any of a region's."""
    return tuple(sorted({fuel for part in _parts(code) for fuel in fuels().get(part, ())}))


def subregions_of(code: str) -> tuple[str, ...]:
    """The sub-regions of an authority."""
    return subregions().get(code, ())


def partners_of(code: str) -> tuple[str, ...]:
    """The neighbours of an authority; of a region, the regions that its authorities exchange with."""
    if code not in members():
        return neighbours().get(code, ())
    inside = set(_parts(code))
    outside = {other for part in inside for other in neighbours().get(part, ()) if other not in inside}
    return tuple(sorted({respondents()[other].region for other in outside} - {code}))


def _parts(respondent: str) -> tuple[str, ...]:
    return members().get(respondent, (respondent,))


def _respondent(row: Mapping[str, str]) -> Respondent:
    return Respondent(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        region=row["region"],
        time_zone=row["time_zone"],
        generation_only=row["generation_only"] == "yes",
        activated=_date(row["activated"]),
        retired=_date(row["retired"]),
    )


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _table(name: str) -> Iterator[dict[str, str]]:
    text = (files("eia930.reference") / f"{name}.csv").read_text("utf-8")
    yield from csv.DictReader(text.splitlines())


def _grouped(name: str) -> Mapping[str, tuple[str, ...]]:
    grouped: dict[str, list[str]] = {}
    for row in _table(name):
        key, value = row.values()
        grouped.setdefault(key, []).append(value)
    return MappingProxyType({key: tuple(values) for key, values in grouped.items()})

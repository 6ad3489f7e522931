# SPDX-License-Identifier: Apache-2.0
"""Balancing authorities and regions: codes, names, time zones, neighbours, fuels, sub-regions.

The tables travel inside the package, so that an installed copy on a cluster's worker has them. Every row of them
names its source, and the day up to which that speaks.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from eia930.reference.life import Life

Lives = Mapping[str, Life]
"""Code → from when to when it has hours."""


@dataclass(frozen=True, slots=True)
class Respondent:
    """A balancing authority, a region that sums over some, the nation (`US48`), or a foreign neighbour."""

    code: str
    name: str
    kind: str
    """`authority`, `region`, `nation` or `foreign`."""
    region: str
    time_zone: str
    """The zone of its customers' clocks."""
    reporting_zone: str
    """The zone by which it cuts its days: without daylight saving in places (`Etc/GMT+5` is UTC−5)."""
    generation_only: bool
    life: Life


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of region-data, or an energy source."""

    code: str
    name: str
    life: Life
    note: str


@cache
def respondents() -> Mapping[str, Respondent]:
    """Every code of EIA's reference tables, with the areas added up to 2026, by code."""
    return MappingProxyType({row["code"]: _respondent(row) for row in table("respondents")})


@cache
def energy_sources() -> Mapping[str, Kind]:
    """Every energy source that the API or EIA's files name, by code."""
    return _kinds("energy_sources")


@cache
def types() -> Mapping[str, Kind]:
    """The types of region-data, by code."""
    return _kinds("types")


@cache
def neighbours() -> Mapping[str, tuple[str, ...]]:
    """The authorities that each one has ever reported interchange with."""
    return MappingProxyType({code: tuple(lives) for code, lives in _lives("neighbours").items()})


@cache
def fuels() -> Mapping[str, tuple[str, ...]]:
    """The energy sources that each authority reports (seen on 2022-07-10, and those since gone)."""
    return MappingProxyType({code: tuple(lives) for code, lives in _lives("fuels").items()})


@cache
def subregions() -> Mapping[str, tuple[str, ...]]:
    """The sub-regions of the authorities that report any. Codes repeat: key on both."""
    return MappingProxyType({code: tuple(lives) for code, lives in _lives("subregions").items()})


@cache
def members() -> Mapping[str, tuple[str, ...]]:
    """Region → its authorities, and `US48` → all of them."""
    home = [r for r in respondents().values() if r.kind == "authority"]
    regions = sorted({r.region for r in home})
    found = {code: tuple(sorted(r.code for r in home if r.region == code)) for code in regions}
    return MappingProxyType({**found, "US48": tuple(sorted(r.code for r in home))})


@cache
def at_home() -> tuple[str, ...]:
    """Everybody but the foreign neighbours, sorted: who can have hours of its own."""
    return tuple(sorted(code for code, one in respondents().items() if one.kind != "foreign"))


@cache
def respondent_names() -> Mapping[str, str]:
    """The name of every respondent, by code."""
    return MappingProxyType({code: one.name for code, one in respondents().items()})


@cache
def type_names() -> Mapping[str, str]:
    """The name of every type of region-data, by code."""
    return MappingProxyType({code: one.name for code, one in types().items()})


@cache
def fuel_names() -> Mapping[str, str]:
    """The name of every energy source, by code."""
    return MappingProxyType({code: one.name for code, one in energy_sources().items()})


@cache
def subregion_names() -> Mapping[tuple[str, str], str]:
    """(authority, sub-region) → its name, where one is known."""
    return MappingProxyType({(row["parent"], row["subba"]): row["name"] for row in table("subregions") if row["name"]})


def types_of(code: str) -> Lives:
    """The types of region-data of a respondent: who only generates has no demand."""
    about = respondents().get(code)
    some = ("NG", "TI") if about is not None and about.generation_only else tuple(types())
    return dict.fromkeys(some, Life())


def fuels_of(code: str) -> Lives:
    """The energy sources of an authority, or of any of a region's."""
    if code not in members():
        return _lives("fuels").get(code, {})
    return dict.fromkeys(sorted({fuel for part in members()[code] for fuel in fuels().get(part, ())}), Life())


def subregions_of(code: str) -> Lives:
    """The sub-regions of an authority."""
    return _lives("subregions").get(code, {})


def partners_of(code: str) -> Lives:
    """The neighbours of an authority; of a region, the regions that its authorities exchange with."""
    if code not in members():
        pairs = _lives("neighbours").get(code, {})
        return {other: life.within(respondents()[other].life) for other, life in pairs.items()}
    inside = set(members()[code])
    outside = {other for part in inside for other in neighbours().get(part, ()) if other not in inside}
    return dict.fromkeys(sorted({respondents()[other].region for other in outside} - {code}), Life())


def table_names() -> tuple[str, ...]:
    """Every table of the package, sorted."""
    names = (one.name.rpartition(".") for one in files("eia930.reference").iterdir())
    return tuple(sorted(stem for stem, _, ending in names if ending == "csv"))


def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a table, as text."""
    text = (files("eia930.reference") / f"{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _respondent(row: Mapping[str, str]) -> Respondent:
    return Respondent(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        region=row["region"],
        time_zone=row["time_zone"],
        reporting_zone=row["reporting_zone"],
        generation_only=row["generation_only"] == "yes",
        life=_life(row),
    )


def _kinds(name: str) -> Mapping[str, Kind]:
    rows = table(name)
    return MappingProxyType({row["code"]: Kind(row["code"], row["name"], _life(row), row["note"]) for row in rows})


@cache
def _lives(name: str) -> Mapping[str, Lives]:
    """Respondent → its kinds in a table, whose first two columns are the keys."""
    grouped: dict[str, dict[str, Life]] = {}
    for row in table(name):
        code, kind = _first_two(row.values())
        grouped.setdefault(code, {})[kind] = _life(row)
    return MappingProxyType({code: MappingProxyType(lives) for code, lives in grouped.items()})


def _first_two(values: Iterable[str]) -> tuple[str, str]:
    one, other, *_ = values
    return one, other


def _life(row: Mapping[str, str]) -> Life:
    return Life(row["first"], row["last"])

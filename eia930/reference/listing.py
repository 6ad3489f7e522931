# SPDX-License-Identifier: Apache-2.0
"""The tables as people read them: who there is, what it is called, from when to when, and who has its hours.

The API serves from 2019 on, EIA's six-month files from July 2015 (energy sources and sub-regions from July 2018).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from eia930.reference.hours import parse_hour, stamp
from eia930.reference.life import Life
from eia930.reference.respondents import Kind, Respondent, energy_sources, respondents, subregion_names, types
from eia930.reference.routes import INTERCHANGE, REGION, ROUTES, SUBREGION
from eia930.reference.series import SeriesKey

_API = stamp(REGION.first)[:10]
_FILES, _FILES_OF_PARTS = "2015-07-01", "2018-07-01"
_NONE, _NOW, _PAIRS = "–", "now", "Neighbours"
_CLOCKS: Mapping[str, str] = MappingProxyType(
    {
        "America/Los_Angeles": "Pacific",
        "America/Denver": "Mountain",
        "America/Phoenix": "Arizona",
        "America/Chicago": "Central",
        "America/New_York": "Eastern",
        "Etc/GMT+5": "UTC−5",
    }
)


@dataclass(frozen=True, slots=True)
class Section:
    """One table: what it is about, what to know of it, the heads of its columns, and its rows.

    Each row begins with its code (`PJM/PS` for a sub-region) and its name.
    """

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def about(self, word: str) -> Section:
        """Only what a word names: a code as it is or begins, an authority of sub-regions, a word of a name."""
        named = re.compile(rf"\b{re.escape(word)}", re.IGNORECASE)
        like = word.casefold()

        def fits(row: Sequence[str]) -> bool:
            codes = [code.casefold() for code in row[0].split("/")]
            return codes[0] == like or codes[-1].startswith(like) or bool(named.search(row[1]))

        return replace(self, rows=tuple(row for row in self.rows if fits(row)))

    def naming(self, series: SeriesKey) -> Section:
        """Only what a series' own name is made of: whose hours, and which kind of its route."""
        table, flow = self.title.rpartition(" of ")[2], series.route is INTERCHANGE
        codes = {series.respondent, series.kind} if flow else {series.respondent}
        if table in ROUTES:
            codes = {series.kind, f"{series.respondent}/{series.kind}"} if table == series.route.id else set()
        elif table == _PAIRS and not flow:
            codes = set()
        return replace(self, rows=tuple(row for row in self.rows if row[0] in codes))


def sections() -> tuple[Section, ...]:
    """All tables, in the order of a reader's questions."""
    people = respondents().values()
    return (
        _of_respondents(
            "Authorities",
            "Who balances a part of the grid. A star: EIA's files cut its days by another clock, see below.",
            [one for one in people if one.kind == "authority"],
        ),
        _of_respondents(
            "Regions",
            "EIA's sums over authorities, with its estimates inside. CAL is the region, CISO the largest authority in "
            "it; so with TEX and ERCO, NY and NYIS, NE and ISNE, TEN and TVA. Whoever adds both counts twice.",
            [one for one in people if one.kind in ("region", "nation")],
        ),
        _of_respondents(
            "Foreign neighbours",
            "Only at the other end of an interchange; they have no hours of their own.",
            [one for one in people if one.kind == "foreign"],
        ),
        _of_kinds(
            "Types of region-data",
            "NG here is net generation from all sources; as an energy source, NG is natural gas.",
            types().values(),
            _FILES,
        ),
        _of_kinds(
            "Energy sources of fuel-type-data",
            "NG here is natural gas; as a type of region-data, NG is net generation from all sources.",
            energy_sources().values(),
            _FILES_OF_PARTS,
        ),
        _subregions(),
        _clocks(),
        _neighbours(),
    )


def _of_respondents(title: str, note: str, some: Iterable[Respondent]) -> Section:
    rows = [
        (one.code, one.name, one.region, _clock(one), *_spans(one.life, _first_file(one), one.life)) for one in some
    ]
    return Section(title, note, ("code", "name", "in", "clock", "files", "API", "to"), tuple(rows))


def _first_file(one: Respondent) -> str:
    """From when the files have a respondent: authorities, and neighbours as such; no sums."""
    return _FILES if one.kind in ("authority", "foreign") else ""


def _of_kinds(title: str, note: str, kinds: Iterable[Kind], files: str) -> Section:
    rows = [(one.code, one.name, *_spans(one.life, files, one.life), one.note) for one in kinds]
    return Section(title, note, ("code", "name", "files", "API", "to", "note"), tuple(rows))


def _subregions() -> Section:
    rows = [
        (f"{parent}/{code}", subregion_names().get((parent, code), ""), *_spans(life, _FILES_OF_PARTS, whole))
        for parent in SUBREGION.served()
        for whole in (respondents()[parent].life,)
        for code, life in SUBREGION.lives(parent).items()
    ]
    note = "Parts of an authority's demand. Codes repeat, and letter case counts: PNM/PNM is a part of PNM."
    return Section("Sub-regions of region-sub-ba-data", note, ("code", "name", "files", "API", "to"), tuple(rows))


def _clocks() -> Section:
    """Whose days in EIA's files are cut by another clock than its customers'."""
    rows = [
        (one.code, one.name, _CLOCKS.get(one.time_zone, one.time_zone), _CLOCKS[one.reporting_zone])
        for one in respondents().values()
        if one.reporting_zone != one.time_zone
    ]
    note = "Hours in UTC are the same in both; only the local dates of EIA's files differ."
    return Section("Other clocks", note, ("code", "name", "customers", "files"), tuple(rows))


def _neighbours() -> Section:
    rows = [
        (code, ", ".join(_partner(other, life) for other, life in INTERCHANGE.lives(code).items()))
        for code, one in respondents().items()
        if one.kind == "authority"
    ]
    note = "Between whom interchange-data has flows, positive where the first one sends."
    return Section(_PAIRS, note, ("code", "with"), tuple(rows))


def _partner(code: str, life: Life) -> str:
    return f"{code} (to {_month(life.last)})" if life.last else code


def _clock(one: Respondent) -> str:
    clock = _CLOCKS.get(one.time_zone, one.time_zone.rpartition("/")[2].replace("_", " "))
    return clock + ("*" if one.reporting_zone != one.time_zone else "")


def _spans(life: Life, files: str, whole: Life) -> tuple[str, str, str]:
    """The months from which EIA's files and the API have it, and the last one."""
    both = life.within(whole)
    froms = (max(start, both.first[:10]) if start else "" for start in (files, _API))
    last = both.last or "9999"
    since = tuple(text[:7] if text and text < last else _NONE for text in froms)
    return (*since, _month(both.last) if both.last else _NOW)  # type: ignore[return-value]


def _month(text: str) -> str:
    """The month in which a life ends: the hour that ends a day, at midnight somewhere in America, is that day's."""
    return stamp(parse_hour(text) - 12)[:7] if "T" in text else text[:7]

# SPDX-License-Identifier: Apache-2.0
"""`eia930.hours(...)`: hours of an output as one Arrow table, whose every row is one hour, present or not."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from eia930.analysis.clock import LOCAL, Moment, hour_in, zone
from eia930.analysis.kinds import ALL, Wanted, checked_regions, wanted
from eia930.analysis.reading import Bounds, Output
from eia930.analysis.shape import Frame, Line, long_table, wide_table
from eia930.errors import UsageError
from eia930.reference.routes import ROUTES, Route
from eia930.reference.series import SeriesKey

_FILLS = (None, "estimate")


def hours(
    path: str | os.PathLike[str],
    *,
    regions: Sequence[str],
    kinds: Sequence[str] = ("D",),
    start: Moment = None,
    end: Moment = None,
    tz: str = "UTC",
    trusted: bool = False,
    fill: str | None = None,
    wide: bool = False,
) -> pa.Table:
    """Hours of `regions` × `kinds` from the output at `path` (a folder, or a bucket's URL), none left out.

    `kinds`: `D`, `DF`, `NG`, `TI`; a fuel `NG.SUN`; a neighbour `ID.PACW`; a sub-region `SUB.PGAE`; all fuels `NG.*`.
    `start`, `end`: `YYYY-MM-DD[THH]`, a date or a datetime, on the clock of `tz`: hours that begin in [start, end).
    `tz`: `UTC`, a zone's name, or `local`, each region's own; then a column says the wall clock at the hour's start.
    `trusted`: values with a flag are null. `fill="estimate"`: the output's own estimates stand where a value is null.

    Columns, a row an hour and series: `start`, `end` (timestamp[s]), `local` (with `tz="local"`), `region`,
    `region_name`, `kind`, `kind_name`, `series_id`, `value` (double, MWh in the hour; null: missing, reported empty, or
    not trusted), `flag`. With `wide`, a row an hour: `start`, `end`, `CISO.local`, and a column `CISO.D` a series.
    UsageError, with the nearest code, for what is not there, and by name for a file that is not as its load wrote it.
    """
    if fill not in _FILLS:
        raise UsageError(f"fill: no {fill!r}; give None, or 'estimate'")
    output, codes = Output(os.fspath(path)), checked_regions(_words("regions", regions))
    words = [wanted(word) for word in dict.fromkeys(_words("kinds", kinds))]
    if not codes or not words:
        raise UsageError("regions and kinds each need a name")
    _require_regions(output, codes, words)
    bounds = {code: _bounds(start, end, zone(tz, code)) for code in codes}
    lines = [line for code in codes for line in _lines(output, code, words, bounds[code])]
    _require_kinds(output, codes, words, lines)
    if fill and not any(line.found.estimate is not None for line in lines if line.found):
        raise UsageError(f"fill: {output.place} has no estimates; leave fill out")
    frame = Frame.over(lines, bounds, tz="UTC" if tz == LOCAL else zone(tz, codes[0]), local=tz == LOCAL)
    shape = wide_table if wide else long_table
    return shape(frame, lines, trusted=trusted, filled=fill is not None)


def _words(name: str, given: Sequence[str]) -> Sequence[str]:
    """A word alone is a sequence of letters to Python."""
    if isinstance(given, str):
        raise UsageError(f"{name}: give a list, as {name}=[{given!r}]")
    if wrong := [word for word in given if not isinstance(word, str)]:
        raise UsageError(f"{name}: {wrong[0]!r} is no text; give codes, as {name}=['...']")
    return list(given)


def _bounds(start: Moment, end: Moment, tz: str) -> Bounds:
    """First and last hour ending (inclusive) of the hours that begin in [start, end)."""
    first, last = hour_in("start", start, tz), hour_in("end", end, tz)
    if first is not None and last is not None and first >= last:
        raise UsageError(f"start {start} is not before end {end}")
    return (None if first is None else first + 1), last


def _lines(output: Output, region: str, words: Iterable[Wanted], hours: Bounds) -> Iterator[Line]:
    """The series of a region in the order asked for, route by route; each file is opened once or twice."""
    words = list(words)
    for route in {one.route.id: one.route for one in words}.values():
        mine = [one for one in words if one.route is route]
        kinds = [kind for one in mine for kind in (output.kinds(route, region) if one.kind == ALL else (one.kind,))]
        keys = [SeriesKey(route, region, kind) for kind in dict.fromkeys(kinds)]
        found = output.read(route, region, [key.id for key in keys], hours)
        yield from (Line(key, found.get(key.id)) for key in keys)


def _require_regions(output: Output, codes: Sequence[str], words: Iterable[Wanted]) -> None:
    """UsageError where a region has no file of a route, with the command that loads it."""
    for route in {one.route.id: one.route for one in words}.values():
        there = output.regions(route)
        if absent := [code for code in codes if code not in there]:
            instead = f"; there are {', '.join(there[:12])}{', …' if len(there) > 12 else ''}" if there else ""
            never = [code for code in absent if code not in route.served()]
            remedy = f"{', '.join(never)} can have none: leave it out" if never else _load_with(output, route, absent)
            raise UsageError(f"{output.place} has no {route.id} of {', '.join(absent)}{instead}. {remedy}")


def _load_with(output: Output, route: Route, absent: Sequence[str]) -> str:
    """The command that loads what lacks beside all that is there: an output is of one question."""
    there = {one.id: output.regions(one) for one in ROUTES.values()}
    routes = ",".join(name for name, codes in there.items() if codes or name == route.id)
    regions = ",".join(sorted({*absent, *(code for codes in there.values() for code in codes)}))
    place = "" if output.place == "data" else f" --output={shlex.quote(output.place)}"
    return (
        f"Load it: python -m pipelines.historical --routes={routes} --regions={regions}{place}, with the dates of its "
        f"load (python -m pipelines.codes {absent[0]} says from when to when it has hours)"
    )


def _require_kinds(output: Output, codes: Sequence[str], words: Iterable[Wanted], lines: Sequence[Line]) -> None:
    """UsageError where none of the regions has a kind at all, with those that there are."""
    for one in words:
        mine = [line for line in lines if line.key.route is one.route and line.key.kind == one.kind]
        if one.kind == ALL or any(line.found for line in mine):
            continue
        has = sorted({kind for code in codes for kind in output.kinds(one.route, code)})
        if one.kind not in has:
            prefix = one.word.removesuffix(one.kind)
            there = ", ".join(f"{prefix}{kind}" for kind in has)
            rest = f"there are {there}" if has else "nor any other: the report says who sent nothing"
            raise UsageError(f"{output.place} has no {one.word} of {', '.join(codes)}; {rest}")

# SPDX-License-Identifier: Apache-2.0
"""A whole file of EIA's, from the world's hours: BALANCE, INTERCHANGE, SUBREGION, and the index that lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from eia930.emulator.faults import number
from eia930.emulator.files.clocked import Texts, texts
from eia930.emulator.files.headers import FLOWS, PARTS, balance_header, whole
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.render import headline, joined, numbers, repeated
from eia930.emulator.files.world import Cells, FileWorld, Lines, cells
from eia930.reference.halves import FIRST_FUELS, Half, halves
from eia930.reference.respondents import respondents
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, SUBREGION, Route

KINDS = ("BALANCE", "INTERCHANGE", "SUBREGION")


def listed(world: FileWorld) -> tuple[tuple[str, Half], ...]:
    """The files that there are: kind and half."""
    all_halves = [half for half in halves(world.first.hours()[0], world.now) if half >= world.first]
    return tuple((kind, half) for kind in KINDS for half in all_halves if kind != "SUBREGION" or half >= FIRST_FUELS)


def index(world: FileWorld, updated: str) -> bytes:
    """The list of files."""
    lines = ['"YEAR","PERIOD","FILENAME","DESCRIPTION","UPDATED"']
    lines += [
        f"{half.year},{half.part},EIA930_{kind}_{half.name}.csv,{kind.lower()},{updated}"
        for kind, half in listed(world)
    ]
    return ("\n".join(lines) + "\n").encode()


def made(world: FileWorld, kind: str, half: Half, quirks: Quirks, *, revision: int = 0) -> bytes:
    """The bytes of a file. Each `revision` makes one demand or flow 1 MW larger than the one before."""
    build = {"BALANCE": _balance, "INTERCHANGE": _flows, "SUBREGION": _parts}[kind]
    blocks = list(build(world, half, quirks, revision))
    if quirks.repeat and len(blocks) > 1:
        end = b"\r\n" if quirks.crlf else b"\n"
        blocks.append(b"".join(line + end for line in blocks[-1].split(end)[-1 - quirks.repeat : -1]))
    return b"".join(blocks)


def _balance(world: FileWorld, half: Half, quirks: Quirks, revision: int) -> Iterator[bytes]:
    yield headline(whole(half, quirks), quirks)
    all_lines = list(world.lines(REGION, half))
    open_half = half.hours()[1] >= world.now
    for place, lines in enumerate(all_lines):
        dense = _dense(world, lines)
        if place == 0:
            _plant(dense["D"][0], quirks, half, revision)
        yield _balance_block(lines, half, quirks, dense)
        if place == 0 and quirks.unknown_authority:
            yield _balance_block(replace(lines, code="ZZZZ"), half, quirks, dense)
    if quirks.forecast_tail and open_half:
        for lines in all_lines:
            tail = replace(lines, first=lines.last + 1, last=lines.last + 24)
            known = _dense(world, tail)
            yield _balance_block(tail, half, quirks, {"DF": known["DF"]} if "DF" in known else {})


Dense = dict[str, tuple[Cells, Cells]]
"""By kind (`D`, `NG.WND`): as reported, and what EIA puts in its place."""


def _dense(world: FileWorld, lines: Lines) -> Dense:
    found: Dense = {kind: (_nothing(lines), _nothing(lines)) for kind in ("D", "DF", "NG", "TI")}
    for route, prefix in ((REGION, ""), (FUEL, "NG.")):
        better = world.settled(route, lines)
        for kind, series in world.series(route, lines).items():
            reported = cells(series, lines)
            found[prefix + kind] = reported, cells(better[kind], lines) if kind in better else reported
    return found


def _nothing(lines: Lines) -> Cells:
    return np.full(lines.last - lines.first + 1, np.nan)


def _plant(demand: Cells, quirks: Quirks, half: Half, revision: int) -> None:
    """Differences from the API, at places that the half decides."""
    there = np.flatnonzero(~np.isnan(demand))
    picked = np.random.default_rng(number(f"planted/{half.name}")).permutation(there)
    demand[picked[: quirks.differ]] += 1
    demand[picked[quirks.differ : quirks.differ + quirks.lack]] = np.nan
    if revision and len(there):
        demand[there[-1]] += revision


def _balance_block(lines: Lines, half: Half, quirks: Quirks, dense: Dense) -> bytes:
    rows = _window(lines, half, quirks)
    empty = repeated("", len(rows.date))
    columns = [repeated(lines.code, len(rows.date)), rows.date, rows.number, rows.local, rows.utc]
    for _, kind, sort in balance_header(half, quirks):
        if kind not in dense:
            columns.append(empty)
            continue
        reported, better = dense[kind]
        columns.append(numbers(_word(sort, reported, better), quirks))
    columns.append(repeated(_region(lines.code), len(rows.date)))
    return joined(columns, quirks)


def _word(sort: str, reported: Cells, better: Cells) -> Cells:
    """EIA's figure stands in (Imputed) where it is not the reported one, and always in (Adjusted)."""
    if sort == "adjusted":
        return better
    if sort == "imputed":
        return np.where((reported == better) | np.isnan(better), np.nan, better)
    return reported


def _window(lines: Lines, half: Half, quirks: Quirks) -> Texts:
    """The texts of the lines, those past the half's end from the next half."""
    mine = texts(half, lines.clock, iso=quirks.iso_stamps)
    if lines.first > mine.last:
        mine = texts(half.next, lines.clock, iso=quirks.iso_stamps)
    low, count = lines.first - mine.first, lines.last - lines.first + 1
    cut = (column.slice(low, count) for column in (mine.date, mine.number, mine.local, mine.utc))
    return Texts(lines.first, lines.last, *cut)


def _flows(world: FileWorld, half: Half, quirks: Quirks, revision: int) -> Iterator[bytes]:
    yield headline(FLOWS, quirks)
    for lines, alive in _by_kind(world, INTERCHANGE, half, revision):
        yield _long(lines, half, quirks, alive, flows=True)


def _parts(world: FileWorld, half: Half, quirks: Quirks, revision: int) -> Iterator[bytes]:
    yield headline(PARTS, quirks)
    for lines, alive in _by_kind(world, SUBREGION, half, revision):
        bare = {kind.lower().lstrip("0"): column for kind, column in alive.items()}
        yield _long(lines, half, quirks, bare if quirks.bare_codes else alive, flows=False)


def _by_kind(world: FileWorld, route: Route, half: Half, revision: int) -> Iterator[tuple[Lines, dict[str, Cells]]]:
    """Who has a value in the half, and the columns of the kinds that have one."""
    for lines in world.lines(route, half):
        series = {kind: cells(one, lines) for kind, one in world.series(route, lines).items()}
        alive = {kind: column for kind, column in series.items() if not np.all(np.isnan(column))}
        if revision and alive:
            column = alive[min(alive)]
            column[np.flatnonzero(~np.isnan(column))[-1]] += revision
            revision = 0
        if alive:
            yield lines, alive


def _long(lines: Lines, half: Half, quirks: Quirks, series: dict[str, Cells], *, flows: bool) -> bytes:
    """One line an hour and kind: hour by hour, kinds by name."""
    rows = _window(lines, half, quirks)
    kinds = sorted(series)
    hour = np.repeat(np.arange(len(rows.date), dtype=np.int32), len(kinds))
    kind = pa.array(np.tile(np.arange(len(kinds), dtype=np.int32), len(rows.date)))
    values = numbers(np.stack([series[one] for one in kinds], axis=1).ravel(), quirks)
    date, count, local, utc = (column.take(pa.array(hour)) for column in (rows.date, rows.number, rows.local, rows.utc))
    code = repeated(lines.code, len(hour))
    columns = [code, date, count, pa.array(kinds, pa.string()).take(kind), values, local, utc]
    if flows:
        regions = pa.array([_region(one) for one in kinds], pa.string()).take(kind)
        columns += [repeated(_region(lines.code), len(hour)), regions]
    return joined(columns, quirks)


def _region(code: str) -> str:
    """Its region; `NA` for what no table knows, as EIA writes."""
    about = respondents().get(code)
    return (about.region or "NA") if about else "NA"

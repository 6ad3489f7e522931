# SPDX-License-Identifier: Apache-2.0
"""Tidy files of a few areas and the account of each, as a load leaves them before anything is estimated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening, SeriesReport
from eia930.record.grid import Series
from eia930.record.tidy import Flagged, tidy_parquet, tidy_path, tidy_tables
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.store.manifest import put_file
from eia930.store.storage import Storage

FIRST, HOURS = parse_hour("2023-03-01T00"), 60 * 24
SCREENING = Screening(FLAGS, screen_series)
Real = NDArray[np.float64]
BEFORE, GONE, EMPTY, SPIKE, OUT = 20, slice(300, 340), 700, 900, slice(HOURS - 10, HOURS)
"""Places in ERCO's demand: never sent, never sent, came empty, thirty times too much, never sent."""
FILLED = 5
"""Hours never sent of which EIA gives a figure all the same."""
Given = Mapping[tuple[str, str], Mapping[str, tuple[Real, NDArray[np.bool_], Real | None]]]
"""(route, respondent) → kind → values (NaN: no value), whether there is a row, EIA's adjusted figures."""


def load(level: float, seed: int, hours: int = HOURS) -> Real:
    """Whole MW with a course of the day and some noise."""
    chance, at = np.random.default_rng(seed), np.arange(hours)
    return np.round(level * (1 + 0.2 * np.sin(at * np.pi / 12) + 0.01 * chance.normal(size=hours)))


def erco() -> Given:
    """ERCO with hours that nobody sent, one that came empty, and a spike; PACW whole; a sub-region with a hole."""
    row, values = np.ones(HOURS, bool), load(40_000, 1)
    whole = load(3000, 2)
    eia = values.copy()
    eia[: SPIKE - 1] = np.nan  # it flags the hours beside it too
    eia[GONE.start : GONE.start + FILLED], eia[OUT] = values[GONE.start : GONE.start + FILLED], np.nan
    values[SPIKE] *= 30
    values[[*range(BEFORE), *range(GONE.start, GONE.stop), EMPTY, *range(OUT.start, OUT.stop)]] = np.nan
    row[[*range(BEFORE), *range(GONE.start, GONE.stop), *range(OUT.start, OUT.stop)]] = False
    part, there = load(500, 3), np.ones(HOURS, bool)
    part[50], there[50] = np.nan, False
    all_rows = np.ones(HOURS, bool)
    return {
        ("region-data", "ERCO"): {"D": (values, row, eia), "DF": (load(40_000, 4), all_rows, None)},
        ("region-data", "PACW"): {"D": (whole, all_rows, None), "NG": (load(900, 6), there, None)},
        ("region-sub-ba-data", "ERCO"): {"COAS": (part, there, None)},
        ("fuel-type-data", "ERCO"): {"WND": (np.where(there, load(90, 5), np.nan), there, None)},
    }


def write(folder: Path, given: Given) -> tuple[Storage, list[GroupReport]]:
    """Write the tidy files; their accounts."""
    storage = Storage.at(str(folder))
    return storage, [_group(storage, route, code, kinds) for (route, code), kinds in given.items()]


def _group(
    storage: Storage, route: str, code: str, kinds: Mapping[str, tuple[Real, NDArray[np.bool_], Real | None]]
) -> GroupReport:
    flagged = []
    for kind, (values, row, adjusted) in kinds.items():
        found = screen_series(SeriesKey(ROUTES[route], code, kind).id, values)
        at = np.where(row, np.uint32(1_700_000_000), np.uint32(0))
        flagged.append(Flagged(Series(kind, values, at, adjusted=adjusted), found.code, FLAGS))
    hours = len(flagged[0].series.value)
    span = Span(route, code, FIRST, FIRST + hours - 1)
    data, rows = tidy_parquet(span, tidy_tables(span, flagged, "api"))
    return GroupReport(
        route=route,
        respondent=code,
        kinds=(),
        first=stamp(span.first),
        last=stamp(span.last),
        received=rows,
        kept=rows,
        duplicate=0,
        rejected=0,
        series=[_account(route, code, one) for one in flagged],
        files=[put_file(storage, tidy_path(route, code), data, rows=rows)],
    )


def _account(route: str, code: str, one: Flagged) -> SeriesReport:
    values, row = one.series.value, one.series.at != 0
    there = np.flatnonzero(~np.isnan(values))
    return SeriesReport(
        series_id=SeriesKey(ROUTES[route], code, one.series.kind).id,
        route=route,
        respondent=code,
        kind=one.series.kind,
        hours=len(values),
        present=len(there),
        null=int((row & np.isnan(values)).sum()),
        missing=int((~row).sum()),
        flagged=int((one.code > 0).sum()),
        flags={},
        first=stamp(FIRST + int(there[0])),
        last=stamp(FIRST + int(there[-1])),
        longest_gap=0,
        longest_gap_from=None,
    )

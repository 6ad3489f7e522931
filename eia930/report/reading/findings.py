# SPDX-License-Identifier: Apache-2.0
"""One pass over the tidy files of a run: what the page needs of them, and nothing more, stays in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eia930.account.model import Account
from eia930.errors import UsageError
from eia930.record.assembly import SeriesReport
from eia930.record.tidy import tidy_path
from eia930.record.tidy_file import listed
from eia930.report.drawing.figures import Chart, draw_history
from eia930.report.reading.coverage import Coverage
from eia930.report.reading.doubts import Doubts
from eia930.report.reading.events import Event, Worst, events_of
from eia930.report.reading.frame import Frame
from eia930.report.reading.history import drawn, history, steps
from eia930.report.reading.hourly import Hourly, TidyFile, read_hourly
from eia930.report.reading.longest import Gap, gaps_of, longest, stretches_of
from eia930.store.storage import Storage


@dataclass(frozen=True, slots=True)
class Line:
    """A region's history: its drawing, the same for page.js, and how many hours one point of it stands for."""

    account: SeriesReport
    chart: Chart
    packed: dict[str, Any]
    step: int


@dataclass(slots=True)
class Findings:
    """What the tidy files of a run show."""

    frame: Frame
    coverage: Coverage
    worst: Worst = field(default_factory=Worst)
    furthest: Event | None = None
    provisional: int = 0
    """Flagged hours among the newest, whose flags may still change."""
    contradicted: int = 0
    """Hours with a value that a cross-check found wrong."""
    doubted: int = 0
    """Hours with a value that carry a flag, or that a cross-check found wrong."""
    gaps: list[Gap] = field(default_factory=list)
    """The longest over all series."""
    stretches: list[Gap] = field(default_factory=list)
    """The longest runs of estimates."""
    lines: list[Line] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    retrieved: list[str] = field(default_factory=list)
    files: int = 0

    def shown(self) -> list[Event]:
        """The events that the page draws: the worst, and the one that its verdict names."""
        return self.worst.chosen(self.furthest)


def examine(storage: Storage, account: Account, frame: Frame) -> Findings:
    """Read every tidy file that report.json tells of, one at a time. UsageError where file and account differ."""
    found, doubts = Findings(frame, Coverage(frame)), Doubts(storage, frame)
    step = steps(drawn(account.series), frame.hours)
    by_file = sorted(account.series, key=lambda one: (one.route, one.respondent, one.series_id))
    files = listed(storage, (tidy_path(one.route, one.respondent) for one in by_file))
    for (route, respondent), accounts in groupby(by_file, key=lambda one: (one.route, one.respondent)):
        path = tidy_path(route, respondent)
        tidy = read_hourly(storage, files[path], frame)
        _take_file(found, tidy)
        series = {hourly.series_id: hourly for hourly in tidy.series}
        for one in accounts:
            hourly = _matching(path, one, series)
            _take(found, one, hourly, step.get(one.series_id, 0))
            if hourly is not None:
                _doubt(found, hourly, doubts.of(hourly.series_id) & hourly.present)
    return found


def _take_file(found: Findings, tidy: TidyFile) -> None:
    found.files += 1
    found.sources |= tidy.sources
    found.retrieved += tidy.retrieved


def _matching(path: str, account: SeriesReport, series: Mapping[str, Hourly]) -> Hourly | None:
    """The hours of a series; None where it has no rows. UsageError where they are not those of the account."""
    hourly = series.get(account.series_id)
    present = int(hourly.present.sum()) if hourly else 0
    if present != account.present:
        raise UsageError(
            f"{path} holds {present:,} hours of {account.series_id} where report.json tells of "
            f"{account.present:,}: files and account are of two runs",
            remedy="run python -m pipelines.historical on this folder again",
        )
    return hourly


def _take(found: Findings, account: SeriesReport, hourly: Hourly | None, step: int) -> None:
    """Note one series; `step` > 0 where its history is drawn."""
    found.coverage.add(account, hourly)
    if hourly is None:
        return
    found.gaps = longest([*found.gaps, *gaps_of(hourly)])
    found.stretches = longest([*found.stretches, *stretches_of(hourly)])
    found.provisional += int(np.count_nonzero(hourly.code[found.frame.provisional :] >= 0))
    for event in events_of(hourly):
        found.worst.add(event)
        if found.furthest is None or _off(event) > _off(found.furthest):
            found.furthest = event
    if step:
        line = history(hourly, step=step)
        found.lines.append(Line(account, draw_history(line, found.frame), line.packed(found.frame), step))


def _doubt(found: Findings, hourly: Hourly, wrong: NDArray[np.bool_]) -> None:
    found.contradicted += int(np.count_nonzero(wrong))
    found.doubted += int(np.count_nonzero(wrong | (hourly.code >= 0)))


def _off(event: Event) -> float:
    """How many usual hours the peak alone is off by; the heaviest event of a flag holds it, or another as bad."""
    return abs(event.value - event.usual) / event.level

# SPDX-License-Identifier: Apache-2.0
"""A span's stored responses → tidy file, rejects file, and the account of every row and hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from eia930.question.plan import life_of
from eia930.question.span import Span
from eia930.record.asked_hours import PassedOver, asked_hours, passed_over
from eia930.record.avro import avro_path
from eia930.record.expected import expect, respondent_by
from eia930.record.grid import Series
from eia930.record.history import require_history
from eia930.record.lives import Lives
from eia930.record.rejects import counted, failed, lost, rejects_path, write_rejects
from eia930.record.several.comparison import Compared
from eia930.record.several.ranked import Ranked
from eia930.record.tidy import Flagged, tidy_parquet, tidy_path, tidy_tables
from eia930.record.unchanged.standing import remember, standing
from eia930.record.versions.revisions import Revised, revised, revisions_path, write_revisions
from eia930.reference.hours import stamp
from eia930.reference.routes import ROUTES
from eia930.reference.runs import longest_gap
from eia930.reference.series import SeriesKey
from eia930.sources.fetched import Failure
from eia930.sources.source import Reading
from eia930.store.manifest import File, put_file
from eia930.store.storage import Storage

EDGE = 48
"""Empty hours around values from which on more change no flag: windows of step 7 reach so far."""
_EVER = 1 << 31


class Screened(Protocol):
    """What a screening found: `code` uint8[hours], and the statistics g (MW) and IQR_r (a ratio) of the series."""

    @property
    def code(self) -> NDArray[np.uint8]:
        """An index into the names of the screening; 0: nothing found."""

    @property
    def g(self) -> float:
        """Median of the demand that is neither ≤ 0 nor a run, MW; NaN where it is not used."""

    @property
    def iqr_r(self) -> float:
        """Spread of the hourly steps of the demand relative to its template; NaN where it is not used."""


@dataclass(frozen=True, slots=True)
class Screening:
    """How values are screened: `find(series id, float64[hours])`, NaN where absent or null; and the flags' names."""

    names: tuple[str, ...]
    find: Callable[[str, NDArray[np.float64]], Screened]

    def framed(
        self, series_id: str, values: NDArray[np.float64], *, before: int, after: int = 0
    ) -> tuple[NDArray[np.uint8], Screened]:
        """`code` of each value, and all that was found, where so many empty hours of the frame lie around them."""
        found = self.find(series_id, np.pad(values, (before, after), constant_values=np.nan))
        return found.code[before : before + len(values)], found


class SeriesReport(msgspec.Struct, frozen=True):
    """The account of one series: `hours` asked = present + null + missing. Gaps are runs of missing or null hours."""

    series_id: str
    route: str
    respondent: str
    kind: str
    hours: int
    present: int
    null: int
    missing: int
    flagged: int
    flags: dict[str, int]
    first: str | None
    last: str | None
    longest_gap: int
    longest_gap_from: str | None
    g: float | None = None
    iqr_r: float | None = None
    expected_by: str = ""
    """Who lets us expect it: asked, coverage, tables, lists, earlier; seen where nobody does, and rows came."""
    known: bool = True
    """Whether our tables have its codes."""
    estimated: int = 0
    """Hours between first and last that have an estimate: missing, null or flagged ones."""
    estimates: dict[str, int] = {}
    """Those by the method."""


class GroupReport(msgspec.Struct, frozen=True):
    """The account of one span, of hours `first`..`last`: rows received = kept + duplicate + rejected.

    `kinds` were asked for; empty for all that the route has.
    """

    route: str
    respondent: str
    kinds: tuple[str, ...]
    first: str
    last: str
    received: int
    kept: int
    duplicate: int
    rejected: int
    series: list[SeriesReport]
    files: list[File]
    passed_over: list[PassedOver] = []
    rejects: dict[str, dict[str, int]] = {}
    """Lines of the rejects file by counter and reason."""
    revised: Revised | None = None
    """What of it was ever replaced; None where nothing was."""
    expected_by: str = ""
    """Who says that the respondent has hours in the route: asked, tables, lists; empty where nobody does."""
    compared: list[Compared] = []
    """Where two sources speak: what each series comes to."""


def assemble(
    storage: Storage,
    source: Reading,
    span: Span,
    *,
    screening: Screening,
    failures: Sequence[Failure] = (),
    drop_history: bool = False,
) -> GroupReport:
    """Write what a span has, and account for it. Responses come in any order: the result is the same.

    UsageError, and nothing is written, where the tidy file has values that no stored response gives, unless told.
    """
    grid, lives = Ranked(span), Lives(span)
    for stored in source.columns(storage, span):
        grid.add(stored)
        lives.add(stored)
    lives.failed(failures)
    expected = expect(grid, span)
    whole = lives.asked(grid.finish())
    if not drop_history:
        require_history(storage, source, span, whole, grid)
    flagged = [_flagged(span, series, screening) for series in whole]
    parquet, rows = tidy_parquet(span, tidy_tables(span, flagged, source.name))
    files = [put_file(storage, tidy_path(span.route, span.respondent), parquet, rows=rows)]
    fallen, refused, doubles = grid.lost, list(grid.refused), []
    if fallen:
        doubles = lost(partial(source.verbatim, storage, span), span, fallen, told=standing(storage, span).of)
    rejects = [*refused, *doubles, *failed(failures)]
    files += write_revisions(storage, span, grid.replaced, source.name)
    files += write_rejects(storage, span, rejects)
    remember(storage, span, fallen, files=files, before=len(refused))
    # Who has no row by the coverage file is not in the account, but in the files as without one: same bytes.
    reports = [
        _series_report(span, one, expected[one.series.kind].by)
        for one in flagged
        if asked_hours(span, one.series).any()
    ]
    return GroupReport(
        route=span.route,
        respondent=span.respondent,
        kinds=span.kinds,
        first=stamp(span.first),
        last=stamp(span.last),
        received=grid.received,
        kept=sum(int(np.count_nonzero(one.at)) for one in whole),
        duplicate=grid.duplicate,
        rejected=grid.rejected,
        series=reports,
        files=files,
        passed_over=passed_over(span, {one.kind: one.hours for one in reports}),
        rejects=counted(rejects),
        revised=revised(span, grid.replaced),
        expected_by=respondent_by(span),
        compared=grid.compared,
    )


def group_paths(route: str, respondent: str) -> tuple[str, ...]:
    """Every file that may stand of a span."""
    return (
        tidy_path(route, respondent),
        avro_path(route, respondent),
        rejects_path(route, respondent),
        revisions_path(route, respondent),
    )


def _flagged(span: Span, series: Series, screening: Screening) -> Flagged:
    before, after = _empty_around(span)
    series_id = SeriesKey(ROUTES[span.route], span.respondent, series.kind).id
    code, found = screening.framed(series_id, series.value, before=before, after=after)
    return Flagged(series, code, screening.names, _number(found.g), _number(found.iqr_r))


def _empty_around(span: Span) -> tuple[int, int]:
    """How many empty hours belong to the frame before a span and after it: a frame does not end with a respondent.

    Before it at least those from 00 UTC on, as published: the form begins at 05.
    """
    begins, ends = life_of(span.respondent).hours(-_EVER, _EVER) or (-_EVER, _EVER)
    first = min(span.first, begins - EDGE) if span.first <= begins else span.first
    last = max(span.last, ends + EDGE) if span.last >= ends else span.last
    return span.first - first // 24 * 24, last - span.last


def _number(value: float) -> float | None:
    return None if value != value else value


def _series_report(span: Span, one: Flagged, by: str) -> SeriesReport:
    series, names = one.series, one.names
    rows, empty = series.at != 0, np.isnan(series.value)
    present = rows & ~empty
    places = np.flatnonzero(present)
    counts = np.bincount(one.code[rows], minlength=len(names)) if len(names) > 1 else np.zeros(1, int)
    asked = asked_hours(span, series)
    gap, where = longest_gap(present | ~asked)
    return SeriesReport(
        series_id=SeriesKey(ROUTES[span.route], span.respondent, series.kind).id,
        route=span.route,
        respondent=span.respondent,
        kind=series.kind,
        # Each is a count of its own, none what the others leave: so the sum says something.
        hours=int(np.count_nonzero(asked)),
        present=len(places),
        null=int(np.count_nonzero(rows & empty)),
        missing=int(np.count_nonzero(asked & ~rows)),
        flagged=int(counts[1:].sum()),
        flags={name: int(count) for name, count in zip(names[1:], counts[1:], strict=True) if count},
        first=stamp(span.first + int(places[0])) if len(places) else None,
        last=stamp(span.first + int(places[-1])) if len(places) else None,
        longest_gap=gap,
        longest_gap_from=stamp(span.first + where) if gap else None,
        g=one.g,
        iqr_r=one.iqr_r,
        expected_by=by,
        known=ROUTES[span.route].knows(span.respondent, series.kind),
    )

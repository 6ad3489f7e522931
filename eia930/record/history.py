# SPDX-License-Identifier: Apache-2.0
"""What a tidy file holds that no stored answer gives any more: told before the file is replaced.

raw/ is the record's memory. Where it was removed and the server has forgotten the first years, tidy/ alone has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.errors import Stop, UsageError
from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.record.rejects import WITHDRAWN, Lost
from eia930.record.several.ranked import Ranked
from eia930.record.tidy import tidy_path
from eia930.record.tidy_file import hours_of
from eia930.record.versions.kept import require_revisions
from eia930.reference.hours import stamp
from eia930.reference.routes import ROUTES
from eia930.sources.source import Reading
from eia930.store.storage import Storage

Cells = Mapping[str, NDArray[np.bool_]]
"""Kind → bool[hours of a span]."""
Values = Mapping[str, NDArray[np.int64]]
"""Kind → int64[n]: the hours (since 1970 UTC, hour ending) of which a tidy file has a value."""
_NEITHER = "that neither raw/ nor the server gives any more"
_REMEDY = "put raw/ back as it was, or say --drop_history to go on without them; tidy/ stays as it is until then"
_NOT_ASKED = "that this load does not ask for and raw/ does not give any more"
_ASK = f"ask for them as well, {_REMEDY}"


def require_history(storage: Storage, source: Reading, span: Span, whole: Iterable[Series], grid: Ranked) -> None:
    """UsageError where tidy/ or revisions/ has what is to be replaced and cannot be had again.

    That is: values in the span's cells of which its stored answers (`whole`, `grid`) say nothing; and values of other
    hours and kinds, which leave the file because the span does not ask for them, and of which those in raw/ say none.
    """
    had = tidy_values(storage, span)
    _require(span, had, whole, grid.lost, _NEITHER, _REMEDY)
    require_revisions(storage, span, grid.replaced)
    wide = _wider(span, had)
    if wide == span:
        return
    grid = Ranked(wide)
    try:
        for stored in source.columns(storage, wide):
            grid.add(stored)
    except Stop as damaged:
        raise UsageError(f"tidy/ has more of {span.id} than this load asks for, and {damaged.what}", _ASK) from None
    _require(wide, had, grid.finish(), grid.lost, _NOT_ASKED, _ASK)
    require_revisions(storage, wide, grid.replaced)


def tidy_values(storage: Storage, span: Span) -> Values:
    """What the tidy file of a span's respondent has; nothing where there is no file that can be read."""
    try:
        file = pq.ParquetFile(pa.BufferReader(storage.get(tidy_path(span.route, span.respondent))))
        table = file.read([ROUTES[span.route].kind, "period", "value"])
    except (KeyError, pa.ArrowException, OSError):
        return {}
    kinds = table.column(0).combine_chunks().dictionary_encode()
    hour = hours_of(table["period"])
    code, valid = kinds.indices.to_numpy(zero_copy_only=False), table["value"].is_valid().to_numpy()
    return {name: hour[valid & (code == n)] for n, name in enumerate(kinds.dictionary.to_pylist())}


def _wider(span: Span, had: Values) -> Span:
    """The span, and all that a tidy file has besides."""
    kinds = () if any(not _asked(kind, span) for kind, hour in had.items() if len(hour)) else span.kinds
    ends = [end for hour in had.values() if len(hour) for end in (int(hour.min()), int(hour.max()))]
    first, last = min((span.first, *ends)), max((span.last, *ends))
    return replace(span, first=first, last=last, kinds=kinds)


def _require(span: Span, had: Values, series: Iterable[Series], lost: Iterable[Lost], what: str, remedy: str) -> None:
    """UsageError where a value in the span's cells is in none of its series.

    A cell that a later answer emptied is in `lost`, so raw/ holds what it was.
    """
    told = {one.kind: one.at != 0 for one in series}
    for one in lost:
        if one.reason == WITHDRAWN and one.kind in told:
            told[one.kind][one.hour - span.first] = True
    nothing = np.zeros(span.hours, bool)
    cells = {kind: _cells(hour, span) for kind, hour in had.items() if _asked(kind, span)}
    gone = {kind: mine & ~told.get(kind, nothing) for kind, mine in cells.items()}
    if any(np.any(mine) for mine in gone.values()):
        raise UsageError(f"{_said(span, gone)} {what}", remedy=remedy)


def _asked(kind: str, span: Span) -> bool:
    return not span.kinds or kind in span.kinds


def _cells(hour: NDArray[np.int64], span: Span) -> NDArray[np.bool_]:
    marked = np.zeros(span.hours, bool)
    marked[hour[(hour >= span.first) & (hour <= span.last)] - span.first] = True
    return marked


def _said(span: Span, gone: Cells) -> str:
    """`tidy/ has 26,304 values of region-data/PACW (D) from … to …`."""
    some = {kind: np.flatnonzero(cells) for kind, cells in gone.items() if np.any(cells)}
    every = np.concatenate(list(some.values()))
    first, last = stamp(span.first + int(every.min())), stamp(span.first + int(every.max()))
    return f"tidy/ has {len(every):,} values of {span.id} ({', '.join(sorted(some))}) from {first} to {last}"

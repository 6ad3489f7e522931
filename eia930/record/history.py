# SPDX-License-Identifier: Apache-2.0
"""What a tidy file holds that no stored answer gives any more: told before the file is replaced.

raw/ is the record's memory. Where it was removed and the server has forgotten the first years, tidy/ alone has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.errors import UsageError
from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.record.rejects import WITHDRAWN, Lost
from eia930.record.tidy import tidy_path
from eia930.reference.hours import stamp
from eia930.reference.routes import ROUTES
from eia930.store.storage import Storage

Cells = Mapping[str, NDArray[np.bool_]]
"""Kind → bool[hours of a span]."""
REMEDY = "put raw/ back as it was, or say --drop_history to go on without them; tidy/ stays as it is until then"


def require_history(storage: Storage, span: Span, series: Iterable[Series], lost: Iterable[Lost]) -> None:
    """UsageError where the tidy file has values in the span's cells of which the stored answers say nothing.

    A cell that a later answer emptied is in `lost`, so raw/ holds what it was.
    """
    told = {one.kind: one.at != 0 for one in series}
    for one in lost:
        if one.reason == WITHDRAWN and one.kind in told:
            told[one.kind][one.hour - span.first] = True
    nothing = np.zeros(span.hours, bool)
    gone = {kind: cells & ~told.get(kind, nothing) for kind, cells in tidy_cells(storage, span).items()}
    if any(np.any(cells) for cells in gone.values()):
        raise UsageError(_said(span, gone), remedy=REMEDY)


def tidy_cells(storage: Storage, span: Span) -> Cells:
    """Which of the span's cells have a value in the tidy file; none where there is no file that can be read."""
    try:
        file = pq.ParquetFile(pa.BufferReader(storage.get(tidy_path(span.route, span.respondent))))
        table = file.read([ROUTES[span.route].kind, "period", "value"])
    except (KeyError, pa.ArrowException, OSError):
        return {}
    kinds = table.column(0).combine_chunks().dictionary_encode()
    place = table["period"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy() // 3600 - span.first
    code = kinds.indices.to_numpy(zero_copy_only=False)
    mine = (place >= 0) & (place < span.hours) & table["value"].is_valid().to_numpy()
    names = enumerate(kinds.dictionary.to_pylist())
    return {name: _marked(place[mine & (code == n)], span.hours) for n, name in names if _asked(name, span)}


def _asked(kind: str, span: Span) -> bool:
    return not span.kinds or kind in span.kinds


def _marked(place: NDArray[np.int64], hours: int) -> NDArray[np.bool_]:
    marked = np.zeros(hours, bool)
    marked[place] = True
    return marked


def _said(span: Span, gone: Cells) -> str:
    """`tidy/ has 26,304 values of region-data/PACW that neither raw/ nor the server has any more: D from … to …`."""
    some = {kind: np.flatnonzero(cells) for kind, cells in gone.items() if np.any(cells)}
    every = np.concatenate(list(some.values()))
    first, last = stamp(span.first + int(every.min())), stamp(span.first + int(every.max()))
    return (
        f"tidy/ has {len(every):,} values of {span.id} ({', '.join(sorted(some))}) from "
        f"{first} to {last} that neither raw/ nor the server gives any more"
    )

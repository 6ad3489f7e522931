# SPDX-License-Identifier: Apache-2.0
"""What revisions/ holds that the stored answers give no more: told before the file is replaced, as of tidy/."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.errors import UsageError
from eia930.question.span import Span
from eia930.record.versions.revisions import SCHEMA, revisions_path
from eia930.record.versions.words import Replaced
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.store.storage import Storage

_DROP = "put raw/ back as it was, or say --drop_history to go on without them; the file stays as it is until then"
_OTHER = "move the file away, or say --drop_history: it is made again of all that raw/ holds; it stays until then"


def require_revisions(storage: Storage, span: Span, found: Sequence[Replaced]) -> None:
    """UsageError where a file of another version stands, or one with revisions of the span that raw/ has no more."""
    path = revisions_path(span.route, span.respondent)
    try:
        table = pq.read_table(pa.BufferReader(storage.get(path)), use_threads=False)
    except KeyError:
        return
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{path} is no revisions file: {error}", remedy=_OTHER) from None
    if table.column_names != SCHEMA.names:
        raise UsageError(f"{path} is of another version: its columns are {', '.join(table.column_names)}", _OTHER)
    route = ROUTES[span.route]
    mine = {SeriesKey(route, span.respondent, one.kind).id: _keys(one.hour, one.at) for one in found}
    asked = {SeriesKey(route, span.respondent, kind).id for kind in span.kinds}
    hour, at = (_seconds(table[name]) for name in ("period", "retrieved_at"))
    hour, names = hour // 3600, table["series_id"].combine_chunks().dictionary_encode()
    inside, code, gone = (hour >= span.first) & (hour <= span.last), names.indices.to_numpy(), 0
    for number, name in enumerate(names.dictionary.to_pylist()):
        if not asked or name in asked:
            here = inside & (code == number)
            gone += int(np.count_nonzero(~np.isin(_keys(hour[here], at[here]), mine.get(name, np.zeros(0, np.int64)))))
    if gone:
        raise UsageError(f"{path} has {gone:,} replaced values of {span.id} that raw/ does not tell any more", _DROP)


def _keys(hour: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number an hour and a moment."""
    return (hour << 33) | at


def _seconds(column: pa.ChunkedArray) -> NDArray[np.int64]:
    found: NDArray[np.int64] = column.cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy()
    return found

# SPDX-License-Identifier: Apache-2.0
"""The tidy rows as Avro, for tools that want rows with a schema beside them."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa

from eia930.question.span import Span
from eia930.reference.routes import ROUTES, Route
from eia930.store.manifest import File, put_file
from eia930.store.storage import Storage

_BATCH = 50_000


def avro_path(route: str, respondent: str) -> str:
    """`avro/region-data/respondent=PACW/part-00000.avro`."""
    return f"avro/{route}/respondent={respondent}/part-00000.avro"


def avro_schema(route: Route) -> dict[str, Any]:
    """The columns of `tidy/` with their documentation; times are milliseconds since 1970 UTC."""
    moment = {"type": "long", "logicalType": "timestamp-millis"}
    return {
        "type": "record",
        "name": "Hour",
        "namespace": "eia930",
        "doc": route.description,
        "fields": [
            {"name": "series_id", "type": "string", "doc": "EIA's name of the series"},
            {"name": "period", "type": moment, "doc": "the hour's end, UTC"},
            {"name": route.respondent, "type": "string", "doc": route.facets[route.respondent]},
            {"name": route.kind, "type": "string", "doc": route.facets[route.kind]},
            {"name": "value", "type": ["null", "double"], "doc": "MW as reported; null: reported empty"},
            {"name": "flag", "type": ["null", "string"], "doc": "why the value is suspect; null: nothing found"},
            {"name": "adjusted", "type": ["null", "double"], "doc": "MW, EIA's own figure in its place; null: none"},
            {
                "name": "estimate",
                "type": ["null", "double"],
                "doc": "MW where no value stands; null: it does",
            },
            {
                "name": "estimate_by",
                "type": ["null", "string"],
                "doc": "whose figure that is: eia, or our method",
            },
            {"name": "retrieved_at", "type": ["null", moment], "doc": "when the server answered, UTC; null: never"},
            {"name": "source", "type": ["null", "string"], "doc": "api, files or emulator; null: nobody reported it"},
        ],
    }


def write_avro(storage: Storage, span: Span, tables: Iterable[pa.Table]) -> File:
    """Write the tables' rows; the same rows give the same bytes (the sync marker is the path's hash)."""
    sink, count = io.BytesIO(), Counter[str]()
    path = avro_path(span.route, span.respondent)
    marker = hashlib.md5(path.encode(), usedforsecurity=False).digest()
    fastavro.writer(sink, avro_schema(ROUTES[span.route]), _rows(tables, count), codec="deflate", sync_marker=marker)
    return put_file(storage, path, sink.getbuffer(), rows=count["rows"])


def _rows(tables: Iterable[pa.Table], count: Counter[str]) -> Iterator[dict[str, Any]]:
    """Rows as the writer wants them, a batch at a time; moments as integers, which it takes as they are."""
    moment, millis = pa.timestamp("s", tz="UTC"), pa.timestamp("ms", tz="UTC")
    for table in tables:
        count["rows"] += table.num_rows
        for place, column in enumerate(table.schema):
            if column.type == moment:
                table = table.set_column(place, column.name, table.column(place).cast(millis).cast(pa.int64()))
        names = table.column_names
        for batch in table.to_batches(_BATCH):
            for row in zip(*map(_values, batch.columns), strict=True):
                yield dict(zip(names, row, strict=True))


def _values(column: pa.Array) -> list[Any]:
    """A column of strings or numbers as Python has them; pyarrow makes a Scalar of each first, which takes longer."""
    if pa.types.is_string(column.type):
        column = column.dictionary_encode()
    if pa.types.is_dictionary(column.type):
        # The last is what -1 names.
        words = [*column.dictionary.to_pylist(), None]
        return [words[place] for place in column.indices.fill_null(-1).to_numpy(zero_copy_only=False).tolist()]
    found: list[Any] = column.fill_null(0).to_numpy(zero_copy_only=False).tolist()
    for place in np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False)).tolist():
        found[place] = None
    return found

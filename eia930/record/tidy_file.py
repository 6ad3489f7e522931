# SPDX-License-Identifier: Apache-2.0
"""Columns of a tidy file; what is wrong with it is one line that names it."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from eia930.errors import UsageError
from eia930.store.storage import Storage

AGAIN = "run python -m pipelines.historical on this folder again"


def read_columns(storage: Storage, path: str, columns: Sequence[str]) -> pa.Table:
    """Read them. UsageError, naming the file, where it is missing, cut or no tidy file."""
    try:
        file = pq.ParquetFile(pa.BufferReader(storage.get(path)))
        if absent := [name for name in columns if name not in file.schema_arrow.names]:
            raise UsageError(f"{path} is no tidy file: it has no column {', '.join(absent)}", remedy=AGAIN)
        return file.read(columns=list(columns))
    except KeyError:
        raise UsageError(f"{path} is missing, though report.json tells of its series", remedy=AGAIN) from None
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{path} cannot be read as Parquet: {error}", remedy=AGAIN) from None

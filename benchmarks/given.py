# SPDX-License-Identifier: Apache-2.0
"""What a benchmark is given: where it is missing, or something else, that is one line and exit code 2."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from eia930.errors import UsageError
from ringdata.errors import RingDataError


def rows_in(path: Path, columns: Sequence[str]) -> Path:
    """The path of a Parquet file, or a folder of them, with these columns. UsageError where it is none."""
    try:
        found = pq.read_schema(path) if path.is_file() else pq.ParquetDataset(path).schema
    except (OSError, pa.ArrowException) as error:
        said = str(error).split("\n", 1)[0]
        why = f"holds no Parquet ({said})" if path.exists() else "does not exist"
        raise UsageError(f"{path} {why}: give a Parquet file with the columns {', '.join(columns)}") from None
    if lacking := [name for name in columns if name not in found.names]:
        raise UsageError(f"{path} has no column {', '.join(lacking)}; it has {', '.join(found.names)}")
    return path


def ended(main: Callable[[], int | None]) -> int:
    """The exit code of a benchmark; 2, with one line, where it was given what it cannot measure."""
    try:
        return main() or 0
    except (UsageError, RingDataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

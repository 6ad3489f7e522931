# SPDX-License-Identifier: Apache-2.0
"""Series that would be too many for memory, in a temporary file: written once, read a row at a time or as a map."""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eia930.errors import StorageError

Values = NDArray[np.float64]


class Spool:
    """`rows` places for float64[hours]; the file has no name, and takes room only where something was put."""

    def __init__(self, rows: int, hours: int) -> None:
        self._shape = (rows, hours)

    def put(self, row: int, values: Values) -> None:
        """Keep the values of a row. StorageError where there is no room for them."""
        data, at = np.ascontiguousarray(values).data.cast("B"), row * values.nbytes
        try:
            # Not through the map: a full disk is an error of writing, but the end of the program there.
            while data:
                written = os.pwrite(self._file, data, at)
                data, at = data[written:], at + written
        except OSError as error:
            remedy = "free some space there, or let TMPDIR name a folder that has it, then run the same command again"
            raise StorageError(f"cannot keep series in {tempfile.gettempdir()}: {error.strerror}", remedy) from None

    def get(self, row: int) -> Values:
        """A copy of what was put, read-only: pages of a map would count as this process's memory for good."""
        hours = self._shape[1]
        # Read-only, as the bytes are that it lies in.
        return np.frombuffer(os.pread(self._file, 8 * hours, 8 * hours * row), np.float64).reshape(hours)

    @property
    def rows(self) -> Values:
        """All rows as a map of the file, read-only: float64[rows, hours], zero where nothing was put."""
        return self._views

    @cached_property
    def _file(self) -> int:
        """Its descriptor, closed with this object; views keep their own."""
        with tempfile.TemporaryFile(buffering=0) as made:
            os.ftruncate(made.fileno(), 8 * self._shape[0] * self._shape[1])
            number = os.dup(made.fileno())
        weakref.finalize(self, os.close, number)
        return number

    @cached_property
    def _views(self) -> Values:
        return np.frombuffer(mmap.mmap(self._file, 0, access=mmap.ACCESS_READ), np.float64).reshape(self._shape)

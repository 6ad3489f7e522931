# SPDX-License-Identifier: Apache-2.0
"""Series that would be too many for memory, in a temporary file: written once, then views that the system pages in."""

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

    def put(self, row: int, values: Values) -> Values:
        """The same values as a read-only view. StorageError where there is no room for them."""
        data, at = np.ascontiguousarray(values).data.cast("B"), row * values.nbytes
        try:
            # Not through the map: a full disk is an error of writing, but the end of the program there.
            while data:
                written = os.pwrite(self._file, data, at)
                data, at = data[written:], at + written
            found: Values = self._views[row]
        except OSError as error:
            remedy = "free some space there, or let TMPDIR name a folder that has it, then run the same command again"
            raise StorageError(f"cannot keep series in {tempfile.gettempdir()}: {error.strerror}", remedy) from None
        return found

    @property
    def rows(self) -> Values:
        """All rows, read-only: float64[rows, hours], zero where nothing was put."""
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

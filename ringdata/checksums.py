# SPDX-License-Identifier: Apache-2.0
"""A checksum of every stretch of a shard that is read at once, in a file beside it: little-endian CRC-32, uint32 each.

What a stretch is: a row group's pages in Parquet, a record in TFRecord. The file is small, and itself held against
the manifest when a folder is opened; so a flipped bit is found when it is read, and so is a shard of another run.
"""

import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ringdata.errors import DamagedFile, MixedVersions
from ringdata.files import Files

ENDING = ".crc32"
_REMEDY = "it is damaged, or of another run; run the pipeline again, or copy the folder again from where it is whole"


def checksums_of(data: memoryview, stretches: Iterable[tuple[int, int]]) -> bytes:
    """The content of the file: one checksum for each (start, stop) of bytes."""
    return np.array([zlib.crc32(data[start:stop]) for start, stop in stretches], "<u4").tobytes()


def read_checksums(content: bytes, path: PurePosixPath, count: int) -> NDArray[np.uint32]:
    """The content of the file at `path`, of a shard of `count` stretches. MixedVersions where it has more or fewer."""
    sums = np.frombuffer(content, "<u4")
    if len(sums) != count:
        raise MixedVersions(f"{path} has {len(sums)} checksums where the shard has {count} stretches; {_REMEDY}")
    return sums


def check(files: Files, name: str, held: bytes, stretches: Iterable[tuple[int, int]], sums: Iterable[int]) -> None:
    """DamagedFile where bytes of a shard are not what was written; a stretch is (start, stop) within `held`."""
    view = memoryview(held)
    for (start, stop), expected in zip(stretches, sums, strict=True):
        if zlib.crc32(view[start:stop]) != expected:
            raise DamagedFile(f"{files.at(name)}: {stop - start:,} bytes of it differ from their checksum; {_REMEDY}")

# SPDX-License-Identifier: Apache-2.0
"""A TFRecord shard by token range: the layout tells where the values of each row lie; nothing is parsed."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ringdata.checksums import ENDING, check, checksums_of, read_checksums
from ringdata.errors import DamagedFile, MixedVersions
from ringdata.example import Mould, moulds_of, runs_of_equal
from ringdata.files import Files
from ringdata.layout import BlockGrid, Shard
from ringdata.manifest import Folder
from ringdata.shards import Tokens, empty_tokens, read_range
from ringdata.tfrecord import Records


@dataclass(frozen=True, slots=True)
class TFRecordShard:
    """Rows of one file: `offsets` int64[rows + 1], and the mould of each row (`kinds` int64[rows] into `moulds`).

    `sums` uint32[rows]: the checksum of each framed record.
    """

    name: str
    grid: BlockGrid
    offsets: NDArray[np.int64]
    moulds: tuple[Mould, ...]
    kinds: NDArray[np.intp]
    sums: NDArray[np.uint32]

    def read(self, files: Files, row: int, token: int, out: Tokens) -> Tokens:
        """Fill `out` from token `token` of row `row` on, and give the hour after it; one request."""
        stop = row - (-(token + len(out.value)) // self.grid.block_tokens)
        end_token = (token + len(out.value)) % self.grid.block_tokens
        held = read_range(files, self.name, int(self.offsets[row]), int(self.offsets[stop]))
        ends = (self.offsets[row : stop + 1] - self.offsets[row]).tolist()
        check(files, self.name, held, pairwise(ends), self.sums[row:stop].tolist())
        content, done = np.frombuffer(held, np.uint8), 0
        for first, end in runs_of_equal(self.kinds[row:stop]):
            shape = self.moulds[self.kinds[row + first]]
            rows = content[: (end - first) * shape.size].reshape(-1, shape.size)
            content = content[rows.size :]
            part = out.part(done, done + len(rows) * self.grid.block_tokens - token)
            _copy(rows, shape, ("value", "observed"), token, part)
            done, token = done + len(part.value), 0
        return self._after(rows[-1:], shape, end_token)

    def _after(self, row: NDArray[np.uint8], shape: Mould, token: int) -> Tokens:
        """The hour after token `token` of the last row read."""
        after = empty_tokens(self.grid.slots)
        names = ("value", "observed") if token else ("next_value", "next_observed")
        _copy(row, shape, names, token, after)
        return after


def open_tfrecord(folder: Folder, shard: Shard) -> TFRecordShard:
    """Read the `.idx` and the checksums, and check that they are of the folder's layout."""
    files, layout = folder.files, folder.layout
    moulds, kinds = shard_moulds(layout.grid, shard)
    sizes = np.array([shape.size for shape in moulds])[kinds]
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    path = files.at(shard.tfrecord)
    index = np.array(folder.read(f"{shard.tfrecord}.idx").split(), np.int64)
    if not np.array_equal(index, np.stack([offsets[:-1], sizes], axis=1).reshape(-1)):
        raise MixedVersions(
            f"{path}.idx lists other records than layout.json: it is of another run or program; run the pipeline again"
        )
    (info,) = files.infos([path])
    if info.size != offsets[-1]:
        raise DamagedFile(f"{path} has {info.size} bytes where its records take {offsets[-1]}; copy it again")
    beside = f"{shard.tfrecord}{ENDING}"
    sums = read_checksums(folder.read(beside), files.root / beside, len(kinds))
    return TFRecordShard(shard.tfrecord, layout.grid, offsets, moulds, kinds, sums)


def tfrecord_checksums(records: Records) -> bytes:
    """The checksums of a shard that was just written: one for each framed record."""
    lines = (line.split() for line in records.index.splitlines())
    places = [(int(offset), int(offset) + int(size)) for offset, size in lines]
    return checksums_of(memoryview(records.data), places)


def shard_moulds(grid: BlockGrid, shard: Shard) -> tuple[tuple[Mould, ...], NDArray[np.intp]]:
    """The moulds of a shard's records, and which of them each row has: every offset, from the layout alone."""
    return moulds_of(grid, _integers(grid, shard))


def _integers(grid: BlockGrid, shard: Shard) -> dict[str, NDArray[np.int64]]:
    """Every row's integers, as the layout has them."""
    lengths = np.array([run.blocks for run in shard.runs])
    within = np.concatenate([np.arange(length) for length in lengths])
    return {
        "sequence_id": np.repeat([run.sequence_id for run in shard.runs], lengths),
        "block_index": np.repeat([run.first_block for run in shard.runs], lengths) + within,
        "start_hour": np.repeat([run.start_hour for run in shard.runs], lengths) + within * grid.block_hours,
    }


def _copy(rows: NDArray[np.uint8], shape: Mould, names: tuple[str, str], token: int, out: Tokens) -> None:
    """Tokens from `token` of the first row on, of columns `names`, to `out`."""
    for name, target, width in zip(names, (out.bytes.reshape(-1), out.observed), (4, 1), strict=True):
        offset, size = shape.holes[name]
        payload = rows[:, offset : offset + size]
        if token == 0 and len(target) == payload.size:
            target.reshape(len(rows), size)[...] = payload
        else:
            target[...] = payload.reshape(-1)[token * width : token * width + len(target)]

# SPDX-License-Identifier: Apache-2.0
"""The bytes of one block as a framed `tf.train.Example`, known but for its numbers: a mould for many rows at once.

All rows whose three integers take as many varint bytes have one mould, so a writer fills columns of a matrix and
a reader finds the values without parsing. Features stand in the order of Python's deterministic protobuf.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringdata.layout import BlockGrid

HEADER, FOOTER = 12, 4  # TFRecord framing: length and its checksum before, checksum after
INTEGERS = ("block_index", "sequence_id", "start_hour")
_BYTES, _FLOATS, _INTS = b"\x0a", b"\x12", b"\x1a"  # the kinds of a Feature, by protobuf tag
Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Mould:
    """Bytes of a framed record with holes: `holes[name]` = (offset in the framed record, bytes)."""

    blank: bytes
    holes: dict[str, tuple[int, int]]

    @property
    def size(self) -> int:
        """Bytes of the framed record."""
        return len(self.blank)


@lru_cache(maxsize=256)
def mould(grid: BlockGrid, signature: Signature) -> Mould:
    """The mould for rows whose INTEGERS take `signature` bytes as varints."""
    tokens, slots = grid.block_tokens, grid.slots
    features = {name: (_INTS, size) for name, size in zip(INTEGERS, signature, strict=True)}
    features |= {"value": (_FLOATS, 4 * tokens), "next_value": (_FLOATS, 4 * slots)}
    features |= {"observed": (_BYTES, tokens), "next_observed": (_BYTES, slots)}
    features |= dict.fromkeys(grid.config.sums, (_BYTES, 8))
    entries, holes, place = b"", {}, 0
    for name in sorted(features, key=_protobuf_order):
        kind, size = features[name]
        head = _entry_head(name, kind, size)
        holes[name] = (place + len(head), size)
        entries += head + bytes(size)
        place = len(entries)
    head = b"\x0a" + _varint(len(entries))
    shift = HEADER + len(head)
    return Mould(
        bytes(HEADER) + head + entries + bytes(FOOTER),
        {name: (offset + shift, size) for name, (offset, size) in holes.items()},
    )


def moulds_of(grid: BlockGrid, integers: dict[str, NDArray[Any]]) -> tuple[tuple[Mould, ...], NDArray[np.intp]]:
    """The moulds of rows with these INTEGERS, and which of them each row has."""
    sizes = np.stack([varint_sizes(integers[name]) for name in INTEGERS], axis=1)
    kinds, inverse = np.unique(sizes, axis=0, return_inverse=True)
    return tuple(mould(grid, tuple(kind.tolist())) for kind in kinds), inverse.reshape(-1)


def varint_sizes(numbers: NDArray[Any]) -> NDArray[np.int64]:
    """Bytes that each number takes as a protobuf varint: 1 to 10."""
    wide = numbers.astype(np.int64).view(np.uint64)
    limits = np.uint64(1) << np.arange(7, 64, 7, dtype=np.uint64)
    return 1 + np.searchsorted(limits, wide, side="right").astype(np.int64)


def varints(numbers: NDArray[Any], size: int) -> NDArray[np.uint8]:
    """[rows, size]: numbers as varints of `size` bytes each."""
    shifts = np.arange(0, 7 * size, 7, dtype=np.uint64)
    parts = (numbers.astype(np.int64).view(np.uint64)[:, None] >> shifts) & np.uint64(0x7F)
    parts[:, :-1] |= np.uint64(0x80)
    return parts.astype(np.uint8)


def runs_of_equal(kinds: NDArray[Any]) -> list[tuple[int, int]]:
    """[first, stop) of consecutive equal items."""
    edges = [0, *(np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist(), len(kinds)]
    return list(pairwise(edges))


def _protobuf_order(name: str) -> str:
    """upb, the protobuf of Python, sorts maps by key, and puts a name before its own prefixes."""
    return name + "\x7f"


def _entry_head(name: str, kind: bytes, size: int) -> bytes:
    """All of a map entry (name to Feature) that stands before its payload of `size` bytes."""
    key = b"\x0a" + _varint(len(name)) + name.encode()
    one = b"\x0a" + _varint(size)  # BytesList: one item; FloatList, Int64List: one packed run
    feature = kind + _varint(len(one) + size) + one
    value = b"\x12" + _varint(len(feature) + size) + feature
    return b"\x0a" + _varint(len(key) + len(value) + size) + key + value


def _varint(number: int) -> bytes:
    return varints(np.array([number]), int(varint_sizes(np.array([number]))[0])).tobytes()

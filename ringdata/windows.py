# SPDX-License-Identifier: Apache-2.0
"""Windows of a split: which tokens each holds, where they lie, and the order of an epoch."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ringdata.errors import ContextError
from ringdata.layout import BlockGrid, Shard


@dataclass(frozen=True, slots=True)
class ShardPart:
    """Consecutive blocks of a sequence in one shard (its place in the split): from row `row` on.

    `start` and `stop` are the first token and the end of them within the sequence's track.
    """

    shard: int
    row: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Track:
    """All blocks of a sequence in a split, gapless: `tokens` of them from hour `start_hour` on."""

    sequence_id: int
    start_hour: int
    tokens: int
    pieces: tuple[ShardPart, ...]

    def parts(self, start: int, stop: int) -> Iterator[tuple[ShardPart, int, int]]:
        """Tokens [start, stop) of the track by piece: the piece, and first token and end within the track."""
        for piece in self.pieces:
            if start < piece.stop and piece.start < stop:
                yield piece, max(start, piece.start), min(stop, piece.stop)


@dataclass(frozen=True, slots=True)
class TokenWindow:
    """One window: tokens from `token` of a track on, which is hour `start_hour` since 1970 UTC (hour ending)."""

    track: Track
    token: int
    start_hour: int

    @property
    def sequence_id(self) -> int:
        """The window's row (series) or rows (panel) in `sequences.parquet`."""
        return self.track.sequence_id


@dataclass(frozen=True)
class Windows:
    """Every window of `context` tokens, `stride` apart, that lies whole within a track; by sequence, then time."""

    grid: BlockGrid
    tracks: tuple[Track, ...]
    context: int
    stride: int

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """Number of windows up to and with each track."""
        tokens = np.array([track.tokens for track in self.tracks])
        ends: NDArray[np.int64] = np.cumsum(np.maximum(0, (tokens - self.context) // self.stride + 1))
        return ends

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, number: int) -> TokenWindow:
        if not 0 <= number < len(self):
            raise IndexError(f"window {number} of {len(self)}")
        place = int(np.searchsorted(self.ends, number, side="right"))
        track = self.tracks[place]
        token = (number - (int(self.ends[place - 1]) if place else 0)) * self.stride
        return TokenWindow(track, token, track.start_hour + token // self.grid.slots)


def tracks_of(grid: BlockGrid, shards: tuple[Shard, ...]) -> tuple[Track, ...]:
    """The split's sequences, by id, from its shards' runs."""
    pieces: dict[int, list[ShardPart]] = {}
    starts: dict[int, int] = {}
    for place, shard in enumerate(shards):
        row = 0
        for run in shard.runs:
            start = run.first_block * grid.block_tokens
            piece = ShardPart(place, row, start, start + run.blocks * grid.block_tokens)
            pieces.setdefault(run.sequence_id, []).append(piece)
            starts.setdefault(run.sequence_id, run.start_hour)
            row += run.blocks
    return tuple(Track(id_, starts[id_], held[-1].stop, tuple(held)) for id_, held in sorted(pieces.items()))


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a window can go at most: `hours` of `slots` tokens, which is what `whose` has (`split 'train', …`)."""

    place: str
    whose: str
    hours: int
    slots: int

    def check_context(self, context: int, divisor: int) -> None:
        """Refuse a longer window before anything of its length is made; it must be a multiple of `divisor`."""
        most = self.hours * self.slots
        if context > most:
            fits = f"at most {most // divisor * divisor}" if most >= divisor else f"{divisor}, and load more hours"
            raise ContextError(
                f"{self.place}: no window of {context} tokens in {self.whose} has {most}; give a context of {fits}"
            )

    def check_ahead(self, *, horizon: int, ahead: int) -> None:
        """Refuse what lies so far ahead that no token has it."""
        for name, hours, what in (("horizon", horizon, "target"), ("ahead", ahead, "hour so far ahead")):
            if hours > self.hours:
                raise ContextError(
                    f"{name} {hours}: no {what} lies in {self.whose} has {self.hours} hours; give at most {self.hours}"
                )


def epoch_order(count: int, *, seed: int | None, epoch: int) -> NDArray[np.int64]:
    """0 .. count - 1 in an order that is a function of (seed, epoch) alone, on every machine; None: as they are."""
    numbers = np.arange(count, dtype=np.uint64)
    if seed is None:
        return numbers.astype(np.int64)
    if not 0 <= epoch < 1 << 63:
        raise ContextError(f"epoch {epoch}: give 0 or more, below 2**63")
    key = _mixed(_mixed(np.array([seed % (1 << 64)], np.uint64)) + np.uint64(epoch))
    return np.argsort(_mixed(numbers ^ key), kind="stable").astype(np.int64)


def replica_share(order: NDArray[np.int64], replica: int, replicas: int, start: int) -> NDArray[np.int64]:
    """What replica `replica` of `replicas` takes of the order after its first `start`: each one once over all."""
    if replicas < 1:
        raise ContextError(f"replicas {replicas}: give 1 or more")
    if not 0 <= replica < replicas:
        raise ContextError(f"replica {replica} of {replicas}: give 0 to {replicas - 1}")
    if not 0 <= start <= len(order):
        raise ContextError(
            f"start {start}: give 0 to {len(order)}, the windows of an epoch; carry the rest into the next epoch"
        )
    return order[start + replica :: replicas]


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64, a bijection that scatters its arguments."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))

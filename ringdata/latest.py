# SPDX-License-Identifier: Apache-2.0
"""The newest window of a folder of blocks, for a model that forecasts now: all splits together, read anew each time.

What no block holds is not observed: hours that have not come, and those that the cuts leave out between splits.
"""

import os
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.fs import FileSystem

from ringdata.choosing import chosen_rows, known_slots, published_ahead
from ringdata.errors import ContextError, EmptySplit
from ringdata.files import Files
from ringdata.folder import SplitShards, open_any
from ringdata.layout import SPLITS, BlockGrid
from ringdata.manifest import SEQUENCES
from ringdata.orders import check_ahead, known_ahead, whole
from ringdata.sequences import read_sequences
from ringdata.shards import Tokens, empty_tokens
from ringdata.slices import Later, RingSlice, ring_slice
from ringdata.windows import Reach, Track, tracks_of


def latest(
    path: str | os.PathLike[str],
    *,
    context: int,
    end: int | None = None,
    ring_size: int = 1,
    ring_rank: int | None = None,
    order: str = "zigzag",
    stripe: int = 1,
    causal: str | None = None,
    series: Sequence[str] | None = None,
    slots: Sequence[int] | None = None,
    horizon: int = 1,
    ahead: int = 0,
    filesystem: FileSystem | None = None,
) -> dict[str, NDArray[Any]]:
    """The window of `context` tokens that ends at the newest hour, or one rank's slice of it: fields as of RingBlocks.

    The newest hour is the last in which any series that is read was observed. Day-ahead forecasts (DF) are no news:
    they count only where nothing else is read. `end` (hours since 1970 UTC, as `ringdata.hour` gives it) says
    otherwise where the window is to end. Of a folder `series` choose one. `target` and `loss_mask` are of `horizon`
    hours later, as far as they have come; with `ahead`, `ahead_value` and `ahead_observed` are as of RingBlocks.
    Raises ContextError, EmptySplit where no hour is observed, and FolderError by kind.
    """
    context, horizon, ahead = whole("context", context), whole("horizon", horizon), known_ahead(ahead)
    check_ahead(horizon)
    record = _opened(Files(path, filesystem=filesystem), series, slots, ahead=ahead)
    held = ring_slice(
        record.grid,
        record.rows,
        context=context,
        ring_size=ring_size,
        ring_rank=ring_rank,
        order=order,
        stripe=stripe,
        causal=causal,
        reach=record.reach,
    )
    record.reach.check_ahead(horizon=horizon, ahead=ahead)
    last = record.newest() if end is None else whole("end", end)
    first = last + 1 - context // held.slots
    found = _shifted(record, held, first, {0, horizon, ahead})
    item = held.item(found[0], found[horizon], first)
    return item | held.published(found[ahead], record.known) if ahead else item


def _shifted(record: "_Record", held: RingSlice, first: int, shifts: Set[int]) -> Later:
    """What lies each number of hours after the tokens held of the window from hour `first` on."""
    later, done = {hours: empty_tokens(held.size) for hours in shifts}, 0
    for cover in held.covers:
        begin, count = first + cover.start // held.grid.slots, cover.stop - cover.start
        read = record.read(begin, count // held.grid.slots + max(shifts))
        for hours, part in later.items():
            found = read.part(hours * held.grid.slots, hours * held.grid.slots + count)
            picked = found if cover.picks is None else Tokens(found.value[cover.picks], found.observed[cover.picks])
            part.part(done, done + cover.size).fill(picked)
        done += cover.size
    for hours in shifts - {0}:
        later[hours].forget()
    return later


@dataclass(frozen=True, slots=True)
class _Record:
    """What is read of a sequence: its track in each split, the earliest first; `rows` of a panel's slots, None: all.

    `news` are the slots whose hours say what is newest, `known` bool[V] those that are published ahead. `reach` is how
    long the record is, whoever's blocks they are.
    """

    place: str
    reach: Reach
    grid: BlockGrid
    rows: NDArray[np.int64] | None
    news: NDArray[np.int64]
    known: NDArray[np.bool_]
    tracks: tuple[tuple[Track, SplitShards], ...]

    def newest(self) -> int:
        """The last hour in which anything that counts was observed. EmptySplit where none was."""
        for track, shards in reversed(self.tracks):
            for first, stop in self._backwards(track):
                observed = self._of_track(track, shards, first, stop).observed.reshape(-1, self.grid.slots)
                seen = np.flatnonzero(observed[:, self.news].any(axis=1))
                if len(seen):
                    return track.start_hour + first + int(seen[-1])
        raise EmptySplit(f"{self.place}: no hour of the series chosen is observed")

    def read(self, first: int, hours: int) -> Tokens:
        """All slots of hours `first` .. `first + hours - 1`; what no block holds is not observed."""
        out = empty_tokens(hours * self.grid.slots)
        out.clear()
        for track, shards in self.tracks:
            begin, stop = first - track.start_hour, first + hours - track.start_hour
            within = max(0, begin), min(track.tokens // self.grid.slots, stop)
            if within[0] < within[1]:
                place = (within[0] - begin) * self.grid.slots
                found = self._of_track(track, shards, *within)
                out.part(place, place + len(found.value)).fill(found)
        return out

    def _backwards(self, track: Track) -> Iterator[tuple[int, int]]:
        """Hours of a track, counted from its first, some blocks at a time, the last ones first."""
        size, stop = self.grid.group_blocks * self.grid.block_hours, track.tokens // self.grid.slots
        while stop > 0:
            yield max(0, stop - size), stop
            stop -= size

    def _of_track(self, track: Track, shards: SplitShards, first: int, stop: int) -> Tokens:
        """Hours [first, stop) of a track, counted from its first."""
        slots, tokens = self.grid.slots, self.grid.block_tokens
        out = empty_tokens((stop - first) * slots)
        for piece, begin, end in track.parts(first * slots, stop * slots):
            row, token = divmod(begin - piece.start, tokens)
            shards.read(piece.shard, piece.row + row, token, out.part(begin - first * slots, end - first * slots))
        return out


def _opened(files: Files, series: Sequence[str] | None, slots: Sequence[int] | None, *, ahead: int) -> _Record:
    """What of a folder is read, in whatever split; shards are opened, and held against what was written, as needed."""
    folder = open_any(files)
    grid = folder.layout.grid
    sequences = read_sequences(folder.read(SEQUENCES))
    rows = chosen_rows(sequences, series, slots)
    if grid.config.alone and (rows is None or len(rows) > 1):
        raise ContextError(f"{files.path}: each series is a sequence of its own here; choose one: series=[...]")
    sequence = int(rows[0]) if grid.config.alone and rows is not None else 0
    every = [
        (track, shards)
        for shards in (SplitShards(folder, split) for split in SPLITS if folder.layout.split(split))
        for track in tracks_of(grid, shards.described)
    ]
    tracks = tuple(one for one in every if one[0].sequence_id == sequence)
    known = known_slots(sequences, rows, ahead=ahead, slots=grid.slots)
    picked, news = (None, np.zeros(1, np.int64)) if grid.config.alone else (rows, _news(sequences, rows))
    hours = _hours([track for track, _ in every], grid)
    reach = Reach(files.path, "a record that", hours, grid.slots if picked is None else len(picked))
    return _Record(files.path, reach, grid, picked, news, known, tracks)


def _hours(tracks: Sequence[Track], grid: BlockGrid) -> int:
    """From the first hour of any block to the last one, over all splits; a block's where there is none."""
    first = min((track.start_hour for track in tracks), default=0)
    return max((track.start_hour + track.tokens // grid.slots for track in tracks), default=grid.block_hours) - first


def _news(sequences: pa.Table, rows: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Those slots of a panel that are read and not published ahead; all that are read where there are no others."""
    read = np.arange(len(sequences)) if rows is None else rows
    ahead = published_ahead(sequences)[read]
    return read if ahead.all() else read[~ahead]

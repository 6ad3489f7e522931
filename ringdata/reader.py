# SPDX-License-Identifier: Apache-2.0
"""Windows of the record as a ring of devices wants them: each rank reads its own tokens, and only those.

Labels are shifted before anything is cut; every field is cut and reordered by one list of token ranges.
"""

import operator
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, SupportsIndex

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.fs import FileSystem

from ringdata.choosing import check_fingerprint, chosen_rows, chosen_tracks, known_slots, renumbered
from ringdata.choosing import fingerprint as fingerprint_of
from ringdata.covers import Cover
from ringdata.describe import describe_folder
from ringdata.errors import EmptySplit, FolderError, MissingFile, MixedVersions
from ringdata.files import Files
from ringdata.folder import SplitShards, open_folder
from ringdata.layout import REPORTED, Layout
from ringdata.manifest import MANIFEST, SEQUENCES
from ringdata.orders import Span, check_ahead, check_multiple, known_ahead, whole
from ringdata.sequences import read_sequences
from ringdata.shards import Tokens, empty_tokens
from ringdata.slices import Later, fill_later, ring_slice
from ringdata.windows import Reach, TokenWindow, Track, Windows, epoch_order, replica_share, tracks_of

_SEED_BITS = 4096
"""A seed may be long: it is taken by its remainder."""


class RingBlocks:
    """Windows of `context` tokens of one split, or one ring rank's slice of each. Map-style, thread-safe, picklable.

    `path` is a folder of blocks: `OUTPUT/blocks/<config>` or `OUTPUT/tfds/eia930/<config>/<version>`, local or a URL
    that pyarrow knows (`s3://bucket/...`). `data[i]` is a dict of arrays, each [context] or [context / ring_size]:

        value     float32  MW (0 or inputs, unobserved)    target     float32  the value `horizon` h later
        observed  bool     reported and trusted            loss_mask  bool     the target was observed, in this split
        position  int64    hours since 1970 UTC            slot       int32    which series of a panel; 0 in `series`

    `causal` says how a kernel masks (docs/kernels.md), and refuses an order that it cannot take.
    `horizon` is how many hours ahead the target lies, for tokens that are patches of hours: 24 for patches of a day.
    `ahead=24` adds `ahead_value` (float32) and `ahead_observed` (bool): of a series that is published before its hour
    (type DF) the value 24 hours later, within this split; of every other series 0 and False.
    Errors, before a batch is given: ContextError (context, stride, ring, horizon, ahead), EmptySplit, FolderError by
    kind; DamagedFile also as a window is read, where bytes of a shard are not what was written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        split: str,
        context: int,
        stride: int | None = None,
        ring_size: int = 1,
        ring_rank: int | None = None,
        order: str = "zigzag",
        stripe: int = 1,
        causal: str | None = None,
        series: Sequence[str] | None = None,
        slots: Sequence[int] | None = None,
        fingerprint: str | None = None,
        seed: int | None = 0,
        horizon: int = 1,
        ahead: int = 0,
        verify: str = "size",
        filesystem: FileSystem | None = None,
    ) -> None:
        self._files = Files(path, filesystem=filesystem)
        folder = open_folder(self._files, split, verify=verify)
        self._folder = folder
        self.layout: Layout = folder.layout
        self._block_tokens = self.layout.grid.block_tokens
        self.split, self.context, self.horizon = split, whole("context", context), whole("horizon", horizon)
        self.ahead = known_ahead(ahead)
        self.stride = self.context if stride is None else whole("stride", stride)
        self.seed = None if seed is None else whole("seed", seed, bits=_SEED_BITS)
        every = self._all_sequences()
        self._rows = chosen_rows(every, series, slots)
        alone = self.layout.grid.config.alone
        picked = None if alone else self._rows
        self.slots = self.layout.grid.slots if picked is None else len(picked)
        self._known = known_slots(every, self._rows, ahead=self.ahead, slots=self.slots)
        check_fingerprint(fingerprint, self.fingerprint)
        self._shards = SplitShards(folder, split)
        tracks = tracks_of(self.layout.grid, self._shards.described)
        tracks = chosen_tracks(tracks, self._rows) if alone else tracks
        reach = self._reach(tracks)
        self._slice = ring_slice(
            self.layout.grid,
            picked,
            context=self.context,
            ring_size=ring_size,
            ring_rank=ring_rank,
            order=order,
            stripe=stripe,
            causal=causal,
            reach=reach,
        )
        check_multiple("stride", self.stride, self.slots, f"{self.slots} tokens an hour")
        check_ahead(self.horizon)
        reach.check_ahead(horizon=self.horizon, ahead=self.ahead)
        stored = (tokens // self.slots * self.layout.grid.slots for tokens in (self.context, self.stride))
        self._windows = Windows(self.layout.grid, tracks, *stored)
        self._shards.open_all()

    def __getstate__(self) -> dict[str, Any]:
        """What is counted out of the layout again is not worth sending to a worker."""
        return {name: held for name, held in self.__dict__.items() if name != "sequences"}

    @property
    def spans(self) -> tuple[Span, ...]:
        """Token ranges [start, stop) of each window that are held, in the order in which they are."""
        return self._slice.spans

    def __len__(self) -> int:
        """Windows in the split."""
        return len(self._windows)

    def __iter__(self) -> Iterator[dict[str, NDArray[Any]]]:
        """Windows as they lie, by sequence and time; `windows` gives an epoch's order."""
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: SupportsIndex) -> dict[str, NDArray[Any]]:
        """TokenWindow `index` of the split, or this rank's slice of it."""
        window = self.window(index)
        try:
            return self._item(window)
        except FolderError as wrong:
            if self._replaced():
                raise MixedVersions(
                    f"{self._files.path} was written again since this reader opened it: open it anew, in every worker"
                ) from wrong
            raise

    def _item(self, window: TokenWindow) -> dict[str, NDArray[Any]]:
        held = self._slice
        tokens, done = empty_tokens(held.size), 0
        later = {hours: empty_tokens(held.size) for hours in {self.horizon, self.ahead or self.horizon}}
        for cover in held.covers:
            end = done + cover.size
            parts = {hours: one.part(done, end) for hours, one in later.items()}
            self._hold(window, cover, tokens.part(done, end), parts)
            done = end
        for one in later.values() if self.layout.inputs != REPORTED else ():
            one.forget()
        item = held.item(tokens, later[self.horizon], window.start_hour)
        if self.ahead:
            item |= held.published(later[self.ahead], self._known[window.sequence_id :])
        return item

    def _hold(self, window: TokenWindow, cover: Cover, tokens: Tokens, later: Later) -> None:
        """What is held of one range, and what lies after it."""
        if cover.picks is None:
            self._fill(window.track, window.token + cover.start, tokens, later)
            return
        read, *rest = (empty_tokens(cover.stop - cover.start) for _ in range(1 + len(later)))
        self._fill(window.track, window.token + cover.start, read, dict(zip(later, rest, strict=True)))
        for held, found in zip((tokens, *later.values()), (read, *rest), strict=True):
            held.fill(Tokens(found.value[cover.picks], found.observed[cover.picks]))

    def window(self, index: SupportsIndex) -> TokenWindow:
        """Which sequence and hours window `index` holds; IndexError past the end."""
        return self._windows[operator.index(index)]

    def windows(self, *, epoch: int = 0, replica: int = 0, replicas: int = 1, start: int = 0) -> NDArray[np.int64]:
        """TokenWindow ids of an epoch in this data-parallel replica's order: int64[about len / replicas].

        All ranks of a ring pass the same replica. `start` is the whole state: how many windows all replicas together
        have taken of this epoch (steps * batch * replicas). It holds for any number of replicas and ranks.
        Replicas differ by at most one window; `(len(data) - start) // replicas` is what each of them has.
        """
        order = epoch_order(len(self), seed=self.seed, epoch=whole("epoch", epoch))
        share = (whole(*one) for one in (("replica", replica), ("replicas", replicas), ("start", start)))
        return replica_share(order, *share)

    @cached_property
    def sequences(self) -> pa.Table:
        """`sequences.parquet`: series, unit, time zone, hours and train statistics of each sequence and slot."""
        return renumbered(self._all_sequences(), self._rows, alone=self.layout.grid.config.alone)

    @property
    def fingerprint(self) -> str:
        """What a model rests on, to keep in checkpoints: config, tokens an hour, series in their order, cuts, …"""
        return fingerprint_of(self.layout, self.sequences, self.slots, ahead=self.ahead)

    def scale(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and standard deviation over train hours in MW, float32[slots] each (of `series`: a sequence each).

        0 and 1 where a slot has none, so that what is masked stays 0; never 0 to divide by.
        """
        count = len(self.sequences) if self.layout.grid.config.alone else self.slots
        mean, std = np.zeros(count, np.float32), np.ones(count, np.float32)
        for number, row in enumerate(self.sequences.to_pylist()):
            if row["train_mean"] is not None:
                mean[number], std[number] = row["train_mean"], row["train_std"] or 1.0
        return mean, std

    def __repr__(self) -> str:
        return f"{describe_folder(self.layout, self.sequences, self._files.path)}\n{self._told()}"

    def _told(self) -> str:
        return (
            f"reading   {self.split}: {len(self):,} windows of {self.context:,} tokens, {self.stride:,} apart; "
            f"{self._slice.size:,} tokens held; fingerprint {self.fingerprint}"
        )

    def _all_sequences(self) -> pa.Table:
        return read_sequences(self._folder.read(SEQUENCES))

    def _replaced(self) -> bool:
        """Whether another run wrote the folder since it was opened, or is about to."""
        try:
            return self._files.read(self._files.root / MANIFEST) != self._folder.written
        except MissingFile:
            return True

    def _reach(self, tracks: tuple[Track, ...]) -> Reach:
        """How long a window may be. EmptySplit where there is nothing to be read."""
        if not tracks:
            raise EmptySplit(f"{self._files.path}: none of the series chosen holds a block of split {self.split!r}")
        hours = max(track.tokens for track in tracks) // self.layout.grid.slots
        return Reach(self._files.path, f"split {self.split!r}, whose longest sequence", hours, self.slots)

    def _fill(self, track: Track, start: int, tokens: Tokens, later: Later) -> None:
        """The track's tokens from `start` on, and those some hours later, as far as the track and an hour go."""
        size = len(tokens.value)
        more = min((max(later) - 1) * self.layout.grid.slots, track.tokens - start - size)
        read = empty_tokens(size + more) if more else tokens
        after = self._read(track, start, read)
        if more:
            tokens.fill(read.part(0, size))
        fill_later(later, read, after)

    def _read(self, track: Track, start: int, out: Tokens) -> Tokens:
        """Fill `out` with the track's tokens from `start` on, and give the hour after them."""
        for piece, first, end in track.parts(start, start + len(out.value)):
            row, token = divmod(first - piece.start, self._block_tokens)
            part = out.part(first - start, end - start)
            after = self._shards.read(piece.shard, piece.row + row, token, part)
        return after

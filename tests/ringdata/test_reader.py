# SPDX-License-Identifier: Apache-2.0
"""The reader against the record itself, by laws that hold for every order, ring and replica count."""

import io
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyarrow.fs import FileInfo, FileSelector, FileSystemHandler, LocalFileSystem, PyFileSystem

from ringdata import RingBlocks
from ringdata.errors import ContextError
from ringdata.files import Files
from ringdata.orders import ORDERS, unit

Record = Any
Folders = Callable[[str], Path]
Item = dict[str, NDArray[Any]]
KINDS = {
    "value": np.float32,
    "observed": np.bool_,
    "target": np.float32,
    "loss_mask": np.bool_,
    "position": np.int64,
    "slot": np.int32,
}
SLOTS = {"series": 1, "panel": 8}
LAWS = settings(max_examples=25, deadline=None)


def true_tokens(record: Record, data: RingBlocks, index: int) -> Item:
    """Window `index` from the record: what the reader should give."""
    window, slots, end = data.window(index), data.layout.grid.slots, data.layout.cuts.hours(data.split)[1]
    end = min(end, window.track.start_hour + window.track.tokens // slots + 1)  # blocks, and the hour after the last
    hours = window.start_hour + np.arange(data.context // slots + data.horizon)
    value, observed = np.zeros((len(hours), slots), np.float32), np.zeros((len(hours), slots), bool)
    at = hours - record.first
    inside = (at >= 0) & (at < record.value.shape[1]) & (hours < end)
    for slot in range(slots):
        place = window.sequence_id if slots == 1 else slot
        if place < len(record.members):
            seen = record.observed[place, at[inside]]
            observed[inside, slot] = seen
            value[inside, slot] = np.where(seen, record.value[place, at[inside]], 0).astype(np.float32)
    ahead = data.horizon
    return {
        "value": value[:-ahead].reshape(-1),
        "observed": observed[:-ahead].reshape(-1),
        "target": value[ahead:].reshape(-1),
        "loss_mask": observed[ahead:].reshape(-1),
        "position": np.repeat(hours[:-ahead], slots),
        "slot": np.tile(np.arange(slots), len(hours) - ahead),
    }


def same(one: Item, other: Item) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)


@LAWS
@given(st.data())
def test_a_window_is_the_record(folders: Folders, record: Record, data: st.DataObject) -> None:
    config = data.draw(st.sampled_from(sorted(SLOTS)))
    split = data.draw(st.sampled_from(["train", "validation", "test"]))
    hours = data.draw(st.integers(1, 3_000))
    stride, horizon = data.draw(st.integers(1, 3_000)), data.draw(st.sampled_from([1, 2, 24, 168, 5_000]))
    context, stride = hours * SLOTS[config], stride * SLOTS[config]
    blocks = RingBlocks(folders(config), split=split, context=context, stride=stride, horizon=horizon)
    index = data.draw(st.integers(0, len(blocks) - 1))
    item = blocks[index]
    assert {name: array.dtype for name, array in item.items()} == KINDS
    assert same(item, true_tokens(record, blocks, index))


@pytest.mark.parametrize("config", SLOTS)
@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("horizon", [1, 24, 1023, 1024, 1025, 9_999])
def test_the_last_label_of_a_split_is_masked_or_its_own(
    folders: Folders, record: Record, config: str, split: str, horizon: int
) -> None:
    slots = SLOTS[config]
    read = partial(RingBlocks, folders(config), split=split, context=1024 * slots, stride=slots)
    if (hours := max(track.tokens for track in read()._windows.tracks) // slots) < horizon:
        with pytest.raises(ContextError, match=f"horizon {horizon}: no target lies .* give at most {hours}"):
            read(horizon=horizon)
        return
    blocks = read(horizon=horizon)
    last = len(blocks) - 1
    assert same(blocks[last], true_tokens(record, blocks, last))
    assert (blocks[last]["position"][-1] + 1) % blocks.layout.grid.block_hours == 0


@settings(LAWS, max_examples=10)
@given(st.data())
def test_slices_put_back_by_position_are_the_window(folders: Folders, data: st.DataObject) -> None:
    config, order = data.draw(st.sampled_from(sorted(SLOTS))), data.draw(st.sampled_from(ORDERS))
    ring = data.draw(st.integers(1, 64))
    least = unit(order, ring_size=ring, slots=SLOTS[config], block_tokens=1024)
    context = least * data.draw(st.integers(1, max(1, 65_536 // least)))
    horizon = data.draw(st.sampled_from([1, 24, 1_000]))
    stride = 1024 * data.draw(st.integers(1, 5))
    blocks = partial(RingBlocks, folders(config), split="train", context=context, stride=stride, horizon=horizon)
    whole = blocks(ring_size=ring, order=order)
    index = data.draw(st.integers(0, len(whole) - 1))
    slots, window = SLOTS[config], whole[index]
    put: Item = {name: np.zeros(context, kind) for name, kind in KINDS.items()}
    seen = np.zeros(context, int)
    for rank in range(ring):
        part = blocks(ring_size=ring, ring_rank=rank, order=order)[index]
        at = (part["position"] - window["position"][0]) * slots + part["slot"]
        np.add.at(seen, at, 1)
        for name in put:
            assert len(part[name]) == context // ring
            put[name][at] = part[name]
        # A label is the value `horizon` hours later, whichever rank holds it.
        ahead = horizon * slots
        inner = at + ahead < context
        assert np.array_equal(part["target"][inner], window["value"][at[inner] + ahead])
        assert np.array_equal(part["loss_mask"][inner], window["observed"][at[inner] + ahead])
    assert (seen == 1).all()
    assert same(put, window)


def test_all_windows_of_a_split_lie_a_stride_apart(folders: Folders) -> None:
    blocks = RingBlocks(folders("series"), split="train", context=3 * 1024, stride=1024)
    found = [(blocks.window(i).sequence_id, blocks.window(i).start_hour) for i in range(len(blocks))]
    wanted = [
        (track.sequence_id, track.start_hour + 1024 * step)
        for track in blocks._windows.tracks
        for step in range(track.tokens // 1024 - 2)
    ]
    assert found == wanted


@LAWS
@given(st.integers(1, 9), st.integers(0, 5), st.integers(-(2**70), 2**70) | st.none())
def test_every_window_comes_once_over_the_replicas(folders: Folders, replicas: int, epoch: int, seed: int) -> None:
    blocks = RingBlocks(folders("series"), split="train", context=4096, seed=seed)
    shares = [blocks.windows(epoch=epoch, replica=r, replicas=replicas) for r in range(replicas)]
    assert sorted(np.concatenate(shares).tolist()) == list(range(len(blocks)))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@LAWS
@given(st.data())
def test_resuming_with_other_replicas_gives_the_rest_once(folders: Folders, data: st.DataObject) -> None:
    blocks = RingBlocks(folders("series"), split="train", context=4096, seed=data.draw(st.integers(0, 9)))
    taken, start = [], 0
    for _ in range(data.draw(st.integers(1, 4))):
        replicas = data.draw(st.integers(1, 8))
        steps = data.draw(st.integers(0, (len(blocks) - start) // replicas))
        for replica in range(replicas):
            taken += blocks.windows(replica=replica, replicas=replicas, start=start)[:steps].tolist()
        start += steps * replicas
    rest = blocks.windows(start=start).tolist()
    assert sorted(taken + rest) == list(range(len(blocks)))


def test_orders_follow_seed_and_epoch_alone(folders: Folders) -> None:
    def order(**options: Any) -> list[int]:
        seed, epoch = options.pop("seed", 0), options.pop("epoch", 0)
        blocks = RingBlocks(folders("series"), split="train", context=4096, seed=seed, **options)
        windows: list[int] = blocks.windows(epoch=epoch).tolist()
        return windows

    assert order() == order(ring_size=4, ring_rank=3) == order(ring_size=2, ring_rank=0, order="contiguous")
    assert len({tuple(order(seed=seed, epoch=epoch)) for seed in (0, 1, 2) for epoch in (0, 1, 2)}) == 9
    assert order(seed=None) == sorted(order())


def test_the_order_is_the_same_on_every_machine() -> None:
    from ringdata.windows import epoch_order

    assert epoch_order(12, seed=0, epoch=0).tolist() == PINNED


PINNED = [0, 11, 9, 1, 6, 3, 5, 4, 10, 2, 8, 7]


def test_threads_share_a_reader(folders: Folders, record: Record) -> None:
    blocks = RingBlocks(folders("panel"), split="train", context=8 * 2048, ring_size=2, ring_rank=1)
    alone = [blocks[index] for index in range(len(blocks))]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(blocks.__getitem__, [index for index in range(len(blocks)) for _ in range(4)]))
    assert all(same(item, alone[place // 4]) for place, item in enumerate(found))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_workers_read_what_the_parent_reads(folders: Folders, method: str) -> None:
    blocks = RingBlocks(folders("series"), split="train", context=4096)
    first = blocks[3]
    with get_context(method).Pool(1) as pool:
        assert same(pool.apply(blocks.__getitem__, (3,)), first)


@pytest.mark.parametrize("call", ["read", "open", "infos", "sizes", "read_at"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_uses_nothing_of_its_parents(folders: Folders, call: str) -> None:
    files = Files(folders("series"))
    files.read_at("layout.json", 0, 4)
    path = files.root / "layout.json"
    given: dict[str, tuple[Any, ...]] = {
        "read": (path,),
        "open": (path.name,),
        "infos": ([path],),
        "sizes": (),
        "read_at": (path.name, 0, 4),
    }
    context = get_context("fork")
    told = context.SimpleQueue()
    child = context.Process(target=_tell, args=(files, call, given[call], told))
    child.start()
    owner, handles = told.get()
    child.join()
    assert owner == child.pid, "the connection is of the child's own making"
    assert handles == (call == "read_at"), "the parent's handle is not among its own"


def _tell(files: Files, call: str, given: tuple[Any, ...], told: Any) -> None:
    getattr(files, call)(*given)
    told.put((files._own().process, len(files._own().handles)))


def test_a_pickle_is_small_and_reads_the_same(folders: Folders) -> None:
    blocks = RingBlocks(folders("panel"), split="train", context=65_536)
    wanted = blocks[5]
    assert blocks.sequences.num_rows
    data = pickle.dumps(blocks)
    assert len(data) < 65_536, "positions and slots of a window alone would take more"
    assert same(pickle.loads(data)[5], wanted)


def test_items_are_the_callers_own(folders: Folders) -> None:
    blocks = RingBlocks(folders("panel"), split="train", context=8 * 256)
    first = blocks[0]
    for array in first.values():
        array[:] = 1
    assert not same(blocks[0], first)
    assert (blocks[0]["slot"] == np.arange(8 * 256) % 8).all()


def test_sequences_tell_which_series_a_window_is(folders: Folders, record: Record) -> None:
    blocks = RingBlocks(folders("series"), split="test", context=1024)
    rows = blocks.sequences.to_pylist()
    assert [row["series_id"] for row in rows] == [member.series_id for member in record.members]
    assert rows[blocks.window(len(blocks) - 1).sequence_id]["series_id"] == record.members[-1].series_id


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"context": 1000, "ring_size": 8}, "context 1000 is no multiple of 128 .*: 896 or 1024"),
        ({"context": 4096, "stride": 12}, "stride 12 is no multiple of 8 .*: 8 or 16"),
        ({"context": 4096, "ring_size": 8, "order": "block_stripe"}, "multiple of 8192 .*: 8192"),
        ({"context": 4096, "ring_size": 8, "ring_rank": 8}, "ring_rank 8 of a ring of 8"),
        ({"context": 4096, "order": "stripes"}, "no order 'stripes'"),
        ({"context": 8_000_000}, "no window of 8000000 tokens .* at most"),
        ({"context": 2**40, "order": "stripe", "ring_size": 2, "ring_rank": 0}, "no window of 1099511627776 tokens"),
        ({"context": 4096, "horizon": 2**40}, "horizon 1099511627776: no target lies in split 'train', whose longest"),
        ({"context": 4096, "slots": range(2**40)}, "series= and slots= take one or more of 5 series, each once"),
        ({"context": 0}, "context 0"),
        ({"context": 4096, "stride": -8}, "stride -8"),
        ({"context": 4096, "stride": 0}, "stride 0"),
        ({"context": 4096, "horizon": 0}, "horizon 0: give 1 hour or more"),
        ({"context": 8192.0}, "context 8192.0: give a whole number"),
        ({"context": 4096, "stride": 8.0}, "stride 8.0: give a whole number"),
        ({"context": 4096, "horizon": 1.5}, "horizon 1.5: give a whole number"),
        ({"context": 4096, "seed": "x"}, "seed 'x': give a whole number"),
        ({"context": 4096, "ring_size": 2, "ring_rank": 0.0}, "ring_rank 0.0: give a whole number"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_does(folders: Folders, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ContextError, match=words):
        RingBlocks(folders("panel"), split="train", **options)


def test_windows_and_replicas_that_are_not_there(folders: Folders) -> None:
    blocks = RingBlocks(folders("panel"), split="train", context=4096)
    for index in (len(blocks), -1):
        with pytest.raises(IndexError, match=f"window {index} of {len(blocks)}"):
            blocks[index]
    wrong: list[Any] = [slice(0, 2), 1.0, "0"]
    for index in wrong:
        with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
            blocks[index]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"replica": 2, "replicas": 2}, "replica 2 of 2: give 0 to 1"),
        ({"replicas": 0}, "replicas 0: give 1 or more"),
        ({"start": 1_000_000}, "start 1000000: give 0 to .* carry the rest"),
        ({"start": -1}, "start -1: give 0 to"),
        ({"epoch": -1}, "epoch -1: give 0 or more"),
        ({"epoch": 0.5}, "epoch 0.5: give a whole number"),
    ],
)
def test_orders_that_are_not_there(folders: Folders, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ContextError, match=words):
        RingBlocks(folders("panel"), split="train", context=4096).windows(**options)


def test_numbers_of_numpy_are_numbers(folders: Folders) -> None:
    ring: dict[str, Any] = {"ring_size": np.int32(2), "ring_rank": np.int64(1)}
    numbers: dict[str, Any] = {"context": np.int64(4096), "seed": np.int64(3), "horizon": np.int64(24)}
    blocks = RingBlocks(folders("panel"), split="train", **ring, **numbers)
    plain = RingBlocks(folders("panel"), split="train", seed=3, horizon=24, context=4096, ring_size=2, ring_rank=1)
    assert same(blocks[np.int64(2)], plain[2])
    epoch: Any = np.int64(1)
    assert (blocks.windows(epoch=epoch) == plain.windows(epoch=1)).all()


class Counting(FileSystemHandler):  # type: ignore[misc]
    """The local file system, counting the bytes that are read of each file."""

    def __init__(self) -> None:
        self.local = LocalFileSystem()
        self.read: dict[str, int] = {}

    def get_file_info(self, paths: list[str]) -> list[FileInfo]:
        found: list[FileInfo] = self.local.get_file_info(paths)
        return found

    def get_file_info_selector(self, selector: FileSelector) -> list[FileInfo]:
        found: list[FileInfo] = self.local.get_file_info(selector)
        return found

    def open_input_file(self, path: str) -> pa.PythonFile:
        return pa.PythonFile(CountingFile(self, path), mode="r")

    def get_type_name(self) -> str:
        return "counting"

    def normalize_path(self, path: str) -> str:
        return path


Counting.__abstractmethods__ = frozenset()


class CountingFile(io.BytesIO):
    def __init__(self, counts: Counting, path: str) -> None:
        super().__init__(Path(path).read_bytes())
        self.counts, self.path = counts, path

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.counts.read[self.path] = self.counts.read.get(self.path, 0) + len(data)
        return data


def bytes_read(folder: Path, **options: Any) -> int:
    """Bytes of shards that windows take once the folder is open; not the first, where some series have not begun."""
    counting = Counting()
    blocks = RingBlocks(str(folder), split="train", filesystem=PyFileSystem(counting), **options)
    counting.read.clear()
    for index in range(1, len(blocks)):
        blocks[index]
    return sum(counting.read.values())


@pytest.mark.parametrize("order", ["contiguous", "zigzag"])
@pytest.mark.parametrize(("ring", "context"), [(2, 65_536), (4, 65_536), (8, 131_072)])
def test_a_rank_reads_its_share_and_no_more(folders: Folders, order: str, ring: int, context: int) -> None:
    whole = bytes_read(folders("panel"), context=context)
    parts = [
        bytes_read(folders("panel"), context=context, ring_size=ring, ring_rank=rank, order=order)
        for rank in range(ring)
    ]
    assert max(parts) <= (1 / ring + 0.01) * whole
    assert sum(parts) <= 1.01 * whole


def test_opening_reads_what_stands_beside_a_shard_once(folders: Folders) -> None:
    counting = Counting()
    RingBlocks(str(folders("panel")), split="train", context=8 * 2048, filesystem=PyFileSystem(counting))
    beside = {path: size for path, size in counting.read.items() if path.endswith((".crc32", ".idx"))}
    assert beside
    assert beside == {path: Path(path).stat().st_size for path in beside}

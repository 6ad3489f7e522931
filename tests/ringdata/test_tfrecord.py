# SPDX-License-Identifier: Apache-2.0
"""TFRecord by three judges: a decoder by the protobuf rules, Parquet, and TensorFlow where it is installed."""

import struct
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringdata import Cuts, Layout, Member, plan_panel, plan_series
from ringdata.blocks import schema, shard_tables
from ringdata.config import PANEL
from ringdata.example import varint_sizes, varints
from ringdata.layout import BlockGrid
from ringdata.tfrecord import Records, tfrecord_bytes

LAWS = settings(max_examples=30, deadline=None)
Record = Any
FLOATS, CUTS = ("value", "next_value"), Cuts(386_117, 389_317, 100)


def records_of(data: bytes) -> Iterator[bytes]:
    """Examples of a TFRecord file, both checksums checked."""
    place = 0
    while place < len(data):
        head = data[place : place + 8]
        size = struct.unpack("<Q", head)[0]
        body = data[place + 12 : place + 12 + size]
        assert struct.unpack_from("<I", data, place + 8)[0] == masked(head)
        assert struct.unpack_from("<I", data, place + 12 + size)[0] == masked(body)
        yield body
        place += 16 + size


def masked(data: bytes) -> int:
    crc = google_crc32c.value(data)
    return int(((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        number, shift, place = number | (byte & 127) << shift, shift + 7, place + 1
        if byte < 128:
            return number, place


def fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Length-delimited fields of a message."""
    place = 0
    while place < len(data):
        tag, place = varint(data, place)
        assert tag & 7 == 2
        size, place = varint(data, place)
        yield tag >> 3, data[place : place + size]
        place += size


def example(data: bytes) -> dict[str, list[Any]]:
    """A tf.train.Example as lists, read by the rules of protobuf alone."""
    ((_, features),) = fields(data)
    return {key.decode(): feature(value) for key, value in (dict(fields(e)).values() for _, e in fields(features))}


def feature(data: bytes) -> list[Any]:
    ((kind, held),) = fields(data)
    if kind == 1:
        return [item for _, item in fields(held)]
    ((_, packed),) = fields(held)
    if kind == 2:
        return list(struct.unpack(f"<{len(packed) // 4}f", packed))
    numbers, place = [], 0
    while place < len(packed):
        number, place = varint(packed, place)
        numbers.append(number - (1 << 64) * (number >> 63))
    return numbers


def shards(record: Record) -> Iterator[tuple[Layout, pa.Table, Records]]:
    for plan in (plan_series, plan_panel):
        layout = plan(record.members, cuts=CUTS)
        for shard in layout.shards:
            tables = list(shard_tables(layout, record.members, shard, record.load))
            yield layout, pa.concat_tables(tables), tfrecord_bytes(layout, tables)


def test_an_example_holds_every_column_of_its_row(record_of: Callable[..., Record]) -> None:
    for _, table, records in shards(record_of(series=3, hours=12_000)):
        examples = [example(data) for data in records_of(records.data)]
        assert len(examples) == len(table)
        for row, held in zip(table.to_pylist(), examples, strict=True):
            assert sorted(held) == sorted(row)
            for name, wanted in row.items():
                if name in FLOATS:
                    assert held[name] == wanted
                elif name.endswith("observed"):
                    assert held[name] == [bytes(wanted)]
                elif name.startswith("cum"):
                    assert held[name] == [struct.pack("<d", wanted)]
                else:
                    assert held[name] == [wanted]


def test_the_index_lists_every_framed_record(record_of: Callable[..., Record]) -> None:
    for _, table, records in shards(record_of(series=3, hours=12_000)):
        lines = [tuple(map(int, line.split(b" "))) for line in records.index.splitlines()]
        assert len(lines) == len(table)
        for offset, size in lines:
            assert len(list(records_of(records.data[offset : offset + size]))) == 1
        assert sum(size for _, size in lines) == len(records.data)


def test_early_hours_and_large_ids_keep_their_rows_apart() -> None:
    """Before 1970 an hour is ten bytes on the wire, and ids change their length at powers of 128."""
    member = Member("S", -3_000, 140_000)

    def load(series_id: str, first: int, hours: int) -> Any:
        return np.arange(first, first + hours, dtype=float), np.ones(hours, bool)

    layout = plan_series([member], cuts=Cuts(139_000, 140_000, 0))
    table = pa.concat_tables(shard_tables(layout, [member], layout.shards[0], load))
    examples = [example(data) for data in records_of(tfrecord_bytes(layout, [table]).data)]
    assert [held["start_hour"][0] for held in examples] == table["start_hour"].to_pylist()
    assert [held["block_index"][0] for held in examples] == list(range(len(table)))
    assert all(held["value"][0] == held["start_hour"][0] or held["start_hour"][0] < -3_000 for held in examples)


@LAWS
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_varints_are_read_back(numbers: list[int]) -> None:
    for number, size in zip(numbers, varint_sizes(np.array(numbers)).tolist(), strict=True):
        data = varints(np.array([number]), size).tobytes()
        assert varint(data, 0) == (number % (1 << 64), len(data))


def test_an_empty_shard_is_an_empty_file() -> None:
    layout = plan_series([Member("S", 0, 9_999)], cuts=Cuts(5_000, 8_000))
    assert tfrecord_bytes(layout, []) == Records(b"", b"")


@pytest.fixture
def tensorflow() -> Any:
    if not find_spec("tensorflow"):
        pytest.skip("TensorFlow is not installed: its encoder cannot be compared with ours")
    import tensorflow

    return tensorflow


@pytest.mark.filterwarnings("ignore")
def test_bytes_are_those_of_tensorflow(tensorflow: Any, record_of: Callable[..., Record], tmp_path: Path) -> None:
    for _, table, records in shards(record_of(series=3, hours=12_000)):
        with tensorflow.io.TFRecordWriter(str(tmp_path / "theirs")) as writer:
            for row in table.to_pylist():
                writer.write(their_example(tensorflow.train, row).SerializeToString(deterministic=True))
        assert (tmp_path / "theirs").read_bytes() == records.data


def their_example(train: Any, row: dict[str, Any]) -> Any:
    def one(name: str, value: Any) -> Any:
        if name in FLOATS:
            return train.Feature(float_list=train.FloatList(value=value))
        if name.endswith("observed"):
            return train.Feature(bytes_list=train.BytesList(value=[bytes(value)]))
        if name.startswith("cum"):
            return train.Feature(bytes_list=train.BytesList(value=[struct.pack("<d", value)]))
        return train.Feature(int64_list=train.Int64List(value=[value]))

    return train.Example(features=train.Features(feature={name: one(name, value) for name, value in row.items()}))


@LAWS
@given(st.integers(0, 9).map(lambda power: 1 << power), st.data())
def test_any_grid_can_be_encoded(slots: int, data: st.DataObject) -> None:
    grid = BlockGrid(PANEL, slots)
    layout = Layout(grid, Cuts(), ())
    columns = {
        "sequence_id": [data.draw(st.integers(0, 2**31 - 1))],
        "block_index": [data.draw(st.integers(0, 2**31 - 1))],
        "start_hour": [data.draw(st.integers(-(2**40), 2**40))],
        "value": [np.arange(grid.block_tokens)],
        "observed": [np.ones(grid.block_tokens)],
        "next_value": [np.arange(slots)],
        "next_observed": [np.zeros(slots)],
    }
    table = pa.table(columns, schema=schema(grid))
    (held,) = (example(body) for body in records_of(tfrecord_bytes(layout, [table]).data))
    assert held["value"] == list(range(grid.block_tokens))
    assert [held[name] for name in ("sequence_id", "block_index", "start_hour")] == [
        columns["sequence_id"],
        columns["block_index"],
        columns["start_hour"],
    ]


@pytest.mark.parametrize("config", ["series", "panel"])
def test_both_formats_hold_the_same_rows_in_the_same_order(config: str, data_set: Path) -> None:
    layout = Layout.from_json((data_set / f"blocks/{config}/layout.json").read_bytes())
    for shard in layout.shards:
        table = pq.read_table(data_set / f"blocks/{config}/{shard.parquet}")
        data = (data_set / f"tfds/eia930/{config}/1.0.0/{shard.tfrecord}").read_bytes()
        assert tfrecord_bytes(layout, [table]).data == data

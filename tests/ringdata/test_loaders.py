# SPDX-License-Identifier: Apache-2.0
"""The same folders through the loaders that people have: each reads them as they are, and reads the same rows."""

from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from ringdata import RingBlocks
from ringdata.arrayrecord import convert

CONFIGS = ["series", "panel"]
ROWS = "{split}-*.parquet"
# Their own warnings at import are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")


def needs(name: str) -> None:
    if not find_spec(name):
        pytest.skip(f"{name} is not installed: it cannot be shown to read the folders")


def rows_of(folder: Path, split: str) -> list[dict[str, Any]]:
    """All rows in shard order."""
    return [row for path in sorted(folder.glob(ROWS.format(split=split))) for row in pq.read_table(path).to_pylist()]


def same(found: dict[str, Any], row: dict[str, Any]) -> bool:
    return sorted(found) == sorted(row) and all(np.array_equal(found[name], row[name]) for name in row)


@pytest.mark.parametrize("config", CONFIGS)
def test_pyarrow_dataset_reads_a_split(config: str, data_set: Path) -> None:
    folder = data_set / "blocks" / config
    paths = sorted(map(str, folder.glob(ROWS.format(split="test"))))
    rows = pyarrow.dataset.dataset(paths).to_table().to_pylist()
    assert rows == rows_of(folder, "test")


@pytest.mark.parametrize("config", CONFIGS)
def test_tfds_reads_the_tfrecord_folder(config: str, data_set: Path) -> None:
    needs("tensorflow_datasets")
    needs("tensorflow")
    import tensorflow_datasets

    builder = tensorflow_datasets.builder_from_directory(data_set / "tfds/eia930" / config / "1.0.0")
    assert (builder.name, str(builder.version)) == ("eia930", "1.0.0")
    for split in ("train", "validation", "test"):
        rows = rows_of(data_set / "blocks" / config, split)
        assert builder.info.splits[split].num_examples == len(rows)
        found = list(builder.as_dataset(split=split, shuffle_files=False).as_numpy_iterator())
        keys = [(row["sequence_id"], row["block_index"]) for row in found]
        places = {key: place for place, key in enumerate(keys)}
        assert len(places) == len(rows)
        assert all(same(found[places[row["sequence_id"], row["block_index"]]], row) for row in rows)


def test_tfds_loads_by_name(data_set: Path) -> None:
    needs("tensorflow_datasets")
    needs("tensorflow")
    import tensorflow_datasets

    loaded = tensorflow_datasets.load("eia930/panel", data_dir=str(data_set / "tfds"), split="train[75%:]")
    assert 0 < len(loaded) < len(rows_of(data_set / "blocks/panel", "train"))


@pytest.mark.parametrize("config", CONFIGS)
def test_tfds_metadata_needs_no_tensorflow(config: str, data_set: Path) -> None:
    needs("tensorflow_datasets")
    import tensorflow_datasets

    builder = tensorflow_datasets.builder_from_directory(data_set / "tfds/eia930" / config / "1.0.0")
    row = rows_of(data_set / "blocks" / config, "test")[0]
    features = builder.info.features
    example = {name: np.array(row[name], features[name].np_dtype) for name in row}
    assert same(features.deserialize_example_np(features.serialize_example(example)), row)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("way", ["copied", "streaming"])
def test_hugging_face_datasets_reads_the_blocks_folder(config: str, way: str, data_set: Path, tmp_path: Path) -> None:
    needs("datasets")
    import datasets

    # A path with a percent sign is a URL to fsspec.
    (tmp_path / "plain").symlink_to(data_set / "blocks", target_is_directory=True)
    streaming, cache = way == "streaming", str(tmp_path / "cache")
    loaded = datasets.load_dataset(str(tmp_path / "plain"), config, streaming=streaming, cache_dir=cache)
    assert sorted(loaded) == ["test", "train", "validation"]
    for split, rows in loaded.items():
        assert list(rows) == rows_of(data_set / "blocks" / config, split)


@pytest.mark.parametrize("config", CONFIGS)
def test_hugging_face_datasets_deals_shards_to_nodes(config: str, data_set: Path, tmp_path: Path) -> None:
    needs("datasets")
    import datasets
    from datasets.distributed import split_dataset_by_node

    (tmp_path / "plain").symlink_to(data_set / "blocks", target_is_directory=True)
    rows = datasets.load_dataset(str(tmp_path / "plain"), config, split="train", streaming=True)
    assert rows.num_shards == len(list((data_set / "blocks" / config).glob("train-*.parquet")))
    assert rows.num_shards % 2 == 0, "there is a shard for each"
    parts = [list(split_dataset_by_node(rows, rank=rank, world_size=2)) for rank in (0, 1)]
    assert all(parts)
    key = itemgetter("sequence_id", "block_index")
    assert sorted(parts[0] + parts[1], key=key) == sorted(rows_of(data_set / "blocks" / config, "train"), key=key)


def test_grain_takes_the_reader_as_its_source(data_set: Path) -> None:
    needs("grain")
    import grain

    blocks = RingBlocks(data_set / "blocks/panel", split="train", context=65_536, ring_size=4, ring_rank=1)
    source = grain.MapDataset.source(blocks).batch(2).to_iter_dataset(grain.ReadOptions(num_threads=4))
    batches = list(source)
    assert len(batches) == len(blocks) // 2 + len(blocks) % 2
    assert np.array_equal(batches[0]["value"][1], blocks[1]["value"])


def test_torch_takes_the_reader_as_a_data_set(data_set: Path) -> None:
    needs("torch")
    from torch.utils.data import DataLoader

    blocks = RingBlocks(data_set / "blocks/panel", split="train", context=65_536, ring_size=4, ring_rank=1)
    order = blocks.windows(replica=0, replicas=2).tolist()
    batches = list(DataLoader(blocks, batch_size=2, sampler=order, num_workers=2))
    assert np.array_equal(batches[0]["target"][1].numpy(), blocks[order[1]]["target"])


def test_jax_places_each_slice_on_its_device(data_set: Path) -> None:
    needs("jax")
    import jax
    from jax.sharding import NamedSharding, PartitionSpec

    mesh = jax.make_mesh((len(jax.devices()),), ("ring",))
    ring = len(jax.devices())
    ranks = [
        RingBlocks(data_set / "blocks/panel", split="train", context=65_536, ring_size=ring, ring_rank=rank)
        for rank in range(ring)
    ]
    size = 65_536 // ring
    placed = jax.make_array_from_callback(
        (65_536,),
        NamedSharding(mesh, PartitionSpec("ring")),
        lambda where: ranks[(where[0].start or 0) // size][0]["value"],
    )
    assert np.array_equal(placed, np.concatenate([rank[0]["value"] for rank in ranks]))


@pytest.mark.parametrize("config", CONFIGS)
def test_tfds_and_grain_read_array_record_at_random(config: str, data_set: Path, tmp_path: Path) -> None:
    for name in ("tensorflow_datasets", "array_record", "grain"):
        needs(name)
    import grain
    import tensorflow_datasets

    target = tmp_path / "array/eia930" / config / "1.0.0"
    rows = {split: rows_of(data_set / "blocks" / config, split) for split in ("train", "validation", "test")}
    assert convert(data_set / "tfds/eia930" / config / "1.0.0", target) == sum(map(len, rows.values()))
    builder = tensorflow_datasets.builder_from_directory(target)
    for split, wanted in rows.items():
        source = builder.as_data_source(split=split)
        assert len(source) == len(wanted)
        for place in (len(wanted) - 1, 0, len(wanted) // 2):  # any order: a record is found by its number
            assert same(source[place], wanted[place])
    shuffled = grain.MapDataset.source(builder.as_data_source(split="train")).shuffle(seed=3)
    keys = sorted(
        (int(row["sequence_id"]), int(row["block_index"])) for row in map(shuffled.__getitem__, range(len(shuffled)))
    )
    assert keys == sorted((row["sequence_id"], row["block_index"]) for row in rows["train"])

# SPDX-License-Identifier: Apache-2.0
"""`dataset_info.json` and `features.json`, written by TensorFlow Datasets' own code, so that it opens the folder.

In a process of its own: while it is imported it replaces Python's `import` for all threads, which would break theirs.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ringdata.errors import LayoutError
from ringdata.example import FOOTER, HEADER
from ringdata.layout import NAME, REPORTED, SPLITS, VERSION, BlockGrid, Layout, Shard
from ringdata.tfrecord_shard import shard_moulds

_DESCRIPTION = "Blocks of the U.S. hourly electricity record (Form EIA-930), with label halos, for ring attention."
_FILLED = " Inputs: {inputs}. Where demand was not observed, value is an estimate by earlier hours alone."


def dataset_info(layout: Layout) -> dict[str, bytes]:
    """What makes a folder of TFRecord a TFDS data set, by file name. Needs tensorflow-datasets, not TensorFlow."""
    if find_spec("tensorflow_datasets") is None:
        raise LayoutError("TFDS metadata needs it: pip install tensorflow-datasets, or leave TFRecord out")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"from {__name__} import answer; answer()"],
        input=pickle.dumps(layout),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RuntimeError(f"tensorflow-datasets wrote no metadata: {said[-1] if said else done.returncode}")
    files: dict[str, bytes] = pickle.loads(done.stdout)  # noqa: S301 - what our own process wrote
    return files


def answer() -> None:
    """Reads a layout from standard input, and writes its files to standard output."""
    layout = pickle.load(sys.stdin.buffer)  # noqa: S301 - what our own process wrote
    sys.stdout.buffer.write(pickle.dumps(_written(layout)))


def _written(layout: Layout) -> dict[str, bytes]:
    import tensorflow_datasets as tfds

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / NAME / layout.grid.config.name / VERSION
        place.mkdir(parents=True)
        identity = tfds.core.dataset_info.DatasetIdentity(
            name=NAME,
            version=tfds.core.Version(VERSION),
            data_dir=str(place),
            module_name="",
            config_name=layout.grid.config.name,
        )
        told = _DESCRIPTION if layout.inputs == REPORTED else _DESCRIPTION + _FILLED.format(inputs=layout.inputs)
        info = tfds.core.DatasetInfo(builder=identity, features=_features(tfds, layout.grid), description=told)
        info.set_file_format("tfrecord")
        info.set_splits(tfds.core.SplitDict(_splits(tfds, layout, place)))
        info.write_to_directory(place)
        return {path.name: path.read_bytes() for path in sorted(place.iterdir()) if path.suffix == ".json"}


def _features(tfds: Any, grid: BlockGrid) -> Any:
    """The columns of the blocks as TFDS features; bytes where a tf.train.Example has no such number."""
    import numpy as np

    features, tokens, slots = tfds.features, (grid.block_tokens,), (grid.slots,)
    columns: dict[str, Any] = {
        "sequence_id": features.Scalar(np.int32),
        "block_index": features.Scalar(np.int32),
        "start_hour": features.Scalar(np.int64),
        "value": features.Tensor(shape=tokens, dtype=np.float32),
        "observed": features.Tensor(shape=tokens, dtype=np.uint8, encoding="bytes"),
        "next_value": features.Tensor(shape=slots, dtype=np.float32),
        "next_observed": features.Tensor(shape=slots, dtype=np.uint8, encoding="bytes"),
    }
    for name in grid.config.sums:
        columns[name] = features.Tensor(shape=(), dtype=np.float64, encoding="bytes")
    return features.FeaturesDict(columns)


def _splits(tfds: Any, layout: Layout, place: Path) -> list[Any]:
    return [
        tfds.core.SplitInfo(
            name=split,
            shard_lengths=[shard.rows for shard in shards],
            num_bytes=sum(_record_bytes(layout.grid, shard) for shard in shards),
            filename_template=tfds.core.ShardedFileTemplate(
                data_dir=place, dataset_name=NAME, split=split, filetype_suffix="tfrecord"
            ),
        )
        for split in SPLITS
        if (shards := layout.split(split))
    ]


def _record_bytes(grid: BlockGrid, shard: Shard) -> int:
    """Bytes of the shard's Examples, without their framing."""
    moulds, kinds = shard_moulds(grid, shard)
    return sum(moulds[kind].size - HEADER - FOOTER for kind in kinds)

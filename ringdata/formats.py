# SPDX-License-Identifier: Apache-2.0
"""The formats that shards are written in: where each lies, what it is called, how it is packed and opened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from ringdata.checksums import ENDING
from ringdata.config import config_named
from ringdata.dataset_info import dataset_info
from ringdata.layout import NAME, VERSION, Layout, Shard
from ringdata.manifest import Folder
from ringdata.parquet import parquet_bytes
from ringdata.parquet_shard import open_parquet, parquet_checksums
from ringdata.shards import ShardReader
from ringdata.tfrecord import tfrecord_bytes
from ringdata.tfrecord_shard import open_tfrecord, tfrecord_checksums

Content: TypeAlias = bytes | pa.Buffer


@dataclass(frozen=True, slots=True)
class ShardFormat:
    """One format. `pack` gives a shard's files by what their names add to the shard's own, itself first."""

    name: str
    folder: Callable[[str], str]
    """Where a config lies below OUTPUT, by its name."""
    shard: Callable[[Shard], str]
    """A shard's file name."""
    marks: Callable[[str], tuple[str, str]]
    """How the names of a split's shards begin and end."""
    endings: tuple[str, ...]
    """What stands beside each shard."""
    pack: Callable[[Layout, Sequence[pa.Table]], Mapping[str, Content]]
    beside: Callable[[Layout], Mapping[str, bytes]]
    """What stands beside a config's shards for this format alone, by file name."""
    open: Callable[[Folder, Shard], ShardReader]

    def strangers(self, folder: Folder, split: str, present: set[str]) -> list[str]:
        """Shards of a split that another layout has, which loaders that glob would read too."""
        own, (begin, end) = {self.shard(shard) for shard in folder.layout.split(split)}, self.marks(split)
        beside = tuple(self.endings)
        return sorted(
            name
            for name in present - own
            if name.startswith(begin) and name.endswith(end) and not name.endswith(beside)
        )


def _parquet(layout: Layout, tables: Sequence[pa.Table]) -> dict[str, Content]:
    data = parquet_bytes(layout, tables)
    return {"": data, ENDING: parquet_checksums(data)}


def _tfrecord(layout: Layout, tables: Sequence[pa.Table]) -> dict[str, Content]:
    records = tfrecord_bytes(layout, tables)
    return {"": records.data, ".idx": records.index, ENDING: tfrecord_checksums(records)}


PARQUET = ShardFormat(
    name="parquet",
    folder=lambda config: f"blocks/{config}",
    shard=lambda shard: shard.parquet,
    marks=lambda split: (f"{split}-", ".parquet"),
    endings=(ENDING,),
    pack=_parquet,
    beside=lambda layout: {},
    open=open_parquet,
)
TFRECORD = ShardFormat(
    name="tfrecord",
    folder=lambda config: f"tfds/{NAME}/{config}/{VERSION}",
    shard=lambda shard: shard.tfrecord,
    marks=lambda split: (f"{NAME}-{split}.tfrecord-", ""),
    endings=(ENDING, ".idx"),
    pack=_tfrecord,
    beside=dataset_info,
    open=open_tfrecord,
)
FORMATS = (PARQUET, TFRECORD)


def chosen(names: Sequence[str]) -> tuple[ShardFormat, ...]:
    """The formats of these names, in one order."""
    return tuple(form for form in FORMATS if form.name in names)


def format_in(present: Sequence[str]) -> ShardFormat:
    """The format of the shards among a folder's files."""
    return TFRECORD if any(".tfrecord-" in name for name in present) else PARQUET


def folder_of(config: str, form: str) -> str:
    """The folder of a config in a format, below OUTPUT."""
    (found,) = chosen([form])
    return found.folder(config_named(config).name)

# SPDX-License-Identifier: Apache-2.0
"""Every file of the training folders, as path and bytes: whoever stores them decides where and how."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from ringdata.blocks import Load, shard_tables
from ringdata.card import dataset_card
from ringdata.checksums import ENDING
from ringdata.dataset_info import dataset_info
from ringdata.folder import LAYOUT, SEQUENCES
from ringdata.layout import NAME, VERSION, Layout, Member, Shard
from ringdata.parquet import parquet_bytes
from ringdata.parquet_shard import parquet_checksums
from ringdata.sequences import sequences_bytes, sequences_table
from ringdata.tfrecord import tfrecord_bytes
from ringdata.tfrecord_shard import tfrecord_checksums

FORMATS = ("parquet", "tfrecord")


@dataclass(frozen=True, slots=True)
class File:
    """One file: its path below OUTPUT, its bytes, and its rows where it holds blocks (else 0)."""

    path: str
    data: bytes | pa.Buffer
    rows: int = 0


def folder_of(config: str, format_: str) -> str:
    """The config's folder below OUTPUT."""
    return {"parquet": f"blocks/{config}", "tfrecord": f"tfds/{NAME}/{config}/{VERSION}"}[format_]


def shard_files(
    layout: Layout, members: Sequence[Member], shard: Shard, load: Load, *, formats: Sequence[str] = FORMATS
) -> list[File]:
    """One shard in each format, with its checksums: the same rows in the same order.

    Holds the shard in memory: about 12 bytes a token.
    """
    tables, files = list(shard_tables(layout, members, shard, load)), []
    if "parquet" in formats:
        path = f"{folder_of(layout.grid.config, 'parquet')}/{shard.parquet}"
        data = parquet_bytes(layout, tables)
        files += [File(path, data, shard.rows), File(f"{path}{ENDING}", parquet_checksums(data))]
    if "tfrecord" in formats:
        path = f"{folder_of(layout.grid.config, 'tfrecord')}/{shard.tfrecord}"
        records = tfrecord_bytes(layout, tables)
        files += [File(path, records.data, shard.rows), File(f"{path}.idx", records.index)]
        files.append(File(f"{path}{ENDING}", tfrecord_checksums(records)))
    return files


def config_files(
    layout: Layout, members: Sequence[Member], load: Load, *, formats: Sequence[str] = FORMATS
) -> list[File]:
    """What stands beside a config's shards; `load` is asked for train hours alone, one series at a time."""
    config, sequences = layout.grid.config, sequences_bytes(sequences_table(layout, members, load))
    beside = [File(LAYOUT, layout.to_json()), File(SEQUENCES, sequences)]
    extra: dict[str, list[File]] = {format_: [] for format_ in FORMATS}
    if "tfrecord" in formats:
        extra["tfrecord"] = [File(name, data) for name, data in dataset_info(layout).items()]
    return [
        File(f"{folder_of(config, format_)}/{file.path}", file.data)
        for format_ in formats
        for file in [*beside, *extra[format_]]
    ]


def card_file(layouts: Sequence[Layout]) -> File:
    """`blocks/README.md` over all configs."""
    return File("blocks/README.md", dataset_card(layouts))

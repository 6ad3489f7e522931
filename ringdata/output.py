# SPDX-License-Identifier: Apache-2.0
"""Every file of the training folders, as path and bytes: whoever stores them decides where and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ringdata.blocks import Fill, Load, shard_tables
from ringdata.card import dataset_card
from ringdata.formats import FORMATS, chosen
from ringdata.layout import Layout, Member, Shard
from ringdata.manifest import LAYOUT, SEQUENCES, Entry, write_manifests
from ringdata.sequences import sequences_bytes, sequences_table

_ALL = tuple(form.name for form in FORMATS)


@dataclass(frozen=True, slots=True)
class BlockFile:
    """One file: its path below OUTPUT, its bytes, and its rows where it holds blocks (else 0)."""

    path: str
    data: bytes | pa.Buffer
    rows: int = 0

    @property
    def entry(self) -> Entry:
        """What the folder's manifest says of it."""
        return Entry.of(self.data, self.rows)


def shard_files(
    layout: Layout,
    members: Sequence[Member],
    shard: Shard,
    load: Load,
    *,
    formats: Sequence[str] = _ALL,
    fill: Fill | None = None,
) -> list[BlockFile]:
    """One shard in each format, with its checksums: the same rows in the same order. `fill` as in `shard_tables`.

    Holds the shard in memory: about 12 bytes a token.
    """
    tables = list(shard_tables(layout, members, shard, load, fill))
    return [
        BlockFile(
            f"{form.folder(layout.grid.config.name)}/{form.shard(shard)}{ending}", data, 0 if ending else shard.rows
        )
        for form in chosen(formats)
        for ending, data in form.pack(layout, tables).items()
    ]


def config_files(
    layout: Layout, members: Sequence[Member], load: Load, *, formats: Sequence[str] = _ALL
) -> list[BlockFile]:
    """What stands beside a config's shards; `load` is asked for train hours alone, one series at a time."""
    both = {LAYOUT: layout.to_json(), SEQUENCES: sequences_bytes(sequences_table(layout, members, load))}
    return [
        BlockFile(f"{form.folder(layout.grid.config.name)}/{name}", data)
        for form in chosen(formats)
        for name, data in {**both, **form.beside(layout)}.items()
    ]


def card_file(layouts: Sequence[Layout]) -> BlockFile:
    """`blocks/README.md` over all configs."""
    return BlockFile("blocks/README.md", dataset_card(layouts))


def manifest_files(listed: Mapping[str, Entry]) -> list[BlockFile]:
    """Each folder's `manifest.json`, of all files by path: to be stored last, for without it no folder is opened."""
    return [BlockFile(path, data) for path, data in write_manifests(listed).items()]

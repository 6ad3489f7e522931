# SPDX-License-Identifier: Apache-2.0
"""Settings of the blocks over what the output remembers; what changes is said before anything is written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from eia930.store.manifest import read_manifest
from eia930.store.storage import Storage
from transforms.block_memory import changes, recalled, remembered
from transforms.block_settings import BlockSettings

FOLDERS = {"parquet": "blocks/", "tfrecord": "tfds/", "avro": "avro/"}
"""The folder that each format is written into."""


def recall(storage: Storage, chosen: BlockSettings) -> BlockSettings:
    """The same cuts, slots, flags and formats as before, save where a flag says otherwise."""
    chosen = recalled(chosen, remembered(storage))
    formats = formats_too(storage, chosen.formats, chosen)
    return replace(chosen, formats=tuple(name for name in formats if name != "avro"))


def formats_too(storage: Storage, formats: Sequence[str], chosen: BlockSettings) -> tuple[str, ...]:
    """The formats, and where no flag names any, those that lie there too: none goes unless it is asked to."""
    more = () if "formats" in chosen.given else _there(storage)
    return tuple(dict.fromkeys((*formats, *more)))


def say_changes(storage: Storage, chosen: BlockSettings) -> None:
    """A line on stderr for what a flag changes."""
    for line in changes(chosen, remembered(storage)):
        _warn(line)


def say_gone(storage: Storage, formats: Sequence[str], of: Sequence[str] = tuple(FOLDERS)) -> None:
    """A line on stderr for each format in `of` that lies there and is not among `formats`."""
    for name in _there(storage):
        if name in of and name not in formats:
            _warn(f"{FOLDERS[name]} goes: --formats leaves {name} out, and this output has it")


def _there(storage: Storage) -> list[str]:
    """The formats in which an output has files."""
    paths = [file.path for file in read_manifest(storage)]
    return [name for name, folder in FOLDERS.items() if any(path.startswith(folder) for path in paths)]


def _warn(line: str) -> None:
    print(f"warning: {line}", file=sys.stderr, flush=True)

# SPDX-License-Identifier: Apache-2.0
"""Settings of the blocks over what the output remembers; what changes is said before anything is written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from eia930.store.manifest import read_manifest
from eia930.store.storage import Storage
from transforms.block_memory import Memory, changes, recalled, remembered
from transforms.block_settings import BlockSettings

FOLDERS = {"parquet": "blocks/", "tfrecord": "tfds/", "avro": "avro/"}
"""The folder that each format is written into."""


@dataclass(frozen=True, slots=True)
class Before:
    """What an output remembers of its blocks, None where they were never cut, and the formats in which it has files."""

    memory: Memory | None
    formats: tuple[str, ...]

    @classmethod
    def of(cls, storage: Storage) -> Before:
        """UsageError where what is remembered is damaged, lost, or of other blocks."""
        return cls(remembered(storage), formats_in(storage))

    def kept(self, formats: Sequence[str], chosen: BlockSettings) -> tuple[str, ...]:
        """The formats, and where no flag names any, those that lie there too: none goes unless it is asked to."""
        more = () if "formats" in chosen.given else self.formats
        return tuple(dict.fromkeys((*formats, *more)))

    def recall(self, chosen: BlockSettings) -> BlockSettings:
        """The same cuts, slots, flags and formats as before, save where a flag says otherwise."""
        chosen = recalled(chosen, self.memory)
        return replace(chosen, formats=tuple(name for name in self.kept(chosen.formats, chosen) if name != "avro"))

    def say_changes(self, chosen: BlockSettings) -> None:
        """A line on stderr for what a flag changes."""
        for line in changes(chosen, self.memory):
            _warn(line)


def formats_in(storage: Storage) -> tuple[str, ...]:
    """The formats in which an output has files."""
    paths = [file.path for file in read_manifest(storage)]
    return tuple(name for name, folder in FOLDERS.items() if any(path.startswith(folder) for path in paths))


def say_gone(there: Sequence[str], formats: Sequence[str]) -> None:
    """A line on stderr for each format that lies there and is not among `formats`."""
    for name in there:
        if name not in formats:
            _warn(f"{FOLDERS[name]} goes: --formats leaves {name} out, and this output has it")


def _warn(line: str) -> None:
    print(f"warning: {line}", file=sys.stderr, flush=True)

# SPDX-License-Identifier: Apache-2.0
"""Settings of the blocks over what the output remembers; what changes is said before anything is written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eia930.errors import UsageError
from eia930.store.manifest import CUTS, read_manifest
from eia930.store.storage import Storage
from pipelines.past.memory import asked_then
from transforms.block_memory import Memory, changes, recalled, remembered
from transforms.block_settings import BlockSettings

FOLDERS = {"parquet": "blocks/", "tfrecord": "tfds/", "avro": "avro/"}
"""The folder that each format is written into."""


@dataclass(frozen=True, slots=True)
class Before:
    """What an output remembers of its blocks, None where they were never cut, and the formats in which it has files.

    `last`: where it remembers nothing, what the last load went with; None where that is not known either.
    """

    memory: Memory | None
    formats: tuple[str, ...]
    last: Memory | None = None

    @classmethod
    def of(cls, storage: Storage) -> Before:
        """UsageError where what is remembered is damaged, lost, or of other blocks."""
        memory = remembered(storage)
        return cls(memory, formats_in(storage), None if memory else _last(storage))

    def kept(self, formats: Sequence[str], chosen: BlockSettings) -> tuple[str, ...]:
        """The formats, and where no flag names any, those that lie there too: none goes unless it is asked to."""
        more = () if "formats" in chosen.given else self.formats
        return tuple(dict.fromkeys((*formats, *more)))

    def recall(self, chosen: BlockSettings) -> BlockSettings:
        """The same cuts, slots, flags and formats as before, save where a flag says otherwise."""
        chosen = recalled(chosen, self.memory)
        return replace(chosen, formats=tuple(name for name in self.kept(chosen.formats, chosen) if name != "avro"))

    def say_changes(self, chosen: BlockSettings) -> None:
        """A line on stderr for what a flag changes, or what was forgotten since the last load: a restore without it."""
        lines = list(changes(chosen, self.memory or self.last)) if chosen.formats else []
        if lines and not self.memory:
            _warn(
                f"{CUTS} is not there, so blocks are cut anew; put it back, or give the flags, to cut as the last load"
            )
        for line in lines:
            _warn(line)


def _last(storage: Storage) -> Memory | None:
    """Cuts, slots, flags and inputs of the last load that wrote blocks, as raw/asked/ has them."""
    try:
        asked = asked_then(storage, datetime.max)
    except UsageError:
        return None
    return asked.blocks if asked and {*asked.formats} - {"avro"} else None


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

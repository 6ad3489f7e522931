# SPDX-License-Identifier: Apache-2.0
"""Settings of the blocks over what the output remembers; what changes is said before anything is written."""

from __future__ import annotations

import sys

from eia930.store.storage import Storage
from transforms.block_memory import changes, recalled, remembered
from transforms.block_settings import BlockSettings


def recall(storage: Storage, chosen: BlockSettings) -> BlockSettings:
    """The same cuts and slots as before, save where a flag says otherwise."""
    return recalled(chosen, remembered(storage))


def say_changes(storage: Storage, chosen: BlockSettings) -> None:
    """A line on stderr for what a flag changes."""
    for line in changes(chosen, remembered(storage)):
        print(f"warning: {line}", file=sys.stderr, flush=True)

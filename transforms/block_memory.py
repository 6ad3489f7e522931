# SPDX-License-Identifier: Apache-2.0
"""What an output remembers of its blocks, in `blocks.json` at its root: the cuts, and which series has which slot.

So the same command gives the same splits and slots, whatever series come or go. Removing `blocks/` does not forget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from eia930.errors import UsageError
from eia930.reference.hours import parse_hour, stamp
from eia930.store.manifest import CUTS
from eia930.store.storage import Storage
from ringdata.errors import LayoutError
from ringdata.layout import Cuts
from transforms.block_settings import BlockSettings


class Memory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """First hours of validation and test (UTC, hour ending), hours of embargo, and series ids by slot."""

    validation_start: str
    test_start: str
    embargo_hours: int
    slots: tuple[str, ...]

    @property
    def cuts(self) -> Cuts:
        """The same as numbers."""
        return Cuts(parse_hour(self.validation_start), parse_hour(self.test_start), self.embargo_hours)


def remembered(storage: Storage) -> Memory | None:
    """None where blocks were never cut. UsageError where the file is damaged: guessing would move the splits."""
    try:
        memory = msgspec.json.decode(storage.get(CUTS), type=Memory)
        _ = memory.cuts
    except KeyError:
        return None
    except (msgspec.MsgspecError, LayoutError, ValueError) as wrong:
        raise UsageError(
            f"{storage.place}/{CUTS} is damaged ({wrong})",
            remedy="restore it; or remove it, to cut by the flags alone",
        ) from None
    return memory


def recalled(chosen: BlockSettings, memory: Memory | None) -> BlockSettings:
    """The settings over what is remembered; UsageError where the cuts together are out of order."""
    if memory is None:
        return chosen
    try:
        cuts = chosen.asked.over(memory.cuts, chosen.first, chosen.last)
    except LayoutError as error:
        raise UsageError(f"--validation_start, --test_start, --embargo_hours: {error}") from None
    return replace(chosen, cuts=cuts, slots=chosen.slots if chosen.listed else memory.slots)


def memory_of(cuts: Cuts, slots: tuple[str, ...]) -> Memory:
    """What there is to remember."""
    return Memory(stamp(cuts.validation), stamp(cuts.test), cuts.embargo, slots)


def memory_bytes(cuts: Cuts, slots: tuple[str, ...]) -> bytes:
    """`blocks.json`."""
    return msgspec.json.format(msgspec.json.encode(memory_of(cuts, slots)), indent=1) + b"\n"


def changes(chosen: BlockSettings, memory: Memory | None) -> Iterator[str]:
    """What will be other than it was, a line each."""
    if memory is None:
        return
    if chosen.cuts != memory.cuts:
        yield f"cuts change from {_said(memory.cuts)} to {_said(chosen.cuts)}: scores before and after do not compare"
    if moved := sum(a != b for a, b in zip(chosen.slots, memory.slots, strict=False)):
        yield f"slots change: {moved:,} of {len(memory.slots):,} hold another series, so older checkpoints do not fit"


def _said(cuts: Cuts) -> str:
    return f"validation {stamp(cuts.validation)}, test {stamp(cuts.test)}, embargo {cuts.embargo} h"

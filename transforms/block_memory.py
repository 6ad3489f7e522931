# SPDX-License-Identifier: Apache-2.0
"""What an output remembers of its blocks, in `blocks.json` at its root: cuts, slots of series, flags, and inputs.

So the same command gives the same splits, slots, masks and values, whatever series come or go. Removing `blocks/` does
not forget; removing both does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec
import pyarrow as pa

from eia930.errors import UsageError
from eia930.program.reading import from_json
from eia930.reference.hours import parse_hour, stamp
from eia930.screening.flags import FLAGS
from eia930.store.manifest import CUTS, read_manifest
from eia930.store.objects import read_file
from eia930.store.storage import Storage
from ringdata.config import CONFIGS
from ringdata.errors import LayoutError
from ringdata.formats import FORMATS
from ringdata.layout import INPUTS, REPORTED, Cuts, Layout
from ringdata.manifest import LAYOUT, MANIFEST, SEQUENCES, Entry, read_entries
from ringdata.sequences import read_sequences
from transforms.block_settings import BlockSettings

_FLAGS = "--validation_start, --test_start, --embargo_hours"
_REMEDY = f"put it back as it was; or remove {CUTS}, blocks/ and tfds/ together, to cut by the flags alone"


class Memory(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """First hours of validation and test (UTC, hour ending), hours of embargo, series ids by slot, and inputs.

    `trust_flags` are the flags that count against an hour; None: written by a version that did not remember them.
    """

    validation_start: str
    test_start: str
    embargo_hours: int
    slots: tuple[str, ...]
    trust_flags: tuple[str, ...] | None = None
    inputs: str = REPORTED

    def __post_init__(self) -> None:
        """Refuse inputs that no program writes."""
        if self.inputs not in INPUTS:
            raise ValueError(f"no inputs {self.inputs!r}")

    @property
    def cuts(self) -> Cuts:
        """The same as numbers."""
        return Cuts(parse_hour(self.validation_start), parse_hour(self.test_start), self.embargo_hours)


class _Cut(NamedTuple):
    """What blocks that lie in an output say of themselves: where, by which cuts, series by slot, and inputs."""

    folder: str
    cuts: Cuts
    slots: tuple[str, ...]
    inputs: str


def remembered(storage: Storage) -> Memory | None:
    """None where blocks were never cut, or nothing is left of them.

    UsageError where the file is damaged, lost, or of other blocks than those that lie there: guessing would move the
    splits.
    """
    data, cut = _written(storage), _cut(storage)
    if data is None:
        if cut:
            raise UsageError(f"{storage.place}/{CUTS} is missing, though {cut.folder} is there", remedy=_REMEDY)
        return None
    try:
        memory = from_json(data, Memory)
        _ = memory.cuts
        if odd := sorted({*(memory.trust_flags or ())} - {*FLAGS[1:]}):
            raise ValueError(f"there is no flag {odd[0]}")
    except (LayoutError, ValueError) as wrong:
        raise UsageError(f"{storage.place}/{CUTS} is damaged ({wrong})", remedy=_REMEDY) from None
    other = [name for name in ("cuts", "slots", "inputs") if cut and getattr(cut, name) != getattr(memory, name)]
    if cut and other:
        what = " and ".join(other)
        raise UsageError(f"{storage.place}/{CUTS} has other {what} than {cut.folder}", remedy=_REMEDY)
    return memory


def _written(storage: Storage) -> bytes | None:
    """`blocks.json` as the manifest names it, or where it does not, as it lies there; None where there is none."""
    named = next((file for file in read_manifest(storage) if file.path == CUTS), None)
    data = None if named is None else read_file(storage, named)
    if data is None:
        try:
            data = storage.get(CUTS)
        except KeyError:
            return None
        if named is not None:
            what = "is damaged, or of another output: its sha256 is not that of manifest.json"
            raise UsageError(f"{storage.place}/{CUTS} {what}", remedy=_REMEDY)
    return data


def _cut(storage: Storage) -> _Cut | None:
    """The blocks of an output, where any are finished and as they were written."""
    folders = (form.folder(config.name) for form in FORMATS for config in CONFIGS)
    return next(filter(None, (_cut_in(storage, folder) for folder in folders)), None)


def _cut_in(storage: Storage, folder: str) -> _Cut | None:
    """Of one folder. Between two publications its own manifest is still that of the earlier: then nothing is told."""
    try:
        listed = read_entries(storage.get(f"{folder}/{MANIFEST}"))
        held = {name: storage.get(f"{folder}/{name}") for name in (LAYOUT, SEQUENCES)}
        if any(Entry.of(data, 0).sha256 != listed[name].sha256 for name, data in held.items()):
            return None
        slots = tuple(read_sequences(held[SEQUENCES])["series_id"].to_pylist())
        layout = Layout.from_json(held[LAYOUT])
        return _Cut(folder, layout.cuts, slots, layout.inputs)
    except (KeyError, ValueError, TypeError, pa.ArrowException):
        return None


def recalled(chosen: BlockSettings, memory: Memory | None) -> BlockSettings:
    """The settings over what is remembered; UsageError where the cuts together are out of order."""
    try:
        cuts = chosen.asked.over(memory.cuts if memory else None, chosen.first, chosen.last)
    except LayoutError as error:
        raise UsageError(f"{_FLAGS}: {error}") from None
    if memory is None:
        return replace(chosen, cuts=cuts)
    slots = chosen.slots if "slots" in chosen.given else memory.slots
    inputs = chosen.inputs if "inputs" in chosen.given else memory.inputs
    forgot = "trust_flags" in chosen.given or memory.trust_flags is None
    against = chosen.against if forgot else frozenset(memory.trust_flags or ())
    return replace(chosen, cuts=cuts, slots=slots, against=against, inputs=inputs)


def memory_of(chosen: BlockSettings, slots: tuple[str, ...]) -> Memory:
    """What there is to remember."""
    cuts, flags = chosen.cuts, tuple(name for name in FLAGS if name in chosen.against)
    # The very default, of which nothing is written: what came through a pickle is another object.
    inputs = REPORTED if chosen.inputs == REPORTED else chosen.inputs
    return Memory(stamp(cuts.validation), stamp(cuts.test), cuts.embargo, slots, flags, inputs)


def memory_bytes(chosen: BlockSettings, slots: tuple[str, ...]) -> bytes:
    """`blocks.json`."""
    return msgspec.json.format(msgspec.json.encode(memory_of(chosen, slots)), indent=1) + b"\n"


def changes(chosen: BlockSettings, memory: Memory | None) -> Iterator[str]:
    """What will be other than it was, a line each."""
    if memory is None:
        return
    if chosen.cuts != memory.cuts:
        yield f"cuts change from {_said(memory.cuts)} to {_said(chosen.cuts)}: scores before and after do not compare"
    if chosen.inputs != memory.inputs:
        yield (
            f"inputs change from {memory.inputs} to {chosen.inputs}: value is another where demand was not observed, "
            "so older checkpoints do not fit"
        )
    # Those not listed come after the listed ones, by id.
    after = (*chosen.slots, *sorted(set(memory.slots) - set(chosen.slots)))
    if moved := sum(a != b for a, b in zip(after, memory.slots, strict=False)):
        yield f"slots change: {moved:,} of {len(memory.slots):,} hold another series, so older checkpoints do not fit"
    if memory.trust_flags is None and "trust_flags" not in chosen.given:
        now = _trusted(sorted(chosen.against))
        yield (
            f"{CUTS} is of a version that did not remember --trust_flags: {now} count from now on; "
            "say --trust_flags as the blocks were cut with where that was another"
        )
    if memory.trust_flags is not None and chosen.against != set(memory.trust_flags):
        before, now = _trusted(memory.trust_flags), _trusted(sorted(chosen.against))
        yield f"--trust_flags changes from {before} to {now}: losses before and after are of other hours"


def _said(cuts: Cuts) -> str:
    return f"validation {stamp(cuts.validation)}, test {stamp(cuts.test)}, embargo {cuts.embargo} h"


def _trusted(flags: Sequence[str]) -> str:
    """As a user would say it."""
    return "all" if len(flags) == len(FLAGS) - 1 else ",".join(flags) or "none"

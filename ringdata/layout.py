# SPDX-License-Identifier: Apache-2.0
"""Where every hour goes: splits by date, blocks on an absolute grid of hours, rows in shards, names of files.

A block belongs to the split that holds all its hours; a block that a cut runs through belongs to none.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ringdata.config import Config, config_named
from ringdata.errors import LayoutError

NAME = "eia930"
VERSION = "1.0.0"
SPLITS = ("train", "validation", "test")
REPORTED, ESTIMATE = INPUTS = ("reported", "estimate")
"""What `value` holds where nothing was observed: 0, or what it most likely was."""
BLOCK_TOKENS = 1024
BLOCK_HOURS = 16  # the least hours of a panel block: keeps the label halo (one hour) at or below 1/16 of a block
GROUP_TOKENS = 8192  # the least tokens of a row group, the unit that a reader fetches
_FAR = 1 << 40


def hour(text: str) -> int:
    """Hours since 1970-01-01T00 UTC of an ISO date or hour in UTC, e.g. `hour("2023-01-01")`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 3600


_CALENDAR = range(hour("0001-01-01"), hour("9999-12-31T23") + 1)
"""Hours that have a date."""


def _stamp(hours: int) -> str:
    """The same as text, for messages."""
    return f"{datetime.fromtimestamp(hours * 3600, UTC):%Y-%m-%dT%H}"


@dataclass(frozen=True, slots=True)
class Cuts:
    """Dates that part train, validation and test, in hours since 1970 UTC (hour ending), half-open.

    train = hours < validation - embargo; validation = [validation, test - embargo); test = hours >= test. The
    embargo is taken from the end of the earlier split, so the later one keeps its round dates; no label enters it.
    """

    validation: int = hour("2023-01-01")
    test: int = hour("2024-01-01")
    embargo: int = 168

    def __post_init__(self) -> None:
        """Refuse cuts without a date, which nobody could be told, and those that leave no hour to validate on."""
        if not all(one in _CALENDAR for one in (self.validation, self.test, self.validation - self.embargo)):
            raise LayoutError(
                "cuts outside the calendar: validation and test begin, and train ends (embargo hours before "
                "validation), between 0001-01-01T00 and 9999-12-31T23"
            )
        if self.embargo < 0 or self.validation >= self.test - self.embargo:
            raise LayoutError(
                f"cuts out of order: validation from {_stamp(self.validation)}, test from {_stamp(self.test)}, embargo "
                f"{self.embargo} h; give validation + embargo < test and embargo >= 0"
            )

    def hours(self, split: str) -> tuple[int, int]:
        """The split's hours [first, end)."""
        return {
            "train": (-_FAR, self.validation - self.embargo),
            "validation": (self.validation, self.test - self.embargo),
            "test": (self.test, _FAR),
        }[split]


@dataclass(frozen=True, slots=True)
class Member:
    """One series as a layout needs to know it before its values are read; hours since 1970 UTC, both inclusive."""

    series_id: str
    first_hour: int
    last_hour: int
    unit: str = "megawatthours"
    time_zone: str = "UTC"
    area: str = ""
    """Whose it is: the code of a respondent, or of a sub-region."""
    type: str = ""
    """What it measures, as the source has it: D, DF, NG, TI, NG.SUN, ID."""
    kind: str = ""
    """Of the area: authority, region, nation, subregion."""
    parent: str = ""
    """Of a sub-region: its authority."""
    partner: str = ""
    """Of an interchange: the other side."""
    region: str = ""
    is_sum: bool = False
    """Whether other areas of the record add up to it."""

    @property
    def vacant(self) -> bool:
        """Whether it holds no hour at all: a series that is gone keeps its place, empty."""
        return (self.first_hour, self.last_hour) == (0, -1)


@dataclass(frozen=True, slots=True)
class BlockGrid:
    """Shape of a config's blocks: `slots` tokens an hour (V), `block_tokens` tokens a block (B), time-major."""

    config: Config
    slots: int

    def __post_init__(self) -> None:
        """Refuse a number of slots that kernels cannot take."""
        if self.slots < 1 or self.slots & (self.slots - 1):
            raise LayoutError(f"no grid of {self.config.name} with {self.slots} slots; slots are a power of two")

    @property
    def block_tokens(self) -> int:
        """Tokens a block."""
        return max(BLOCK_TOKENS, BLOCK_HOURS * self.slots)

    @property
    def block_hours(self) -> int:
        """Hours a block; block starts are multiples of it."""
        return self.block_tokens // self.slots

    @property
    def group_blocks(self) -> int:
        """Blocks (rows) of a Parquet row group."""
        return max(1, GROUP_TOKENS // self.block_tokens)


@dataclass(frozen=True, slots=True)
class BlockRun:
    """Consecutive blocks of one sequence in one shard: consecutive rows."""

    sequence_id: int
    first_block: int
    start_hour: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of a split: its place and its rows."""

    split: str
    number: int
    count: int
    runs: tuple[BlockRun, ...]

    @property
    def rows(self) -> int:
        """Blocks in the shard."""
        return sum(run.blocks for run in self.runs)

    @property
    def parquet(self) -> str:
        """File name as Hugging Face datasets knows it."""
        return f"{self.split}-{self.number:05d}-of-{self.count:05d}.parquet"

    @property
    def tfrecord(self) -> str:
        """File name as TensorFlow Datasets knows it."""
        return f"{NAME}-{self.split}.tfrecord-{self.number:05d}-of-{self.count:05d}"


@dataclass(frozen=True, slots=True)
class Layout:
    """All rows of a config, known before any value is read. Written as `layout.json` beside the shards."""

    grid: BlockGrid
    cuts: Cuts
    shards: tuple[Shard, ...]
    version: str = field(default=VERSION)
    inputs: str = field(default=REPORTED)

    def __post_init__(self) -> None:
        """Refuse inputs that no program writes."""
        if self.inputs not in INPUTS:
            raise LayoutError(f"no inputs {self.inputs!r}; there are {', '.join(INPUTS)}")

    def split(self, name: str) -> tuple[Shard, ...]:
        """The shards of one split, in order."""
        return tuple(shard for shard in self.shards if shard.split == name)

    def stamp(self) -> dict[str, Any]:
        """What every shard of one release agrees on; stands in each Parquet footer."""
        grid, cuts = self.grid, self.cuts
        return {
            "version": self.version,
            "config": grid.config.name,
            "slots": grid.slots,
            "block_tokens": grid.block_tokens,
            "group_blocks": grid.group_blocks,
            "cuts": {"validation": cuts.validation, "test": cuts.test, "embargo": cuts.embargo},
            # Not where it says nothing: those blocks are the same bytes as before there was a choice.
            **({} if self.inputs == REPORTED else {"inputs": self.inputs}),
        }

    def to_json(self) -> bytes:
        """`layout.json`: the stamp, and for each split its shards as runs [sequence, first block, hour, blocks]."""
        splits = {
            split: [[[r.sequence_id, r.first_block, r.start_hour, r.blocks] for r in s.runs] for s in self.split(split)]
            for split in SPLITS
        }
        return json.dumps({**self.stamp(), "splits": splits}, separators=(",", ":"), sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "Layout":
        """Read `layout.json` back; ValueError, KeyError or TypeError where it is none."""
        fields = json.loads(data)
        shards = tuple(
            Shard(split, number, len(rows), tuple(BlockRun(*run) for run in runs))
            for split, rows in fields["splits"].items()
            for number, runs in enumerate(rows)
        )
        order = {split: place for place, split in enumerate(SPLITS)}
        layout = cls(
            BlockGrid(config_named(fields["config"]), fields["slots"]),
            Cuts(**fields["cuts"]),
            tuple(sorted(shards, key=lambda shard: (order[shard.split], shard.number))),
            fields["version"],
            fields.get("inputs", REPORTED),
        )
        if any(layout.stamp()[key] != fields[key] for key in layout.stamp()):
            raise ValueError("block sizes of another version")
        return layout

# SPDX-License-Identifier: Apache-2.0
"""The README.md that makes a folder of blocks a Hugging Face data set: which files are which config and split."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ringdata.layout import NAME, REPORTED, SPLITS, VERSION, Cuts, Layout

_TEXT = """---
pretty_name: "U.S. hourly electricity (Form EIA-930), blocks for ring attention"
task_categories:
- time-series-forecasting
tags:
- electricity
- time-series
- ring-attention
configs:
{configs}---

# {name} {version}

The U.S. hourly electricity record of the Energy Information Administration (Form EIA-930), in MW by
hour ending, UTC, cut into blocks. One row is one block; `sequences.parquet` tells which series each
sequence or slot is.

| config | tokens an hour | tokens a block | hours a block | rows: train, validation, test |
|---|---|---|---|---|
{sizes}
| split | hours (UTC, hour ending) |
|---|---|
{splits}
A block belongs to the split that holds all its hours; blocks that a cut runs through are left out
of all splits. `next_value` and `next_observed` hold the hour after the block: shift labels with
them before cutting a window for a ring. `observed` is 0 where nothing was reported or the report is
not trusted; {unobserved}
"""
_UNOBSERVED = {
    True: "`value` is 0 there.",
    False: """there, blocks of inputs=estimate hold in
`value` what demand most likely was, by earlier hours and the day-ahead forecast alone; else 0.""",
}


def dataset_card(layouts: Sequence[Layout]) -> bytes:
    """`blocks/README.md` for the configs that stand in its sub-folders; all of one set of cuts."""
    return _TEXT.format(
        name=NAME,
        version=VERSION,
        configs="".join(map(_config, layouts)),
        sizes="".join(map(_sizes, layouts)),
        splits=_dates(layouts[0].cuts),
        unobserved=_UNOBSERVED[layouts[0].inputs == REPORTED],
    ).encode()


def _config(layout: Layout) -> str:
    config = layout.grid.config.name
    files = "".join(
        f"  - split: {split}\n    path: {config}/{split}-*.parquet\n" for split in SPLITS if layout.split(split)
    )
    return f"- config_name: {config}\n  data_files:\n{files}"


def _sizes(layout: Layout) -> str:
    grid = layout.grid
    rows = ", ".join(f"{sum(shard.rows for shard in layout.split(split)):,}" for split in SPLITS)
    return f"| {grid.config.name} | {grid.slots} | {grid.block_tokens:,} | {grid.block_hours:,} | {rows} |\n"


def _dates(cuts: Cuts) -> str:
    train, validation = _date(cuts.hours("train")[1]), [_date(hour) for hour in cuts.hours("validation")]
    return (
        f"| train | before {train} |\n| validation | from {validation[0]}, before {validation[1]} |\n"
        f"| test | from {_date(cuts.test)} |\n"
    )


def _date(hour: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour):%Y-%m-%dT%H}"

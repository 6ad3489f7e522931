# SPDX-License-Identifier: Apache-2.0
"""The flags of the training blocks, and the settings that they make."""

from __future__ import annotations

import argparse

from eia930.errors import UsageError
from eia930.screening.flags import FLAGS
from pipelines.options.words import hour, listed, whole
from ringdata.errors import LayoutError
from ringdata.layout import Cuts
from transforms.block_settings import BlockSettings


def add_block_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of the training blocks."""
    blocks = parser.add_argument_group("training blocks")
    blocks.add_argument("--validation_start", default="2023-01-01", help="first hour of validation, UTC")
    blocks.add_argument("--test_start", default="2024-01-01", help="first hour of test, UTC")
    blocks.add_argument("--embargo_hours", type=whole, default=168, help="hours left out before each of the two")
    blocks.add_argument("--trust_flags", default="all", help="flags that count against an hour: all, none, or names")


def block_settings(flags: argparse.Namespace, frame: tuple[int, int], formats: tuple[str, ...]) -> BlockSettings:
    """The flags of the training blocks, checked; `frame`: first and last hour (inclusive) on which values are read."""
    names = FLAGS[1:]
    words = {"all": names, "none": ()}.get(flags.trust_flags)
    against = listed("trust_flags", flags.trust_flags, names) if words is None else words
    try:
        cuts = Cuts(
            hour("--validation_start", flags.validation_start),
            hour("--test_start", flags.test_start),
            flags.embargo_hours,
        )
    except LayoutError as error:
        raise UsageError(f"--validation_start, --test_start, --embargo_hours: {error}") from None
    training = tuple(name for name in formats if name != "avro")
    return BlockSettings(cuts, training, frozenset(against), *frame)

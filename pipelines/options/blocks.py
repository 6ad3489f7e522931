# SPDX-License-Identifier: Apache-2.0
"""The flags of the training blocks, and the settings that they make."""

from __future__ import annotations

import argparse

from eia930.errors import UsageError
from eia930.reference.series import parse_series
from eia930.screening.flags import FLAGS
from pipelines.options.words import hour, listed, whole, words
from ringdata.layout import INPUTS, REPORTED
from transforms.block_settings import GIVEN, AskedCuts, BlockSettings, default_cuts

DEFAULT = "parquet,tfrecord"
"""The formats where nobody names any; those that an output has besides stay."""


def add_block_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of the training blocks."""
    blocks = parser.add_argument_group("training blocks")
    blocks.add_argument("--validation_start", default="", help="first hour of validation, UTC (default: as before)")
    blocks.add_argument("--test_start", default="", help="first hour of test, UTC (default: as before)")
    blocks.add_argument("--embargo_hours", type=whole, help="hours left out before each of the two (default: 168)")
    blocks.add_argument("--slots", default="", help="series ids, from slot 0 on (default: as before, new ones last)")
    blocks.add_argument(
        "--inputs",
        default="",
        help="what value holds where demand was not observed: reported (0), or estimate, made of earlier hours and of "
        "day-ahead forecasts alone (default: as before; at first, reported)",
    )
    blocks.add_argument(
        "--trust_flags", help="flags that count against an hour: all, none, or names (default: as before, else all)"
    )


def block_settings(flags: argparse.Namespace, frame: tuple[int, int], formats: tuple[str, ...]) -> BlockSettings:
    """The flags of the training blocks; `frame`: first and last hour (inclusive) on which values are read.

    Whether cuts that were named in part fit the others is known once those are recalled (`transforms.block_memory`).
    """
    names, trusted = FLAGS[1:], flags.trust_flags or "all"
    by_word: dict[str, tuple[str, ...]] = {"all": names, "none": ()}
    against = by_word[trusted] if trusted in by_word else listed("trust_flags", trusted, names, alone=tuple(by_word))
    asked = AskedCuts(
        hour("--validation_start", flags.validation_start) if flags.validation_start else None,
        hour("--test_start", flags.test_start) if flags.test_start else None,
        flags.embargo_hours,
    )
    training = tuple(name for name in formats if name != "avro")
    given = frozenset(name for name in GIVEN if getattr(flags, name))
    cuts, slots, inputs = default_cuts(*frame), _slots(flags.slots), _inputs(flags.inputs)
    return BlockSettings(
        cuts, training, frozenset(against), *frame, slots=slots, inputs=inputs, asked=asked, given=given
    )


def _inputs(text: str) -> str:
    """What unobserved demand holds."""
    if text and text not in INPUTS:
        raise UsageError(f"--inputs {text!r}: there are {', '.join(INPUTS)}")
    return text or REPORTED


def _slots(text: str) -> tuple[str, ...]:
    """Series by slot, as they were listed."""
    names = words(text)
    for name in names:
        try:
            parse_series(name)
        except ValueError as error:
            raise UsageError(f"--slots: {error}") from None
        if names.count(name) > 1:
            raise UsageError(f"--slots: {name} stands twice; a series has one slot")
    return tuple(names)

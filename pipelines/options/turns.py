# SPDX-License-Identifier: Apache-2.0
"""For programs that ask a few questions one after the other: a pause, and the pace that their key shares with loads."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial

from eia930.sources.quota import shared_pace, unshared, usual_place
from eia930.sources.rate import take_turn
from pipelines.options.where import add_quota_flag, quota_place
from pipelines.options.words import seconds


def add_turn_flags(parser: argparse.ArgumentParser) -> None:
    """`--pause` and `--quota`."""
    parser.add_argument("--pause", type=seconds, default=1.0, help="seconds between two requests (default: 1)")
    add_quota_flag(parser)


def turns(flags: argparse.Namespace, url: str, key: str) -> tuple[Callable[[], None], Callable[[float], None]]:
    """Who waits for the next turn of the key at a server, and who holds all that share it for some seconds.

    StorageError where a place that was named cannot be written; where this host has none, a line says so.
    """
    place = quota_place(flags.quota) or usual_place(url)
    if line := unshared(place, elsewhere=False):
        print(f"warning: {line}", file=sys.stderr, flush=True)
    pace = shared_pace(place, url, key)
    if pace is None:
        return (lambda: None), (lambda _: None)
    return partial(take_turn, pace), pace.hold

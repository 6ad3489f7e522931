# SPDX-License-Identifier: Apache-2.0
"""For programs that ask a few questions one after the other: a pause, and the pace that their key shares with loads."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial

from eia930.sources.quota import HOST, NONE, shared_pace, unshared, usual_place
from eia930.sources.rate import take_turn
from pipelines.options.where import output
from pipelines.options.words import seconds


def add_turn_flags(parser: argparse.ArgumentParser) -> None:
    """`--pause` and `--quota`."""
    parser.add_argument("--pause", type=seconds, default=1.0, help="seconds between two requests (default: 1)")
    parser.add_argument(
        "--quota",
        help="where programs with one key share its pace: a folder or bucket URL; host: this user's folder on this "
        "host; none (default: host; none for a server on this host)",
    )


def turns(flags: argparse.Namespace, url: str, key: str) -> tuple[Callable[[], None], Callable[[float], None]]:
    """Who waits for the next turn of the key at a server, and who holds all that share it for some seconds.

    StorageError where a place that was named cannot be written; where this host has none, a line says so.
    """
    place = usual_place(url) if flags.quota is None else flags.quota
    if place not in (HOST, NONE):
        place = output(place, flag="--quota").url
    if line := unshared(place, elsewhere=False):
        print(f"warning: {line}", file=sys.stderr, flush=True)
    pace = shared_pace(place, url, key)
    if pace is None:
        return (lambda: None), (lambda _: None)
    return partial(take_turn, pace), pace.hold

# SPDX-License-Identifier: Apache-2.0
"""From where, to where: the flags, and whether the embedded emulator answers."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from eia930.errors import UsageError
from eia930.sources.api.client import API_URL
from eia930.sources.files.client import FILES_URL
from eia930.sources.members import SOURCES
from eia930.sources.quota import HOST, NONE
from eia930.store.manifest import MANIFEST
from eia930.store.run import KEEP_HOURS
from eia930.store.storage import Storage
from pipelines.options.words import whole

SYNTHETIC = "data/synthetic"
"""Where synthetic hours go by default: never beside real ones."""
KEY = "env:EIA_API_KEY"
_AUTO = "auto: with a key api, or hybrid where --start lies before 2019"


def add_source_flags(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """From where, to where."""
    where = parser.add_argument_group("from where, to where")
    where.add_argument(
        "--source",
        default="auto",
        choices=["auto", *SOURCES],
        help="auto: with a key api, or hybrid where --start lies before 2019",
    )
    where.add_argument("--api_url", help=f"any server that speaks EIA v2 (default: {API_URL})")
    where.add_argument("--files_url", help=f"any server that has the six-month files (default: {FILES_URL})")
    where.add_argument("--api_key", help=f"env:NAME or file:PATH-OR-URL, never the key (default: {KEY})")
    where.add_argument("--output", help="folder or bucket URL (default: data; data/synthetic, no key)")
    return where


def embedded_serves(flags: argparse.Namespace) -> bool:
    """Whether the embedded emulator serves: asked for, or neither a key nor a server named and none in `KEY`.

    UsageError where nobody asked for synthetic hours and the output is a place that the user named.
    """
    if flags.source == "emulator" and flags.api_url:
        raise UsageError("--source emulator serves by itself: leave --api_url out, or take --source api")
    if flags.source != "auto":
        return bool(flags.source == "emulator")
    name = KEY.removeprefix("env:")
    if flags.api_url or flags.api_key or os.environ.get(name, "").strip():
        return False
    if flags.output:
        output(flags.output)  # a place that is none is the first thing to say, and one with a key in it is not repeated
        raise UsageError(
            f"--output {flags.output}: there is no key in {name}, so only synthetic hours could go there; set it "
            "(https://www.eia.gov/opendata/register.php gives one), say --source=files, which needs "
            "none, or say --source=emulator"
        )
    return True


def output(place: str, *, flag: str = "--output") -> Storage:
    """The storage of an output that is there, or may be made; UsageError where its path leads through a file."""
    storage = Storage.at(place, flag=flag)
    if storage.path is not None:
        if storage.path == storage.path.parent:
            raise UsageError(f"{flag} {place}: that is the root of this host; name a folder")
        for path in (storage.path, *storage.path.parents):
            if os.path.exists(path) and not os.path.isdir(path):
                raise UsageError(f"{flag} {place}: {path} is a file, no folder")
    return storage


def add_quota_flag(parser: argparse._ActionsContainer) -> None:
    """`--quota`, for whoever asks with a key."""
    parser.add_argument(
        "--quota",
        help="where programs with one key share this pace: a folder or bucket URL; host: this user's folder on this "
        "host; none (default: host; none for a server on this host)",
    )


def add_keep_flag(parser: argparse._ActionsContainer) -> None:
    """`--keep_hours`, for whoever publishes."""
    parser.add_argument(
        "--keep_hours",
        type=whole,
        default=KEEP_HOURS,
        help="how long files that this run supersedes stay for readers that have opened them",
    )


def quota_place(place: str | None) -> str | None:
    """A word as it is; a folder or a bucket as every process finds it. UsageError where it can be neither."""
    return place if place in (None, HOST, NONE) else output(place, flag="--quota").url


def existing(place: str, *, flag: str = "--output") -> Storage:
    """The storage of an output that is there; UsageError for a folder that is not, and none is made."""
    storage = output(place, flag=flag)
    storage.reach()
    if storage.path is not None and not storage.path.is_dir():
        raise UsageError(f"{flag} {place}: there is no such folder")
    if storage.path is not None and _only_synthetic(storage.path):
        raise UsageError(f"{flag} {place}: the load there is synthetic; say {flag}={shlex.quote(f'{place}/synthetic')}")
    return storage


def _only_synthetic(folder: Path) -> bool:
    """Whether a folder holds nothing but what the emulator made below it, where there was no key."""
    below = folder / Path(SYNTHETIC).name
    own = (folder / name for name in (MANIFEST, "report.json", "raw", "tidy"))
    return (below / MANIFEST).is_file() and not any(path.exists() for path in own)

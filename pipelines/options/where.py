# SPDX-License-Identifier: Apache-2.0
"""From where, to where: the flags, and whether the embedded emulator answers."""

from __future__ import annotations

import argparse
import os

from eia930.errors import UsageError
from eia930.sources.api.client import API_URL
from eia930.sources.members import SOURCES

SYNTHETIC = "data/synthetic"
"""Where synthetic hours go by default: never beside real ones."""


def add_source_flags(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """From where, to where."""
    where = parser.add_argument_group("from where, to where")
    where.add_argument("--source", default="auto", choices=["auto", *SOURCES], help="auto: api with a key")
    where.add_argument("--api_url", help=f"any server that speaks EIA v2 (default: {API_URL})")
    where.add_argument("--api_key", default="env:EIA_API_KEY", help="env:NAME or file:PATH-OR-URL, never the key")
    where.add_argument("--output", help="folder or bucket URL (default: data; data/synthetic, no key)")
    return where


def embedded_serves(flags: argparse.Namespace) -> bool:
    """Whether the embedded emulator serves: asked for, or no key and no server named."""
    if flags.source == "emulator" and flags.api_url:
        raise UsageError("--source emulator serves by itself: leave --api_url out, or take --source api")
    if flags.source != "auto":
        return bool(flags.source == "emulator")
    kind, _, where = flags.api_key.partition(":")
    return not flags.api_url and kind == "env" and not os.environ.get(where, "").strip()

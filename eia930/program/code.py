# SPDX-License-Identifier: Apache-2.0
"""Which code this is, so that a cluster's worker with another version is found out before it asks or writes."""

from __future__ import annotations

import hashlib
import socket
from functools import cache
from pathlib import Path

from eia930 import __version__
from eia930.errors import UsageError

_PACKAGES = ("eia930", "pipelines", "ringdata", "transforms")
"""What a worker runs, side by side in a checkout as in an installation."""
_KINDS = (".csv", ".py")


@cache
def fingerprint() -> str:
    """Names the code and the tables of all packages, by their bytes: a version number does not see a local change."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for path in sorted(path for name in _PACKAGES for path in (root / name).rglob("*") if path.suffix in _KINDS):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(data)} ".encode())
        digest.update(data)
    return digest.hexdigest()[:12]


def named() -> str:
    """`eia930 0.1.0 (code 1a2b3c4d5e6f)`: what every program answers to --version."""
    return f"eia930 {__version__} (code {fingerprint()})"


def require_same(program: str) -> None:
    """UsageError where this worker has other code than `program`, which started the run."""
    if program != fingerprint():
        raise UsageError(
            f"the worker on {socket.gethostname()} has another version of this program ({fingerprint()}) "
            f"than the one that started it ({program}): install the same on every worker, then run it again"
        )

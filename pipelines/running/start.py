# SPDX-License-Identifier: Apache-2.0
"""What every program does before its other imports, which take a second. Loads nothing, so that it can come first."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from eia930.program.interrupt import end_on_interrupt

_NEEDED = (
    "apache_beam",
    "bottleneck",
    "fastavro",
    "google_crc32c",
    "jinja2",
    "msgspec",
    "obstore",
    "prometheus_client",
    "psutil",
    "requests",
    "tqdm",
    "urllib3",
    "zstandard",
)
"""What [load] of setup.py brings and no program does without."""


def begin() -> None:
    """Ctrl-C is one line from here on, and so is an installation without what loads the record (exit 2)."""
    end_on_interrupt()
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        print(
            f"error: {', '.join(missing)} missing: pip install 'eia930[load]' brings what this needs", file=sys.stderr
        )
        sys.exit(2)

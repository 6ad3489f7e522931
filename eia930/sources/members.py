# SPDX-License-Identifier: Apache-2.0
"""The sources that there are, by the name that `--source` gives them. Adding one is a line here."""

from __future__ import annotations

from eia930.sources.api.source import ApiSource
from eia930.sources.files.source import FilesSource
from eia930.sources.hybrid.source import HybridSource
from eia930.sources.source import Source

SOURCES: dict[str, type[Source]] = {
    "api": ApiSource,
    "files": FilesSource,
    "hybrid": HybridSource,
    # The same client, asked of the server that this program itself is.
    "emulator": ApiSource,
}

# SPDX-License-Identifier: Apache-2.0
"""What a folder of blocks says of its own files, and reading those that are small against it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ringdata.errors import DamagedFile
from ringdata.files import Files
from ringdata.layout import Layout

MANIFEST = "manifest.json"
AGAIN = "run the pipeline again, or copy the folder again from where it is whole"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of a file."""

    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder whose manifest and layout were read."""

    files: Files
    layout: Layout
    manifest: Mapping[str, Entry]

    def read(self, name: str) -> bytes:
        """The whole of a file. DamagedFile where its sha256 is not the manifest's."""
        content = self.files.read(self.files.root / name)
        found, expected = hashlib.sha256(content).hexdigest(), self.manifest[name].sha256
        if found != expected:
            raise DamagedFile(f"{self.files.root / name} has sha256 {found} where {MANIFEST} has {expected}; {AGAIN}")
        return content

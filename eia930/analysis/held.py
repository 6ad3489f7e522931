# SPDX-License-Identifier: Apache-2.0
"""Whole files of an output, each held against the sha256 that the manifest has of it. Loads nothing beyond pyarrow.

A file is read whole, though a part of it is wanted: the manifest speaks of whole files, and one is a few megabytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyarrow.fs import FileSystem, FileType

from eia930.errors import UsageError
from eia930.store.keys import object_key

_LOAD = "give the folder that a load wrote to, as data or data/synthetic; python -m pipelines.historical loads"
_AGAIN = (
    "run python -m pipelines.historical on this folder again, or python -m pipelines.verify to see all that differs"
)


@dataclass(frozen=True, slots=True)
class Held:
    """The files below `root` by path, and their checksums as the manifest of `place` has them."""

    files: FileSystem
    root: str
    place: str
    sums: Mapping[str, str]

    @classmethod
    def at(cls, files: FileSystem, root: str, place: str) -> Held:
        """UsageError where there is no manifest, or one that cannot be read."""
        try:
            with files.open_input_file(f"{root}/manifest.json") as file:
                listed = json.loads(file.read())["files"]
                return cls(files, root, place, {one["path"]: one["sha256"] for one in listed})
        except FileNotFoundError:
            bucket = root.split("/")[0] if "://" in place else ""
            if bucket and files.get_file_info(bucket).type == FileType.NotFound:
                raise UsageError(f"{place}: there is no bucket {bucket}") from None
            below = files.get_file_info(f"{root}/synthetic/manifest.json").type == FileType.File
            remedy = f"the load there is synthetic: give {place}/synthetic" if below else _LOAD
            raise UsageError(f"{place} holds no load (no manifest.json)", remedy=remedy) from None
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{place}: {str(error).splitlines()[0]}") from None
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"{place}/manifest.json is damaged", remedy=_AGAIN) from None

    def read(self, path: str) -> pa.BufferReader:
        """A file as the manifest names it: at its place or, while another load publishes, among the objects."""
        wanted = self.sums.get(path)
        if wanted is None:
            raise UsageError(f"{self.place}/{path} is not in its manifest.json", remedy=_AGAIN)
        for name in (path, object_key(path, wanted), path):
            data = self._bytes(name)
            if data is not None and hashlib.sha256(data).hexdigest() == wanted:
                return pa.BufferReader(data)
        raise UsageError(
            f"{self.place}/{path} is missing, damaged or of another load than manifest.json", remedy=_AGAIN
        )

    def _bytes(self, name: str) -> bytes | None:
        try:
            with self.files.open_input_file(f"{self.root}/{name}") as file:
                data: bytes = file.read()
                return data
        except FileNotFoundError:
            return None
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{self.place}/{name} cannot be read: {str(error).splitlines()[0]}") from None

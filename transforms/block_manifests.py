# SPDX-License-Identifier: Apache-2.0
"""The manifests by which a folder of blocks opens by itself: gone while shards are written, back when all is well."""

from __future__ import annotations

from eia930.store.manifest import read_manifest
from eia930.store.storage import Storage
from ringdata.config import CONFIGS
from ringdata.formats import FORMATS
from ringdata.manifest import MANIFEST, Entry, write_manifests


def close_blocks(storage: Storage) -> None:
    """Before a shard is written: whoever opens the folders from now on is told that they are not finished."""
    storage.delete(*(f"{form.folder(config.name)}/{MANIFEST}" for form in FORMATS for config in CONFIGS))


def open_blocks(storage: Storage) -> None:
    """After the last file, and only where the run ends well: a manifest in every folder of blocks."""
    listed = {file.path: Entry(file.rows, file.bytes, file.sha256) for file in read_manifest(storage)}
    for path, content in write_manifests(listed).items():
        storage.put(path, content)

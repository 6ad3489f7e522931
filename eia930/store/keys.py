# SPDX-License-Identifier: Apache-2.0
"""Where files lie while they have no place: known to readers that need nothing else of the storage."""

OBJECTS = "objects"


def object_key(path: str, sha256: str) -> str:
    """Where a file lies while it has no place: by path too, for two that hold the same go different ways."""
    return f"{OBJECTS}/{path}.{sha256[:32]}"

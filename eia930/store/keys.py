# SPDX-License-Identifier: Apache-2.0
"""Where files lie that readers know who need nothing else of the storage."""

OBJECTS = "objects"
ORIGIN = "raw/origin"
"""Where it stands which server the stored answers are from."""


def object_key(path: str, sha256: str) -> str:
    """Where a file lies while it has no place: by path too, for two that hold the same go different ways."""
    return f"{OBJECTS}/{path}.{sha256[:32]}"


def says_of_itself(key: str) -> bool:
    """Whether an output says there what it is: its manifest, account, memory of its blocks, and origin."""
    return key == ORIGIN or ("/" not in key and key.endswith(".json"))

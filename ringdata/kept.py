# SPDX-License-Identifier: Apache-2.0
"""Where an output keeps a file of blocks that is on its way to its place, or that a newer one has taken the place of.

    OUTPUT/blocks/panel/X      what stands       OUTPUT/objects/blocks/panel/X.<sha256>      what is kept a while

A reader that holds a manifest finds every file that it names at one of the two, so it reads on while others publish.
A folder that was copied out of its output has no such place, and nobody publishes there.
"""

from pathlib import PurePosixPath

_OBJECTS = "objects"
_DEPTHS = {"blocks": 2, "tfds": 4}
"""How many names lead from an output to a folder of blocks: blocks/<config>, tfds/<name>/<config>/<version>."""
_DIGITS = 32
"""Of the sha256, in the name."""


def output_of(root: PurePosixPath) -> PurePosixPath | None:
    """The output that the folder of blocks `root` lies in; None where that lies in none."""
    for top, depth in _DEPTHS.items():
        if len(root.parts) >= depth and root.parts[-depth] == top:
            return root.parents[depth - 1]
    return None


def kept_folder(root: PurePosixPath) -> PurePosixPath | None:
    """The folder of what is kept for the folder of blocks `root`; None where that lies in no output."""
    output = output_of(root)
    return None if output is None else output / _OBJECTS / root.relative_to(output)


def kept_file(root: PurePosixPath, name: str, sha256: str) -> PurePosixPath | None:
    """Where a file of the folder with these bytes is kept, if it is."""
    folder = kept_folder(root)
    return None if folder is None else folder / f"{name}.{sha256[:_DIGITS]}"

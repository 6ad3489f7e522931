# SPDX-License-Identifier: Apache-2.0
"""A folder of TFRecord blocks as ArrayRecord, whose records are found by number: what tfds and grain read at random.

    python -m ringdata.arrayrecord data/tfds/eia930/panel/1.0.0 data/arrayrecord/eia930/panel/1.0.0

The same records, features and shards under the names that TensorFlow Datasets gives them. Needs array-record, which
tensorflow-datasets brings. RingBlocks does not read it: a slice there is no range of bytes.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from ringdata.checksums import check
from ringdata.errors import LayoutError, RingDataError
from ringdata.example import FOOTER, HEADER
from ringdata.files import Files
from ringdata.folder import open_any
from ringdata.formats import TFRECORD, format_in
from ringdata.layout import SPLITS, Shard
from ringdata.manifest import SEQUENCES, Folder
from ringdata.shards import read_range
from ringdata.tfrecord_shard import open_tfrecord

_FORMAT = "array_record"
_INFO, _FEATURES = "dataset_info.json", "features.json"
_OPTIONS = "group_size:1,uncompressed"
"""A record alone, as it is: reading one reads no other."""
_ROWS = 64
"""Read at once."""


def convert(path: str | os.PathLike[str], target: str | os.PathLike[str]) -> int:
    """Write the folder `target`, whole or not at all, and give its number of records.

    Every record is held against its checksum as it is read. LayoutError where `path` is no folder of TFRecord, `target`
    is there already, or array-record is not installed; FolderError where a file is not what was written.
    """
    try:
        from array_record.python.array_record_module import ArrayRecordWriter
    except ImportError as missing:
        raise LayoutError("ArrayRecord needs it: pip install array-record") from missing
    folder, target = open_any(Files(path)), Path(target)
    if format_in(list(folder.manifest)) is not TFRECORD:
        raise LayoutError(f"{path} holds no TFRecord: give OUTPUT/{TFRECORD.folder(folder.layout.grid.config.name)}")
    if target.exists():
        raise LayoutError(f"{target} is there already: give a folder that is not")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as part:
        place, count = Path(part) / target.name, 0
        place.mkdir()
        for shard in (shard for split in SPLITS for shard in folder.layout.split(split)):
            writer = ArrayRecordWriter(str(place / _name(shard)), _OPTIONS)
            for record in _records(folder, shard):
                writer.write(record)
                count += 1
            writer.close()
        for name, data in _beside(folder).items():
            (place / name).write_bytes(data)
        place.rename(target)
    return count


def _records(folder: Folder, shard: Shard) -> Iterator[bytes]:
    """The Examples of a shard, in order, without TFRecord's framing."""
    held = open_tfrecord(folder, shard)
    for first in range(0, shard.rows, _ROWS):
        stop = min(first + _ROWS, shard.rows)
        offsets = held.offsets[first : stop + 1].tolist()
        content = read_range(folder.files, shard.tfrecord, offsets[0], offsets[-1])
        places = [(begin - offsets[0], end - offsets[0]) for begin, end in pairwise(offsets)]
        check(folder.files, shard.tfrecord, content, places, held.sums[first:stop].tolist())
        yield from (content[begin + HEADER : end - FOOTER] for begin, end in places)


def _beside(folder: Folder) -> dict[str, bytes]:
    """What makes it a TFDS data set, and the series that it holds."""
    info = json.loads(folder.read(_INFO)) | {"fileFormat": _FORMAT}
    told = json.dumps(info, indent=2, sort_keys=True).encode()
    return {_INFO: told, **{name: folder.read(name) for name in (_FEATURES, SEQUENCES)}}


def _name(shard: Shard) -> str:
    """As TensorFlow Datasets knows it."""
    return shard.tfrecord.replace(".tfrecord-", f".{_FORMAT}-")


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert, and say how much; 2 where it cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blocks", help="a folder of TFRecord blocks: OUTPUT/tfds/eia930/CONFIG/1.0.0, or a URL of one")
    parser.add_argument("target", help="the folder to write, on this machine: .../eia930/CONFIG/1.0.0")
    options = parser.parse_args(arguments)
    try:
        count = convert(options.blocks, options.target)
    except (RingDataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{options.target}: {count:,} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())

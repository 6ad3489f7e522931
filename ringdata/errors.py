# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, named so that a caller can tell wrong use from a broken folder.

RingDataError
├── LayoutError    series, cuts or shards that no layout fits
├── SeriesError    hours of a series that cannot become blocks
├── ContextError   context, stride, ring or replica that do not fit the blocks
├── EmptySplit     a split without blocks
└── FolderError    a folder that cannot be trusted
    ├── NotFinished    no manifest: the run that writes the folder has not ended well
    ├── MissingFile    a file that should be there and is not
    ├── DamagedFile    a file cut short, or with other bytes than were written
    ├── MixedVersions  files of more than one run or format
    └── Unreachable    a bucket or disk that does not answer, or refuses
"""


class RingDataError(Exception):
    """The root: one line that names the thing and the remedy."""


class LayoutError(RingDataError, ValueError):
    """Series, cuts or shard counts that no layout fits."""


class SeriesError(RingDataError, ValueError):
    """Hours of a series that cannot become blocks."""


class ContextError(RingDataError, ValueError):
    """Context length, stride, ring or replica that do not fit the blocks."""


class EmptySplit(RingDataError, ValueError):
    """The split holds no block."""


class FolderError(RingDataError):
    """The folder cannot be trusted."""


class NotFinished(FolderError):
    """The folder has no manifest.json: the run that writes it has not ended well."""


class MissingFile(FolderError, FileNotFoundError):
    """A file that should be there and is not."""


class DamagedFile(FolderError):
    """A file that is cut short, or holds other bytes than were written."""


class MixedVersions(FolderError):
    """Files of more than one run or format lie in one folder."""


class Unreachable(FolderError, OSError):
    """A bucket or disk that does not answer in time, or refuses."""

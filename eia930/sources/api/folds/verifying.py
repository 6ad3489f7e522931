# SPDX-License-Identifier: Apache-2.0
"""Archives of stored responses, held against what their own directories say."""

from __future__ import annotations

from collections.abc import Sequence

from eia930.sources.api.folds.shelf import fold_of
from eia930.store.storage import Entry, Storage


def names_in(storage: Storage, entry: Entry) -> Sequence[str]:
    """Keys of the responses in an archive, as far as they can be found; none where it is gone since it was listed."""
    try:
        return [f"{entry.key.rpartition('/')[0]}/{one.name}" for one in fold_of(storage, entry).members]
    except KeyError:
        return ()


def fault_in(storage: Storage, entry: Entry) -> str:
    """What is wrong with an archive; empty where every response in it is as it was written, or it is gone."""
    try:
        fold = fold_of(storage, entry)
        whole = len(fold.read(storage))
    except KeyError:
        return ""
    damaged = len(fold.members) - whole + fold.lost
    if damaged:
        return f"is damaged: {damaged:,} of its {len(fold.members) + fold.lost:,} answers are lost"
    return "" if fold.whole else "is damaged: its directory is, and no answer"

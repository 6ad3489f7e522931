# SPDX-License-Identifier: Apache-2.0
"""Which series of a folder a reader hands out, in which order, and the name of that choice."""

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ringdata.errors import ContextError, MixedVersions
from ringdata.layout import INPUTS, REPORTED, Layout
from ringdata.orders import whole
from ringdata.windows import Track

_TAKE = "series= and slots= take one or more of {} series, each once"
_PUBLISHED_AHEAD = "DF"
"""The type of series that are published before their hour: day-ahead forecasts."""


def chosen_rows(table: pa.Table, series: Sequence[str] | None, slots: Sequence[int] | None) -> NDArray[np.int64] | None:
    """Rows of `sequences` by name or number, in the order given; None: all. ContextError names what is not there."""
    if series is not None and slots is not None:
        raise ContextError("series= and slots= say the same thing: give one of them")
    names = table.column("series_id").to_pylist()
    given: tuple[Sequence[object] | None, ...] = (series, slots)
    if any(len(chosen) > len(names) for chosen in given if chosen is not None):
        raise ContextError(_TAKE.format(len(names)))
    if series is not None:
        rows = [_row(names, name) for name in series]
    elif slots is not None:
        rows = [whole("slots", slot) for slot in slots]
    else:
        return None
    if strange := [row for row in rows if not 0 <= row < len(names)]:
        raise ContextError(f"{_TAKE.format(len(names))}: there is no slot {strange[0]}")
    if not rows or len(set(rows)) < len(rows):
        raise ContextError(_TAKE.format(len(names)))
    return np.array(rows, np.int64)


def renumbered(table: pa.Table, rows: NDArray[np.int64] | None, *, alone: bool) -> pa.Table:
    """`sequences` of the choice: slots, or sequences where each series is one, counted as they are handed out."""
    if rows is None:
        return table
    taken, name = table.take(pa.array(rows)), "sequence_id" if alone else "slot"
    for column, numbers in ((name, range(len(rows))), ("slots", [1 if alone else len(rows)] * len(rows))):
        place = taken.schema.get_field_index(column)
        taken = taken.set_column(place, taken.schema.field(place), pa.array(numbers, pa.int32()))
    return taken


def chosen_tracks(tracks: Sequence[Track], rows: NDArray[np.int64] | None) -> tuple[Track, ...]:
    """Tracks of the chosen sequences that hold anything, in the order chosen."""
    if rows is None:
        return tuple(tracks)
    held = {track.sequence_id: track for track in tracks}
    return tuple(replace(held[row], sequence_id=n) for n, row in enumerate(rows.tolist()) if row in held)


def published_ahead(sequences: pa.Table) -> NDArray[np.bool_]:
    """Which rows of `sequences` are of series that are published before their hour: bool[rows]."""
    return np.array([kind == _PUBLISHED_AHEAD for kind in sequences.column("type").to_pylist()], np.bool_)


def known_slots(sequences: pa.Table, rows: NDArray[np.int64] | None, *, ahead: int, slots: int) -> NDArray[np.bool_]:
    """`published_ahead` of what is chosen, by slot (of `series`: by sequence), at least bool[slots].

    ContextError where hours `ahead` are asked for and nothing chosen is published ahead.
    """
    known = published_ahead(sequences if rows is None else sequences.take(pa.array(rows)))
    if ahead and not known.any():
        raise ContextError(
            f"ahead {ahead}: no series chosen is published ahead of its hour (type {_PUBLISHED_AHEAD}); load "
            f"--types=D,{_PUBLISHED_AHEAD}, or leave ahead out"
        )
    return np.pad(known, (0, max(0, slots - len(known))))


def fingerprint(layout: Layout, sequences: pa.Table, slots: int, *, ahead: int) -> str:
    """What a model rests on: config, tokens an hour, digests of the series in their order and of the cuts.

    The inputs too, where they are not those reported, and the hours ahead, where any are handed out.
    """
    names = "\n".join(sequences.column("series_id").to_pylist())
    cuts = f"{layout.cuts.validation} {layout.cuts.test} {layout.cuts.embargo}"
    inputs = "" if layout.inputs == REPORTED else f"-{layout.inputs}"
    known = f"-ahead{ahead}" if ahead else ""
    return f"{layout.grid.config.name}-{slots}-{_digest(names)}-{_digest(cuts)}{inputs}{known}"


def check_fingerprint(expected: str | None, found: str) -> None:
    """MixedVersions says in what another folder, or another choice of it, differs from the one expected."""
    if expected is None or expected == found:
        return
    words = ("config", "tokens an hour", "series or their order", "cuts", "inputs", "hours ahead")
    parts = zip(words, _parts(expected), _parts(found), strict=True)
    names = [name for name, one, other in parts if one != other] or ["fingerprint"]
    raise MixedVersions(
        f"other {' and '.join(names)} than expected: the fingerprint is {found}, not {expected}; give the output, "
        "series=, slots= or ahead= that the checkpoint was trained with, or cut its blocks with the same --inputs"
    )


def _parts(fingerprint: str) -> list[str]:
    """Of a fingerprint, what each of the words says that tell in what two differ."""
    head, rest = fingerprint.split("-")[:4], fingerprint.split("-")[4:]
    inputs = [word for word in rest if word in INPUTS]
    return [*head, *[""] * (4 - len(head)), "".join(inputs), "-".join(word for word in rest if word not in INPUTS)]


def _row(names: Sequence[str], name: str) -> int:
    if name in names:
        return names.index(name)
    near = difflib.get_close_matches(name, names, 1)
    raise ContextError(f"no series {name!r} in this folder{f'; the nearest is {near[0]}' if near else ''}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]

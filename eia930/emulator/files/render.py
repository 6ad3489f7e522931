# SPDX-License-Identifier: Apache-2.0
"""Columns of cells → the bytes of a file. Arrow joins the texts: no Python object a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import Cells


def headline(names: Sequence[str], quirks: Quirks) -> bytes:
    """The first line: every name in quotes."""
    mark = "\ufeff" if quirks.bom else ""
    return (mark + ",".join(f'"{name}"' for name in names) + _end(quirks)).encode()


def joined(columns: Sequence[pa.Array], quirks: Quirks) -> bytes:
    """Columns of texts of one length → lines."""
    if not len(columns[0]):
        return b""
    lines = pc.binary_join_element_wise(*columns, ",")
    whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    text: str = pc.binary_join(whole, _end(quirks))[0].as_py()
    return (text + _end(quirks)).encode()


def numbers(cells: Cells, quirks: Quirks) -> pa.Array:
    """Numbers → texts, an empty one where there is none; whole ones without a point."""
    none = np.isnan(cells)
    if np.all((cells == np.rint(cells)) | none):
        text = pa.array(np.where(none, 0, cells).astype(np.int64)).cast(pa.string())
        if quirks.thousands:
            text = _parted(text, np.where(none, 0, cells))
    else:
        text = pa.array([repr(one) for one in cells.tolist()], pa.string())
    return pc.if_else(pa.array(none), "", text) if none.any() else text


def repeated(text: str, rows: int) -> pa.Array:
    """One text in every row."""
    return pa.repeat(pa.scalar(text, pa.string()), rows)


def _parted(text: pa.Array, cells: Cells) -> pa.Array:
    """`1060` → `"1,060"`, three digits at a time from the end."""
    size = np.abs(cells).astype(np.int64)
    if not np.any(size >= 1000):
        return text
    parts = pa.array(size % 1000).cast(pa.string())
    whole = pc.utf8_lpad(parts, 3, "0")
    rest = size // 1000
    while np.any(rest >= 1000):
        more = pc.utf8_lpad(pa.array(rest % 1000).cast(pa.string()), 3, "0")
        whole = pc.if_else(pa.array(rest >= 1000), pc.binary_join_element_wise(more, whole, ","), whole)
        rest = np.where(rest >= 1000, rest // 1000, rest)
    first = pa.array(rest).cast(pa.string())
    sign = pc.if_else(pa.array(cells < 0), '"-', '"')
    parted = pc.binary_join_element_wise(pc.binary_join_element_wise(sign, first, ""), whole, ",")
    return pc.if_else(pa.array(size >= 1000), pc.binary_join_element_wise(parted, '"', ""), text)


def _end(quirks: Quirks) -> str:
    return "\r\n" if quirks.crlf else "\n"

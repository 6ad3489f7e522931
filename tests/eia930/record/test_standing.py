# SPDX-License-Identifier: Apache-2.0
"""What a line of `rejects/` told before is told as it was, and its answer is not read again; the bytes are the same."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from zstandard import ZstdCompressor

from eia930.question.span import Span
from eia930.sources.api.responses import unpack
from eia930.sources.api.source import ApiSource
from eia930.store.storage import Storage
from tests.eia930.making import row
from tests.eia930.record.holding import Folder, watched

MEMORY = "raw/assembled/lost"


def rejects(folder: Folder, read: list[str] | None = None) -> dict[str, bytes]:
    """The files of a load; the answers whose rows were read once more are added to `read`."""
    folder.load(source=watched([] if read is None else read))
    return {one.key: bytes(folder.storage.get(one.key)) for one in folder.storage.list("rejects")}


def forget(folder: Folder) -> None:
    for one in folder.storage.list(MEMORY):
        folder.storage.delete(one.key)


def kept_up(place: Path, updates: int) -> Folder:
    """An hour that each update revises."""
    folder = Folder(str(place))
    for late in range(updates):
        folder.hold(0, 3, [row(0, value=str(late)), row(1)], late=late)
        folder.load()
    return folder


def test_an_update_reads_the_answers_alone_whose_rows_fell_with_it(tmp_path: Path) -> None:
    folder = kept_up(tmp_path, 5)
    last = folder.hold(0, 3, [row(0, value="77"), row(1)], late=5)
    folder.hold(0, 3, [row(0, value="88"), row(1)], late=6)
    now: list[str] = []
    every: list[str] = []
    told = rejects(folder, now)
    assert len(now) == 2
    assert last in now
    forget(folder)
    assert rejects(folder, every) == told
    assert len(every) == 6


@given(st.data())
def test_lines_are_those_of_a_load_from_nothing(data: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, number = Folder(place), iter(range(1000))
        for late in range(data.draw(st.integers(1, 6))):
            folder.hold_drawn(data, number, late=late)
            if data.draw(st.booleans()):
                rejects(folder)
        told = rejects(folder)
        forget(folder)
        assert rejects(folder) == told


def test_a_file_that_is_not_as_it_was_written_is_not_believed(tmp_path: Path) -> None:
    folder = kept_up(tmp_path, 3)
    told = rejects(folder)
    ((path, lines),) = told.items()
    folder.storage.put(path, lines.replace(b"PacifiCorp", b"PacifiC0rp"))
    assert rejects(folder) == told


def test_a_row_that_could_not_be_read_is_told_as_it_was_served_once_it_can(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    was = folder.hold(0, 3, [row(0, value="5")])
    folder.hold(0, 3, [row(0, value="6")], late=1)
    served = bytes(folder.storage.get(was))

    class Vanishing(ApiSource):
        def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Any:
            storage.delete(was)
            yield from super().verbatim(storage, span, names)

    _, (line,) = folder.load(source=Vanishing("http://127.0.0.1:1", "none:"))
    assert "type-name" not in line["row"]
    folder.storage.put(was, served)
    _, (line,) = folder.load()
    assert line["row"] == row(0, value="5")


def test_a_row_that_was_served_in_several_lines_is_one_line(tmp_path: Path) -> None:
    folder = kept_up(tmp_path, 1)
    name, *_ = (one.key for one in folder.storage.list("raw/eia"))
    laid_out = json.dumps(json.loads(unpack(folder.storage.get(name))), indent=2)
    folder.storage.put(name, ZstdCompressor().compress(laid_out.encode()))
    folder.hold(0, 3, [row(0, value="9"), row(1)], late=1)
    for _ in range(2):
        _, (line,) = folder.load()
        assert line["row"] == row(0, value="0")

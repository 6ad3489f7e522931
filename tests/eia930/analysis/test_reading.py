# SPDX-License-Identifier: Apache-2.0
"""Hours of an output are those of the manifest that was opened, whatever is published meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pytest

import eia930
from eia930.analysis.reading import Output
from eia930.errors import UsageError
from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.record.tidy import Flagged, tidy_parquet, tidy_path, tidy_tables
from eia930.reference.hours import parse_hour
from eia930.reference.routes import REGION
from eia930.store.manifest import put_file
from eia930.store.objects import publish
from eia930.store.staging import Staging
from eia930.store.storage import Storage

FIRST = parse_hour("2024-01-01T00")
REGIONS = ("AVA", "BPAT", "CISO")
PATH = tidy_path("region-data", "AVA")


def republish(storage: Storage, number: int) -> None:
    """An hour more each time, and every value of every region another: the number."""
    files = []
    for region in REGIONS:
        span = Span("region-data", region, FIRST, FIRST + 500 + number % 2)
        hours = span.last - span.first + 1
        series = Series("D", np.full(hours, number, np.float64), np.full(hours, 1_700_000_000, np.uint32))
        flagged = Flagged(series, np.zeros(hours, np.uint8), ("",))
        written, _ = tidy_parquet(span, tidy_tables(span, [flagged], "api"))
        files.append(put_file(Staging.of(storage), tidy_path("region-data", region), written, rows=hours))
    publish(storage, files, manifest=lambda listed: msgspec.json.encode({"files": listed}), fence=lambda: None)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    storage = Storage.at(str(tmp_path / "an output"))
    republish(storage, 0)
    return storage


def look(place: str, times: int) -> set[frozenset[float]]:
    """The values found at once, each time."""
    return {frozenset(eia930.hours(place, regions=REGIONS)["value"].to_pylist()) for _ in range(times)}


def test_no_question_mixes_two_publications(storage: Storage) -> None:
    with ThreadPoolExecutor(2) as readers:
        reading = [readers.submit(look, storage.place, 20) for _ in range(2)]
        number = 0
        while not all(one.done() for one in reading):
            number += 1
            republish(storage, number)
        found = set.union(*(one.result() for one in reading))
    assert all(len(values - {None}) == 1 for values in found)
    assert look(storage.place, 1) == {frozenset({float(number)})}


def test_an_output_that_was_opened_is_read_to_its_end(storage: Storage) -> None:
    output = Output(storage.place)
    for number in (1, 2, 3):
        republish(storage, number)
        found = output.read(REGION, "AVA", ["EBA.AVA-ALL.D.H"], (None, None))
        assert set(found["EBA.AVA-ALL.D.H"].value) == {0.0}
        assert output.kinds(REGION, "AVA") == ("D",)
    assert look(storage.place, 1) == {frozenset({3.0})}


def test_a_file_that_the_manifest_does_not_know_as_it_is_is_refused_by_name(storage: Storage, tmp_path: Path) -> None:
    storage.delete(*(entry.key for entry in storage.list("objects")))
    republish(other := Storage.at(str(tmp_path / "another")), 1)
    assert len(other.get(PATH)) != len(storage.get(PATH))
    storage.put(PATH, other.get(PATH))
    with pytest.raises(UsageError, match=f"{PATH} is missing, damaged or of another load than manifest.json"):
        look(storage.place, 1)
    storage.delete(PATH)
    with pytest.raises(UsageError, match=f"{PATH} is missing, damaged or of another load than manifest.json"):
        look(storage.place, 1)

# SPDX-License-Identifier: Apache-2.0
"""Whatever the spans of a load hold, its account adds up and is published whole, marked only where it ended well."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.account.publication import finish, publish, publish_blocks
from eia930.account.stored import INDEX, REPORT, STOPPED, read_account
from eia930.account.sums import account
from eia930.program.code import fingerprint
from eia930.record.assembly import GroupReport, SeriesReport
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import ROUTES
from eia930.sources.fetched import Failure, Fetched, Tally
from eia930.store.lease import Owner
from eia930.store.manifest import MANIFEST, SUCCESS, put_file, read_manifest
from eia930.store.run import Run
from eia930.store.storage import Storage
from ringdata.sequences import SCHEMA, STATISTICS
from tests.eia930.account.accounts import a_series

FIRST = parse_hour("2024-01-01T00")
NONE = SCHEMA.empty_table().select(["series_id", *STATISTICS])
FAILURE = Failure("x", "region-data", "PACW", FIRST, FIRST, "503", "ask again")


def a_run(name: str) -> Run:
    return Run(Owner.here(name), datetime.now(UTC))


@st.composite
def series_of(draw: st.DrawFn, route: str, respondent: str) -> SeriesReport:
    present, null, missing = (draw(st.integers(0, 99)) for _ in range(3))
    kind = draw(st.sampled_from(("D", "SUN", "BPAT", "PGAE", "new")))
    return a_series(
        series_id=f"{route}.{respondent}.{kind}",
        route=route,
        respondent=respondent,
        kind=kind,
        hours=present + null + missing,
        present=present,
        null=null,
        missing=missing,
        first=stamp(FIRST) if present else None,
        last=stamp(FIRST + 3) if present else None,
    )


@st.composite
def group_of(draw: st.DrawFn, route: str, respondent: str) -> GroupReport:
    """A span with none, some or no answered series, of rows kept, double and refused."""
    series = draw(st.lists(series_of(route, respondent), max_size=3, unique_by=lambda one: one.series_id))
    kept = sum(one.present + one.null for one in series)
    duplicate, rejected = (draw(st.integers(0, 9)) for _ in range(2))
    return GroupReport(
        route=route,
        respondent=respondent,
        kinds=(),
        first=stamp(FIRST),
        last=stamp(FIRST + 99),
        received=kept + duplicate + rejected,
        kept=kept,
        duplicate=duplicate,
        rejected=rejected,
        series=series,
        files=[],
        rejects={"rejected": {"unit": rejected}} if rejected else {},
    )


PLACES = st.lists(st.tuples(st.sampled_from(list(ROUTES)), st.sampled_from(("PACW", "CISO"))), max_size=4, unique=True)
GROUPS = PLACES.flatmap(lambda places: st.tuples(*(group_of(*place) for place in places)))
FAILURES = st.sampled_from(((), (FAILURE,)))


@given(GROUPS, FAILURES, st.sampled_from((0.0, 0.5, 1.0)), st.booleans())
def test_a_load_is_published_whatever_came(
    tmp_path_factory: pytest.TempPathFactory,
    groups: tuple[GroupReport, ...],
    failures: tuple[Failure, ...],
    least: float,
    stands: bool,  # noqa: FBT001 (drawn)
) -> None:
    storage, run = Storage.at(str(tmp_path_factory.mktemp("out"))), a_run("mine")
    if stands:
        for mark in (SUCCESS, REPORT, STOPPED, INDEX):
            storage.put(mark, b"of an earlier load")
        storage.put(MANIFEST, b'{"files": []}')
    told = account(groups, Fetched(Tally(), 0, 0, failures, "", ""), run, min_completeness=least)
    assert told.imbalances == ()
    assert told.rows.received == told.rows.kept + told.rows.duplicate + told.rows.rejected
    assert told.hours.asked == told.hours.present + told.hours.null + told.hours.missing
    assert told.exit == int(bool(failures or told.completeness.short))
    done = publish(storage, groups, told, run=run, blocks=[], statistics=NONE)
    assert done == (told.exit == 0 or not stands)
    if not done:
        # A good output stands as it is until a better one is whole.
        assert all(storage.get(mark) == b"of an earlier load" for mark in (SUCCESS, REPORT, INDEX))
        assert read_account(storage, key=STOPPED) == told
        return
    assert read_account(storage) == told
    assert pq.read_table(_bytes(storage, "series.parquet")).num_rows == len(told.series)
    assert storage.exists(SUCCESS) == stands
    assert not storage.exists(STOPPED)
    finish(storage, run, lambda held: held.put("released", b""))
    assert storage.exists("released") == (told.exit == 0)
    assert storage.exists(SUCCESS) == (told.exit == 0)
    assert told.exit or storage.get(SUCCESS) == b"mine\n"


def _bytes(storage: Storage, key: str) -> Path:
    assert storage.path is not None
    return storage.path / key


def test_the_manifest_names_program_and_run_and_keeps_what_stands(tmp_path: Path) -> None:
    storage, run = Storage.at(str(tmp_path)), a_run("first")
    old = put_file(storage, "tidy/region-data/respondent=AVA/part-00000.parquet", b"1", rows=1)
    told = account([], Fetched(Tally(), 0, 0, (), "", ""), run)
    publish(storage, [], told, run=run, blocks=[old], statistics=NONE)
    publish(storage, [], told, run=run, blocks=[], statistics=NONE)
    assert old in read_manifest(storage)
    written = storage.get(MANIFEST).decode()
    assert '"run": "first"' in written
    assert f'"code": "{fingerprint()}"' in written
    publish_blocks(storage, [], NONE, a_run("second"))
    finish(storage, a_run("second"), lambda held: None)
    assert '"run": "second"' in storage.get(MANIFEST).decode()
    assert storage.get(SUCCESS) == b"second\n"
    assert read_account(storage).run == "first"


def test_shards_that_nobody_names_go_and_what_others_put_there_stays(tmp_path: Path) -> None:
    """A shard of another cut would be read with these; notes, and what lies behind a link, are somebody's."""
    storage, run, shard, other = (
        Storage.at(str(tmp_path / "out")),
        a_run("first"),
        "train-00001-of-00002",
        tmp_path / "o",
    )
    publish(storage, [], account([], Fetched(Tally(), 0, 0, (), "", ""), run), run=run, blocks=[], statistics=NONE)
    other.mkdir()
    for name in (f"{shard}.parquet", "thesis.tex"):
        (other / name).write_bytes(b"mine")
    for name in (f"blocks/panel/{shard}.parquet", "tfds/eia930/panel/1.0.0/eia930-train.tfrecord-00001-of-00002"):
        storage.put(name, b"of a cut that was killed")
    for name in ("blocks/panel/notes.txt", "blocks/checkpoints/step1.pt", "objects/old"):
        storage.put(name, b"mine")
    for folder in ("blocks", "objects"):
        (tmp_path / "out" / folder / "mine").symlink_to(other, target_is_directory=True)
    publish_blocks(storage, [], NONE, a_run("second"))
    left = {one.key for folder in ("blocks", "tfds", "objects") for one in storage.list_own(folder)}
    assert {one for one in left if "earlier" not in one and ".parquet" not in one} == {
        "blocks/panel/notes.txt",
        "blocks/checkpoints/step1.pt",
    }
    assert f"blocks/panel/{shard}.parquet" not in left
    assert {one.name for one in other.iterdir()} == {f"{shard}.parquet", "thesis.tex"}

# SPDX-License-Identifier: Apache-2.0
"""Every stage after the fetch looks at the request to stop before it begins a piece of work."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec
import pytest

from eia930.account.published import published_series
from eia930.account.stored import read_account
from eia930.coverage.account import Method
from eia930.coverage.from_tidy import files_of
from eia930.emulator import Emulator, synthetic
from eia930.errors import Interrupted, Superseded
from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening
from eia930.reference.hours import parse_hour
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.sources.api.source import ApiSource
from eia930.sources.fetched import Fetched, Tally
from eia930.store.failure import FAILED
from eia930.store.lease import Owner, acquire
from eia930.store.manifest import SUCCESS, read_manifest
from eia930.store.run import Run, ask_to_stop
from eia930.store.storage import Storage
from pipelines.historical import main
from pipelines.running.execute import execute
from ringdata.layout import Cuts
from transforms.assemble import Assemble
from transforms.block_settings import BlockSettings
from transforms.blocks import Blocks
from transforms.check import Check
from transforms.count import CountTidy, PublishCoverage
from transforms.estimate import Estimate
from transforms.publish import Finish, Publish
from transforms.report import Report

SCREENING = Screening(FLAGS, screen_series)
FIRST, LAST = parse_hour("2024-01-01T00"), parse_hour("2024-01-31T23")
SPAN = Span("region-data", "PACW", FIRST, LAST)
CUTS = Cuts(parse_hour("2024-01-20T00"), parse_hour("2024-01-25T00"), 24)
FETCHED = Fetched(Tally(), 1, 0, (), "", "")
Stage = tuple[object, Any]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Storage:
    out = tmp_path_factory.mktemp("loaded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EIA_API_KEY", "x")
        with Emulator(synthetic(now=parse_hour("2024-03-01T00"))) as server:
            where = (f"--api_url={server.url}", f"--output={out}", "--regions=PACW", "--formats=parquet")
            assert main([*where, "--start=2024-01-01", "--end=2024-02-01", "--requests_per_hour=100000"]) == 0
    return Storage.at(str(out))


def assembling(storage: Storage, run: Run) -> Stage:
    source = ApiSource("http://127.0.0.1:1", "none:")
    return (SPAN, []), Assemble(source, storage, run, screening=SCREENING)


def estimating(storage: Storage, run: Run) -> Stage:
    account = read_account(storage)
    span, files = account.spans[0], [file for file in read_manifest(storage) if file.path.startswith("tidy/")]
    group = GroupReport(
        route=span.route,
        respondent=span.respondent,
        kinds=(),
        first=span.first,
        last=span.last,
        **msgspec.structs.asdict(account.rows),
        series=list(account.series),
        files=files,
    )
    return group, Estimate(storage, run, screening=SCREENING, formats=())


def checking(storage: Storage, run: Run) -> Stage:
    return published_series(storage)[0], Check(storage, run, [SPAN])


def cutting(storage: Storage, run: Run) -> Stage:
    chosen = BlockSettings(CUTS, ("parquet",), frozenset(), FIRST, LAST)
    return published_series(storage)[0], Blocks(storage, chosen, screening=SCREENING, run=run)


class _Published(beam.PTransform):
    def __init__(self, *where: Any) -> None:
        super().__init__()
        self._publish = Publish(*where, spans=0, not_asked=(), now=0)

    def expand(self, fetched: beam.PCollection) -> beam.PCollection:
        return (fetched,) | self._publish


def publishing(storage: Storage, run: Run) -> Stage:
    return FETCHED, _Published(storage, run)


def reporting(storage: Storage, run: Run) -> Stage:
    return storage.url, Report(run)


def finishing(storage: Storage, run: Run) -> Stage:
    return storage.url, Finish(run)


def counting(storage: Storage, run: Run) -> Stage:
    return SPAN, CountTidy(storage, files_of(storage, [SPAN]), storage, run)


def publishing_coverage(storage: Storage, run: Run) -> Stage:
    return FETCHED, PublishCoverage(storage, run, Method("tidy", None, synthetic=False))


@pytest.mark.parametrize(
    "stage",
    [assembling, estimating, checking, cutting, publishing, reporting, finishing, counting, publishing_coverage],
)
def test_a_stage_begins_nothing_once_asked_to_stop(
    stage: Callable[[Storage, Run], Stage], loaded: Storage, capfd: pytest.CaptureFixture[str]
) -> None:
    asked, other = (Run(Owner.here(name), datetime.now(UTC)) for name in ("asked", "other"))
    held = acquire(loaded, "run", asked.owner, take_over=False, pause=time.sleep)
    ask_to_stop(loaded, asked)
    before = contents(loaded)
    loaded.delete(SUCCESS)
    element, transform = stage(loaded, asked)
    with pytest.raises(Interrupted):
        execute(lambda root: root | beam.Create([element]) | transform, ["--runner=FnApiRunner"])
    assert contents(loaded) == {path: data for path, data in before.items() if path != SUCCESS}
    assert "Traceback" not in capfd.readouterr().err
    held.release()
    # A request to stop another run is none.
    if stage is not publishing:
        held = acquire(loaded, "run", other.owner, take_over=False, pause=time.sleep)
        element, transform = stage(loaded, other)
        execute(lambda root: root | beam.Create([element]) | transform, ["--runner=FnApiRunner"])
        held.release()
    loaded.put(SUCCESS, b"")


def test_a_stage_of_a_run_that_another_has_followed_begins_nothing(loaded: Storage) -> None:
    """Its workers were forgotten somewhere, and go on when the newer load has long ended."""
    old, new = (Run(Owner.here(name), datetime.now(UTC)) for name in ("old", "new"))
    for run in (old, new):
        acquire(loaded, "run", run.owner, take_over=False, pause=time.sleep).release()
    before = contents(loaded)
    for stage in (assembling, estimating, checking, cutting, reporting, finishing):
        element, transform = stage(loaded, old)
        with pytest.raises(Superseded):
            execute(partial(one_stage, element, transform), ["--runner=FnApiRunner"])
    assert contents(loaded) == before


def one_stage(element: object, transform: Any, root: beam.Pipeline) -> beam.PCollection:
    return root | beam.Create([element]) | transform


def contents(storage: Storage) -> dict[str, bytes]:
    folder = Path(str(storage.path))
    told = folder / FAILED
    files = (path for path in folder.rglob("*") if path.is_file() and told not in path.parents)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}

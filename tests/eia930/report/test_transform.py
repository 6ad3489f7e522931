# SPDX-License-Identifier: Apache-2.0
"""The page as the last step of a pipeline."""

from datetime import UTC, datetime
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from eia930.account.stored import INDEX
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from tests.eia930.report.folder import write_folder
from transforms.report import Report

pytestmark = pytest.mark.filterwarnings("ignore")  # Beam's own


def run(path: Path) -> None:
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as root:
        root | beam.Create([Storage.at(str(path)).url]) | Report(Run(Owner.here("test"), datetime.now(UTC)))


def test_a_published_output_gets_its_page(tmp_path: Path) -> None:
    write_folder(tmp_path)
    run(tmp_path)
    assert (tmp_path / INDEX).stat().st_size > 50_000


def test_a_stopped_run_gets_none(tmp_path: Path) -> None:
    write_folder(tmp_path, change=lambda report: report.update(stopped="asked to stop"))
    run(tmp_path)
    assert not (tmp_path / "report").exists()

# SPDX-License-Identifier: Apache-2.0
"""Report: a published output → its page, report/index.html."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from eia930.report.build import can_show, write_page
from eia930.store.failure import telling
from eia930.store.fenced import Fenced
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage


class Report(beam.PTransform):
    """PCollection[str] of one output's URL, once published → PCollection[str]: the same, when its page is written."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._do = _ReportFn(run)

    def expand(self, published: beam.PCollection) -> beam.PCollection:
        """One element: the page is one file."""
        return published | "Write page" >> beam.ParDo(self._do)


class _ReportFn(beam.DoFn):
    def __init__(self, run: Run) -> None:
        self._run = run

    def process(self, url: str) -> Iterator[str]:
        storage = Storage(url)
        with telling(storage, self._run, "Report"):
            heed_stop(storage, self._run)
            output = Fenced.of(storage, self._run)
            if can_show(output):
                write_page(output)
        yield url
